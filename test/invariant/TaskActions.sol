// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Seal} from "../../contracts/libraries/Seal.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Settlements} from "./Settlements.sol";
import {time} from "./Vm.sol";

/// @title TaskActions
/// @notice Everything that can be done to a task, with random inputs, each compared with what must come of it.
abstract contract TaskActions is Settlements {
    mapping(uint256 index => mapping(uint256 provider => bool)) internal _barred;

    // ------------------------------------------------------------------------------------------- posting

    function submit(uint256 seed) external step(seed) {
        uint256 index = _anyOrder(_rarely(4) ? Verification.Proof : Verification.Review);
        Ghost storage g = _ghosts[index];
        address caller = _rarely(16) ? client(_draw(CLIENTS)) : g.order.client;
        uint256 cap = g.order.maxReward;
        uint256 value =
            _rarely(2)
                ? 0
                : _rarely(16)
                    ? cap + 1
                    : cap;
        bool may =
            caller == g.order.client &&
                _admissible(index) &&
                (value == cap || (value == 0 && _balances[caller].free >= cap));
        bool done = _callWithOrder(caller, value, ITaskManager.submit.selector, index);
        if (may) {
            _open(index);
            if (value == 0) _balances[caller].free -= cap;
            else _flows.deposited += cap;
            _balances[caller].held += cap;
        }
        _compareTask(index, ITaskManager.submit.selector, may ? TaskState.None : g.state, may, done);
    }

    function submitSigned(uint256 seed) external step(seed) {
        uint256 index = _anyOrder(_rarely(3) ? Verification.Proof : Verification.Review);
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address payer = g.order.client;
        bool good = !_rarely(16);
        bool may =
            good &&
                g.order.nonce >= _nonceFloors[payer] &&
                _admissible(index) &&
                _balances[payer].free >= g.order.maxReward;
        bytes memory data = abi.encodeCall(ITaskManager.submitSigned, (g.packed, _signature(index, good)));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        if (may) {
            _mayPay(payer);
            _open(index);
            _balances[payer].free -= g.order.maxReward;
            _balances[payer].held += g.order.maxReward;
        }
        _compareTask(index, ITaskManager.submitSigned.selector, from, may, done);
    }

    function revoke(uint256 seed) external step(seed) {
        uint256 index = _anyOrder(Verification.Review);
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller = _rarely(8) ? STRANGER : g.order.client;
        bool may = caller == g.order.client && from == TaskState.None;
        bool done = _callWithOrder(caller, 0, ITaskManager.revoke.selector, index);
        if (may) g.state = TaskState.Revoked;
        _compareTask(index, ITaskManager.revoke.selector, from, may, done);
    }

    function revokeBelow(uint256 seed) external step(seed) {
        address caller = client(_draw(CLIENTS));
        // Small numbers, or no order would ever be good again.
        uint64 nonce = uint64(_draw(_ghosts.length + 1));
        bool may = nonce > _nonceFloors[caller];
        bool done = _call(caller, 0, address(taskManager), abi.encodeCall(ITaskManager.revokeBelow, (nonce)));
        if (may) _nonceFloors[caller] = nonce;
        _must(14, may == done && taskManager.nonceFloorOf(caller) == _nonceFloors[caller]);
    }

    // ------------------------------------------------------------------------------------------- Review

    function deliver(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pickOpen(Verification.Review);
        if (found) _deliver(index, _workerFor(index));
    }

    function disclose(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Delivered);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        (bytes32 commitment, bytes memory envelope) = (g.commitment, g.envelope);
        if (_rarely(8)) commitment = bytes32(uint256(commitment) ^ (1 << _draw(256)));
        if (_rarely(8)) envelope = abi.encodePacked(envelope, uint8(_draw(256)));
        bool same = commitment == g.commitment && keccak256(envelope) == keccak256(g.envelope);
        bool may =
            same && from == TaskState.Delivered && time() <= g.clearedAt + _windows.disclose && envelope.length <= 512;
        bytes memory data = abi.encodeCall(ITaskManager.disclose, (g.packed, commitment, envelope));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        _must(8, same || !done);
        if (may) (g.state, g.markedAt) = (TaskState.Disclosed, uint40(time()));
        _compareTask(index, ITaskManager.disclose.selector, from, may, done);
    }

    function accept(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(_rarely(2) ? TaskState.Delivered : TaskState.Disclosed);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller =
            _rarely(8)
                ? STRANGER
                : _rarely(4)
                    ? AGENT
                    : g.order.client;
        bool may = _speaksFor(g.order.client, caller) && (from == TaskState.Delivered || from == TaskState.Disclosed);
        bool done = _callWithOrder(caller, 0, ITaskManager.accept.selector, index);
        if (may) _pay(index, g.order.maxReward);
        _compareTask(index, ITaskManager.accept.selector, from, may, done);
    }

    // ------------------------------------------------------------------------------------------- shared

    /// @dev A task, most times one in `state` if there is any; not `found` if there are no tasks at all.
    function _pick(TaskState state) internal returns (uint256 index, bool found) {
        uint256 count = _ghosts.length;
        if (count == 0) return (0, false);
        uint256 first = _draw(count);
        if (_rarely(8)) return (first, true);
        for (uint256 i; i < count; ++i) {
            index = (first + i) % count;
            if (_ghosts[index].state == state) return (index, true);
        }
        return (first, true);
    }

    /// @dev Like `_pick`, most times a task that can still be answered.
    function _pickOpen(Verification verification) internal returns (uint256 index, bool found) {
        uint256 count = _ghosts.length;
        if (count == 0) return (0, false);
        uint256 first = _draw(count);
        if (_rarely(8)) return (first, true);
        for (uint256 i; i < count; ++i) {
            Ghost storage g = _ghosts[(first + i) % count];
            bool open = g.state == TaskState.Open && time() <= g.deadline;
            if (open && g.order.verification == verification) return ((first + i) % count, true);
        }
        return (first, true);
    }

    /// @dev A provider, most times one with a seat that has not failed the task.
    function _workerFor(uint256 index) internal returns (uint256 provider) {
        uint256 first = _draw(PROVIDERS);
        if (_rarely(8)) return first + 1;
        for (uint256 i; i < PROVIDERS; ++i) {
            provider = ((first + i) % PROVIDERS) + 1;
            if (!_barred[index][provider] && _isMember(provider, _ghosts[index].order.source)) return provider;
        }
    }

    function _isMember(uint256 provider, SourceId source) private view returns (bool) {
        return pool.getMembership(ProviderId.wrap(uint32(provider)), source).slots != 0;
    }

    function _keyOf(uint256 provider) internal returns (address) {
        return
            _rarely(16)
                ? STRANGER
                : _rarely(2)
                    ? AGENT
                    : ownerOf(provider);
    }

    function _speaksFor(address principal, address caller) internal pure returns (bool) {
        return caller == principal || (caller == AGENT && principal == client(0));
    }

    function _deliver(uint256 index, uint256 provider) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address key = _keyOf(provider);
        bytes32 commitment = Seal.commitment(bytes32("result"), bytes32(_draw(type(uint256).max)));
        bytes memory envelope = new bytes(_draw(514));
        bytes32 seal = Seal.hash(g.id, ProviderId.wrap(uint32(provider)), commitment, keccak256(envelope));
        if (_rarely(16)) seal = 0;
        bool may =
            from == TaskState.Open &&
                g.order.verification == Verification.Review &&
                time() <= g.deadline &&
                !_barred[index][provider] &&
                seal != 0 &&
                _mayWork(g.order, provider, key);
        bytes memory data = abi.encodeCall(ITaskManager.deliver, (g.packed, ProviderId.wrap(uint32(provider)), seal));
        bool done = _call(key, 0, address(taskManager), data);
        if (may) {
            (g.state, g.provider, g.clearedAt) = (TaskState.Delivered, uint32(provider), uint40(time()));
            (g.seal, g.commitment, g.envelope) = (seal, commitment, envelope);
        }
        _compareTask(index, ITaskManager.deliver.selector, from, may, done);
    }
}

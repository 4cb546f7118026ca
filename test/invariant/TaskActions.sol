// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Seal} from "../../contracts/libraries/Seal.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {PanelEndings} from "./PanelEndings.sol";
import {time, VM} from "./Vm.sol";

/// @title TaskActions
/// @notice Everything that can be done to a task, with random inputs, each compared with what must come of it.
abstract contract TaskActions is PanelEndings {
    mapping(uint256 index => mapping(uint256 provider => bool)) internal _barred;
    /// @dev Slots that reservations take.
    mapping(uint256 provider => mapping(uint256 source => uint256)) internal _reserved;

    // ------------------------------------------------------------------------------------------- posting

    function submit(uint256 seed) external step(seed) {
        _submit(_anyOrder(_anyVerification()));
    }

    /// @dev Orders in quick succession, without which no queue would ever form.
    function rush(uint256 seed) external step(seed) {
        for (uint256 i = _between(2, 6); i != 0; --i) {
            _submit(_anyOrder(_anyVerification()));
            if (_rarely(2)) VM.warp(time() + _draw(5 minutes));
        }
    }

    function _submit(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        address caller = _rarely(16) ? client(_draw(CLIENTS)) : g.order.client;
        uint256 held = _heldBy(g);
        uint256 value =
            _rarely(2)
                ? 0
                : _rarely(16)
                    ? held + 1
                    : held;
        bool may =
            caller == g.order.client &&
                _admissible(index) &&
                (value == held || (value == 0 && _balances[caller].free >= held));
        bool done = _callWithOrder(caller, value, ITaskManager.submit.selector, index);
        if (may) {
            _post(index);
            if (value == 0) _balances[caller].free -= held;
            else _flows.deposited += held;
            _balances[caller].held += held;
        }
        _compareTask(index, ITaskManager.submit.selector, may ? TaskState.None : g.state, may, done);
    }

    function submitSigned(uint256 seed) external step(seed) {
        uint256 index = _anyOrder(_anyVerification());
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address payer = g.order.client;
        uint256 held = _heldBy(g);
        bool good = !_rarely(16);
        bool may = good && g.order.nonce >= _nonceFloors[payer] && _admissible(index) && _balances[payer].free >= held;
        bytes memory data = abi.encodeCall(ITaskManager.submitSigned, (g.packed, _signature(index, good)));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        if (may) {
            _mayPay(payer);
            _post(index);
            _balances[payer].free -= held;
            _balances[payer].held += held;
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
        (uint256 index, bool found) = _rarely(2) ? _pickReserved() : _find(_rarely(6) ? _isReservable : _isDeliverable);
        if (found) _deliver(index, _holderOf(index));
    }

    function reserve(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(8) ? _isTakeable : _isReservable);
        if (found) _reserve(index, _rarely(2) ? _busyFor(index) : _workerFor(index));
    }

    function deliverAndDisclose(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pickReserved();
        if (found) _deliverAndDisclose(index, _holderOf(index));
    }

    function _deliverAndDisclose(uint256 index, uint256 provider) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address key = _keyOf(provider);
        (Opening memory opening, bytes32 commitment, bytes memory envelope) = _result();
        bool may = _mayFulfil(index, provider, key) && envelope.length <= 512;
        bytes memory data = abi.encodeCall(
            ITaskManager.deliverAndDisclose,
            (g.packed, ProviderId.wrap(uint32(provider)), commitment, envelope)
        );
        bool done = _call(key, 0, address(taskManager), data);
        if (may) {
            _fulfil(index, TaskState.Disclosed);
            g.seal = Seal.hash(g.id, ProviderId.wrap(uint32(provider)), commitment, keccak256(envelope));
            (g.commitment, g.envelope, _openings[g.id]) = (commitment, envelope, opening);
        }
        _compareTask(index, ITaskManager.deliverAndDisclose.selector, from, may, done);
    }

    function disclose(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Delivered);
        if (found) _disclose(index);
    }

    function _disclose(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        (bytes32 commitment, bytes memory envelope) = (g.commitment, g.envelope);
        if (_rarely(8)) commitment = bytes32(uint256(commitment) ^ (1 << _draw(256)));
        if (_rarely(8)) envelope = abi.encodePacked(envelope, uint8(_draw(256)));
        bool same = commitment == g.commitment && keccak256(envelope) == keccak256(g.envelope);
        bool may =
            same &&
                from == TaskState.Delivered &&
                time() <= _deliveredAt(g) + _windows.disclose &&
                envelope.length <= 512;
        bytes memory data = abi.encodeCall(ITaskManager.disclose, (g.packed, commitment, envelope));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        _must(8, same || !done);
        if (may) (g.state, g.markedAt) = (TaskState.Disclosed, uint40(time()));
        _compareTask(index, ITaskManager.disclose.selector, from, may, done);
    }

    function accept(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _rarely(4)
            ? _find(_isJudging)
            : _pick(_rarely(2) ? TaskState.Delivered : TaskState.Disclosed);
        if (!found) return;
        if (_ghosts[index].state == TaskState.Round) _acceptRound(index);
        else _accept(index);
    }

    function _accept(uint256 index) private {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller = _judgeOf(g);
        bool may = _speaksFor(g.order.client, caller) && (from == TaskState.Delivered || from == TaskState.Disclosed);
        bool done = _callWithOrder(caller, 0, ITaskManager.accept.selector, index);
        if (may) _pay(index, g.order.maxReward);
        _compareTask(index, ITaskManager.accept.selector, from, may, done);
    }

    function _acceptRound(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        address caller = _judgeOf(g);
        (uint256 winners, ) = _verdictOf(g);
        // Of a panel, whatever it says.
        bool may = _speaksFor(g.order.client, caller) && _isDecided(g) && (winners != 0 || g.disputed);
        bytes memory data = abi.encodeCall(ITaskManager.accept, (g.packed));
        bool done = _callRound(index, caller, data, may, winners);
        _compareTask(index, ITaskManager.accept.selector, TaskState.Round, may, done);
    }

    // ------------------------------------------------------------------------------------------- shared

    function _anyVerification() private returns (Verification) {
        return
            _rarely(4)
                ? Verification.Proof
                : _rarely(4)
                    ? Verification.Quorum
                    : Verification.Review;
    }

    /// @dev The client of a task, most times, or who speaks for it or does not.
    function _judgeOf(Ghost storage g) internal returns (address) {
        return
            _rarely(8)
                ? STRANGER
                : _rarely(4)
                    ? AGENT
                    : g.order.client;
    }

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
        return _find(verification == Verification.Proof ? _isProvable : _isTakeable);
    }

    /// @dev A task, most times one that fits, if there is any.
    function _find(
        function(Ghost storage) internal view returns (bool) fits
    ) internal returns (uint256 index, bool found) {
        uint256 count = _ghosts.length;
        if (count == 0) return (0, false);
        uint256 first = _draw(count);
        if (_rarely(8)) return (first, true);
        for (uint256 i; i < count; ++i) {
            index = (first + i) % count;
            if (fits(_ghosts[index])) return (index, true);
        }
        return (first, true);
    }

    function _isProvable(Ghost storage g) private view returns (bool) {
        return g.state == TaskState.Open && g.order.verification == Verification.Proof && time() <= g.deadline;
    }

    function _isTakeable(Ghost storage g) internal view returns (bool) {
        return g.state == TaskState.Open && g.order.verification == Verification.Review && time() <= g.deadline;
    }

    function _isDeliverable(Ghost storage g) private view returns (bool) {
        return _isTakeable(g) && g.order.reservation == 0;
    }

    function _isReservable(Ghost storage g) private view returns (bool) {
        return _isTakeable(g) && time() + g.order.reservation <= g.deadline && g.order.reservation != 0;
    }

    /// @dev A reserved task, most times one whose reservation runs.
    function _pickReserved() private returns (uint256 index, bool found) {
        return _rarely(6) ? _pick(TaskState.Reserved) : _find(_isReserved);
    }

    function _isReserved(Ghost storage g) internal view returns (bool) {
        return g.state == TaskState.Reserved && time() <= _reservationEnd(g);
    }

    /// @dev The holder of a task, most times; if there is none, some worker.
    function _holderOf(uint256 index) internal returns (uint256) {
        uint256 holder = _ghosts[index].provider;
        return holder == 0 || _rarely(8) ? _workerFor(index) : holder;
    }

    /// @dev A provider with a reservation in the pool that a task is for, if there is any.
    function _busyFor(uint256 index) private returns (uint256 provider) {
        uint256 source = _sourceOf(_ghosts[index]);
        provider = _between(1, PROVIDERS);
        for (uint256 i; i < PROVIDERS && _reserved[provider][source] == 0; ++i) provider = (provider % PROVIDERS) + 1;
    }

    /// @dev A result, most times the right one, its commitment and an envelope, rarely one that is too long.
    function _result() private returns (Opening memory opening, bytes32 commitment, bytes memory envelope) {
        opening.digest = _rarely(4) ? bytes32(uint256(1) << 128) : bytes32("result");
        opening.salt = bytes32(_draw(type(uint256).max));
        commitment = Seal.commitment(opening.digest, opening.salt);
        envelope = new bytes(_rarely(16) ? 513 : _draw(513));
    }

    /// @dev A provider that has not failed the task, most times, and that is a member, if there is one.
    function _workerFor(uint256 index) internal returns (uint256 provider) {
        uint256 first = _draw(PROVIDERS);
        provider = first + 1;
        if (_rarely(8)) return provider;
        for (uint256 i; i < PROVIDERS; ++i) {
            uint256 next = ((first + i) % PROVIDERS) + 1;
            if (_barred[index][next] || _isJailed(next)) continue;
            provider = next;
            if (_isMember(provider, _ghosts[index].order.source)) return provider;
        }
    }

    function _isMember(uint256 provider, SourceId source) internal view returns (bool) {
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

    function _deliver(uint256 index, uint256 provider) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address key = _keyOf(provider);
        (Opening memory opening, bytes32 commitment, bytes memory envelope) = _result();
        bytes32 seal = Seal.hash(g.id, ProviderId.wrap(uint32(provider)), commitment, keccak256(envelope));
        if (_rarely(16)) seal = 0;
        bool may =
            from == TaskState.Reserved
                ? _mayFulfil(index, provider, key)
                : g.order.reservation == 0 && _mayTake(index, provider, key);
        may = may && seal != 0;
        bytes memory data = abi.encodeCall(ITaskManager.deliver, (g.packed, ProviderId.wrap(uint32(provider)), seal));
        bool done = _call(key, 0, address(taskManager), data);
        if (may) {
            if (from == TaskState.Reserved) {
                _fulfil(index, TaskState.Delivered);
            } else {
                _exitMarket(g);
                (g.state, g.provider, g.clearedAt) = (TaskState.Delivered, uint32(provider), uint40(time()));
            }
            (g.seal, g.commitment, g.envelope, _openings[g.id]) = (seal, commitment, envelope, opening);
        }
        _compareTask(index, ITaskManager.deliver.selector, from, may, done);
    }

    function _reserve(uint256 index, uint256 provider) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address key = _keyOf(provider);
        (ProviderId id, uint256 source) = (ProviderId.wrap(uint32(provider)), _sourceOf(g));
        bool may =
            g.order.reservation != 0 &&
                time() + g.order.reservation <= g.deadline &&
                _reserved[provider][source] < pool.getMembership(id, g.order.source).slots &&
                _mayTake(index, provider, key);
        bool done = _call(key, 0, address(taskManager), abi.encodeCall(ITaskManager.reserve, (g.packed, id)));
        if (may) {
            (g.state, g.provider, g.clearedAt) = (TaskState.Reserved, uint32(provider), uint40(time()));
            ++_reserved[provider][source];
        }
        _compareTask(index, ITaskManager.reserve.selector, from, may, done);
    }

    /// @dev Whether `key` may take an open Review task for a provider.
    function _mayTake(uint256 index, uint256 provider, address key) private view returns (bool) {
        Ghost storage g = _ghosts[index];
        return
            g.state == TaskState.Open &&
            g.order.verification == Verification.Review &&
            time() <= g.deadline &&
            !_barred[index][provider] &&
            _mayWork(g, provider, key);
    }

    /// @dev Whether `key` may answer a reserved task for a provider. It need be no more than the holder's.
    function _mayFulfil(uint256 index, uint256 provider, address key) private view returns (bool) {
        Ghost storage g = _ghosts[index];
        return
            g.state == TaskState.Reserved &&
            g.provider == provider &&
            time() <= _reservationEnd(g) &&
            pool.isAuthorised(ProviderId.wrap(uint32(provider)), key);
    }

    /// @dev What answering a reserved task does.
    function _fulfil(uint256 index, TaskState to) private {
        Ghost storage g = _ghosts[index];
        (g.state, g.markedAt) = (to, uint40(time()));
        --_reserved[g.provider][_sourceOf(g)];
        _exitMarket(g);
    }
}

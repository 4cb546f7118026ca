// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {RoundPlay} from "./RoundPlay.sol";
import {height, time} from "./Vm.sol";

/// @title PanelActions
/// @notice Disputes, what the disputed provider opens, and votes; seeds, seats, claims and ends are those of rounds.
abstract contract PanelActions is RoundPlay {
    function dispute(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _rarely(2) ? _pick(TaskState.Disclosed) : _find(_isDisputable);
        if (found) _dispute(index);
    }

    function openDelivery(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(2) ? _isJudging : _isAnswering);
        if (found) _openDelivery(index);
    }

    function openVote(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(2) ? _isJudging : _isVoting);
        if (found) _openVote(index, _someSeat(index));
    }

    function _isDisputable(Ghost storage g) internal view returns (bool) {
        return g.state == TaskState.Disclosed && g.order.trust != 0 && time() <= _reviewEnd(g);
    }

    function _reviewEnd(Ghost storage g) internal view returns (uint256) {
        return uint256(g.markedAt) + g.order.reviewPeriod;
    }

    /// @dev Disputes a delivery with coin that the client has, or that is attached, rarely too much.
    function _dispute(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller = _judgeOf(g);
        address payer = g.order.client;
        uint256 price = (uint256(g.order.maxReward) * _fractionOf(g)) / type(uint32).max;
        uint256 fee = _seatsFor(g) * price;
        uint256 value =
            _rarely(2)
                ? 0
                : _rarely(16)
                    ? fee + 1
                    : fee;
        bool may = _isDisputable(g) && _speaksFor(payer, caller);
        // An agent spends nothing that is free.
        may = may && (value == fee || (value == 0 && caller == payer && _balances[payer].free >= fee));
        bool done = _callDispute(caller, value, abi.encodeCall(ITaskManager.dispute, (g.packed)));
        if (may) {
            if (value == 0) _balances[payer].free -= fee;
            else _flows.deposited += fee;
            _balances[payer].held += fee;
            _begin(g, price, fee);
        }
        _compareTask(index, ITaskManager.dispute.selector, from, may, done);
    }

    /// @dev The panel has as long to seal as the provider had to deliver, and until the seed is known.
    function _begin(Ghost storage g, uint256 price, uint256 fee) private {
        uint256 window = uint256(g.order.deadline) - g.openedAt;
        if (window < _windows.panelMin) window = _windows.panelMin;
        Dispute storage d = _disputes[g.id];
        (d.disputedAt, d.window, d.price, d.fee) = (time(), window + _windows.seed, price, fee);
        d.judged = !registry.getVersion(g.order.source, g.order.version).deterministic;
        (_rounds[g.id].openBlock, _rounds[g.id].capacity) = (height(), _markets[_sourceOf(g)].capacity);
        (g.state, g.disputed) = (TaskState.Round, true);
    }

    /// @dev Opens a delivery, rarely with a word that is not what was sealed.
    function _openDelivery(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address key = _keyOf(g.provider);
        Opening memory opening = _openings[g.id];
        bytes32[3] memory words = [opening.digest, opening.salt, keccak256(g.envelope)];
        bool same = !_rarely(8);
        if (!same) words[_draw(3)] ^= bytes32(1 << _draw(256));
        bool may = _isAnswering(g) && same && pool.isAuthorised(ProviderId.wrap(g.provider), key);
        bytes memory data = abi.encodeCall(
            ITaskManager.openDelivery,
            (g.packed, words[0], words[1], words[2], bytes32(_draw(type(uint256).max)))
        );
        bool done = _callDispute(key, 0, data);
        _must(8, same || !done);
        if (may) (_disputes[g.id].revealedAt, g.seal) = (time(), 0);
        _compareTask(index, ITaskManager.openDelivery.selector, from, may, done);
    }

    /// @dev Opens a seat of a panel, rarely with a word that is not what was sealed.
    function _openVote(uint256 index, uint256 number) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        Seat[] storage seats = _rounds[g.id].seats;
        bool taken = number < seats.length;
        Seat memory seat;
        if (taken) seat = seats[number];
        address key = _keyOf(seat.provider);
        bytes32[3] memory words = [seat.digest, seat.salt, keccak256(seat.envelope)];
        bool same = !_rarely(8);
        if (!same) words[_draw(3)] ^= bytes32(1 << _draw(256));
        bool may = _isVoting(g) && taken && !seat.opened && same;
        may = may && pool.isAuthorised(ProviderId.wrap(seat.provider), key);
        if (_disputes[g.id].judged) may = may && (seat.digest == VALID || seat.digest == INVALID);
        bool available = _isGarbled(g) == _rarely(8);
        bytes memory data = abi.encodeCall(
            ITaskManager.openVote,
            (g.id, number, words[0], words[1], words[2], available)
        );
        bool done = _callDispute(key, 0, data);
        _must(8, same || !done);
        if (may) (seats[number].opened, seats[number].unavailable) = (true, !available);
        _compareTask(index, ITaskManager.openVote.selector, from, may, done);
    }
}

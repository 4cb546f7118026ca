// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {TaskActions} from "./TaskActions.sol";
import {height, time, VM} from "./Vm.sol";

/// @title ClockActions
/// @notice Exits of tasks, and time itself.
abstract contract ClockActions is TaskActions {
    uint256 internal constant LAPSES = 7;

    function settle(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _rarely(3) ? _find(_isJudging) : _pick(TaskState.Disclosed);
        if (!found) return;
        if (_ghosts[index].state == TaskState.Round) _settleRound(index);
        else _settle(index);
    }

    function _settle(uint256 index) private {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        bool may = from == TaskState.Disclosed && time() > uint256(g.markedAt) + g.order.reviewPeriod;
        bool done = _callWithOrder(STRANGER, 0, ITaskManager.settle.selector, index);
        if (may) _pay(index, g.order.maxReward);
        _compareTask(index, ITaskManager.settle.selector, from, may, done);
    }

    function _settleRound(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        (uint256 winners, ) = _verdictOf(g);
        // Where there is nothing to agree on, no seal need be opened, but before a panel.
        bool empty = from == TaskState.Round && !g.disputed && _isSealed(g) && _rounds[g.id].seats.length < 2;
        bool may = _isDecided(g) || empty;
        bool claims = _awaitsClaims(g);
        if (claims) may = may && time() > _claimEnd(g);
        bytes memory data = abi.encodeCall(ITaskManager.settle, (g.packed));
        bool done = _callRound(index, _judgeOf(g), data, may, claims ? _claimedOf(g) : winners);
        _compareTask(index, ITaskManager.settle.selector, from, may, done);
    }

    function reopen(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(_rarely(2) ? TaskState.Delivered : TaskState.Reserved);
        if (found) _reopen(index);
    }

    function cancel(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _rarely(3)
            ? _find(_isSealing)
            : _rarely(2)
                ? _find(_isReserved)
                : _pickOpen(_rarely(2) ? Verification.Proof : Verification.Review);
        if (found) _cancel(index);
    }

    function _cancel(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller = _judgeOf(g);
        bool may =
            _speaksFor(g.order.client, caller) &&
                (from == TaskState.Open || from == TaskState.Reserved || _isEmptyRound(g)) &&
                !g.cancelled &&
                time() <= g.deadline;
        bool done = _callWithOrder(caller, 0, ITaskManager.cancel.selector, index);
        if (may) {
            g.cancelled = true;
            uint256 end = time() + _windows.cancelNotice;
            if (from == TaskState.Reserved && _reservationEnd(g) > end) end = _reservationEnd(g);
            if (end < g.deadline) g.deadline = uint40(end);
        }
        _compareTask(index, ITaskManager.cancel.selector, from, may, done);
    }

    function refund(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Open);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller =
            _rarely(3)
                ? STRANGER
                : _rarely(3)
                    ? AGENT
                    : g.order.client;
        bool may = from == TaskState.Open && time() > g.deadline;
        bool done = _callWithOrder(caller, 0, ITaskManager.refund.selector, index);
        if (may) {
            _exitMarket(g);
            _return(index, caller, g.lapses == 0 ? _feeOfNothing(g) : 0, _tipFor(g, caller));
        }
        _compareTask(index, ITaskManager.refund.selector, from, may, done);
    }

    /// @dev Lets time pass: a little, up to the last second of a clock or the first behind it, or for long.
    function wait(uint256 seed) external step(seed) {
        uint256 way = _draw(16);
        uint256 target = time() + _draw(20 minutes);
        if (way < 6) target = _someClock() + _draw(2);
        else if (way == 9) target = time() + _draw(1 days);
        else if (way == 10 && _rarely(3))
            target = pool.getProvider(ProviderId.wrap(uint32(_between(1, PROVIDERS)))).maturesAt + _draw(2);
        else if (way == 11) target = _someJailEnd() + _draw(2);
        _waitUntil(target);
        VM.roll(height() + _draw(8));
    }

    function _waitUntil(uint256 moment) internal {
        if (moment > time()) VM.warp(moment);
    }

    /// @dev When somebody was, or will be, free again.
    function _someJailEnd() private returns (uint256) {
        uint256 provider = _between(1, PROVIDERS);
        for (uint256 i; i < PROVIDERS && !_isJailed(provider); ++i) provider = (provider % PROVIDERS) + 1;
        return pool.getProvider(ProviderId.wrap(uint32(provider))).jailedUntil;
    }

    /// @dev Last second of a clock that runs on some task; 0 if none does.
    function _someClock() private returns (uint256) {
        (uint256 index, bool found) = _pick(TaskState(_between(1, 5)));
        return found ? _endOf(index) : 0;
    }

    /// @dev Last second of the clock that runs on a task; 0 if none does.
    function _endOf(uint256 index) internal view returns (uint256) {
        Ghost storage g = _ghosts[index];
        if (g.state == TaskState.Open) return g.deadline;
        if (g.state == TaskState.Reserved) return _reservationEnd(g);
        if (g.state == TaskState.Delivered) return _deliveredAt(g) + _windows.disclose;
        if (g.state == TaskState.Disclosed) return uint256(g.markedAt) + g.order.reviewPeriod;
        if (g.state == TaskState.Round) return _roundEnd(g);
        return 0;
    }

    function _reopen(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        bool may = (from == TaskState.Reserved || from == TaskState.Delivered) && time() > _endOf(index);
        bool done = _callWithOrder(STRANGER, 0, ITaskManager.reopen.selector, index);
        if (may) {
            _barred[index][g.provider] = true;
            _must(14, taskManager.isBarred(g.id, ProviderId.wrap(g.provider)));
            if (from == TaskState.Reserved) --_reserved[g.provider][_sourceOf(g)];
            _lapse(index);
            _demand(index, from);
            if (g.lapses == LAPSES) _return(index, STRANGER, 0, 0);
        }
        _compareTask(index, ITaskManager.reopen.selector, from, may, done);
    }

    /// @dev What a lapse does to the demand: a reservation went on counting, a delivery asks anew.
    function _demand(uint256 index, TaskState from) private {
        Ghost storage g = _ghosts[index];
        uint256 source = _sourceOf(g);
        bool last = g.lapses == LAPSES;
        if (from == TaskState.Reserved) {
            if (last) _exitMarket(g);
        } else if (!last) {
            bool before = g.counted;
            g.counted = _reenterMarket(source, g.order.maxReward);
            if (g.counted && !before) ++_motions.recounted;
            if (!g.counted && before) ++_motions.discounted;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Price} from "../../contracts/libraries/Price.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {TaskActions} from "./TaskActions.sol";
import {time, VM} from "./Vm.sol";

/// @title ClockActions
/// @notice Exits of tasks, and time itself.
abstract contract ClockActions is TaskActions {
    uint256 private constant LAPSES = 7;

    function settle(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Disclosed);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        bool may = from == TaskState.Disclosed && time() > uint256(g.markedAt) + g.order.reviewPeriod;
        bool done = _callWithOrder(STRANGER, 0, ITaskManager.settle.selector, index);
        if (may) _pay(index, g.order.maxReward);
        _compareTask(index, ITaskManager.settle.selector, from, may, done);
    }

    function reopen(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Delivered);
        if (found) _reopen(index);
    }

    /// @dev Providers that seal, never disclose and lose their bonds, in one action: random ones rarely get there.
    function lapse(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pickOpen(Verification.Review);
        if (!found) return;
        for (uint256 i = _between(1, 2 * LAPSES); i != 0; --i) {
            if (_ghosts[index].state != TaskState.Delivered) _deliver(index, _workerFor(index));
            uint256 end = uint256(_ghosts[index].clearedAt) + _windows.disclose;
            if (end >= time()) VM.warp(end + (_rarely(8) ? 0 : 1));
            _reopen(index);
        }
    }

    function cancel(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pickOpen(_rarely(2) ? Verification.Proof : Verification.Review);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller =
            _rarely(8)
                ? STRANGER
                : _rarely(4)
                    ? AGENT
                    : g.order.client;
        bool may = _speaksFor(g.order.client, caller) && from == TaskState.Open && !g.cancelled && time() <= g.deadline;
        bool done = _callWithOrder(caller, 0, ITaskManager.cancel.selector, index);
        if (may) {
            g.cancelled = true;
            uint256 notice = time() + _windows.cancelNotice;
            if (notice < g.deadline) g.deadline = uint40(notice);
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
            uint256 fee = g.lapses == 0 ? (Price.amountOf(g.start, g.order.maxReward) * g.feeBps) / 10_000 : 0;
            uint256 tip = _speaksFor(g.order.client, caller) ? 0 : (uint256(g.order.maxReward) * 50) / 10_000;
            _return(index, caller, fee, tip);
        }
        _compareTask(index, ITaskManager.refund.selector, from, may, done);
    }

    /// @dev Lets time pass: a little, up to the last second of a clock or the first behind it, or for long.
    function wait(uint256 seed) external step(seed) {
        uint256 way = _draw(16);
        uint256 target = time() + _draw(20 minutes);
        if (way < 9) target = _someClock() + _draw(2);
        else if (way == 9) target = time() + _draw(1 days);
        else if (way == 10 && _rarely(3))
            target = pool.getProvider(ProviderId.wrap(uint32(_between(1, PROVIDERS)))).maturesAt + _draw(2);
        if (target > time()) VM.warp(target);
    }

    /// @dev Last second of a clock that runs on some task; 0 if none does.
    function _someClock() private returns (uint256) {
        (uint256 index, bool found) = _pick(TaskState(_between(1, 4)));
        if (!found) return 0;
        Ghost storage g = _ghosts[index];
        if (g.state == TaskState.Open) return g.deadline;
        if (g.state == TaskState.Delivered) return g.clearedAt + _windows.disclose;
        if (g.state == TaskState.Disclosed) return uint256(g.markedAt) + g.order.reviewPeriod;
        return 0;
    }

    function _reopen(uint256 index) private {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        bool may = from == TaskState.Delivered && time() > g.clearedAt + _windows.disclose;
        bool done = _callWithOrder(STRANGER, 0, ITaskManager.reopen.selector, index);
        if (may) {
            _barred[index][g.provider] = true;
            _must(14, taskManager.isBarred(g.id, ProviderId.wrap(g.provider)));
            _lapse(index);
            if (g.lapses == LAPSES) _return(index, STRANGER, 0, 0);
        }
        _compareTask(index, ITaskManager.reopen.selector, from, may, done);
    }
}

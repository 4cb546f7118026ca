// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {OrderLib} from "../../contracts/libraries/OrderLib.sol";
import {Price} from "../../contracts/libraries/Price.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {TaskActions} from "./TaskActions.sol";
import {VM} from "./Vm.sol";

/// @title ClockActions
/// @notice Exits of tasks, and time itself.
abstract contract ClockActions is TaskActions {
    uint256 private constant LAPSES = 7;

    function settle(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Disclosed);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        bool may = from == TaskState.Disclosed && block.timestamp > uint256(g.markedAt) + g.order.reviewPeriod;
        bytes memory data = abi.encodeCall(ITaskManager.settle, (OrderLib.pack(g.order)));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        if (may) _pay(index, g.order.maxReward);
        _compareTask(index, ITaskManager.settle.selector, from, may, done);
    }

    function reopen(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Delivered);
        if (found) _reopen(index);
    }

    /// @dev A provider that seals, never discloses and loses its bond, in one action: random ones rarely get there.
    function lapse(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Open);
        if (!found) return;
        _deliver(index, _between(1, PROVIDERS));
        if (_ghosts[index].state != TaskState.Delivered) return;
        VM.warp(uint256(_ghosts[index].clearedAt) + _windows.disclose + _draw(3));
        _reopen(index);
    }

    function cancel(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Open);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller = _rarely(8) ? STRANGER : _rarely(4) ? AGENT : g.order.client;
        bool may = _speaksFor(g.order.client, caller) &&
            from == TaskState.Open &&
            !g.cancelled &&
            block.timestamp <= g.deadline;
        bytes memory data = abi.encodeCall(ITaskManager.cancel, (OrderLib.pack(g.order)));
        bool done = _call(caller, 0, address(taskManager), data);
        if (may) {
            g.cancelled = true;
            uint256 notice = block.timestamp + _windows.cancelNotice;
            if (notice < g.deadline) g.deadline = uint40(notice);
        }
        _compareTask(index, ITaskManager.cancel.selector, from, may, done);
    }

    function refund(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pick(TaskState.Open);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        address caller = _rarely(3) ? STRANGER : _rarely(3) ? AGENT : g.order.client;
        bool may = from == TaskState.Open && block.timestamp > g.deadline;
        bytes memory data = abi.encodeCall(ITaskManager.refund, (OrderLib.pack(g.order)));
        bool done = _call(caller, 0, address(taskManager), data);
        if (may) {
            uint256 fee = (Price.amountOf(g.start, g.order.maxReward) * g.feeBps) / 10_000;
            uint256 tip = _speaksFor(g.order.client, caller) ? 0 : (uint256(g.order.maxReward) * 50) / 10_000;
            _return(index, caller, fee, tip);
        }
        _compareTask(index, ITaskManager.refund.selector, from, may, done);
    }

    /// @dev Lets time pass: a little, up to the last second of a clock or the first behind it, or for long.
    function wait(uint256 seed) external step(seed) {
        uint256 way = _draw(16);
        uint256 target = block.timestamp + _draw(20 minutes);
        if (way < 9) target = _someClock() + _draw(2);
        else if (way == 9) target = block.timestamp + _draw(1 days);
        else if (way == 10) target = pool.getProvider(ProviderId.wrap(uint32(_between(1, PROVIDERS)))).maturesAt + _draw(2);
        if (target > block.timestamp) VM.warp(target);
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
        bool may = from == TaskState.Delivered && block.timestamp > g.clearedAt + _windows.disclose;
        bytes memory data = abi.encodeCall(ITaskManager.reopen, (OrderLib.pack(g.order)));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        if (may) {
            _barred[index][g.provider] = true;
            _must(14, taskManager.isBarred(g.id, ProviderId.wrap(g.provider)));
            _lapse(index);
            if (g.lapses == LAPSES) _return(index, STRANGER, 0, 0);
        }
        _compareTask(index, ITaskManager.reopen.selector, from, may, done);
    }
}

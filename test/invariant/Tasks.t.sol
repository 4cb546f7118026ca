// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {TaskId} from "../../contracts/types/Ids.sol";
import {RoundView} from "../../contracts/types/Round.sol";
import {TaskState, TaskView} from "../../contracts/types/Task.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";

/// @title TasksTest
/// @notice States of tasks.
contract TasksTest is Campaign("tasks") {
    function invariant_I06_finishedTasksNeverChange() external view {
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            if (ghost.finalView == 0) continue;
            TaskView memory task = _handler.taskManager().getTask(ghost.id);
            _must(_handler.finalDigest(task) == ghost.finalView, 6, i);
        }
    }

    function invariant_I07_paidOnceOrRefundedOnce() external view {
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            TaskState state = _handler.taskManager().getTask(ghost.id).state;
            _must(ghost.payments == (state == TaskState.Settled ? 1 : 0), 7, i);
            _must(ghost.refunds == (state == TaskState.Refunded ? 1 : 0), 7, i);
        }
        _mustNeverHaveBroken(7);
    }

    function invariant_I08_sealOpensToOneResult() external view {
        _mustNeverHaveBroken(8);
    }

    function invariant_I09_noForbiddenTransition() external view {
        _mustNeverHaveBroken(9);
    }

    function invariant_I14_actionsSucceedExactlyWhenAllowed() external view {
        _mustNeverHaveBroken(14);
    }

    function invariant_I16_tasksAreWhatTheModelSays() external view {
        for (uint256 i; i < _handler.taskCount(); ++i) {
            TaskId id = _handler.ghost(i).id;
            TaskView memory task = _handler.taskManager().getTask(id);
            _must(keccak256(abi.encode(task)) == keccak256(abi.encode(_handler.expectedView(i))), 16, i);
            RoundView memory round = _handler.taskManager().getRound(id);
            _must(keccak256(abi.encode(round)) == keccak256(abi.encode(_handler.expectedRound(i))), 16, i);
        }
        _mustNeverHaveBroken(16);
    }
}

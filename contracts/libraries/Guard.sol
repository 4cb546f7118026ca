// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {TaskId} from "../types/Ids.sol";
import {Ledger} from "../types/Ledger.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Guard
/// @notice Checks that several actions of TaskManager share.
library Guard {
    using TaskSlotLib for TaskSlot;

    function requireState(TaskId taskId, TaskSlot task, TaskState state) internal pure {
        require(task.state() == state, ITaskManager.WrongState(taskId, task.state()));
    }

    function requireNotAfter(uint256 deadline) internal view {
        require(block.timestamp <= deadline, ITaskManager.DeadlinePassed(deadline, block.timestamp));
    }

    function requireAfter(TaskId taskId, uint256 end) internal view {
        require(block.timestamp > end, ITaskManager.TooEarly(taskId, end, block.timestamp));
    }

    function isClientOrAgent(Ledger storage ledger, address client, address caller) internal view returns (bool) {
        return caller == client || ledger.clientAgents[client][caller];
    }

    function requireClientOrAgent(Ledger storage ledger, TaskId taskId, address client) internal view {
        require(isClientOrAgent(ledger, client, msg.sender), ITaskManager.NotClientOrAgent(taskId, msg.sender));
    }
}

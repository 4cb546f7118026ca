// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {TaskId} from "../types/Ids.sol";
import {Leaves, Ledger} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Price} from "./Price.sol";
import {Sales} from "./Sales.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Refunds
/// @notice Gives a client its money back.
library Refunds {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev What a third party earns of the cap for a refund.
    uint256 internal constant TIP_BPS = 50;

    /// @dev Refunds a task that nobody answered. Where it still counts as demand it does no more, and pays the protocol
    /// fee on its start price for each execution that it asked for, if `charged`: to pump a price costs something.
    function expire(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        TaskSlot task,
        bool charged
    ) internal {
        address client = order.client();
        uint256 fee;
        if (task.has(TaskSlotLib.COUNTED)) {
            uint256 executions = Sales.executionsOf(order);
            if (charged) fee = executions * Price.share(Sales.startPriceOf(order, task), task.feeBps());
            leaves.providerPool.close(order.source(), executions);
        }
        uint256 tip = Guard.isClientOrAgent(ledger, client, msg.sender) ? 0 : Price.share(order.maxReward(), TIP_BPS);
        refund(ledger, leaves.escrow, taskId, task, client, Sales.heldBy(order), fee, tip);
    }

    /// @dev Ends a task and returns what it `held` to its client, less fee and tip, wei.
    function refund(
        Ledger storage ledger,
        IEscrow escrow,
        TaskId taskId,
        TaskSlot task,
        address client,
        uint256 held,
        uint256 fee,
        uint256 tip
    ) internal {
        ledger.tasks[taskId] = task.withoutRound().withState(TaskState.Refunded);
        escrow.settle(client, held, msg.sender, tip, address(0), 0, fee);
        emit ITaskManager.TaskRefunded(taskId, client, msg.sender, held - fee - tip, fee, tip);
    }
}

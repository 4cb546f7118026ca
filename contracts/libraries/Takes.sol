// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IReputation} from "../interfaces/IReputation.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Ledger} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Proofs} from "./Proofs.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Takes
/// @notice Who may answer a posted task.
library Takes {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Reverts unless the task is open and the provider may answer it now, as far as TaskManager knows.
    function requireTakeable(
        Ledger storage ledger,
        IReputation reputation,
        PackedOrder calldata order,
        TaskId taskId,
        TaskSlot task,
        ProviderId provider,
        Verification verification
    ) internal view {
        Guard.requireState(taskId, task, TaskState.Open);
        require(order.verification() == verification, ITaskManager.WrongVerification(taskId, order.verification()));
        Guard.requireNotAfter(task.deadline());
        require(task.lapses() == 0 || !ledger.barred[taskId][provider], ITaskManager.Barred(taskId, provider));
        Proofs.checkScore(reputation, order, provider);
    }
}

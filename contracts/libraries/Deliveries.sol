// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Sales} from "./Sales.sol";
import {Seal} from "./Seal.sol";
import {Takes} from "./Takes.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Deliveries
/// @notice Reserved tasks, which one provider holds for a while before it has a result, and the disclosure of any sealed
/// one. Linked: its code runs on TaskManager's storage.
library Deliveries {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev See ITaskManager.reserve.
    function reserve(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        ProviderId provider
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        Takes.requireTakeable(ledger, leaves.reputation, order, taskId, task, provider, Verification.Review);
        require(order.reservation() != 0, ITaskManager.NotReservable(taskId));
        task = task.withState(TaskState.Reserved).withProvider(provider).withClearedAt(block.timestamp);
        uint256 end = Sales.reservationEnd(order, task);
        require(end <= task.deadline(), ITaskManager.ReservationPastDeadline(end, task.deadline()));
        ledger.tasks[taskId] = task;
        leaves.providerPool.reserve(
            provider,
            msg.sender,
            order.source(),
            order.environments(),
            order.minGpuMemory(),
            order.bond()
        );
        emit ITaskManager.TaskReserved(taskId, provider, order.client(), Sales.priceOf(order, task), end);
    }

    /// @dev See ITaskManager.deliver, for a reserved task.
    function deliver(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 seal
    ) external {
        TaskSlot task = _fulfilled(ledger, leaves, taskId, order, provider, seal);
        ledger.tasks[taskId] = task.withState(TaskState.Delivered).withMarkedAt(block.timestamp);
        ledger.seals[taskId] = seal;
    }

    /// @dev See ITaskManager.deliverAndDisclose.
    function deliverAndDisclose(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 commitment,
        bytes calldata envelope
    ) external {
        bytes32 seal = Seal.hash(taskId, provider, commitment, keccak256(envelope));
        TaskSlot task = _fulfilled(ledger, leaves, taskId, order, provider, seal);
        ledger.tasks[taskId] = task.withState(TaskState.Disclosed).withMarkedAt(block.timestamp);
        // A dispute will want it; nobody else needs it any more.
        ledger.seals[taskId] = seal;
        emit ITaskManager.TaskDisclosed(taskId, provider, order.client(), commitment, envelope);
    }

    /// @dev See ITaskManager.disclose; `window` in seconds.
    function disclose(
        Ledger storage ledger,
        TaskId taskId,
        PackedOrder calldata order,
        bytes32 commitment,
        bytes calldata envelope,
        uint256 window
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        Guard.requireState(taskId, task, TaskState.Delivered);
        uint256 end = task.deliveredAt() + window;
        require(block.timestamp <= end, ITaskManager.DisclosureTooLate(taskId, end, block.timestamp));
        ProviderId provider = task.provider();
        bytes32 seal = ledger.seals[taskId];
        bytes32 found = Seal.hash(taskId, provider, commitment, keccak256(envelope));
        require(seal == found, ITaskManager.SealMismatch(taskId, seal, found));

        ledger.tasks[taskId] = task.withState(TaskState.Disclosed).withMarkedAt(block.timestamp);
        emit ITaskManager.TaskDisclosed(taskId, provider, order.client(), commitment, envelope);
    }

    function _fulfilled(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 seal
    ) private returns (TaskSlot task) {
        task = ledger.tasks[taskId];
        Guard.requireState(taskId, task, TaskState.Reserved);
        require(task.provider() == provider, ITaskManager.NotHolder(taskId, provider));
        uint256 end = Sales.reservationEnd(order, task);
        require(block.timestamp <= end, ITaskManager.ReservationLapsed(taskId, end, block.timestamp));
        leaves.providerPool.fulfil(provider, msg.sender, order.source(), task.has(TaskSlotLib.COUNTED));
        emit ITaskManager.TaskDelivered(taskId, provider, order.client(), seal, Sales.priceOf(order, task));
    }
}

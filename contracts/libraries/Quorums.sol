// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger, Limits, Offer, RoundRules} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {RoundTerms} from "../types/Round.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Admission} from "./Admission.sol";
import {Credibility} from "./Credibility.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Panels} from "./Panels.sol";
import {RoundLib} from "./RoundLib.sol";
import {Sales} from "./Sales.sol";
import {Seating} from "./Seating.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title Quorums
/// @notice Quorum tasks up to the verdict: submission, seed, seals, openings. Linked: its code runs on TaskManager's
/// storage.
library Quorums {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev See ITaskManager.submit, for a Quorum order; who may post it has been checked.
    /// @return held What the client's balance has to hold, wei.
    function post(
        Ledger storage ledger,
        Leaves memory leaves,
        Limits memory limits,
        TaskId taskId,
        PackedOrder calldata order
    ) external returns (uint256 held) {
        uint256 trust = order.trust();
        require(
            trust >= Credibility.MIN_TRUST && trust <= Credibility.MAX_TRUST,
            ITaskManager.TrustOutOfBounds(trust, Credibility.MIN_TRUST, Credibility.MAX_TRUST)
        );
        uint256 seats = Credibility.seatsOf(trust);
        Offer memory offer = Admission.offerOf(leaves.sourceRegistry, order);
        uint256 capacity;
        (offer.marketPrice, capacity) = leaves.providerPool.openRound(
            order.source(),
            order.maxReward(),
            offer.floorPrice,
            ledger.parameters.price,
            seats
        );
        TaskSlot task = Admission.admitRound(ledger, limits, order, taskId, offer, seats);
        ledger.tasks[taskId] = task.withRound(block.number, capacity);
        emit ITaskManager.TaskSubmitted(taskId, order.source(), order.client(), order, Sales.startPriceOf(order, task));
        return seats * order.maxReward();
    }

    /// @dev See ITaskManager.captureSeed.
    function captureSeed(Ledger storage ledger, TaskId taskId) external {
        TaskSlot task = ledger.tasks[taskId];
        if (task.isDisputed()) {
            Panels.captureSeed(ledger, taskId);
            return;
        }
        Guard.requireState(taskId, task, TaskState.Open);
        require(task.openBlock() != 0, ITaskManager.NotQuorum(taskId));
        Guard.requireNotAfter(task.deadline());
        ledger.tasks[taskId] = _seeded(taskId, task);
    }

    /// @dev See ITaskManager.takeSeat.
    function takeSeat(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        ProviderId provider,
        uint256 weight,
        bytes32 seal
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        bool disputed = task.isDisputed();
        if (!disputed) _requireSealing(taskId, order, task);
        require(seal != 0, ITaskManager.ZeroSeal());
        // It could still act through others, but not by mistake, and to judge its own task gains it nothing.
        require(msg.sender != order.client(), ITaskManager.ClientOfTask(taskId, msg.sender));
        if (disputed) {
            Panels.takeSeat(ledger, leaves, rules, taskId, order, task, provider, weight, seal);
            return;
        }
        if (task.state() == TaskState.Open) {
            task = _seeded(taskId, task);
            ledger.tasks[taskId] = task;
        }
        RoundTerms memory terms = RoundTerms({
            taskId: taskId,
            seed: task.seed(),
            start: task.openedAt(),
            // Not the deadline that a cancellation has brought forward: it widens nothing.
            end: order.deadline(),
            capacity: task.capacity(),
            trust: order.trust(),
            seats: Credibility.seatsOf(order.trust())
        });
        uint256 slots = Seating.enlist(leaves, rules, order, provider, weight, terms.start);
        (uint256 seat, bool closed) = RoundLib.take(ledger.rounds[taskId], terms, provider, slots, weight, seal);
        emit ITaskManager.SeatTaken(taskId, provider, order.client(), seat, weight, seal);
        if (closed) _close(ledger, leaves, taskId, order, task, seat + 1, terms.seats);
    }

    /// @dev See ITaskManager.openSeat.
    function openSeat(
        Ledger storage ledger,
        RoundRules memory rules,
        TaskId taskId,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        Guard.requireState(taskId, task, TaskState.Round);
        require(!task.isDisputed(), ITaskManager.IsDisputed(taskId));
        uint256 end = Verdicts.sealedAt(taskId, task) + rules.openWindow;
        require(block.timestamp <= end, ITaskManager.OpeningTooLate(taskId, end, block.timestamp));
        ProviderId provider = RoundLib.open(ledger.rounds[taskId], taskId, seat, resultDigest, salt, envelopeHash);
        emit ITaskManager.SeatOpened(taskId, provider, seat, resultDigest, envelopeHash);
    }

    function _seeded(TaskId taskId, TaskSlot task) private returns (TaskSlot) {
        return task.withSeed(Seating.captureSeed(taskId, task.openBlock())).withState(TaskState.Round);
    }

    function _requireSealing(TaskId taskId, PackedOrder calldata order, TaskSlot task) private view {
        if (!task.isSealing()) {
            if (task.state() == TaskState.Round) {
                revert ITaskManager.SealingOver(taskId, task.clearedAt(), block.timestamp);
            }
            Guard.requireState(taskId, task, TaskState.Open);
            Verification verification = order.verification();
            require(verification == Verification.Quorum, ITaskManager.WrongVerification(taskId, verification));
        }
        uint256 deadline = task.deadline();
        require(block.timestamp <= deadline, ITaskManager.SealingOver(taskId, deadline, block.timestamp));
    }

    /// @dev Ends sealing, which fixes the price.
    function _close(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        TaskSlot task,
        uint256 taken,
        uint256 seats
    ) private {
        ProviderId nobody;
        task = task.withProvider(nobody).withClearedAt(block.timestamp).withMarkedAt(taken);
        task = task.withFlag(TaskSlotLib.OPENED);
        ledger.tasks[taskId] = task;
        if (task.has(TaskSlotLib.COUNTED)) leaves.providerPool.close(order.source(), seats);
        emit ITaskManager.SealingEnded(taskId, order.client(), taken, Sales.priceOf(order, task));
    }
}

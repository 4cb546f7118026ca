// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {DisputeSlot} from "../types/Dispute.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger, RoundRules} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {RoundTerms} from "../types/Round.sol";
import {TaskSlot} from "../types/Task.sol";
import {Credibility} from "./Credibility.sol";
import {DisputeSlotLib} from "./DisputeSlotLib.sol";
import {OrderLib} from "./OrderLib.sol";
import {RoundLib} from "./RoundLib.sol";
import {Sales} from "./Sales.sol";
import {Seating} from "./Seating.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Panels
/// @notice Seats of the panel that decides a dispute.
library Panels {
    using DisputeSlotLib for DisputeSlot;
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev See ITaskManager.captureSeed, for a dispute.
    function captureSeed(Ledger storage ledger, TaskId taskId) internal {
        DisputeSlot dispute = ledger.disputes[taskId];
        require(!dispute.isSeeded(), ITaskManager.SeedKnown(taskId, dispute.seed()));
        ledger.disputes[taskId] = dispute.withSeed(Seating.captureSeed(taskId, dispute.seed()));
    }

    /// @dev See ITaskManager.takeSeat, for a dispute; seal and caller have been checked.
    function takeSeat(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        TaskSlot task,
        ProviderId provider,
        uint256 weight,
        bytes32 seal
    ) internal {
        DisputeSlot dispute = ledger.disputes[taskId];
        // Else it would be judge in its own case.
        require(provider != task.provider(), ITaskManager.DisputedProvider(taskId, provider));
        uint256 end = dispute.closedAt();
        require(end == 0, ITaskManager.SealingOver(taskId, end, block.timestamp));
        end = dispute.sealingUntil();
        // A judge needs to see what it is to judge.
        require(end != 0, ITaskManager.DeliveryNotOpened(taskId));
        require(block.timestamp <= end, ITaskManager.SealingOver(taskId, end, block.timestamp));
        if (!dispute.isSeeded()) dispute = dispute.withSeed(Seating.captureSeed(taskId, dispute.seed()));

        RoundTerms memory terms = RoundTerms({
            taskId: taskId,
            seed: dispute.seed(),
            start: dispute.sealingFrom(),
            end: end,
            capacity: dispute.capacity(),
            trust: order.trust(),
            seats: Credibility.seatsOf(order.trust())
        });
        // Whoever joins when it sees the delivery comes too late.
        uint256 slots = Seating.enlist(leaves, rules, order, provider, weight, task.clearedAt());
        (uint256 seat, bool closed) = RoundLib.take(ledger.rounds[taskId], terms, provider, slots, weight, seal);
        emit ITaskManager.SeatTaken(taskId, provider, order.client(), seat, weight, seal);
        if (closed) {
            dispute = dispute.withClosed(block.timestamp, seat + 1);
            emit ITaskManager.SealingEnded(taskId, order.client(), seat + 1, Sales.priceOf(order, task));
        }
        ledger.disputes[taskId] = dispute;
    }
}

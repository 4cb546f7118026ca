// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {DisputeSlot, DisputeView} from "../types/Dispute.sol";
import {TaskId} from "../types/Ids.sol";
import {Ledger} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {RoundView, SeatSlot, SeatView} from "../types/Round.sol";
import {TaskSlot, TaskState, TaskView} from "../types/Task.sol";
import {DisputeSlotLib} from "./DisputeSlotLib.sol";
import {RoundLib} from "./RoundLib.sol";
import {Sales} from "./Sales.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";
import {Sortition} from "./Sortition.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Views
/// @notice What tools read of a task. Linked: its code runs on TaskManager's storage.
library Views {
    using DisputeSlotLib for DisputeSlot;
    using SeatSlotLib for SeatSlot;
    using TaskSlotLib for TaskSlot;

    /// @dev See ITaskManager.getTask.
    function getTask(Ledger storage ledger, TaskId taskId) external view returns (TaskView memory) {
        TaskSlot task = ledger.tasks[taskId];
        uint32 priceFraction = task.startFraction() == 0 ? 0 : uint32(Sales.fractionAt(task, block.timestamp));
        TaskState state = task.state();
        if (state == TaskState.Open || (state == TaskState.Round && !task.isDisputed())) {
            task = task.withoutRound();
        }
        return
            TaskView({
                state: state,
                provider: task.provider(),
                cancelled: task.has(TaskSlotLib.CANCELLED),
                disputed: task.has(TaskSlotLib.DISPUTED),
                opened: task.has(TaskSlotLib.OPENED),
                counted: task.has(TaskSlotLib.COUNTED),
                openedAt: task.openedAt(),
                deadline: task.deadline(),
                clearedAt: task.clearedAt(),
                markedAt: task.markedAt(),
                rampDuration: task.rampDuration(),
                startFraction: task.startFraction(),
                priceFraction: priceFraction,
                feeBps: task.feeBps(),
                royaltyBps: task.royaltyBps(),
                lapses: task.lapses(),
                // A disputed provider that has opened its seal has its result there.
                seal: task.isDisputed() && ledger.disputes[taskId].revealedAt() != 0 ? bytes32(0) : ledger.seals[taskId]
            });
    }

    /// @dev See ITaskManager.priceAt.
    function priceAt(
        Ledger storage ledger,
        TaskId taskId,
        PackedOrder calldata order,
        uint256 time
    ) external view returns (uint256) {
        TaskSlot task = ledger.tasks[taskId];
        TaskState state = task.state();
        require(state != TaskState.None && state != TaskState.Revoked, ITaskManager.WrongState(taskId, state));
        return Sales.priceAt(order, task, time);
    }

    /// @dev See ITaskManager.getRound.
    function getRound(Ledger storage ledger, TaskId taskId) external view returns (RoundView memory round) {
        TaskSlot task = ledger.tasks[taskId];
        if (task.state() == TaskState.Open && task.openBlock() != 0) {
            round.seedBlock = Sortition.seedBlockOf(task.openBlock(), block.number);
            round.capacity = task.capacity();
        }
        if (task.state() != TaskState.Round) return round;
        if (task.isDisputed()) return _panel(ledger, taskId);
        bool sealing = task.isSealing() && block.timestamp <= task.deadline();
        if (sealing) (round.seed, round.capacity) = (task.seed(), task.capacity());
        else if (!task.isSealing()) round.closedAt = task.clearedAt();
        round.seats = _seats(ledger, taskId);
    }

    /// @dev The panel of a dispute.
    function _panel(Ledger storage ledger, TaskId taskId) private view returns (RoundView memory round) {
        DisputeSlot dispute = ledger.disputes[taskId];
        if (dispute.isSeeded()) round.seed = dispute.seed();
        else round.seedBlock = Sortition.seedBlockOf(dispute.seed(), block.number);
        round.capacity = dispute.capacity();
        round.closedAt = dispute.closedAt();
        round.seats = _seats(ledger, taskId);
        bytes32 digest = dispute.revealedAt() == 0 ? bytes32(0) : ledger.seals[taskId];
        round.dispute = DisputeView({
            disputedAt: dispute.disputedAt(),
            judged: dispute.isJudged(),
            sealingFrom: dispute.sealingFrom(),
            sealingUntil: dispute.sealingUntil(),
            revealedAt: dispute.revealedAt(),
            resultDigest: digest
        });
    }

    function _seats(Ledger storage ledger, TaskId taskId) private view returns (SeatView[] memory views) {
        SeatSlot[] memory seats = RoundLib.load(ledger.rounds[taskId], 0).seats;
        views = new SeatView[](seats.length);
        for (uint256 i; i < seats.length; ++i) {
            (SeatSlot slot, SeatView memory seat) = (seats[i], views[i]);
            seat.provider = slot.provider();
            seat.weight = uint8(slot.weight());
            seat.opened = slot.isOpened();
            seat.claimed = slot.isClaimed();
            seat.unavailable = slot.isUnavailable();
            if (!seat.opened) seat.seal = slot.seal();
            else (seat.digest, seat.envelopeHash) = (slot.digest(), slot.envelopeHash());
        }
    }
}

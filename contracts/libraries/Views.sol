// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {TaskId} from "../types/Ids.sol";
import {Ledger} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {RoundView, SeatSlot, SeatView} from "../types/Round.sol";
import {TaskSlot, TaskState, TaskView} from "../types/Task.sol";
import {RoundLib} from "./RoundLib.sol";
import {Sales} from "./Sales.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";
import {Sortition} from "./Sortition.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Views
/// @notice What tools read of a task. Linked: its code runs on TaskManager's storage.
library Views {
    using SeatSlotLib for SeatSlot;
    using TaskSlotLib for TaskSlot;

    /// @dev See ITaskManager.getTask.
    function getTask(Ledger storage ledger, TaskId taskId) external view returns (TaskView memory) {
        TaskSlot task = ledger.tasks[taskId];
        uint32 priceFraction = task.startFraction() == 0 ? 0 : uint32(Sales.fractionAt(task, block.timestamp));
        TaskState state = task.state();
        if (state == TaskState.Open || (state == TaskState.Round && !task.has(TaskSlotLib.DISPUTED))) {
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
                seal: ledger.seals[taskId]
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
        bool sealing = task.isSealing() && block.timestamp <= task.deadline();
        if (sealing) (round.seed, round.capacity) = (task.seed(), task.capacity());
        else if (!task.isSealing()) round.closedAt = task.clearedAt();
        SeatSlot[] memory seats = RoundLib.load(ledger.rounds[taskId], 0).seats;
        round.seats = new SeatView[](seats.length);
        for (uint256 i; i < seats.length; ++i) {
            (SeatSlot slot, SeatView memory seat) = (seats[i], round.seats[i]);
            seat.provider = slot.provider();
            seat.weight = uint8(slot.weight());
            seat.opened = slot.isOpened();
            seat.claimed = slot.isClaimed();
            if (!seat.opened) seat.seal = slot.seal();
            else (seat.digest, seat.envelopeHash) = (slot.digest(), slot.envelopeHash());
        }
    }
}

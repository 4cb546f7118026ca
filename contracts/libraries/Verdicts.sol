// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger, RoundRules, Sale} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {SeatSlot, Tally} from "../types/Round.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Credibility} from "./Credibility.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Penalties} from "./Penalties.sol";
import {Refunds} from "./Refunds.sol";
import {RoundLib} from "./RoundLib.sol";
import {Rulings} from "./Rulings.sol";
import {Sales} from "./Sales.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Verdicts
/// @notice Ends rounds of Quorum tasks: moves money, locks and reputation by what RoundLib says of the seats. Linked: its
/// code runs on TaskManager's storage.
library Verdicts {
    using OrderLib for PackedOrder;
    using SeatSlotLib for SeatSlot;
    using TaskSlotLib for TaskSlot;

    /// @dev What a round pays.
    struct Payout {
        /// Seats that are paid.
        uint256 winners;
        /// Slashed stake, wei.
        uint256 slashed;
    }

    /// @dev When sealing ended, unix seconds; reverts as long as it goes on.
    function sealedAt(TaskId taskId, TaskSlot task) internal view returns (uint256) {
        if (task.has(TaskSlotLib.OPENED)) return task.clearedAt();
        uint256 deadline = task.deadline();
        Guard.requireAfter(taskId, deadline);
        return deadline;
    }

    /// @dev See ITaskManager.accept, for a round.
    function accept(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order
    ) external {
        Guard.requireClientOrAgent(ledger, taskId, order.client());
        TaskSlot task = ledger.tasks[taskId];
        if (task.isDisputed()) {
            Rulings.accept(ledger, leaves, rules, taskId, order);
            return;
        }
        (Tally memory tally, uint256 end) = _load(ledger, rules, taskId, task);
        _requireVerdict(taskId, order, tally, end);
        _conclude(ledger, leaves, rules, taskId, order, task, tally, tally.winners);
    }

    /// @dev See ITaskManager.claimSeat.
    function claimSeat(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        uint256 seat,
        bytes calldata envelope
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        if (task.isDisputed()) {
            Rulings.claimSeat(ledger, leaves, rules, taskId, order, seat, envelope);
            return;
        }
        (Tally memory tally, uint256 end) = _load(ledger, rules, taskId, task);
        require(seat < tally.seats.length, ITaskManager.NoSuchSeat(taskId, seat));
        _requireVerdict(taskId, order, tally, end);
        end += rules.claimWindow;
        require(block.timestamp <= end, ITaskManager.ClaimTooLate(taskId, end, block.timestamp));
        require(
            (tally.winners >> seat) & 1 == 1,
            ITaskManager.NotWinner(taskId, seat, RoundLib.outcomeOf(tally, seat))
        );
        ProviderId provider = RoundLib.claim(ledger.rounds[taskId], taskId, tally, seat, keccak256(envelope));
        emit ITaskManager.SeatClaimed(taskId, provider, order.client(), seat, envelope);
        if (tally.claimed == tally.winners) {
            _conclude(ledger, leaves, rules, taskId, order, task, tally, tally.winners);
        }
    }

    /// @dev See ITaskManager.settle, for a round.
    function settle(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        if (task.isDisputed()) {
            Rulings.settle(ledger, leaves, rules, taskId, order);
            return;
        }
        (Tally memory tally, uint256 end) = _load(ledger, rules, taskId, task);
        // One seat alone has nothing to agree with.
        if (tally.seats.length > 1) _requireOpened(taskId, tally, end);
        RoundLib.judge(tally, order.trust());
        if (tally.winners != 0) Guard.requireAfter(taskId, end + rules.claimWindow);
        _conclude(ledger, leaves, rules, taskId, order, task, tally, tally.claimed);
    }

    /// @dev `end`: last second for openings, unix time.
    function _load(
        Ledger storage ledger,
        RoundRules memory rules,
        TaskId taskId,
        TaskSlot task
    ) private view returns (Tally memory tally, uint256 end) {
        Guard.requireState(taskId, task, TaskState.Round);
        end = sealedAt(taskId, task) + rules.openWindow;
        tally = RoundLib.load(ledger.rounds[taskId], task.has(TaskSlotLib.OPENED) ? task.seatCount() : 0);
    }

    function _requireOpened(TaskId taskId, Tally memory tally, uint256 end) private view {
        if (!RoundLib.isOpen(tally)) Guard.requireAfter(taskId, end);
    }

    function _requireVerdict(TaskId taskId, PackedOrder calldata order, Tally memory tally, uint256 end) private view {
        _requireOpened(taskId, tally, end);
        RoundLib.judge(tally, order.trust());
        require(tally.winners != 0, ITaskManager.NoWinner(taskId));
    }

    /// @dev Ends the round: slashes, then pays the `paid` seats, and clears it.
    function _conclude(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        TaskSlot task,
        Tally memory tally,
        uint256 paid
    ) private {
        uint256 count = tally.seats.length;
        RoundLib.clear(ledger.rounds[taskId], count);
        Payout memory payout;
        for (uint256 i; i < count; ++i) {
            if ((paid >> i) & 1 == 1) ++payout.winners;
            else payout.slashed += Penalties.punish(leaves, rules, taskId, order, tally, i);
        }
        // All of it goes to the protocol. A part for the winners would let whoever controls two seats take the stake of the
        // third, or of a provider whose agent key it stole: by an order of its own, with a bond as large as that stake.
        emit ITaskManager.RoundEnded(taskId, order.client(), payout.winners, payout.slashed);

        bool early = task.has(TaskSlotLib.OPENED);
        if (payout.winners == 0) {
            // What counted until sealing ended early counts no more.
            if (early) task = task.withoutFlag(TaskSlotLib.COUNTED);
            Refunds.expire(ledger, leaves, taskId, order, task, payout.slashed == 0);
            return;
        }
        if (!early) {
            task = task.withFlag(TaskSlotLib.OPENED).withClearedAt(task.deadline());
            if (task.has(TaskSlotLib.COUNTED)) {
                leaves.providerPool.close(order.source(), Sales.executionsOf(order));
            }
        }
        task = task.withoutRound().withState(TaskState.Settled);
        ledger.tasks[taskId] = task;
        _pay(leaves, rules, taskId, order, task, tally.seats, paid, payout.winners);
    }

    /// @dev Pays each winner one price of its own.
    function _pay(
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        TaskSlot task,
        SeatSlot[] memory seats,
        uint256 paid,
        uint256 winners
    ) private {
        address client = order.client();
        Sale memory sale = Sales.saleOf(order, task);
        if (sale.royalty != 0) sale.publisher = leaves.sourceRegistry.ownerOf(SourceId.unwrap(order.source()));
        uint256 payment = Sales.paymentOf(sale);
        IEscrow.Entry[] memory credits = new IEscrow.Entry[](winners + 1);
        uint256 count;
        for (uint256 i; i < seats.length; ++i) {
            if ((paid >> i) & 1 == 0) continue;
            ProviderId provider = seats[i].provider();
            uint256 lock = Credibility.lockOf(order.bond(), seats[i].weight(), rules.weightUnit);
            credits[count++] = IEscrow.Entry(leaves.providerPool.release(provider, lock), payment);
            leaves.reputation.recordSettlement(provider, client, sale.fee, payment);
            emit ITaskManager.TaskSettled(taskId, provider, client, sale.publisher, sale.price, sale.fee, sale.royalty);
        }
        credits[count] = IEscrow.Entry(sale.publisher, sale.royalty * count);
        leaves.escrow.settleRound(client, Sales.heldBy(order), credits, sale.fee * count);
    }
}

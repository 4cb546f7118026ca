// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {DisputeOutcome, DisputeSlot} from "../types/Dispute.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger, RoundRules, Sale} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {SeatSlot, Tally} from "../types/Round.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Credibility} from "./Credibility.sol";
import {Disputes} from "./Disputes.sol";
import {DisputeSlotLib} from "./DisputeSlotLib.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Penalties} from "./Penalties.sol";
import {RoundLib} from "./RoundLib.sol";
import {Sales} from "./Sales.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Rulings
/// @notice Ends disputes: what the panel's votes come to, and who pays whom.
/// @dev The client's balance holds the order's cap and the panel's fee, a price for each seat that there could be. A
/// provider that is wrong has locked as much.
library Rulings {
    using DisputeSlotLib for DisputeSlot;
    using OrderLib for PackedOrder;
    using SeatSlotLib for SeatSlot;
    using TaskSlotLib for TaskSlot;

    /// @dev What is known of a dispute that can end.
    struct Ruling {
        DisputeOutcome outcome;
        Tally tally;
        /// Last second for votes, unix time.
        uint256 end;
        /// Price of an execution, wei.
        uint256 price;
    }

    /// @dev What a dispute pays, beside the provider.
    struct Award {
        /// Seats that are paid, seat 0 the lowest bit.
        uint256 paid;
        /// What each of them gets, wei.
        uint256 each;
        /// How many of them the client pays, first to last; the others are paid from the provider's bond.
        uint256 byClient;
        /// The provider, the publisher, and the seats.
        IEscrow.Entry[] credits;
        /// What the provider loses, wei.
        uint256 slashed;
    }

    /// @dev See ITaskManager.accept, for a dispute; the caller has been checked.
    function accept(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order
    ) internal {
        Ruling memory ruling = _rule(ledger, rules, taskId, order);
        _conclude(ledger, leaves, rules, taskId, order, ruling, ruling.tally.winners);
    }

    /// @dev See ITaskManager.settle, for a dispute.
    function settle(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order
    ) internal {
        Ruling memory ruling = _rule(ledger, rules, taskId, order);
        uint256 paid = ruling.tally.winners;
        if (ruling.outcome == DisputeOutcome.Overturned) {
            // Its winners owe the client their result first.
            Guard.requireAfter(taskId, ruling.end + rules.claimWindow);
            paid = ruling.tally.claimed;
        }
        _conclude(ledger, leaves, rules, taskId, order, ruling, paid);
    }

    /// @dev See ITaskManager.claimSeat, for a dispute.
    function claimSeat(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        uint256 seat,
        bytes calldata envelope
    ) internal {
        Ruling memory ruling = _rule(ledger, rules, taskId, order);
        Tally memory tally = ruling.tally;
        require(seat < tally.seats.length, ITaskManager.NoSuchSeat(taskId, seat));
        require(ruling.outcome == DisputeOutcome.Overturned, ITaskManager.NothingToClaim(taskId, ruling.outcome));
        uint256 end = ruling.end + rules.claimWindow;
        require(block.timestamp <= end, ITaskManager.ClaimTooLate(taskId, end, block.timestamp));
        require(
            (tally.winners >> seat) & 1 == 1,
            ITaskManager.NotWinner(taskId, seat, RoundLib.outcomeOf(tally, seat))
        );
        ProviderId provider = RoundLib.claim(ledger.rounds[taskId], taskId, tally, seat, keccak256(envelope));
        emit ITaskManager.SeatClaimed(taskId, provider, order.client(), seat, envelope);
        if (tally.claimed == tally.winners) _conclude(ledger, leaves, rules, taskId, order, ruling, tally.winners);
    }

    /// @dev What the votes come to; reverts as long as more of them may come.
    function _rule(
        Ledger storage ledger,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order
    ) private view returns (Ruling memory ruling) {
        DisputeSlot dispute = ledger.disputes[taskId];
        ruling.price = Sales.priceOf(order, ledger.tasks[taskId]);
        bool revealed = dispute.revealedAt() != 0;
        ruling.outcome = DisputeOutcome.Unanswered;
        if (dispute.isJudged() && !revealed) {
            // There was nothing to judge.
            Guard.requireAfter(taskId, dispute.disputedAt() + rules.revealWindow);
            return ruling;
        }
        uint256 end = Disputes.votesFrom(taskId, dispute, rules.revealWindow);
        end += rules.openWindow;
        ruling.end = end;
        Tally memory tally = RoundLib.load(ledger.rounds[taskId], dispute.seatCount());
        ruling.tally = tally;
        if (!RoundLib.isOpen(tally)) Guard.requireAfter(taskId, end);
        RoundLib.judge(tally, order.trust());
        if (tally.winners == 0) {
            if (!revealed) return ruling;
            bool silent = tally.seats.length < 2 || tally.opened == 0;
            ruling.outcome = silent ? DisputeOutcome.Standing : DisputeOutcome.Undecided;
        } else if (dispute.isJudged()) {
            bool valid = RoundLib.digestOf(tally) == bytes16(Disputes.VALID);
            ruling.outcome = valid ? DisputeOutcome.Upheld : DisputeOutcome.Rejected;
        } else {
            bool agrees = revealed && RoundLib.digestOf(tally) == bytes16(ledger.seals[taskId]);
            bool upheld = agrees && RoundLib.isAvailable(tally);
            ruling.outcome = upheld ? DisputeOutcome.Upheld : DisputeOutcome.Overturned;
        }
    }

    /// @dev Ends the dispute; of a verdict's winners, `paid` are paid.
    function _conclude(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        Ruling memory ruling,
        uint256 paid
    ) private {
        TaskSlot task = ledger.tasks[taskId];
        uint256 count = ruling.tally.seats.length;
        RoundLib.clear(ledger.rounds[taskId], count);
        ledger.disputes[taskId] = DisputeSlot.wrap(0);
        delete ledger.seals[taskId];

        Award memory award = _award(ruling, paid);
        bool stands = ruling.outcome == DisputeOutcome.Standing || ruling.outcome == DisputeOutcome.Upheld;
        // The client has a valid result.
        bool settled = stands || (ruling.outcome == DisputeOutcome.Overturned && paid != 0);
        task = task.withState(settled ? TaskState.Settled : TaskState.Refunded);
        ledger.tasks[taskId] = task;

        award.credits = new IEscrow.Entry[](count + 2);
        if (ruling.outcome == DisputeOutcome.Undecided) leaves.providerPool.release(task.provider(), order.bond());
        else if (!stands) award.slashed = _convict(leaves, task.provider(), order);
        uint256 fee = stands ? _payProvider(leaves, taskId, order, task, award) : 0;
        _payPanel(leaves, rules, taskId, order, ruling.tally, award);
        uint256 held = order.maxReward() + Credibility.seatsOf(order.trust()) * ruling.price;
        leaves.escrow.settleRound(order.client(), held, award.credits, fee);
        emit ITaskManager.DisputeEnded(
            taskId,
            task.provider(),
            order.client(),
            ruling.outcome,
            settled ? ruling.price : 0,
            award.slashed
        );
    }

    /// @dev Which seats are paid, and by whom.
    function _award(Ruling memory ruling, uint256 paid) private pure returns (Award memory award) {
        (award.paid, award.each) = (paid, ruling.price);
        DisputeOutcome outcome = ruling.outcome;
        if (outcome == DisputeOutcome.Upheld) {
            award.byClient = Credibility.MAX_SEATS;
        } else if (outcome == DisputeOutcome.Overturned) {
            // For a valid result the client pays what it would have paid.
            award.byClient = 1;
        } else if (outcome == DisputeOutcome.Unanswered) {
            award.paid = ruling.tally.opened;
        } else if (outcome != DisputeOutcome.Rejected) {
            // The work was in vain, but it was done.
            (award.paid, award.each) = (ruling.tally.opened, ruling.price / 2);
            award.byClient = Credibility.MAX_SEATS;
        }
    }

    /// @dev Takes the whole bond; tells how much that is, wei.
    function _convict(
        Leaves memory leaves,
        ProviderId provider,
        PackedOrder calldata order
    ) private returns (uint256 bond) {
        bond = order.bond();
        leaves.providerPool.slash(provider, bond, bond);
        Penalties.recordFraud(leaves, provider);
    }

    /// @dev Pays the disputed provider its price; tells the protocol's part of it, wei.
    function _payProvider(
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        TaskSlot task,
        Award memory award
    ) private returns (uint256) {
        (ProviderId provider, address client) = (task.provider(), order.client());
        Sale memory sale = Sales.saleOf(order, task);
        if (sale.royalty != 0) sale.publisher = leaves.sourceRegistry.ownerOf(SourceId.unwrap(order.source()));
        uint256 payment = Sales.paymentOf(sale);
        award.credits[0] = IEscrow.Entry(leaves.providerPool.release(provider, order.bond()), payment);
        award.credits[1] = IEscrow.Entry(sale.publisher, sale.royalty);
        leaves.reputation.recordSettlement(provider, client, sale.fee, payment);
        emit ITaskManager.TaskSettled(taskId, provider, client, sale.publisher, sale.price, sale.fee, sale.royalty);
        return sale.fee;
    }

    /// @dev Pays or punishes every seat. What the client does not pay comes out of the bond, which TaskManager's account
    /// has got.
    function _payPanel(
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        Tally memory tally,
        Award memory award
    ) private {
        for (uint256 i; i < tally.seats.length; ++i) {
            if ((award.paid >> i) & 1 == 0) {
                Penalties.punish(leaves, rules, taskId, order, tally, i);
                continue;
            }
            _payMember(leaves, rules, order, tally.seats[i], i, award);
            emit ITaskManager.ValidatorPaid(taskId, tally.seats[i].provider(), order.client(), i, award.each);
        }
    }

    /// @dev Unlocks what a seat has locked, and pays it.
    function _payMember(
        Leaves memory leaves,
        RoundRules memory rules,
        PackedOrder calldata order,
        SeatSlot slot,
        uint256 seat,
        Award memory award
    ) private {
        ProviderId provider = slot.provider();
        uint256 each = award.each;
        uint256 lock = Credibility.lockOf(order.bond(), slot.weight(), rules.weightUnit);
        address payout = leaves.providerPool.release(provider, lock);
        leaves.reputation.recordSettlement(provider, order.client(), 0, each);
        if (award.byClient != 0) {
            award.credits[seat + 2] = IEscrow.Entry(payout, each);
            --award.byClient;
        } else if (each != 0) {
            leaves.escrow.transfer(payout, each);
        }
    }
}

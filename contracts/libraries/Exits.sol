// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IProviderPool} from "../interfaces/IProviderPool.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {SeatSlot} from "../types/Round.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Price} from "./Price.sol";
import {Refunds} from "./Refunds.sol";
import {Sales} from "./Sales.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";
import {Settlement} from "./Settlement.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Exits
/// @notice Ways out of a task whose client or provider is silent, and the way of fees to the treasury. Linked: its code runs on TaskManager's storage.
library Exits {
    using OrderLib for PackedOrder;
    using SeatSlotLib for SeatSlot;
    using TaskSlotLib for TaskSlot;

    /// @dev Share of the bond that a lapse costs, unless the way from start price to cap is more.
    uint256 internal constant LAPSE_BPS = 5000;
    /// @dev This lapse refunds the client instead of reopening the task; three bits count them.
    uint256 internal constant MAX_LAPSES = 7;

    /// @dev See ITaskManager.cancel; `notice` in seconds.
    function cancel(Ledger storage ledger, TaskId taskId, PackedOrder calldata order, uint256 notice) external {
        TaskSlot task = ledger.tasks[taskId];
        address client = order.client();
        Guard.requireClientOrAgent(ledger, taskId, client);
        uint256 end = block.timestamp + notice;
        if (task.state() == TaskState.Reserved) {
            // The holder keeps what it was promised.
            end = Math.max(end, Sales.reservationEnd(order, task));
        } else if (!task.isSealing() || ledger.rounds[taskId].seats[0].isTaken()) {
            // A seed alone binds nobody.
            Guard.requireState(taskId, task, TaskState.Open);
        }
        require(!task.has(TaskSlotLib.CANCELLED), ITaskManager.AlreadyCancelled(taskId));
        Guard.requireNotAfter(task.deadline());
        uint256 deadline = Math.min(task.deadline(), end);
        ledger.tasks[taskId] = task.withFlag(TaskSlotLib.CANCELLED).withDeadline(deadline);
        emit ITaskManager.TaskCancelled(taskId, client, deadline);
    }

    /// @dev See ITaskManager.settle, for a disclosed task.
    function settle(Ledger storage ledger, Leaves memory leaves, TaskId taskId, PackedOrder calldata order) external {
        TaskSlot task = ledger.tasks[taskId];
        Guard.requireState(taskId, task, TaskState.Disclosed);
        Guard.requireAfter(taskId, uint256(task.markedAt()) + order.reviewPeriod());
        Settlement.settle(
            ledger,
            leaves.escrow,
            leaves.sourceRegistry,
            leaves.reputation,
            order,
            taskId,
            task,
            leaves.providerPool.release(task.provider(), order.bond()),
            order.maxReward()
        );
    }

    /// @dev See ITaskManager.refund.
    function refund(Ledger storage ledger, Leaves memory leaves, TaskId taskId, PackedOrder calldata order) external {
        TaskSlot task = ledger.tasks[taskId];
        Guard.requireState(taskId, task, TaskState.Open);
        Guard.requireAfter(taskId, task.deadline());
        Refunds.expire(ledger, leaves, taskId, order, task, task.lapses() == 0);
    }

    /// @dev See ITaskManager.reopen; `window` in seconds.
    function reopen(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        uint256 window
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        bool reserved = task.state() == TaskState.Reserved;
        if (reserved) {
            Guard.requireAfter(taskId, Sales.reservationEnd(order, task));
        } else {
            Guard.requireState(taskId, task, TaskState.Delivered);
            Guard.requireAfter(taskId, task.deliveredAt() + window);
        }
        ProviderId provider = task.provider();
        address client = order.client();
        uint256 cap = order.maxReward();
        uint256 bond = order.bond();
        // Posting made sure that the bond covers both.
        uint256 slashed = Math.max(Price.share(bond, LAPSE_BPS), cap - Sales.startPriceOf(order, task));
        uint256 lapses = task.lapses() + 1;

        task = _reopened(task, lapses);
        task = _demanded(leaves.providerPool, task, reserved, provider, order);
        ledger.tasks[taskId] = task;
        delete ledger.seals[taskId];
        ledger.barred[taskId][provider] = true;

        // All of it goes to the protocol. A part for the client would let a stolen agent key carry stake off: the thief
        // posts an order with a bond as large as the stake, lets it lapse and takes its part.
        leaves.providerPool.slash(provider, bond, slashed);
        leaves.reputation.recordFault(provider);
        emit ITaskManager.TaskLapsed(taskId, provider, client, lapses, slashed);
        if (lapses == MAX_LAPSES) Refunds.refund(ledger, leaves.escrow, taskId, task, client, cap, 0, 0);
    }

    /// @dev See ITaskManager.collectFees.
    function collectFees(
        Ledger storage ledger,
        IEscrow escrow,
        address[] calldata payers
    ) external returns (uint256 amount) {
        address treasury = ledger.parameters.treasury;
        amount = escrow.collectFees(payers, treasury);
        uint256 own = escrow.accountOf(address(this)).free;
        if (own != 0) escrow.transfer(treasury, own);
        amount += own;
        require(amount != 0, ITaskManager.NothingCollected());
        emit ITaskManager.FeesCollected(treasury, amount);
    }

    /// @dev Settles with the pool whether the task that its holder left counts as demand: a reservation went on counting,
    /// a delivery did not, and a task that lapsed for the last time does no more.
    function _demanded(
        IProviderPool pool,
        TaskSlot task,
        bool reserved,
        ProviderId holder,
        PackedOrder calldata order
    ) private returns (TaskSlot) {
        bool last = task.lapses() == MAX_LAPSES;
        if (reserved) {
            pool.vacate(holder, order.source());
            if (last && task.has(TaskSlotLib.COUNTED)) pool.close(order.source(), 1);
            return task;
        }
        if (last) return task;
        return
            pool.reopen(order.source(), order.maxReward())
                ? task.withFlag(TaskSlotLib.COUNTED)
                : task.withoutFlag(TaskSlotLib.COUNTED);
    }

    /// @dev The task without its holder. Its price stood still while it was held and goes on from there.
    function _reopened(TaskSlot task, uint256 lapses) private view returns (TaskSlot) {
        uint256 elapsed = task.clearedAt() - task.openedAt();
        uint256 openedAt = Math.min(block.timestamp, task.deadline()) - elapsed;
        ProviderId nobody;
        task = task.withState(TaskState.Open).withLapses(lapses).withProvider(nobody);
        return task.withOpenedAt(openedAt).withClearedAt(0).withMarkedAt(0);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Sale} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {TaskSlot} from "../types/Task.sol";
import {Credibility} from "./Credibility.sol";
import {OrderLib} from "./OrderLib.sol";
import {Price} from "./Price.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Sales
/// @notice What a task costs and who gets it.
library Sales {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Fraction of the cap at which the task cleared, or would clear at `time`, unix seconds.
    function fractionAt(TaskSlot task, uint256 time) internal pure returns (uint256) {
        uint256 moment = task.clearedAt();
        // A task past its deadline cannot clear any more: its price stands.
        if (moment == 0 || task.isSealing()) moment = Math.min(time, task.deadline());
        uint256 openedAt = task.openedAt();
        return Price.ramp(task.startFraction(), task.rampDuration(), Math.max(moment, openedAt) - openedAt);
    }

    /// @dev Price in wei at which the task cleared, or would clear at `time`.
    function priceAt(PackedOrder calldata order, TaskSlot task, uint256 time) internal pure returns (uint256) {
        return Price.amountOf(fractionAt(task, time), order.maxReward());
    }

    /// @dev Price in wei at which the task cleared, or would clear now.
    function priceOf(PackedOrder calldata order, TaskSlot task) internal view returns (uint256) {
        return priceAt(order, task, block.timestamp);
    }

    /// @dev Price in wei at which the task opened.
    function startPriceOf(PackedOrder calldata order, TaskSlot task) internal pure returns (uint256) {
        return Price.amountOf(task.startFraction(), order.maxReward());
    }

    /// @dev Last second of a reservation, unix time.
    function reservationEnd(PackedOrder calldata order, TaskSlot task) internal pure returns (uint256) {
        return uint256(task.clearedAt()) + order.reservation();
    }

    /// @dev Fee and royalty are shares of the whole price, each rounded down; the provider gets the rest. The publisher
    /// is left to whoever needs it.
    function saleOf(PackedOrder calldata order, TaskSlot task) internal view returns (Sale memory sale) {
        sale.price = priceOf(order, task);
        sale.fee = Price.share(sale.price, task.feeBps());
        sale.royalty = Price.share(sale.price, task.royaltyBps());
    }

    /// @dev What a posted order holds, wei: its cap for each execution.
    function heldBy(PackedOrder calldata order) internal pure returns (uint256) {
        return order.maxReward() * executionsOf(order);
    }

    /// @dev Most executions that an order pays for: the seats of a Quorum order, else one.
    function executionsOf(PackedOrder calldata order) internal pure returns (uint256) {
        return order.verification() == Verification.Quorum ? Credibility.seatsOf(order.trust()) : 1;
    }

    /// @dev What the provider gets, wei.
    function paymentOf(Sale memory sale) internal pure returns (uint256) {
        return sale.price - sale.fee - sale.royalty;
    }
}

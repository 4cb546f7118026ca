// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Leaves, RoundRules} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {SeatOutcome, SeatSlot, Tally} from "../types/Round.sol";
import {Credibility} from "./Credibility.sol";
import {OrderLib} from "./OrderLib.sol";
import {Price} from "./Price.sol";
import {RoundLib} from "./RoundLib.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";

/// @title Penalties
/// @notice What seats that are not paid, and providers that are proven wrong, lose.
library Penalties {
    using OrderLib for PackedOrder;
    using SeatSlotLib for SeatSlot;

    /// @dev Share of its lock that each opener of a Quorum round loses when there are several results and none wins: who
    /// lied is not known, and sabotage must cost something.
    uint256 internal constant DISCORD_BPS = 500;

    /// @dev Takes what a seat loses and unlocks the rest; tells what it lost, wei.
    function punish(
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        Tally memory tally,
        uint256 seat
    ) internal returns (uint256 slashed) {
        SeatOutcome outcome = RoundLib.outcomeOf(tally, seat);
        SeatSlot slot = tally.seats[seat];
        ProviderId provider = slot.provider();
        uint256 lock = Credibility.lockOf(order.bond(), slot.weight(), rules.weightUnit);
        if (outcome == SeatOutcome.Idle) {
            leaves.providerPool.release(provider, lock);
            return 0;
        }
        slashed = outcome == SeatOutcome.Disputed ? Price.share(lock, DISCORD_BPS) : lock;
        leaves.providerPool.slash(provider, lock, slashed);
        if (outcome == SeatOutcome.Unclaimed) {
            leaves.reputation.recordFault(provider);
        } else if (outcome != SeatOutcome.Disputed) {
            // Silence costs what a lie does: else who sees itself outvoted would rather not open.
            recordFraud(leaves, provider);
        }
        emit ITaskManager.SeatSlashed(taskId, provider, order.client(), seat, outcome, slashed);
    }

    /// @dev Records that a provider was proven wrong; the third time within a half-life jails it.
    function recordFraud(Leaves memory leaves, ProviderId provider) internal {
        uint256 until = leaves.reputation.recordFraud(provider);
        if (until > block.timestamp) leaves.providerPool.jail(provider, until);
    }
}

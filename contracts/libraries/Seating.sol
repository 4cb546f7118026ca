// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Leaves, RoundRules} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {Credibility} from "./Credibility.sol";
import {OrderLib} from "./OrderLib.sol";
import {Sortition} from "./Sortition.sol";

/// @title Seating
/// @notice What rounds of Quorum tasks and panels of disputes ask of whoever wants a seat, and their seed.
library Seating {
    using OrderLib for PackedOrder;

    /// @dev The seed of a round that began in block `openBlock`. A chain that does not tell hashes has no rounds.
    function captureSeed(TaskId taskId, uint256 openBlock) internal returns (uint256 seed) {
        uint256 seedBlock = Sortition.seedBlockOf(openBlock, block.number);
        bytes32 found = seedBlock < block.number ? blockhash(seedBlock) : bytes32(0);
        require(found != 0, ITaskManager.SeedNotReady(taskId, seedBlock, block.number));
        seed = uint256(found) & ((1 << Sortition.SEED_BITS) - 1);
        emit ITaskManager.SeedCaptured(taskId, seedBlock, seed);
    }

    /// @dev Checks the provider, which must have joined before second `before`, and locks what the seat costs.
    /// @return slots Slots of the provider.
    function enlist(
        Leaves memory leaves,
        RoundRules memory rules,
        PackedOrder calldata order,
        ProviderId provider,
        uint256 weight,
        uint256 before
    ) internal returns (uint256 slots) {
        uint256 minScore = order.minScore();
        uint256 most = Credibility.MIN_WEIGHT;
        // Who sits with the least weight need not show its score.
        if (minScore != 0 || weight > most) {
            uint256 score = leaves.reputation.scoreOf(provider);
            require(score >= minScore, ITaskManager.ScoreTooLow(provider, score, minScore));
            most = Credibility.weightLimit(score);
        }
        require(
            weight >= Credibility.MIN_WEIGHT && weight <= most,
            ITaskManager.WeightOutOfBounds(provider, weight, Credibility.MIN_WEIGHT, most)
        );
        return
            leaves.providerPool.enlist(
                provider,
                msg.sender,
                order.source(),
                order.environments(),
                order.minGpuMemory(),
                Credibility.lockOf(order.bond(), weight, rules.weightUnit),
                before
            );
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Credibility
/// @notice When providers that agree are to be believed.
/// @dev After L. F. G. Sarmenta, "Sabotage-tolerance mechanisms for volunteer computing systems" (2002): the odds that a
/// group of independent providers is right are the product of theirs. A weight is such odds, and the odds that an order
/// asks for is its trust.
library Credibility {
    uint256 internal constant MIN_TRUST = 2;
    /// @dev 16 seats of the least weight can lose one and still reach it.
    uint256 internal constant MAX_TRUST = 16_384;
    uint256 internal constant MIN_WEIGHT = 2;
    uint256 internal constant MAX_WEIGHT = 32;
    uint256 internal constant MAX_SEATS = 16;
    /// @dev Score × 1e6 for a unit of weight.
    uint256 private constant SCORE_PER_WEIGHT = 3e6;

    /// @dev Most seats of a round: as many providers of the least weight as reach `trust`, and two more. Requires trust.
    function seatsOf(uint256 trust) internal pure returns (uint256) {
        return 2 + Math.log2(trust, Math.Rounding.Ceil);
    }

    /// @dev The largest weight that a provider of `score` (× 1e6) may sit with: 2 up to 12 points, 32 from 99.
    function weightLimit(uint256 score) internal pure returns (uint256) {
        return Math.min(Math.max(score / SCORE_PER_WEIGHT, 3) - 1, MAX_WEIGHT);
    }

    /// @dev What a seat locks, wei: the order's bond, and a unit for each step of weight above the least.
    function lockOf(uint256 bond, uint256 weight, uint256 weightUnit) internal pure returns (uint256) {
        return bond + (weight - MIN_WEIGHT) * weightUnit;
    }

    /// @dev Whether sealing ends: all seats are taken, or those that are would reach `trust` by agreeing although one of
    /// them, be it the heaviest, contradicts or stays silent.
    function closes(
        uint256 taken,
        uint256 product,
        uint256 heaviest,
        uint256 trust,
        uint256 seats
    ) internal pure returns (bool) {
        return taken >= seats || product >= trust * heaviest * heaviest;
    }

    /// @dev Whether a group wins whose weights multiply to `group`. `excess` is the sum, over all groups, of what their
    /// products exceed one by. Only one can: two would need more than that sum.
    ///
    /// Products stay at or below 32^16 = 2^80, trust at 2^14, so nothing here overflows.
    function wins(uint256 group, uint256 excess, uint256 trust) internal pure returns (bool) {
        return (group - 1) * trust >= (trust - 1) * (1 + excess);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title Score
/// @notice Arithmetic of reputation, score × 1e6.
library Score {
    /// @dev Seconds in which a score halves: a provider's record of the last month is what counts.
    uint256 internal constant HALF_LIFE = 30 days;

    /// @dev One point.
    uint256 internal constant POINT = 1e6;

    /// @dev `score` after `elapsed` seconds: whole half-lives by shift, the rest in a line from one to the next.
    /// Never below the exponential it approximates, and at most 6.2 % above (at 0.557 of a half-life). The line starts
    /// anew at every record, so a score that is touched all the time halves in HALF_LIFE · 2 · ln 2, 41.6 days.
    function decayed(uint256 score, uint256 elapsed) internal pure returns (uint256) {
        unchecked {
            // Scores have 32 bits and times 40, so no product overflows; what is subtracted is less than half.
            score >>= elapsed / HALF_LIFE;
            return score - (score * (elapsed % HALF_LIFE)) / (2 * HALF_LIFE);
        }
    }

    /// @dev What a settlement with protocol fee `fee` adds: below one point whatever the fee, and at small fees
    /// proportional to it, so that a score of n points costs at least n · scale in fees.
    function gainOf(uint256 fee, uint256 scale) internal pure returns (uint256) {
        return (POINT * fee) / (fee + scale);
    }
}

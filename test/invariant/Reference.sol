// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Reference
/// @notice e^x by another way than the contracts': x is halved until five terms of the series are enough, and what they
/// give is squared as often.
/// @dev Everything is rounded down. The exponent loses 2^24 units, the series 2^-95, its start and each square a few
/// units, all of which the squares double up to 24 times: exp(x) ≤ e^x < exp(x) · (1 + 2^-68).
library Reference {
    uint256 internal constant ONE = 1 << 96;
    /// @dev Largest argument.
    uint256 internal constant MAX = 80 * ONE;
    uint256 private constant HALVINGS = 24;

    error ArgumentTooLarge(uint256 x);

    /// @dev e^x, argument and result × 2^96.
    function exp(uint256 x) internal pure returns (uint256 result) {
        require(x <= MAX, ArgumentTooLarge(x));
        uint256 y = x >> HALVINGS;
        uint256 term = y;
        result = ONE + y;
        for (uint256 i = 2; i <= 4; ++i) {
            term = (term * y) / (i * ONE);
            result += term;
        }
        for (uint256 i; i < HALVINGS; ++i) result = Math.mulDiv(result, result, ONE);
    }

    /// @dev Most that `amount` can have become if its logarithm rose by `x` at most, with a wei for each of two roundings
    /// and 2^-54 for the error of the contracts' own exponential.
    function most(uint256 amount, uint256 x) internal pure returns (uint256) {
        uint256 factor = exp(x);
        return Math.mulDiv(amount + 1, factor + (factor >> 54) + 1, ONE) + 1;
    }

    /// @dev Least that `amount` can have become if its logarithm fell by `x` at most, likewise.
    function least(uint256 amount, uint256 x) internal pure returns (uint256) {
        if (amount < 2 || x > MAX) return 0;
        uint256 factor = exp(x);
        uint256 rest = Math.mulDiv(amount - 1, ONE, factor + (factor >> 54) + 1);
        return rest == 0 ? 0 : rest - 1;
    }
}

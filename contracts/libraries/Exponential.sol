// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title Exponential
/// @notice The natural exponential in binary fixed point, 96 bits after the point.
/// @dev x = n · ln 2 + r with an integer n and |r| ≤ ln 2 / 2, so e^x = 2^n · e^r, and e^r is its Taylor series up to
/// r^13 / 13!, by Horner's rule.
///
/// Error. The rest of the series is below |r|^14 / 14! · 1.03 < 4.2e-18 < 2^-57. The 13 divisions of the rule, each
/// within 2^-96 and damped by the factors that follow, and ln 2 within 2^-97, taken at most 96 times, add less than
/// 2^-89. With e^r > 0.7 the relative error of e^r is below 2^-57 · 1.42 < 2^-56; the shift to the right adds less than
/// one unit. So |exp(x) − e^x| ≤ e^x · 2^-56 + 2^-96.
library Exponential {
    /// @notice The argument is above the largest, `maximum`, both × 2^96.
    error ExponentTooLarge(int256 x, int256 maximum);

    uint256 internal constant FRACTION_BITS = 96;
    int256 internal constant ONE = int256(1 << FRACTION_BITS);
    /// @dev ln 2 · 2^96, to the nearest integer.
    int256 internal constant LN2 = 54916777467707473351141471128;
    /// @dev From here down e^x is less than one unit: 97 · ln 2 = 67.24, so e^-68 < 2^-98.
    int256 internal constant MIN = -68 * ONE;
    /// @dev e^66 < 2^96: whatever 96 bits can hold can come of one unit.
    int256 internal constant MAX = 66 * ONE;

    /// @dev e^x, argument and result × 2^96; 0 for x ≤ −68. exp(0) is exactly 1, the result is ≥ 1 for x > 0, and ≤ 1
    /// for x < 0. Reverts for x > 66.
    function exp(int256 x) internal pure returns (uint256 result) {
        if (x <= MIN) return 0;
        require(x <= MAX, ExponentTooLarge(x, MAX));
        unchecked {
            // |x| < 2^103, so nothing overflows: r < 2^95, and the sum of the series stays below 1.42 · 2^96.
            int256 half = x < 0 ? -LN2 / 2 : LN2 / 2;
            int256 n = (x + half) / LN2;
            int256 r = x - n * LN2;
            int256 sum = ONE + r / 13;
            sum = ONE + (sum * r) / (12 * ONE);
            sum = ONE + (sum * r) / (11 * ONE);
            sum = ONE + (sum * r) / (10 * ONE);
            sum = ONE + (sum * r) / (9 * ONE);
            sum = ONE + (sum * r) / (8 * ONE);
            sum = ONE + (sum * r) / (7 * ONE);
            sum = ONE + (sum * r) / (6 * ONE);
            sum = ONE + (sum * r) / (5 * ONE);
            sum = ONE + (sum * r) / (4 * ONE);
            sum = ONE + (sum * r) / (3 * ONE);
            sum = ONE + (sum * r) / (2 * ONE);
            sum = ONE + (sum * r) / ONE;
            result = n < 0 ? uint256(sum) >> uint256(-n) : uint256(sum) << uint256(n);
        }
    }
}

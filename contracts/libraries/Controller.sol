// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {PackedPriceParameters, PriceParameters} from "../types/Market.sol";
import {Exponential} from "./Exponential.sol";

/// @title Controller
/// @notice Moves the price of a source with its utilisation.
/// @dev Between two touches of a market nothing changes in it, so its utilisation u = min(1, open / capacity) over
/// that time is the one that the last touch left behind, and the price is exactly
///
///     p · exp(speed · error · elapsed),  error = (u − target) / target  in [−1, 1/target − 1].
///
/// The error is linear, so where the price comes to rest the average of u is the target, however u swings. (Stretched to
/// 1 on the short side, as the base fee of EIP-1559 is, the swings themselves would carry the price up: with sixty slots to
/// a use of 73 % instead of 80 %.)
///
/// Whoever touches a market thus never prices the time before. The price never moves faster than exp(speed · elapsed),
/// whatever is opened, closed, joined or left in that time; within one second it does not move at all. A rise is
/// clamped besides: tasks that nobody can serve, in a market that nobody touches, must not let the price run away. A
/// fall needs no clamp, because it ends at the floor.
///
/// With no capacity, any open task makes u 1; with nothing open either there is nothing to go by, and the price stands.
library Controller {
    /// @notice A price parameter outside its bounds.
    error PriceParameterOutOfBounds(uint256 value, uint256 minimum, uint256 maximum);

    uint256 private constant BASIS_POINTS = 10_000;
    int256 private constant PARTS_PER_MILLION = 1_000_000;
    int256 private constant THOUSANDTHS = 1000;

    /// @dev Below a half more capacity idles than works, and the error could exceed 1; above 95 % queues would be the
    /// rule, and a price would rise nineteen times as slowly as it falls.
    uint256 internal constant MIN_TARGET = 5000;
    uint256 internal constant MAX_TARGET = 9500;
    /// @dev From a fall by a factor e in 28 hours, where jobs take hours, to a rise by one in 100 seconds at a target of
    /// 80 %, the pace of a block's base fee under EIP-1559 (an eighth in 12 seconds).
    uint256 internal constant MIN_SPEED = 10;
    uint256 internal constant MAX_SPEED = 40_000;
    /// @dev From 1 % to a factor e at one touch.
    uint256 internal constant MIN_CLAMP = 10;
    uint256 internal constant MAX_CLAMP = 1000;

    /// @dev Reverts unless every parameter is within its bounds.
    function pack(PriceParameters memory parameters) internal pure returns (PackedPriceParameters) {
        (uint256 target, uint256 speed, uint256 clamp) = (parameters.target, parameters.speed, parameters.clamp);
        _check(target, MIN_TARGET, MAX_TARGET);
        _check(speed, MIN_SPEED, MAX_SPEED);
        _check(clamp, MIN_CLAMP, MAX_CLAMP);
        return PackedPriceParameters.wrap(uint48((clamp << 32) | (speed << 16) | target));
    }

    /// @dev The inverse of `pack`; all zero for parameters that were never set.
    function unpack(PackedPriceParameters packed) internal pure returns (PriceParameters memory) {
        uint48 raw = PackedPriceParameters.unwrap(packed);
        return PriceParameters({target: uint16(raw), speed: uint16(raw >> 16), clamp: uint16(raw >> 32)});
    }

    /// @dev What a price of at most 96 bits, wei, becomes after `elapsed` seconds with `open` tasks for `capacity` slots.
    /// From 1 to 2^96 − 1; rounds to the side of the old price. Requires a price > 0, `open` and `capacity` below 2^32
    /// and `elapsed` below 2^40.
    function move(
        uint256 price,
        uint256 open,
        uint256 capacity,
        uint256 elapsed,
        PackedPriceParameters parameters
    ) internal pure returns (uint256) {
        int256 step = stepOf(open, capacity, elapsed, parameters);
        if (step == 0) return price;
        uint256 factor = Exponential.exp(step);
        unchecked {
            // 96 bits of price and, as a step is at most 1, 98 bits of factor.
            uint256 product = price * factor;
            if (step < 0) product += uint256(Exponential.ONE) - 1;
            price = product >> Exponential.FRACTION_BITS;
        }
        // What is below a unit of the exponential is not nothing: a price of 0 means that there was no order yet.
        if (price == 0) return 1;
        return price > type(uint96).max ? type(uint96).max : price;
    }

    /// @dev Change of the price's natural logarithm, × 2^96.
    function stepOf(
        uint256 open,
        uint256 capacity,
        uint256 elapsed,
        PackedPriceParameters parameters
    ) internal pure returns (int256 step) {
        uint256 raw = PackedPriceParameters.unwrap(parameters);
        // Before the first order there are no parameters, and nothing may revert for that.
        if (elapsed == 0 || (open | capacity) == 0 || raw == 0) return 0;
        unchecked {
            // speed < 2^16, elapsed < 2^40, ONE = 2^96, distance < 2^46: the product has less than 199 bits.
            int256 reach = int256(uint16(raw >> 16) * elapsed) * Exponential.ONE;
            if (open >= capacity) (open, capacity) = (1, 1);
            int256 aim = int256(uint16(raw) * capacity);
            step = (reach * (int256(open * BASIS_POINTS) - aim)) / (aim * PARTS_PER_MILLION);
            int256 most = (int256(raw >> 32) * Exponential.ONE) / THOUSANDTHS;
            if (step > most) step = most;
        }
    }

    /// @dev min(1, open / capacity), basis points, rounded down; 0 if there is neither.
    function utilisation(uint256 open, uint256 capacity) internal pure returns (uint256) {
        if (open >= capacity) return open == 0 ? 0 : BASIS_POINTS;
        return (open * BASIS_POINTS) / capacity;
    }

    function _check(uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(value >= minimum && value <= maximum, PriceParameterOutOfBounds(value, minimum, maximum));
    }
}

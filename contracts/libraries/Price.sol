// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title Price
/// @notice The price of a task: a fraction of the order's cap that climbs in a line from its start to the whole.
/// @dev A fraction counts in units of 1 / (2^32 − 1) of the cap, so a task's slot holds it in 32 bits and the cap
/// itself stays in the order. One unit is at most 2.4e-10 of the cap.
library Price {
    uint256 internal constant WHOLE = type(uint32).max;

    /// @dev The least fraction of `cap` that is at least `min(cap, price)`.
    /// Rounds up, so a task never starts below the price (the floor) it was posted at. Requires cap > 0.
    function fractionOf(uint256 price, uint256 cap) internal pure returns (uint256) {
        if (price >= cap) return WHOLE;
        return (price * WHOLE + cap - 1) / cap;
    }

    /// @dev Fraction `elapsed` seconds into a ramp of `duration` seconds that began at `start`.
    function ramp(uint256 start, uint256 duration, uint256 elapsed) internal pure returns (uint256) {
        if (elapsed >= duration) return WHOLE;
        return start + ((WHOLE - start) * elapsed) / duration;
    }

    /// @dev Price in wei of `fraction` of `cap`, rounded down.
    function amountOf(uint256 fraction, uint256 cap) internal pure returns (uint256) {
        return (cap * fraction) / WHOLE;
    }

    /// @dev `bps` ten-thousandths of `amount`, rounded down.
    function share(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return (amount * bps) / 10_000;
    }
}

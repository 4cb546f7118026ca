// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Price} from "../libraries/Price.sol";

/// @title PriceHarness
/// @notice Makes Price callable.
contract PriceHarness {
    uint256 public constant WHOLE = Price.WHOLE;

    function fractionOf(uint256 price, uint256 cap) external pure returns (uint256) {
        return Price.fractionOf(price, cap);
    }

    function ramp(uint256 start, uint256 duration, uint256 elapsed) external pure returns (uint256) {
        return Price.ramp(start, duration, elapsed);
    }

    function amountOf(uint256 fraction, uint256 cap) external pure returns (uint256) {
        return Price.amountOf(fraction, cap);
    }

    function share(uint256 amount, uint256 bps) external pure returns (uint256) {
        return Price.share(amount, bps);
    }
}

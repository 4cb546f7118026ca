// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {WindowsLib} from "../libraries/WindowsLib.sol";
import {Windows} from "../types/Task.sol";

/// @title WindowsHarness
/// @notice Makes WindowsLib callable.
contract WindowsHarness {
    function longestObligation(Windows calldata windows) external pure returns (uint256) {
        return WindowsLib.longestObligation(windows);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {BoundedCall, CALL_GAS} from "../libraries/BoundedCall.sol";

/// @title BoundedCallHarness
/// @notice Makes BoundedCall callable.
contract BoundedCallHarness {
    uint256 public constant GAS = CALL_GAS;

    function staticWord(address target, uint256 gasCap, bytes calldata data) external view returns (bytes32) {
        return BoundedCall.staticWord(target, gasCap, data);
    }

    /// @notice Two calls one after another: the second must not see what the first returned.
    function secondWord(
        address target,
        uint256 gasCap,
        bytes calldata first,
        bytes calldata second
    ) external view returns (bytes32) {
        BoundedCall.staticWord(target, gasCap, first);
        return BoundedCall.staticWord(target, gasCap, second);
    }
}

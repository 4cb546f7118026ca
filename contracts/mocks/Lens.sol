// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Lens
/// @notice Reads many views in one call, so that a test can compare a whole market before and after.
/// @dev Call its creation instead of deploying it: the would-be code is the ABI-encoded list of answers.
contract Lens {
    error ReadFailed(address target, bytes data);

    constructor(address[] memory targets, bytes[] memory calls) {
        bytes[] memory answers = new bytes[](targets.length);
        for (uint256 i; i < targets.length; ++i) {
            bool success;
            (success, answers[i]) = targets[i].staticcall(calls[i]);
            require(success, ReadFailed(targets[i], calls[i]));
        }
        bytes memory encoded = abi.encode(answers);
        assembly ("memory-safe") {
            return(add(encoded, 32), mload(encoded))
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title HostileCallee
/// @notice Answers calls in every way that a caller may not expect.
contract HostileCallee {
    uint256 public writes;

    /// @notice Returns, or reverts with, the first `size` bytes of `word` and zeros.
    function answer(bytes32 word, uint256 size, bool reverts) external pure {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, word)
            if reverts {
                revert(at, size)
            }
            return(at, size)
        }
    }

    /// @notice Gas that this call still has.
    function gasHere() external view returns (uint256) {
        return gasleft();
    }

    function write() external returns (uint256) {
        return ++writes;
    }

    /// @notice Uses up all gas.
    function burn() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @dev Gas of a verifier or an ERC-1271 wallet: a pairing-based proof or a wallet of many owners fits twice.
uint256 constant CALL_GAS = 500_000;

/// @title BoundedCall
/// @notice Calls that a hostile callee can neither make expensive nor abuse to change state.
library BoundedCall {
    /// @notice Too little gas is left to give the callee its full share.
    error InsufficientCallGas(uint256 available, uint256 required);

    /// @dev Gas kept back beyond the callee's share for what this library itself does around the call.
    uint256 private constant RESERVE = 5000;

    /// @dev First word that `target` returns to `data` under a static call with exactly `gasCap` gas; zero if it
    /// reverts, is no contract or returns less than a word. Reads at most one word of what comes back. An answer
    /// can therefore not depend on how much gas the caller attached.
    function staticWord(address target, uint256 gasCap, bytes memory data) internal view returns (bytes32 word) {
        // A call passes on at most 63/64 of what is left (EIP-150).
        uint256 required = (gasCap * 64) / 63 + RESERVE;
        require(gasleft() >= required, InsufficientCallGas(gasleft(), required));
        assembly ("memory-safe") {
            mstore(0, 0)
            let success := staticcall(gasCap, target, add(data, 32), mload(data), 0, 32)
            if and(success, gt(returndatasize(), 31)) {
                word := mload(0)
            }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title HostileAccount
/// @notice A contract that plays client, provider or publisher and misbehaves when it is sent coin.
contract HostileAccount {
    enum Receipt {
        Accept,
        Reject,
        Bomb,
        Burn,
        Reenter
    }

    /// @dev Size of a gigantic revert reason, bytes.
    uint256 private constant BOMB = 1_000_000;

    error Rejected();

    Receipt private _receipt;
    address private _target;
    bytes private _payload;

    /// @notice How often it was sent coin.
    uint256 public receipts;
    /// @notice How its last call back ended.
    bool public succeeded;
    bytes public answer;

    receive() external payable {
        _take();
    }

    /// @notice What to do with coin from now on; `target` and `payload` are what Reenter calls.
    function behave(Receipt receipt, address target, bytes calldata payload) external {
        _receipt = receipt;
        _target = target;
        _payload = payload;
    }

    /// @notice Calls `target` in its own name and reverts with what that reverts with.
    function execute(address target, bytes calldata data) external payable {
        (bool success, bytes memory reason) = target.call{value: msg.value}(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }

    function _take() private {
        ++receipts;
        if (_receipt == Receipt.Reject) revert Rejected();
        if (_receipt == Receipt.Bomb) {
            assembly ("memory-safe") {
                revert(0, BOMB)
            }
        }
        if (_receipt == Receipt.Burn) while (receipts != 0) ++receipts;
        // Once, or a thief would stop only at the end of its gas.
        if (_receipt == Receipt.Reenter && receipts == 1) (succeeded, answer) = _target.call(_payload);
    }
}

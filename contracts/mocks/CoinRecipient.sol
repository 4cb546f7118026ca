// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title CoinRecipient
/// @notice A contract that holds an account like anyone and, when it gets coin, refuses it or calls back.
contract CoinRecipient {
    /// @notice A refusal with data: nothing of it may reach the caller.
    error Refused();

    bool public refuses;
    address private _target;
    bytes private _callback;
    /// @notice How the last call back ended.
    bool public callbackSucceeded;
    bytes public callbackResult;

    // solhint-disable-next-line no-complex-fallback
    receive() external payable {
        require(!refuses, Refused());
        if (_target != address(0)) _callBack();
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function setCallback(address target, bytes calldata callback) external {
        _target = target;
        _callback = callback;
    }

    /// @notice Calls `to` as this contract; reverts with what it reverts with.
    function execute(address to, bytes calldata data) external payable {
        (bool success, bytes memory result) = to.call{value: msg.value}(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }

    function _callBack() private {
        (callbackSucceeded, callbackResult) = _target.call(_callback);
    }
}

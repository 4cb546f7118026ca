// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {TaskState} from "../../contracts/types/Task.sol";
import {Handler} from "./Handler.sol";
import {deploy, FuzzSelector} from "./Vm.sol";

/// @title Campaign
/// @notice A market of its own for a contract of invariants, and what the runner asks for.
abstract contract Campaign {
    /// @notice Invariant `number` does not hold; `what` is the provider, task or source concerned, if there is one.
    error Broken(uint256 number, uint256 what);

    bytes32 private immutable _SALT;
    Handler internal _handler;

    constructor(bytes32 salt) {
        _SALT = salt;
    }

    function setUp() external {
        _handler = Handler(deploy("Handler", abi.encode(_SALT)));
        _handler.begin();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), _handler.selectors());
    }

    function _must(bool condition, uint256 number, uint256 what) internal pure {
        require(condition, Broken(number, what));
    }

    /// @dev Fails if the handler saw invariant `number` broken during some action.
    function _mustNeverHaveBroken(uint256 number) internal view {
        _must(_handler.broken() & (1 << number) == 0, number, 0);
    }

    function _isRunning(TaskState state) internal pure returns (bool) {
        return state != TaskState.None && state < TaskState.Settled;
    }
}

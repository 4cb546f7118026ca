// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Lens} from "./Lens.sol";

/// @title HostileJudge
/// @notice A verifier and a contract wallet in one that answers as its mode says. Yes is, for both, the selector of
/// the function that was called.
contract HostileJudge {
    enum Mode {
        Yes,
        Zero,
        One,
        /// Yes with one more bit set.
        DirtyYes,
        /// Yes at the wrong end of the word.
        LowYes,
        /// Yes in one byte less than a word.
        ShortYes,
        Empty,
        Revert,
        /// Reverts, with yes as the reason.
        RevertYes,
        Invalid,
        Burn,
        /// Yes, then as many bytes as its gas can buy.
        BombYes,
        BombRevert,
        /// Yes once it has changed state in one of the ways there are.
        WriteYes,
        LogYes,
        CreateYes,
        PayYes,
        /// Yes if it got as much gas as `threshold`, or less.
        YesIfGas,
        YesIfLittleGas
    }

    /// @dev Nearly all the memory that 500,000 gas can buy, bytes.
    uint256 private constant BOMB = 14_400 * 32;

    error Refused();

    event Tried();

    Mode private _mode;
    uint256 private _threshold;

    fallback() external {
        // Measured first, so that it tells what the caller passed on.
        _judge(gasleft());
    }

    // Coin to try to pay with.
    receive() external payable {
        emit Tried();
    }

    function behave(Mode mode, uint256 threshold) external {
        _mode = mode;
        _threshold = threshold;
    }

    function _judge(uint256 got) private {
        Mode mode = _mode;
        bytes32 yes = bytes32(msg.sig);
        if (mode == Mode.Yes) _answer(yes, 32);
        if (mode == Mode.Zero) _answer(0, 32);
        if (mode == Mode.One) _answer(bytes32(uint256(1)), 32);
        if (mode == Mode.DirtyYes) _answer(yes | bytes32(uint256(1)), 32);
        if (mode == Mode.LowYes) _answer(yes >> 224, 32);
        if (mode == Mode.ShortYes) _answer(yes, 31);
        if (mode == Mode.Empty) _answer(yes, 0);
        if (mode == Mode.Revert) revert Refused();
        if (mode == Mode.RevertYes) _refuse(yes, 32);
        if (mode == Mode.Invalid) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (mode == Mode.Burn) while (got != 0) ++got;
        if (mode == Mode.BombYes) _answer(yes, BOMB);
        if (mode == Mode.BombRevert) _refuse(yes, BOMB);
        if (mode == Mode.YesIfGas) _answer(got >= _threshold ? yes : bytes32(0), 32);
        if (mode == Mode.YesIfLittleGas) _answer(got < _threshold ? yes : bytes32(0), 32);
        _change(mode);
        _answer(yes, 32);
    }

    function _change(Mode mode) private {
        if (mode == Mode.WriteYes) _threshold = gasleft();
        if (mode == Mode.LogYes) emit Tried();
        if (mode == Mode.CreateYes) new Lens(new address[](0), new bytes[](0));
        if (mode == Mode.PayYes) payable(msg.sender).transfer(1);
    }

    function _answer(bytes32 word, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(0, word)
            return(0, size)
        }
    }

    function _refuse(bytes32 word, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(0, word)
            revert(0, size)
        }
    }
}

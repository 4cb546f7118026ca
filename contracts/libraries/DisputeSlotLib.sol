// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {DisputeSlot} from "../types/Dispute.sol";

/// @title DisputeSlotLib
/// @notice Reads and writes the fields of a dispute's storage slot.
/// @dev Times and windows fit by what bounds them, capacity and seats by their types.
library DisputeSlotLib {
    uint256 private constant DISPUTED_AT = 0;
    uint256 private constant CLOSED_AT = 34;
    uint256 private constant REVEALED_AT = 68;
    uint256 private constant SEED = 102;
    uint256 private constant CAPACITY = 168;
    uint256 private constant SEATS = 200;
    uint256 private constant SEEDED = 205;
    uint256 private constant JUDGED = 206;
    uint256 private constant WINDOW = 207;

    /// @dev A dispute that begins in second `now_` and block `blockNumber`.
    function begin(
        uint256 now_,
        uint256 blockNumber,
        uint256 capacity_,
        uint256 window_,
        bool judged_
    ) internal pure returns (DisputeSlot) {
        return
            DisputeSlot.wrap(
                (window_ << WINDOW) |
                    (judged_ ? 1 << JUDGED : 0) |
                    (capacity_ << CAPACITY) |
                    (blockNumber << SEED) |
                    (now_ << DISPUTED_AT)
            );
    }

    function disputedAt(DisputeSlot slot) internal pure returns (uint256) {
        return _get(slot, DISPUTED_AT, 34);
    }

    function closedAt(DisputeSlot slot) internal pure returns (uint256) {
        return _get(slot, CLOSED_AT, 34);
    }

    function revealedAt(DisputeSlot slot) internal pure returns (uint256) {
        return _get(slot, REVEALED_AT, 34);
    }

    /// @dev Once it is captured; before, the block of the dispute.
    function seed(DisputeSlot slot) internal pure returns (uint256) {
        return _get(slot, SEED, 66);
    }

    function capacity(DisputeSlot slot) internal pure returns (uint256) {
        return _get(slot, CAPACITY, 32);
    }

    /// @dev Once sealing has ended early; else 0.
    function seatCount(DisputeSlot slot) internal pure returns (uint256) {
        return _get(slot, SEATS, 5);
    }

    function isSeeded(DisputeSlot slot) internal pure returns (bool) {
        return _get(slot, SEEDED, 1) == 1;
    }

    function isJudged(DisputeSlot slot) internal pure returns (bool) {
        return _get(slot, JUDGED, 1) == 1;
    }

    /// @dev First second for seals, unix time; 0: not yet known.
    function sealingFrom(DisputeSlot slot) internal pure returns (uint256) {
        return isJudged(slot) ? revealedAt(slot) : disputedAt(slot);
    }

    /// @dev Last second for seals, unix time, unless sealing ends early; 0: not yet known.
    function sealingUntil(DisputeSlot slot) internal pure returns (uint256) {
        uint256 from = sealingFrom(slot);
        return from == 0 ? 0 : from + _get(slot, WINDOW, 32);
    }

    function withSeed(DisputeSlot slot, uint256 value) internal pure returns (DisputeSlot) {
        uint256 cleared = DisputeSlot.unwrap(slot) & ~(((1 << 66) - 1) << SEED);
        return DisputeSlot.wrap(cleared | (value << SEED) | (1 << SEEDED));
    }

    /// @dev Requires that neither is set.
    function withClosed(DisputeSlot slot, uint256 time, uint256 seats) internal pure returns (DisputeSlot) {
        return DisputeSlot.wrap(DisputeSlot.unwrap(slot) | (time << CLOSED_AT) | (seats << SEATS));
    }

    /// @dev Requires that it is not set.
    function withRevealed(DisputeSlot slot, uint256 time) internal pure returns (DisputeSlot) {
        return DisputeSlot.wrap(DisputeSlot.unwrap(slot) | (time << REVEALED_AT));
    }

    function _get(DisputeSlot slot, uint256 offset, uint256 bits) private pure returns (uint256) {
        return (DisputeSlot.unwrap(slot) >> offset) & ((1 << bits) - 1);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ProviderId} from "../types/Ids.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";

/// @title TaskSlotLib
/// @notice Reads and writes the fields of a task's storage slot.
/// @dev `open` checks what comes from outside against the width of its field. Everything written later fits by its
/// type or by its bound: ids and states by type, lapses by their maximum, times until the year 2514.
library TaskSlotLib {
    /// @notice `value` does not fit a packed field of `bits` bits.
    error PackedFieldOverflow(uint256 value, uint256 bits);

    uint256 private constant STATE = 0;
    uint256 private constant FLAGS = 4;
    uint256 private constant LAPSES = 8;
    uint256 private constant FEE = 11;
    uint256 private constant ROYALTY = 21;
    uint256 private constant PROVIDER = 32;
    uint256 private constant START = 64;
    uint256 private constant RAMP = 96;
    uint256 private constant OPENED_AT = 120;
    uint256 private constant DEADLINE = 154;
    uint256 private constant CLEARED_AT = 188;
    uint256 private constant MARKED_AT = 222;

    uint256 internal constant CANCELLED = 1;
    uint256 internal constant DISPUTED = 2;
    uint256 internal constant OPENED = 4;
    uint256 internal constant COUNTED = 8;

    /// @dev State, and the flags that tell that a round takes no more seals.
    uint256 private constant SEALING_MASK = 15 | ((OPENED | DISPUTED) << FLAGS);

    /// @dev The slot of a task just posted, in state Open.
    function open(
        uint256 now_,
        uint256 deadline_,
        uint256 rampDuration_,
        uint256 startFraction_,
        uint256 feeBps_,
        uint256 royaltyBps_,
        uint256 flags
    ) internal pure returns (TaskSlot) {
        return
            TaskSlot.wrap(
                uint256(TaskState.Open) |
                    _field(flags, FLAGS, 4) |
                    _field(feeBps_, FEE, 10) |
                    _field(royaltyBps_, ROYALTY, 11) |
                    _field(startFraction_, START, 32) |
                    _field(rampDuration_, RAMP, 24) |
                    _field(now_, OPENED_AT, 34) |
                    _field(deadline_, DEADLINE, 34)
            );
    }

    function state(TaskSlot slot) internal pure returns (TaskState) {
        return TaskState(_get(slot, STATE, 4));
    }

    function has(TaskSlot slot, uint256 flag) internal pure returns (bool) {
        return _get(slot, FLAGS, 4) & flag != 0;
    }

    function lapses(TaskSlot slot) internal pure returns (uint8) {
        return uint8(_get(slot, LAPSES, 3));
    }

    function feeBps(TaskSlot slot) internal pure returns (uint16) {
        return uint16(_get(slot, FEE, 10));
    }

    function royaltyBps(TaskSlot slot) internal pure returns (uint16) {
        return uint16(_get(slot, ROYALTY, 11));
    }

    function provider(TaskSlot slot) internal pure returns (ProviderId) {
        return ProviderId.wrap(uint32(_get(slot, PROVIDER, 32)));
    }

    function startFraction(TaskSlot slot) internal pure returns (uint32) {
        return uint32(_get(slot, START, 32));
    }

    function rampDuration(TaskSlot slot) internal pure returns (uint24) {
        return uint24(_get(slot, RAMP, 24));
    }

    function openedAt(TaskSlot slot) internal pure returns (uint40) {
        return uint40(_get(slot, OPENED_AT, 34));
    }

    function deadline(TaskSlot slot) internal pure returns (uint40) {
        return uint40(_get(slot, DEADLINE, 34));
    }

    function clearedAt(TaskSlot slot) internal pure returns (uint40) {
        return uint40(_get(slot, CLEARED_AT, 34));
    }

    function markedAt(TaskSlot slot) internal pure returns (uint40) {
        return uint40(_get(slot, MARKED_AT, 34));
    }

    /// @dev When the holder's seal came, unless it has been opened: of a reserved task later than its price was fixed.
    function deliveredAt(TaskSlot slot) internal pure returns (uint256) {
        return Math.max(clearedAt(slot), markedAt(slot));
    }

    /// @dev Of an open Quorum task: the block of its submission; 0 of other tasks.
    function openBlock(TaskSlot slot) internal pure returns (uint256) {
        return _get(slot, PROVIDER, 32);
    }

    /// @dev Of a Quorum task, until sealing ends early: the slots of the pool at its submission.
    function capacity(TaskSlot slot) internal pure returns (uint256) {
        return _get(slot, MARKED_AT, 34);
    }

    /// @dev Of a round whose sealing ended early: the number of its seats.
    function seatCount(TaskSlot slot) internal pure returns (uint256) {
        return _get(slot, MARKED_AT, 34);
    }

    /// @dev Of a round that takes seals: its seed, 66 bits.
    function seed(TaskSlot slot) internal pure returns (uint256) {
        return (_get(slot, PROVIDER, 32) << 34) | _get(slot, CLEARED_AT, 34);
    }

    /// @dev Whether a panel is deciding about the task.
    function isDisputed(TaskSlot slot) internal pure returns (bool) {
        uint256 mask = 15 | (DISPUTED << FLAGS);
        return TaskSlot.unwrap(slot) & mask == uint256(TaskState.Round) | (DISPUTED << FLAGS);
    }

    /// @dev Whether a Quorum task's round may take seals, as far as the slot tells: its price is not fixed yet.
    function isSealing(TaskSlot slot) internal pure returns (bool) {
        return TaskSlot.unwrap(slot) & SEALING_MASK == uint256(TaskState.Round);
    }

    function withState(TaskSlot slot, TaskState value) internal pure returns (TaskSlot) {
        return _set(slot, STATE, 4, uint256(value));
    }

    function withFlag(TaskSlot slot, uint256 flag) internal pure returns (TaskSlot) {
        return _set(slot, FLAGS, 4, _get(slot, FLAGS, 4) | flag);
    }

    function withoutFlag(TaskSlot slot, uint256 flag) internal pure returns (TaskSlot) {
        return _set(slot, FLAGS, 4, _get(slot, FLAGS, 4) & ~flag);
    }

    function withLapses(TaskSlot slot, uint256 value) internal pure returns (TaskSlot) {
        return _set(slot, LAPSES, 3, value);
    }

    function withProvider(TaskSlot slot, ProviderId value) internal pure returns (TaskSlot) {
        return _set(slot, PROVIDER, 32, ProviderId.unwrap(value));
    }

    function withOpenedAt(TaskSlot slot, uint256 value) internal pure returns (TaskSlot) {
        return _set(slot, OPENED_AT, 34, value);
    }

    function withDeadline(TaskSlot slot, uint256 value) internal pure returns (TaskSlot) {
        return _set(slot, DEADLINE, 34, value);
    }

    function withClearedAt(TaskSlot slot, uint256 value) internal pure returns (TaskSlot) {
        return _set(slot, CLEARED_AT, 34, value);
    }

    function withMarkedAt(TaskSlot slot, uint256 value) internal pure returns (TaskSlot) {
        return _set(slot, MARKED_AT, 34, value);
    }

    /// @dev The slot of a Quorum task just posted, from that of any other.
    function withRound(TaskSlot slot, uint256 blockNumber, uint256 capacity_) internal pure returns (TaskSlot) {
        uint256 fields = _field(blockNumber, PROVIDER, 32) | _field(capacity_, MARKED_AT, 34);
        return TaskSlot.wrap(TaskSlot.unwrap(slot) | fields);
    }

    function withSeed(TaskSlot slot, uint256 value) internal pure returns (TaskSlot) {
        return _set(_set(slot, PROVIDER, 32, value >> 34), CLEARED_AT, 34, value & ((1 << 34) - 1));
    }

    /// @dev The slot without what served its round.
    function withoutRound(TaskSlot slot) internal pure returns (TaskSlot) {
        if (isSealing(slot)) slot = withClearedAt(slot, 0);
        return _set(_set(slot, PROVIDER, 32, 0), MARKED_AT, 34, 0);
    }

    function _get(TaskSlot slot, uint256 offset, uint256 bits) private pure returns (uint256) {
        return (TaskSlot.unwrap(slot) >> offset) & ((1 << bits) - 1);
    }

    function _set(TaskSlot slot, uint256 offset, uint256 bits, uint256 value) private pure returns (TaskSlot) {
        uint256 mask = ((1 << bits) - 1) << offset;
        return TaskSlot.wrap((TaskSlot.unwrap(slot) & ~mask) | (value << offset));
    }

    function _field(uint256 value, uint256 offset, uint256 bits) private pure returns (uint256) {
        require(value >> bits == 0, PackedFieldOverflow(value, bits));
        return value << offset;
    }
}

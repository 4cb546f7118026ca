// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {TaskSlotLib} from "../../contracts/libraries/TaskSlotLib.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {TaskSlot, TaskState} from "../../contracts/types/Task.sol";
import {VM} from "./Vm.sol";

/// @title TaskSlotTest
/// @notice That no field of a task's slot reaches into another.
contract TaskSlotTest {
    using TaskSlotLib for TaskSlot;

    error FieldIs(uint256 field, uint256 found, uint256 expected);

    uint256 private constant FIELDS = 15;
    uint256 private constant STATES = uint256(type(TaskState).max) + 1;
    uint256 private constant STATE = 0;
    uint256 private constant FLAGS = 1;
    uint256 private constant LAPSES = 5;
    uint256 private constant FEE = 6;
    uint256 private constant ROYALTY = 7;
    uint256 private constant PROVIDER = 8;
    uint256 private constant START = 9;
    uint256 private constant RAMP = 10;
    uint256 private constant OPENED_AT = 11;
    uint256 private constant DEADLINE = 12;
    uint256 private constant CLEARED_AT = 13;
    uint256 private constant MARKED_AT = 14;

    function testFuzz_settersChangeOnlyTheirField(uint256 random, uint256 value) external pure {
        TaskSlot slot = _valid(random);
        uint256[FIELDS] memory before = _read(slot);
        uint256 time = value % (1 << 34);
        _check(slot.withState(TaskState(value % STATES)), before, STATE, value % STATES);
        _check(slot.withLapses(value % 8), before, LAPSES, value % 8);
        _check(slot.withProvider(ProviderId.wrap(uint32(value))), before, PROVIDER, uint32(value));
        _check(slot.withOpenedAt(time), before, OPENED_AT, time);
        _check(slot.withDeadline(time), before, DEADLINE, time);
        _check(slot.withClearedAt(time), before, CLEARED_AT, time);
        _check(slot.withMarkedAt(time), before, MARKED_AT, time);
        for (uint256 i; i < 4; ++i) _check(slot.withFlag(1 << i), before, FLAGS + i, 1);
        for (uint256 i; i < 4; ++i) _check(slot.withoutFlag(1 << i), before, FLAGS + i, 0);
    }

    /// @dev A seed takes the place of the submission's block and of the time of the price, and of nothing else.
    function testFuzz_seedsTakeTwoFields(uint256 random, uint256 value) external pure {
        TaskSlot slot = _valid(random);
        uint256 seed = value % (1 << 66);
        uint256[FIELDS] memory want = _read(slot);
        (want[PROVIDER], want[CLEARED_AT]) = (seed >> 34, seed % (1 << 34));
        TaskSlot seeded = slot.withSeed(seed);
        require(seeded.seed() == seed, FieldIs(PROVIDER, seeded.seed(), seed));
        require(seeded.capacity() == slot.capacity(), FieldIs(MARKED_AT, seeded.capacity(), slot.capacity()));
        _compare(seeded, want);
    }

    /// @dev A new Quorum task keeps block and capacity beside everything that another has.
    function testFuzz_roundsTakeTwoFields(uint256 random, uint32 block_, uint256 slots) external pure {
        uint256 capacity = slots % (1 << 34);
        TaskSlot slot = _valid(random).withProvider(ProviderId.wrap(0)).withMarkedAt(0);
        uint256[FIELDS] memory want = _read(slot);
        (want[PROVIDER], want[MARKED_AT]) = (block_, capacity);
        TaskSlot round = slot.withRound(block_, capacity);
        require(
            round.openBlock() == block_ && round.capacity() == capacity,
            FieldIs(PROVIDER, round.openBlock(), block_)
        );
        _compare(round, want);
    }

    /// @dev What served the round goes: the seed's part in the time of the price only as long as it is a seed.
    function testFuzz_whatIsLeftHasNothingOfTheRound(uint256 random) external pure {
        TaskSlot slot = _valid(random);
        uint256[FIELDS] memory want = _read(slot);
        bool ended = want[FLAGS + 1] == 1 || want[FLAGS + 2] == 1;
        bool sealing = want[STATE] == uint256(TaskState.Round) && !ended;
        require(slot.isSealing() == sealing, FieldIs(STATE, want[STATE], 0));
        (want[PROVIDER], want[MARKED_AT]) = (0, 0);
        if (sealing) want[CLEARED_AT] = 0;
        _compare(slot.withoutRound(), want);
    }

    function testFuzz_roundsRefuseWhatDoesNotFit(uint224 excess, bool ofBlock) external {
        (uint256 width, TaskSlot slot) = (ofBlock ? 32 : 34, TaskSlot.wrap(0));
        uint256 value = (1 << width) + excess;
        VM.expectRevert(abi.encodeWithSelector(TaskSlotLib.PackedFieldOverflow.selector, value, width));
        this.withRound(slot, ofBlock ? value : 0, ofBlock ? 0 : value);
        value = (1 << width) - 1;
        this.withRound(slot, ofBlock ? value : 0, ofBlock ? 0 : value);
    }

    function withRound(TaskSlot slot, uint256 block_, uint256 capacity) external pure returns (TaskSlot) {
        return slot.withRound(block_, capacity);
    }

    /// @dev The four flags are the ones that have names.
    function test_flagsAreDistinct() external pure {
        uint256 all = TaskSlotLib.CANCELLED | TaskSlotLib.DISPUTED | TaskSlotLib.OPENED | TaskSlotLib.COUNTED;
        uint256 sum = TaskSlotLib.CANCELLED + TaskSlotLib.DISPUTED + TaskSlotLib.OPENED + TaskSlotLib.COUNTED;
        require(all == 15 && sum == 15, FieldIs(FLAGS, all, 15));
    }

    function testFuzz_openWritesWhatItIsGiven(uint256 random, uint256 more) external pure {
        uint256[FIELDS] memory want;
        want[STATE] = uint256(TaskState.Open);
        want[FEE] = random % (1 << 10);
        want[ROYALTY] = (random >> 10) % (1 << 11);
        want[START] = uint32(random >> 32);
        want[RAMP] = uint24(random >> 64);
        want[OPENED_AT] = (random >> 96) % (1 << 34);
        want[DEADLINE] = (random >> 160) % (1 << 34);
        uint256 flags = more % 16;
        for (uint256 i; i < 4; ++i) want[FLAGS + i] = (flags >> i) & 1;
        TaskSlot slot = TaskSlotLib.open(
            want[OPENED_AT],
            want[DEADLINE],
            want[RAMP],
            want[START],
            want[FEE],
            want[ROYALTY],
            flags
        );
        _compare(slot, want);
    }

    /// @dev The first value that does not fit reverts, for every argument, and so does every larger one.
    function testFuzz_openRefusesWhatDoesNotFit(uint256 which, uint256 excess) external {
        uint256[7] memory widths = [uint256(34), 34, 24, 32, 10, 11, 4];
        uint256[7] memory given;
        which %= 7;
        uint256 limit = 1 << widths[which];
        for (uint256 i; i < 2; ++i) {
            given[which] = i == 0 ? limit : limit + (excess % (type(uint256).max - limit));
            bytes4 selector = TaskSlotLib.PackedFieldOverflow.selector;
            VM.expectRevert(abi.encodeWithSelector(selector, given[which], widths[which]));
            this.open(given);
        }
        given[which] = limit - 1;
        this.open(given);
    }

    function open(uint256[7] calldata given) external pure returns (TaskSlot) {
        return TaskSlotLib.open(given[0], given[1], given[2], given[3], given[4], given[5], given[6]);
    }

    function _check(TaskSlot slot, uint256[FIELDS] memory before, uint256 field, uint256 value) private pure {
        uint256[FIELDS] memory found = _read(slot);
        for (uint256 i; i < FIELDS; ++i) {
            uint256 expected = i == field ? value : before[i];
            require(found[i] == expected, FieldIs(i, found[i], expected));
        }
    }

    function _compare(TaskSlot slot, uint256[FIELDS] memory want) private pure {
        uint256[FIELDS] memory found = _read(slot);
        for (uint256 i; i < FIELDS; ++i) require(found[i] == want[i], FieldIs(i, found[i], want[i]));
    }

    /// @dev `random` with a state that exists.
    function _valid(uint256 random) private pure returns (TaskSlot) {
        return TaskSlot.wrap((random & ~uint256(15)) | (random % STATES));
    }

    function _read(TaskSlot slot) private pure returns (uint256[FIELDS] memory fields) {
        fields[STATE] = uint256(slot.state());
        for (uint256 i; i < 4; ++i) fields[FLAGS + i] = slot.has(1 << i) ? 1 : 0;
        fields[LAPSES] = slot.lapses();
        fields[FEE] = slot.feeBps();
        fields[ROYALTY] = slot.royaltyBps();
        fields[PROVIDER] = ProviderId.unwrap(slot.provider());
        fields[START] = slot.startFraction();
        fields[RAMP] = slot.rampDuration();
        fields[OPENED_AT] = slot.openedAt();
        fields[DEADLINE] = slot.deadline();
        fields[CLEARED_AT] = slot.clearedAt();
        fields[MARKED_AT] = slot.markedAt();
    }
}

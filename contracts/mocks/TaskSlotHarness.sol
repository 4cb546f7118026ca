// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {TaskSlotLib} from "../libraries/TaskSlotLib.sol";
import {ProviderId} from "../types/Ids.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";

/// @title TaskSlotHarness
/// @notice Makes TaskSlotLib callable.
contract TaskSlotHarness {
    using TaskSlotLib for TaskSlot;

    struct Fields {
        TaskState state;
        bool cancelled;
        bool disputed;
        bool opened;
        bool counted;
        uint8 lapses;
        uint16 feeBps;
        uint16 royaltyBps;
        ProviderId provider;
        uint32 startFraction;
        uint24 rampDuration;
        uint40 openedAt;
        uint40 deadline;
        uint40 clearedAt;
        uint40 markedAt;
    }

    function open(
        uint256 now_,
        uint256 deadline,
        uint256 rampDuration,
        uint256 startFraction,
        uint256 feeBps,
        uint256 royaltyBps,
        uint256 flags
    ) external pure returns (TaskSlot) {
        return TaskSlotLib.open(now_, deadline, rampDuration, startFraction, feeBps, royaltyBps, flags);
    }

    function read(TaskSlot slot) external pure returns (Fields memory) {
        return
            Fields({
                state: slot.state(),
                cancelled: slot.has(TaskSlotLib.CANCELLED),
                disputed: slot.has(TaskSlotLib.DISPUTED),
                opened: slot.has(TaskSlotLib.OPENED),
                counted: slot.has(TaskSlotLib.COUNTED),
                lapses: slot.lapses(),
                feeBps: slot.feeBps(),
                royaltyBps: slot.royaltyBps(),
                provider: slot.provider(),
                startFraction: slot.startFraction(),
                rampDuration: slot.rampDuration(),
                openedAt: slot.openedAt(),
                deadline: slot.deadline(),
                clearedAt: slot.clearedAt(),
                markedAt: slot.markedAt()
            });
    }

    function withState(TaskSlot slot, TaskState value) external pure returns (TaskSlot) {
        return slot.withState(value);
    }

    function withFlag(TaskSlot slot, uint256 flag) external pure returns (TaskSlot) {
        return slot.withFlag(flag);
    }

    function withLapses(TaskSlot slot, uint256 value) external pure returns (TaskSlot) {
        return slot.withLapses(value);
    }

    function withProvider(TaskSlot slot, ProviderId value) external pure returns (TaskSlot) {
        return slot.withProvider(value);
    }

    function withOpenedAt(TaskSlot slot, uint256 value) external pure returns (TaskSlot) {
        return slot.withOpenedAt(value);
    }

    function withDeadline(TaskSlot slot, uint256 value) external pure returns (TaskSlot) {
        return slot.withDeadline(value);
    }

    function withClearedAt(TaskSlot slot, uint256 value) external pure returns (TaskSlot) {
        return slot.withClearedAt(value);
    }

    function withMarkedAt(TaskSlot slot, uint256 value) external pure returns (TaskSlot) {
        return slot.withMarkedAt(value);
    }
}

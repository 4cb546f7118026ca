// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId, TaskId} from "../types/Ids.sol";

/// @title Sortition
/// @notice Draws who may take a seat in a round, and when.
/// @dev Each provider has a ticket, a number that it cannot choose, which the seed draws after the pool is fixed. Who has
/// many slots has the chance of the lowest of as many tickets. Tickets enter in their order, so that the first seats are
/// held in proportion to staked slots however an owner splits them among identities.
///
/// How many tickets have entered is the reach. For the first quarter of the window it stands at three quarters of one (in
/// the mean), while no round ends sealing with fewer than three: so few rarely fill it, and who answers without computing
/// gains nothing by being early, as long as the work takes less than that quarter. Then the reach doubles in every
/// thirty-second of the window; who sees its turn coming has time to compute before, so rank and not speed decides. From
/// three quarters of the window on all may sit. Were the first reach twice the seats, providers that answer at once would
/// hold nearly twice their share.
library Sortition {
    /// @dev Blocks between a submission and the block whose hash is the seed: whoever posts an order cannot know it.
    uint256 internal constant SEED_DELAY = 4;
    /// @dev Blocks whose hashes the EVM still knows.
    uint256 internal constant HASHES = 256;
    /// @dev Bits of a ticket.
    uint256 internal constant TICKET_BITS = 128;
    /// @dev Bits of the seed: as many as a task's slot has free. It must only be unforeseeable.
    uint256 internal constant SEED_BITS = 66;
    /// @dev The first reach, fixed-point with 16 bits.
    uint256 internal constant ONE = 1 << 16;
    /// @dev A reach that takes in everybody.
    uint256 internal constant EVERYBODY = type(uint256).max;

    /// @dev The block whose hash is the seed of a task from block `openBlock`, as seen in block `current`: the fourth
    /// after it, and where its hash is no longer known, the next of every 256th after that. It may lie ahead.
    function seedBlockOf(uint256 openBlock, uint256 current) internal pure returns (uint256 seedBlock) {
        seedBlock = openBlock + SEED_DELAY;
        if (current > seedBlock + HASHES) seedBlock += ((current - seedBlock - 1) / HASHES) * HASHES;
    }

    /// @dev Uniform number of 128 bits.
    function ticketOf(uint256 seed, TaskId taskId, ProviderId provider) internal pure returns (uint256) {
        return uint128(uint256(keccak256(abi.encode(seed, taskId, provider))));
    }

    /// @dev The reach `elapsed` seconds into a window of `duration` seconds, as a multiple of the first, fixed-point
    /// with 16 bits.
    function reachAt(uint256 elapsed, uint256 duration) internal pure returns (uint256) {
        if (4 * elapsed >= 3 * duration) return EVERYBODY;
        if (4 * elapsed <= duration) return ONE;
        // Below 16: the window's thirty-seconds between one and three quarters.
        uint256 doublings = ((32 * elapsed - 8 * duration) << 16) / duration;
        // In a line from one power of two to the next.
        return (ONE + (doublings & (ONE - 1))) << (doublings >> 16);
    }

    /// @dev A provider with `slots` of `capacity` slots may sit if its ticket is below this: 2^128 · (1 − (1 − q)^slots),
    /// where each slot of the pool has the chance q, at the first reach 3 / (4 · capacity). Requires a capacity.
    function boundOf(uint256 reach, uint256 slots, uint256 capacity) internal pure returns (uint256) {
        uint256 whole = 1 << TICKET_BITS;
        if (reach == EVERYBODY) return whole;
        // Reaches stay below 2^33.
        uint256 chance = ((3 * reach) << TICKET_BITS) / (capacity * 4 * ONE);
        if (chance >= whole) return whole;
        return whole - _power(whole - chance, slots);
    }

    /// @dev `base`^`exponent` by squaring, rounded down in each step; fractions of 2^128. Requires base < 2^128.
    function _power(uint256 base, uint256 exponent) private pure returns (uint256 result) {
        result = 1 << TICKET_BITS;
        unchecked {
            // A product of 2^128 and less than that fits.
            for (; exponent != 0; exponent >>= 1) {
                if (exponent & 1 == 1) result = (result * base) >> TICKET_BITS;
                base = (base * base) >> TICKET_BITS;
            }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {DisputeView} from "./Dispute.sol";
import {ProviderId, TaskId} from "./Ids.sol";

/// @dev The seat of a provider in a round, one storage slot; zero: not taken. Fields from the highest bit:
/// result 208 | unused 7 | unavailable 1 | claimed 1 | opened 1 | weight 6 | provider 32.
///
/// result: first 208 bits of the seal, until it is opened; then the first 128 bits of the result digest and the first 80
/// of the envelope's hash. A seal of 208 bits binds its maker against 2^104 trials. Who compares digests needs a second
/// preimage, 2^128 trials, to join a group with another output. Of envelopes a provider could make two with equal 80
/// bits, but it writes what is in them anyway.
type SeatSlot is uint256;

/// @dev Seats of a round by number, from 0, without gaps; cleared when the round ends.
struct Round {
    mapping(uint256 seat => SeatSlot) seats;
}

/// @dev What is known of a round. Sets of seats are masks, seat 0 the lowest bit.
struct Tally {
    /// Those that are taken.
    SeatSlot[] seats;
    uint256 opened;
    uint256 claimed;
    /// Those that opened the result that wins if nothing more is opened; 0: none wins.
    uint256 winners;
    /// Whether several results were opened.
    bool contradicted;
}

/// @dev What decides who may sit, and when enough do.
struct RoundTerms {
    TaskId taskId;
    uint256 seed;
    /// First second of the window for sealing, unix time; members that joined later have no seat.
    uint256 start;
    /// Last second of that window.
    uint256 end;
    /// Slots of the pool when the window began.
    uint256 capacity;
    uint256 trust;
    /// Most seats.
    uint256 seats;
}

/// @dev How a seat ended.
enum SeatOutcome {
    /// In the winning group, and its result reached the client.
    Paid,
    /// In the winning group, but it did not disclose its envelope.
    Unclaimed,
    /// Opened another result than the winning group.
    Wrong,
    /// Not opened.
    Unopened,
    /// Opened in a round without agreement.
    Disputed,
    /// Opened in a round without contradiction that too few joined.
    Idle
}

/// @dev A seat as views return it.
struct SeatView {
    ProviderId provider;
    uint8 weight;
    bool opened;
    bool claimed;
    /// First 26 bytes of the seal; 0 once opened.
    bytes26 seal;
    /// First 16 bytes of the result digest and 10 of the envelope's hash; 0 before it is opened.
    bytes16 digest;
    bytes10 envelopeHash;
    /// Reported the disputed provider's envelope as unreadable.
    bool unavailable;
}

/// @dev A round as views return it.
struct RoundView {
    /// Block whose hash is the seed, while it is not captured, else 0.
    uint256 seedBlock;
    /// Seed of the sortition, while seals are taken, else 0.
    uint256 seed;
    /// Slots of the pool when the task was submitted, as long as seals are taken, else 0.
    uint256 capacity;
    /// When sealing ended before the deadline, unix seconds; 0: it did not.
    uint256 closedAt;
    SeatView[] seats;
    /// All zero unless it is the panel of a dispute.
    DisputeView dispute;
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId} from "./Ids.sol";

/// @dev Where a task stands. Settled, Refunded and Revoked are final and never cleared.
enum TaskState {
    /// Never posted.
    None,
    /// Waiting for a result.
    Open,
    /// Held for one provider at a fixed price.
    Reserved,
    /// Sealed by a provider; the client may accept, the provider must disclose.
    Delivered,
    /// Envelope on chain; the review period runs.
    Disclosed,
    /// Several providers are deciding.
    Round,
    /// Paid.
    Settled,
    /// The client has its money back.
    Refunded,
    /// Withdrawn by the client before anyone posted it.
    Revoked
}

/// @dev All that the chain remembers of a task, one storage slot. Fields from the highest bit:
/// markedAt 34 | clearedAt 34 | deadline 34 | openedAt 34 | rampDuration 24 | startFraction 32 | provider 32
/// | royaltyBps 11 | feeBps 10 | lapses 3 | flags 4 | state 4. Times are unix seconds, good until the year 2514.
///
/// A Quorum task has no holder, so some fields serve its round. markedAt: slots of the pool at its submission, and
/// number of seats once sealing has ended early. provider: block of its submission while Open, then with clearedAt the
/// seed, 66 bits, until sealing ends early, which fixes the price and sets `opened`.
type TaskSlot is uint256;

/// @dev A task as views return it; the price is a fraction of the order's cap, which only the order knows.
struct TaskView {
    TaskState state;
    /// Holder or winner; 0 while open, and of a round, which may have several.
    ProviderId provider;
    /// The client has brought the deadline forward.
    bool cancelled;
    bool disputed;
    /// Sealing of its round ended before the deadline, or the round has paid its winners.
    bool opened;
    /// Counts as demand while it waits for a delivery: its cap reached the market price when it opened.
    bool counted;
    /// Start of the price ramp, unix seconds; later than the submission by the time failed holders wasted.
    uint40 openedAt;
    uint40 deadline;
    /// When the price was fixed (delivery, reservation, end of sealing); 0 while open.
    uint40 clearedAt;
    /// When a reserved task was sealed, then when the envelope was disclosed; 0 before. Of a round: 0.
    uint40 markedAt;
    /// Seconds from start price to cap.
    uint24 rampDuration;
    /// Start price and price now (or fixed), as fractions of the cap over 2^32 − 1; 0 if never posted.
    uint32 startFraction;
    uint32 priceFraction;
    uint16 feeBps;
    uint16 royaltyBps;
    /// How often a holder failed.
    uint8 lapses;
    /// Seal of the holder; 0 while open.
    bytes32 seal;
}

/// @dev Lengths of the protocol's clocks, seconds. Fixed at deployment.
struct Windows {
    /// From delivery until the envelope must be on chain, unless the client accepts first.
    uint32 disclose;
    /// Between a client's cancellation and the new deadline.
    uint32 cancelNotice;
    /// Longest time from submission to deadline.
    uint32 maxLifetime;
    /// Longest review period.
    uint32 maxReview;
    /// Until the seed of a sortition is known.
    uint32 seed;
    /// Shortest sealing window of a panel.
    uint32 panelMin;
    /// For a disputed provider to open its seal.
    uint32 openProvider;
    /// For validators to open their seals.
    uint32 open;
    /// For winners to disclose the result to the client.
    uint32 claim;
}

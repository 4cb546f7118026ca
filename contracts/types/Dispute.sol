// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @dev A running dispute, one storage slot; zero: none. Fields from the highest bit:
/// unused 17 | window 32 | judged 1 | seeded 1 | seatCount 5 | capacity 32 | seed 66 | revealedAt 34 | closedAt 34
/// | disputedAt 34. Times are unix seconds, good until the year 2514.
///
/// window: seconds for sealing. seed: block of the dispute, until the seed is captured. seatCount: once sealing has ended
/// early. closedAt: when it did, else 0. revealedAt: when the provider opened its delivery, else 0.
type DisputeSlot is uint256;

/// @dev How a dispute ended.
enum DisputeOutcome {
    /// The panel was silent, or one seat alone, which has nothing to agree with: what the provider opened stands.
    Standing,
    /// The panel agreed with the provider, and most of it could read the envelope.
    Upheld,
    /// The panel agreed on another result, or that the envelope cannot be read: its members are paid for theirs.
    Overturned,
    /// The panel called the result invalid.
    Rejected,
    /// The provider did not open its delivery, and nobody else's result won.
    Unanswered,
    /// The panel did not agree.
    Undecided
}

/// @dev A dispute as views return it; all zero if there is none. The windows of the suite say how long it still can take.
struct DisputeView {
    /// Unix seconds; 0: none.
    uint256 disputedAt;
    /// Whether the panel judges the provider's output instead of computing its own.
    bool judged;
    /// First and last second for seals, unix time, unless enough come earlier; 0: a panel of judges waits for the
    /// provider to open its delivery.
    uint256 sealingFrom;
    uint256 sealingUntil;
    /// When the provider opened its delivery; 0: it did not.
    uint256 revealedAt;
    /// The result that it opened; 0 before.
    bytes32 resultDigest;
}

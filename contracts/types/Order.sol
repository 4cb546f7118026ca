// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {SourceId} from "./Ids.sol";

/// @dev How a result is judged: by the client's review, by a verifier contract, by agreement of several providers.
enum Verification {
    Review,
    Proof,
    Quorum
}

/// @dev What a client asks for and agrees to pay. Its EIP-712 digest is the task's id. Wallets sign this form.
struct Order {
    /// Who pays, accepts and receives the result.
    address client;
    SourceId source;
    uint16 version;
    /// Cap of the price of one execution, wei.
    uint96 maxReward;
    /// Seconds over which the price climbs from the start price to the cap; 0: the cap at once.
    uint24 rampDuration;
    /// Last second (unix time) in which a result may be delivered.
    uint40 deadline;
    Verification verification;
    /// Odds a panel must reach before its verdict counts; 0: no panel.
    uint16 trust;
    /// Seconds the client may inspect a disclosed result before silence pays.
    uint24 reviewPeriod;
    /// Stake a provider locks while it holds the task, wei.
    uint96 bond;
    /// Least reputation of a provider, score × 1e6; 0: anyone.
    uint32 minScore;
    /// Environments the client accepts.
    uint8 environments;
    /// Least GPU memory of a provider that runs it on a GPU, GiB.
    uint16 minGpuMemory;
    /// Seconds of an exclusive reservation; 0: open race.
    uint24 reservation;
    /// Verifier contract, Proof only.
    address verifier;
    /// Highest royalty the client agrees to, basis points.
    uint16 maxRoyaltyBps;
    /// Highest protocol fee the client agrees to, basis points.
    uint16 maxFeeBps;
    /// SHA-256 of the input.
    bytes32 inputDigest;
    /// Client's X25519 public key, to which envelopes are encrypted.
    bytes32 clientKey;
    uint64 nonce;
}

/// @dev The same order in six words, the form in which it travels as calldata and in the log.
/// Bits are listed from the highest; unused bits are zero.
struct PackedOrder {
    /// client 160 | maxReward 96
    bytes32 reward;
    /// verifier 160 | bond 96
    bytes32 assurance;
    /// unused 32 | source 32 | version 16 | verification 8 | trust 16 | environments 8 | minGpuMemory 16
    /// | maxRoyaltyBps 16 | maxFeeBps 16 | minScore 32 | nonce 64
    bytes32 terms;
    /// unused 144 | deadline 40 | rampDuration 24 | reviewPeriod 24 | reservation 24
    bytes32 clocks;
    bytes32 inputDigest;
    bytes32 clientKey;
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";

/// @title IVerifier
/// @notice Decides whether a result answers a Proof task. Publishers list the verifiers that a version admits.
/// @dev TaskManager calls it with a cap on gas, without the right to change state, and reads at most one word. A
/// verifier that reverts, runs out of gas or answers anything else than the selector of `verify` has said no.
interface IVerifier {
    /// @dev What is claimed, every part bound by the order or by the caller.
    struct Claim {
        TaskId taskId;
        ProviderId provider;
        SourceId source;
        uint16 version;
        /// SHA-256 of the input.
        bytes32 inputDigest;
        /// SHA-256 of the output, which itself never enters the chain.
        bytes32 resultDigest;
        /// keccak256 of the envelope with which the client opens the output.
        bytes32 envelopeHash;
        /// Free stake of at least this much backs the claim, wei.
        uint256 bond;
    }

    /// @notice The selector of this function if `proof` shows that `claim` holds.
    function verify(Claim calldata claim, bytes calldata proof) external view returns (bytes4);
}

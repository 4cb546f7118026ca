// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Seal} from "../libraries/Seal.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";

/// @title SealHarness
/// @notice Makes Seal callable.
contract SealHarness {
    bytes32 public constant SEAL_TYPEHASH = Seal.SEAL_TYPEHASH;

    function commitment(bytes32 resultDigest, bytes32 salt) external pure returns (bytes32) {
        return Seal.commitment(resultDigest, salt);
    }

    function hash(
        TaskId taskId,
        ProviderId provider,
        bytes32 commitment_,
        bytes32 envelopeHash
    ) external pure returns (bytes32) {
        return Seal.hash(taskId, provider, commitment_, envelopeHash);
    }
}

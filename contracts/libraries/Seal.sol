// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId, TaskId} from "../types/Ids.sol";

/// @title Seal
/// @notice The hash that commits a provider to a result without showing it.
/// @dev Two layers: the commitment hides the result digest behind a salt, and the seal binds it to task, provider
/// and envelope. So the envelope can be checked on chain against the seal while the digest stays secret; a small
/// output cannot be found by guessing, and a copied seal is worthless to any other provider.
library Seal {
    bytes32 internal constant SEAL_TYPEHASH = keccak256(
        "Seal(bytes32 taskId,uint32 providerId,bytes32 commitment,bytes32 envelopeHash)"
    );

    /// @dev Commitment to a result digest (SHA-256) under a random 32-byte salt.
    function commitment(bytes32 resultDigest, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(resultDigest, salt));
    }

    /// @dev The seal of a provider on a task; `envelopeHash` is keccak256 of the envelope's bytes.
    function hash(
        TaskId taskId,
        ProviderId providerId,
        bytes32 commitment_,
        bytes32 envelopeHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(SEAL_TYPEHASH, taskId, providerId, commitment_, envelopeHash));
    }
}

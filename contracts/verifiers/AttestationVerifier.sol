// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title AttestationVerifier
/// @notice Accepts a claim that THRESHOLD of a fixed set of attesters signed: enclaves, or services that check results.
/// @dev An attester signs `Attestation(bytes32 taskId,uint32 providerId,bytes32 inputDigest,bytes32 resultDigest,
/// bytes32 envelopeHash)` under EIP-712 after it has seen that the result answers the input and that the envelope opens
/// it for the client. The proof is THRESHOLD signatures, 65 bytes each, in ascending order of their signers. The set never
/// changes; for another, deploy another verifier and publish a version that lists it.
contract AttestationVerifier is IVerifier, EIP712 {
    error NoAttesters();
    error ZeroAttester();
    error DuplicateAttester(address attester);
    error ThresholdOutOfRange(uint256 threshold, uint256 attesters);

    event AttestersSet(address[] attesters, uint256 threshold);

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(bytes32 taskId,uint32 providerId,bytes32 inputDigest,bytes32 resultDigest,bytes32 envelopeHash)"
    );
    uint256 private constant SIGNATURE_SIZE = 65;

    /// @notice Signatures that a proof needs.
    uint256 public immutable THRESHOLD;

    /// @notice Whether an address may attest.
    mapping(address attester => bool) public isAttester;

    constructor(address[] memory attesters, uint256 threshold) EIP712("OpenGPU Attestation", "1") {
        require(attesters.length != 0, NoAttesters());
        require(threshold != 0 && threshold <= attesters.length, ThresholdOutOfRange(threshold, attesters.length));
        for (uint256 i; i < attesters.length; ++i) {
            require(attesters[i] != address(0), ZeroAttester());
            require(!isAttester[attesters[i]], DuplicateAttester(attesters[i]));
            isAttester[attesters[i]] = true;
        }
        THRESHOLD = threshold;
        emit AttestersSet(attesters, threshold);
    }

    /// @inheritdoc IVerifier
    function verify(Claim calldata claim, bytes calldata proof) external view returns (bytes4) {
        if (proof.length != THRESHOLD * SIGNATURE_SIZE) return 0;
        bytes32 digest = digestOf(claim);
        address last;
        for (uint256 i; i < proof.length; i += SIGNATURE_SIZE) {
            (address signer, ECDSA.RecoverError fault, ) = ECDSA.tryRecover(digest, proof[i:i + SIGNATURE_SIZE]);
            if (fault != ECDSA.RecoverError.NoError || signer <= last || !isAttester[signer]) return 0;
            last = signer;
        }
        return IVerifier.verify.selector;
    }

    /// @notice What an attester signs.
    function digestOf(Claim calldata claim) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ATTESTATION_TYPEHASH,
                        claim.taskId,
                        claim.provider,
                        claim.inputDigest,
                        claim.resultDigest,
                        claim.envelopeHash
                    )
                )
            );
    }
}

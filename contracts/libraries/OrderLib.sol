// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {SourceId} from "../types/Ids.sol";
import {Order, PackedOrder, Verification} from "../types/Order.sol";

/// @title OrderLib
/// @notice Packs an order into six words, reads its fields and computes its EIP-712 struct hash.
library OrderLib {
    /// @dev keccak256 of the EIP-712 type of an order, fields in the sequence in which a wallet shows them.
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(address client,uint32 source,uint16 version,uint96 maxReward,uint24 rampDuration,uint40 deadline,uint8 verification,uint16 trust,uint24 reviewPeriod,uint96 bond,uint32 minScore,uint8 environments,uint16 minGpuMemory,uint24 reservation,address verifier,uint16 maxRoyaltyBps,uint16 maxFeeBps,bytes32 inputDigest,bytes32 clientKey,uint64 nonce)"
    );

    /// @dev Bits of `terms` that hold source, version, environments and GPU memory.
    bytes32 private constant SERVICE_MASK = bytes32((((uint256(1) << 48) - 1) << 176) | (((1 << 24) - 1) << 128));

    /// @dev The packed form of `order`; the inverse of the accessors below.
    function pack(Order memory order) internal pure returns (PackedOrder memory packed) {
        packed.reward = bytes32((uint256(uint160(order.client)) << 96) | order.maxReward);
        packed.assurance = bytes32((uint256(uint160(order.verifier)) << 96) | order.bond);
        packed.terms = bytes32(
            (uint256(SourceId.unwrap(order.source)) << 192) |
                (uint256(order.version) << 176) |
                (uint256(order.verification) << 168) |
                (uint256(order.trust) << 152) |
                (uint256(order.environments) << 144) |
                (uint256(order.minGpuMemory) << 128) |
                (uint256(order.maxRoyaltyBps) << 112) |
                (uint256(order.maxFeeBps) << 96) |
                (uint256(order.minScore) << 64) |
                order.nonce
        );
        packed.clocks = bytes32(
            (uint256(order.deadline) << 72) |
                (uint256(order.rampDuration) << 48) |
                (uint256(order.reviewPeriod) << 24) |
                order.reservation
        );
        packed.inputDigest = order.inputDigest;
        packed.clientKey = order.clientKey;
    }

    /// @dev EIP-712 struct hash of the unpacked fields. Unused bits do not enter it: see `isCanonical`.
    function structHash(PackedOrder calldata order) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ORDER_TYPEHASH,
                    client(order),
                    source(order),
                    version(order),
                    maxReward(order),
                    rampDuration(order),
                    deadline(order),
                    rawVerification(order),
                    trust(order),
                    reviewPeriod(order),
                    bond(order),
                    minScore(order),
                    environments(order),
                    minGpuMemory(order),
                    reservation(order),
                    verifier(order),
                    maxRoyaltyBps(order),
                    maxFeeBps(order),
                    order.inputDigest,
                    order.clientKey,
                    nonce(order)
                )
            );
    }

    /// @dev Whether all unused bits are zero and the verification is a known one.
    function isCanonical(PackedOrder calldata order) internal pure returns (bool) {
        return
            uint256(order.terms) >> 224 == 0 &&
            uint256(order.clocks) >> 112 == 0 &&
            rawVerification(order) <= uint8(type(Verification).max);
    }

    /// @dev Whether two orders ask the same of registry and pool: source, version, verifier, hardware and bond.
    function sameService(PackedOrder calldata a, PackedOrder calldata b) internal pure returns (bool) {
        return a.assurance == b.assurance && (a.terms ^ b.terms) & SERVICE_MASK == 0;
    }

    function client(PackedOrder calldata order) internal pure returns (address) {
        return address(uint160(uint256(order.reward) >> 96));
    }

    function maxReward(PackedOrder calldata order) internal pure returns (uint96) {
        return uint96(uint256(order.reward));
    }

    function verifier(PackedOrder calldata order) internal pure returns (address) {
        return address(uint160(uint256(order.assurance) >> 96));
    }

    function bond(PackedOrder calldata order) internal pure returns (uint96) {
        return uint96(uint256(order.assurance));
    }

    function source(PackedOrder calldata order) internal pure returns (SourceId) {
        return SourceId.wrap(uint32(uint256(order.terms) >> 192));
    }

    function version(PackedOrder calldata order) internal pure returns (uint16) {
        return uint16(uint256(order.terms) >> 176);
    }

    function rawVerification(PackedOrder calldata order) internal pure returns (uint8) {
        return uint8(uint256(order.terms) >> 168);
    }

    function verification(PackedOrder calldata order) internal pure returns (Verification) {
        return Verification(rawVerification(order));
    }

    /// @dev Whether anybody but the client has a say in the result: a verifier, a round, or a panel that can be asked.
    function isJudged(PackedOrder calldata order) internal pure returns (bool) {
        return (uint256(order.terms) >> 152) & 0xffffff != 0;
    }

    function trust(PackedOrder calldata order) internal pure returns (uint16) {
        return uint16(uint256(order.terms) >> 152);
    }

    function environments(PackedOrder calldata order) internal pure returns (uint8) {
        return uint8(uint256(order.terms) >> 144);
    }

    function minGpuMemory(PackedOrder calldata order) internal pure returns (uint16) {
        return uint16(uint256(order.terms) >> 128);
    }

    function maxRoyaltyBps(PackedOrder calldata order) internal pure returns (uint16) {
        return uint16(uint256(order.terms) >> 112);
    }

    function maxFeeBps(PackedOrder calldata order) internal pure returns (uint16) {
        return uint16(uint256(order.terms) >> 96);
    }

    function minScore(PackedOrder calldata order) internal pure returns (uint32) {
        return uint32(uint256(order.terms) >> 64);
    }

    function nonce(PackedOrder calldata order) internal pure returns (uint64) {
        return uint64(uint256(order.terms));
    }

    function deadline(PackedOrder calldata order) internal pure returns (uint40) {
        return uint40(uint256(order.clocks) >> 72);
    }

    function rampDuration(PackedOrder calldata order) internal pure returns (uint24) {
        return uint24(uint256(order.clocks) >> 48);
    }

    function reviewPeriod(PackedOrder calldata order) internal pure returns (uint24) {
        return uint24(uint256(order.clocks) >> 24);
    }

    function reservation(PackedOrder calldata order) internal pure returns (uint24) {
        return uint24(uint256(order.clocks));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {OrderLib} from "../libraries/OrderLib.sol";
import {TypedData} from "../libraries/TypedData.sol";
import {TaskId} from "../types/Ids.sol";
import {Order, PackedOrder} from "../types/Order.sol";

/// @title OrderLibHarness
/// @notice Makes OrderLib and TypedData callable.
contract OrderLibHarness {
    using OrderLib for PackedOrder;

    bytes32 public constant ORDER_TYPEHASH = OrderLib.ORDER_TYPEHASH;

    function pack(Order calldata order) external pure returns (PackedOrder memory) {
        return OrderLib.pack(order);
    }

    /// @notice All fields, each by its accessor.
    function unpack(PackedOrder calldata order) external pure returns (Order memory) {
        return
            Order({
                client: order.client(),
                source: order.source(),
                version: order.version(),
                maxReward: order.maxReward(),
                rampDuration: order.rampDuration(),
                deadline: order.deadline(),
                verification: order.verification(),
                trust: order.trust(),
                reviewPeriod: order.reviewPeriod(),
                bond: order.bond(),
                minScore: order.minScore(),
                environments: order.environments(),
                minGpuMemory: order.minGpuMemory(),
                reservation: order.reservation(),
                verifier: order.verifier(),
                maxRoyaltyBps: order.maxRoyaltyBps(),
                maxFeeBps: order.maxFeeBps(),
                inputDigest: order.inputDigest,
                clientKey: order.clientKey,
                nonce: order.nonce()
            });
    }

    function rawVerification(PackedOrder calldata order) external pure returns (uint8) {
        return order.rawVerification();
    }

    function structHash(PackedOrder calldata order) external pure returns (bytes32) {
        return order.structHash();
    }

    function isCanonical(PackedOrder calldata order) external pure returns (bool) {
        return order.isCanonical();
    }

    function sameService(PackedOrder calldata a, PackedOrder calldata b) external pure returns (bool) {
        return a.sameService(b);
    }

    function taskIdOf(bytes32 domainSeparator, PackedOrder calldata order) external pure returns (TaskId) {
        return TypedData.taskIdOf(domainSeparator, order);
    }
}

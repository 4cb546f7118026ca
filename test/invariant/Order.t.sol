// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {OrderLib} from "../../contracts/libraries/OrderLib.sol";
import {Order, PackedOrder, Verification} from "../../contracts/types/Order.sol";

/// @title OrderTest
/// @notice The packed form of an order against its fields.
contract OrderTest {
    using OrderLib for PackedOrder;

    error Differs(string what);

    uint256 private constant TERMS_BITS = 224;
    uint256 private constant CLOCKS_BITS = 112;
    uint256 private constant VERIFICATION = 168;

    /// @dev Every canonical packed order is the packed form of the fields read from it: no two fields overlap and
    /// none is cut.
    function testFuzz_packingReadFieldsGivesTheSame(PackedOrder calldata random) external view {
        PackedOrder memory packed = _canonical(random);
        Order memory order = this.unpack(packed);
        _same(packed, OrderLib.pack(order), "round trip");
        require(this.isCanonical(packed), Differs("canonical"));
    }

    /// @dev A bit beyond the fields makes an order malformed, whatever the rest, and does not change its hash.
    function testFuzz_unusedBitsAreRefused(PackedOrder calldata random, uint256 bit) external view {
        PackedOrder memory packed = _canonical(random);
        bytes32 hash = this.structHash(packed);
        bit %= 512 - TERMS_BITS - CLOCKS_BITS;
        if (bit < 256 - TERMS_BITS) packed.terms |= bytes32(1 << (TERMS_BITS + bit));
        else packed.clocks |= bytes32(1 << (CLOCKS_BITS + bit - (256 - TERMS_BITS)));
        require(!this.isCanonical(packed), Differs("unused bit"));
        require(hash == this.structHash(packed), Differs("hash"));
    }

    function testFuzz_unknownVerificationIsRefused(PackedOrder calldata random, uint8 verification) external view {
        PackedOrder memory packed = _canonical(random);
        packed.terms &= ~bytes32(uint256(0xff) << VERIFICATION);
        packed.terms |= bytes32(uint256(verification) << VERIFICATION);
        bool known = verification <= uint8(type(Verification).max);
        require(this.isCanonical(packed) == known, Differs("verification"));
    }

    /// @dev Any used bit is part of the hash, and so of the task's id.
    function testFuzz_everyUsedBitIsSigned(PackedOrder calldata random, uint256 word, uint256 bit) external view {
        PackedOrder memory packed = _canonical(random);
        bytes32 hash = this.structHash(packed);
        bytes32 mask = bytes32(1 << (bit % 256));
        word %= 6;
        if (word == 0) packed.reward ^= mask;
        else if (word == 1) packed.assurance ^= mask;
        else if (word == 2) packed.terms ^= bytes32(1 << (bit % TERMS_BITS));
        else if (word == 3) packed.clocks ^= bytes32(1 << (bit % CLOCKS_BITS));
        else if (word == 4) packed.inputDigest ^= mask;
        else packed.clientKey ^= mask;
        require(hash != this.structHash(packed), Differs("hash"));
    }

    /// @dev The hash is that of EIP-712: the type's hash and the fields, each in a word, in the type's sequence.
    function testFuzz_hashIsThatOfTheFields(PackedOrder calldata random) external view {
        PackedOrder memory packed = _canonical(random);
        bytes memory fields = abi.encode(this.unpack(packed));
        bytes32 expected = keccak256(bytes.concat(OrderLib.ORDER_TYPEHASH, fields));
        require(this.structHash(packed) == expected, Differs("hash"));
    }

    /// @dev Orders are of one service if nothing differs but who pays, how much, when, on what terms of price and
    /// for what input.
    function testFuzz_serviceIsVersionHardwareVerifierAndBond(
        PackedOrder calldata random,
        PackedOrder calldata other
    ) external view {
        PackedOrder memory first = _canonical(random);
        PackedOrder memory second = _canonical(other);
        (Order memory a, Order memory b) = (this.unpack(first), this.unpack(second));
        (b.source, b.version, b.environments, b.minGpuMemory) = (a.source, a.version, a.environments, a.minGpuMemory);
        (b.verifier, b.bond) = (a.verifier, a.bond);
        require(this.sameService(first, OrderLib.pack(b)), Differs("same service"));
        b.minGpuMemory ^= 1;
        require(!this.sameService(first, OrderLib.pack(b)), Differs("other memory"));
        (b.minGpuMemory, b.version) = (a.minGpuMemory, a.version ^ 1);
        require(!this.sameService(first, OrderLib.pack(b)), Differs("other version"));
    }

    function unpack(PackedOrder calldata packed) external pure returns (Order memory order) {
        order.client = packed.client();
        order.source = packed.source();
        order.version = packed.version();
        order.maxReward = packed.maxReward();
        order.rampDuration = packed.rampDuration();
        order.deadline = packed.deadline();
        order.verification = packed.verification();
        order.trust = packed.trust();
        order.reviewPeriod = packed.reviewPeriod();
        order.bond = packed.bond();
        order.minScore = packed.minScore();
        order.environments = packed.environments();
        order.minGpuMemory = packed.minGpuMemory();
        order.reservation = packed.reservation();
        order.verifier = packed.verifier();
        order.maxRoyaltyBps = packed.maxRoyaltyBps();
        order.maxFeeBps = packed.maxFeeBps();
        order.inputDigest = packed.inputDigest;
        order.clientKey = packed.clientKey;
        order.nonce = packed.nonce();
    }

    function structHash(PackedOrder calldata packed) external pure returns (bytes32) {
        return packed.structHash();
    }

    function isCanonical(PackedOrder calldata packed) external pure returns (bool) {
        return packed.isCanonical();
    }

    function sameService(PackedOrder calldata a, PackedOrder calldata b) external pure returns (bool) {
        return a.sameService(b);
    }

    /// @dev `random` without unused bits and with a known verification.
    function _canonical(PackedOrder memory random) private pure returns (PackedOrder memory) {
        random.terms &= bytes32((1 << TERMS_BITS) - 1);
        random.clocks &= bytes32((1 << CLOCKS_BITS) - 1);
        uint256 verification = uint8(uint256(random.terms) >> VERIFICATION) % 3;
        random.terms &= ~bytes32(uint256(0xff) << VERIFICATION);
        random.terms |= bytes32(verification << VERIFICATION);
        return random;
    }

    function _same(PackedOrder memory a, PackedOrder memory b, string memory what) private pure {
        require(keccak256(abi.encode(a)) == keccak256(abi.encode(b)), Differs(what));
    }
}

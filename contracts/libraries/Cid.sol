// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title Cid
/// @notice Content identifier of a SHA-256 digest, as IPFS writes it.
/// @dev CIDv1: version 0x01, codec raw 0x55, multihash SHA-256 0x12 with length 0x20, then the digest; in
/// multibase base32, lower case, no padding, prefix `b`. 36 bytes are 288 bits, hence 58 characters of 5 bits,
/// the last of which carries 3.
library Cid {
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /// @dev `b` and 58 characters, e.g. `bafkrei…`.
    function ofSha256(bytes32 digest) internal pure returns (string memory) {
        bytes memory text = new bytes(59);
        text[0] = "b";
        // The 288 bits, shifted by 2 to a whole number of 5-bit groups (290), in two parts that fit a word.
        uint256 high = (uint256(0x01551220) << 8) | (uint256(digest) >> 248);
        uint256 low = (uint256(digest) << 8) >> 6;
        // `high` holds 40 bits, 8 characters; `low` the other 248 bits and 2 zeros, 50 characters.
        for (uint256 i; i < 8; ++i) text[8 - i] = ALPHABET[(high >> (5 * i)) & 31];
        for (uint256 i; i < 50; ++i) text[58 - i] = ALPHABET[(low >> (5 * i)) & 31];
        return string(text);
    }
}

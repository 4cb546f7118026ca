// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId} from "../types/Ids.sol";
import {SeatSlot} from "../types/Round.sol";

/// @title SeatSlotLib
/// @notice Reads and writes the fields of a seat's storage slot.
library SeatSlotLib {
    uint256 private constant WEIGHT = 32;
    uint256 private constant OPENED = 38;
    uint256 private constant CLAIMED = 39;
    uint256 private constant UNAVAILABLE = 40;
    uint256 private constant RESULT = 48;
    uint256 private constant ENVELOPE_BITS = 80;

    /// @dev A seat just taken; weights have at most six bits.
    function sealedBy(ProviderId provider_, uint256 weight_, bytes32 seal_) internal pure returns (SeatSlot) {
        return SeatSlot.wrap(_top(seal_, RESULT) | (weight_ << WEIGHT) | ProviderId.unwrap(provider_));
    }

    /// @dev The seat with its seal opened: what it committed to takes the seal's place.
    function openedWith(SeatSlot slot, bytes32 digest_, bytes32 envelopeHash_) internal pure returns (SeatSlot) {
        uint256 result = _top(digest_, RESULT + ENVELOPE_BITS) | (uint256(uint80(bytes10(envelopeHash_))) << RESULT);
        return SeatSlot.wrap(result | (1 << OPENED) | (SeatSlot.unwrap(slot) & ((1 << OPENED) - 1)));
    }

    /// @dev The seat with its envelope disclosed.
    function withClaim(SeatSlot slot) internal pure returns (SeatSlot) {
        return SeatSlot.wrap(SeatSlot.unwrap(slot) | (1 << CLAIMED));
    }

    /// @dev The seat with its report that it could not read the disputed provider's envelope.
    function withUnavailable(SeatSlot slot) internal pure returns (SeatSlot) {
        return SeatSlot.wrap(SeatSlot.unwrap(slot) | (1 << UNAVAILABLE));
    }

    function isTaken(SeatSlot slot) internal pure returns (bool) {
        return SeatSlot.unwrap(slot) != 0;
    }

    function provider(SeatSlot slot) internal pure returns (ProviderId) {
        return ProviderId.wrap(uint32(SeatSlot.unwrap(slot)));
    }

    function weight(SeatSlot slot) internal pure returns (uint256) {
        return (SeatSlot.unwrap(slot) >> WEIGHT) & 63;
    }

    function isOpened(SeatSlot slot) internal pure returns (bool) {
        return (SeatSlot.unwrap(slot) >> OPENED) & 1 == 1;
    }

    function isClaimed(SeatSlot slot) internal pure returns (bool) {
        return (SeatSlot.unwrap(slot) >> CLAIMED) & 1 == 1;
    }

    function isUnavailable(SeatSlot slot) internal pure returns (bool) {
        return (SeatSlot.unwrap(slot) >> UNAVAILABLE) & 1 == 1;
    }

    /// @dev First 26 bytes of the seal; only before it is opened.
    function seal(SeatSlot slot) internal pure returns (bytes26) {
        return bytes26(bytes32(SeatSlot.unwrap(slot)));
    }

    /// @dev First 16 bytes of the result digest; only once opened.
    function digest(SeatSlot slot) internal pure returns (bytes16) {
        return bytes16(bytes32(SeatSlot.unwrap(slot)));
    }

    /// @dev First 10 bytes of the envelope's hash; only once opened.
    function envelopeHash(SeatSlot slot) internal pure returns (bytes10) {
        return bytes10(bytes32(SeatSlot.unwrap(slot) << 128));
    }

    /// @dev `value` with the lowest `bits` bits cleared.
    function _top(bytes32 value, uint256 bits) private pure returns (uint256) {
        return (uint256(value) >> bits) << bits;
    }
}

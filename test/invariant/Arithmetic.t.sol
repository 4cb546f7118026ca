// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Price} from "../../contracts/libraries/Price.sol";
import {Score} from "../../contracts/libraries/Score.sol";
import {Seal} from "../../contracts/libraries/Seal.sol";
import {ProviderId, TaskId} from "../../contracts/types/Ids.sol";

/// @title ArithmeticTest
/// @notice Prices, scores and seals over their whole range.
contract ArithmeticTest {
    error Wrong(string what);

    // ------------------------------------------------------------------------------------------- Price

    /// @dev The start price is never below the floor, at most one unit of the cap (and a wei) above, and the least such.
    function testFuzz_fractionIsTheLeastThatReachesThePrice(uint96 price, uint96 cap) external pure {
        if (cap == 0) return;
        uint256 reached = price < cap ? price : cap;
        uint256 fraction = Price.fractionOf(price, cap);
        require(fraction <= Price.WHOLE, Wrong("beyond whole"));
        uint256 amount = Price.amountOf(fraction, cap);
        require(amount >= reached, Wrong("below price"));
        require(amount <= reached + cap / Price.WHOLE + 1 && amount <= cap, Wrong("above price"));
        if (fraction != 0 && price < cap) {
            require(Price.amountOf(fraction - 1, cap) < reached, Wrong("not the least"));
        }
        if (price >= cap) require(fraction == Price.WHOLE && amount == cap, Wrong("cap"));
    }

    function testFuzz_rampClimbsFromStartToWhole(
        uint32 start,
        uint24 duration,
        uint40 elapsed,
        uint40 more
    ) external pure {
        uint256 now_ = Price.ramp(start, duration, elapsed);
        uint256 later = Price.ramp(start, duration, uint256(elapsed) + more);
        require(start <= now_ && now_ <= later && later <= Price.WHOLE, Wrong("not monotone"));
        require(Price.ramp(start, duration, duration) == Price.WHOLE, Wrong("end"));
        if (duration == 0) return;
        require(Price.ramp(start, duration, 0) == start, Wrong("start"));
        uint256 climbed = ((Price.WHOLE - start) * (elapsed % duration)) / duration;
        require(Price.ramp(start, duration, elapsed % duration) == start + climbed, Wrong("line"));
    }

    function testFuzz_shareIsRoundedDown(uint96 amount, uint16 bps) external pure {
        uint256 share = Price.share(amount, bps);
        uint256 exact = uint256(amount) * bps;
        require(share * 10_000 <= exact && exact < (share + 1) * 10_000, Wrong("share"));
    }

    // ------------------------------------------------------------------------------------------- Score

    function testFuzz_scoreOnlyDecays(uint32 score, uint40 elapsed, uint40 more) external pure {
        uint256 now_ = Score.decayed(score, elapsed);
        require(Score.decayed(score, 0) == score, Wrong("at once"));
        require(now_ <= score && Score.decayed(score, uint256(elapsed) + more) <= now_, Wrong("not monotone"));
    }

    function testFuzz_scoreHalvesInAHalfLife(uint32 score, uint8 halfLives) external pure {
        uint256 elapsed = halfLives * Score.HALF_LIFE;
        require(Score.decayed(score, elapsed) == uint256(score) >> halfLives, Wrong("half-life"));
    }

    /// @dev Between two half-lives the decay is a line, and no product of the unchecked arithmetic overflows.
    function testFuzz_scoreDecaysInLines(uint32 score, uint40 elapsed) external pure {
        uint256 whole = uint256(score) >> (elapsed / Score.HALF_LIFE);
        uint256 rest = elapsed % Score.HALF_LIFE;
        uint256 lost = (whole * rest) / (2 * Score.HALF_LIFE);
        require(Score.decayed(score, elapsed) == whole - lost, Wrong("line"));
    }

    function testFuzz_gainIsBelowAPointAndAtMostProportional(uint96 fee, uint96 more, uint96 scale) external pure {
        if (scale == 0) return;
        uint256 gain = Score.gainOf(fee, scale);
        require(gain <= Score.gainOf(uint256(fee) + more, scale), Wrong("not monotone"));
        require(gain < Score.POINT || uint256(fee) >= uint256(scale) * (Score.POINT - 1), Wrong("point"));
        require(gain <= Score.POINT, Wrong("above a point"));
        require(gain * scale <= Score.POINT * uint256(fee), Wrong("too cheap"));
    }

    // ------------------------------------------------------------------------------------------- Seal

    /// @dev A seal is that of its four parts and of no others; the commitment likewise of its two.
    function testFuzz_sealBindsAllItsParts(bytes32[5] calldata parts, uint32 provider, uint256 flipped) external pure {
        bytes32 seal = _seal(parts, provider);
        bytes32[5] memory others = parts;
        uint256 part = flipped % 5;
        bytes32 mask = bytes32(1 << (flipped % 256));
        if (part == 4) provider ^= uint32(1 << (flipped % 32));
        else others[part] ^= mask;
        require(seal != _seal(others, provider), Wrong("second opening"));
    }

    function testFuzz_sealIsAHashOfItsType(bytes32[3] calldata parts, uint32 provider) external pure {
        string memory type_ = "Seal(bytes32 taskId,uint32 providerId,bytes32 commitment,bytes32 envelopeHash)";
        bytes32 expected = keccak256(abi.encode(keccak256(bytes(type_)), parts[0], provider, parts[1], parts[2]));
        bytes32 found = Seal.hash(TaskId.wrap(parts[0]), ProviderId.wrap(provider), parts[1], parts[2]);
        require(found == expected, Wrong("seal"));
        require(Seal.commitment(parts[0], parts[1]) == keccak256(abi.encode(parts[0], parts[1])), Wrong("commitment"));
    }

    function _seal(bytes32[5] memory parts, uint32 provider) private pure returns (bytes32) {
        bytes32 commitment = Seal.commitment(parts[0], parts[1]);
        return Seal.hash(TaskId.wrap(parts[2]), ProviderId.wrap(provider), commitment, parts[3]);
    }
}

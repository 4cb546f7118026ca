// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Credibility} from "../../contracts/libraries/Credibility.sol";
import {RoundLib} from "../../contracts/libraries/RoundLib.sol";
import {SeatSlotLib} from "../../contracts/libraries/SeatSlotLib.sol";
import {Sortition} from "../../contracts/libraries/Sortition.sol";
import {ProviderId, TaskId} from "../../contracts/types/Ids.sol";
import {SeatSlot, Tally} from "../../contracts/types/Round.sol";

/// @title RoundTest
/// @notice Who may sit, when enough do, and who has won, over their whole range.
contract RoundTest {
    using SeatSlotLib for SeatSlot;

    error Wrong(string what);

    uint256 private constant WHOLE = 1 << 128;
    uint256 private constant SEATS = 16;

    // ------------------------------------------------------------------------------------------- Sortition

    /// @dev The seed is of a block whose hash the chain knows or will know, the fourth or the last one 256th after it.
    function testFuzz_seedBlockIsKnownOrAhead(uint32 openBlock, uint32 later) external pure {
        uint256 current = uint256(openBlock) + later;
        uint256 first = uint256(openBlock) + 4;
        uint256 found = Sortition.seedBlockOf(openBlock, current);
        require(found >= first && (found - first) % 256 == 0, Wrong("block"));
        require(current <= found + 256, Wrong("forgotten"));
        require(found == first || found < current, Wrong("skipped"));
    }

    function testFuzz_ticketsAreOfAllThree(uint256 seed, bytes32 task, uint32 provider, uint256 flip) external pure {
        uint256 ticket = Sortition.ticketOf(seed, TaskId.wrap(task), ProviderId.wrap(provider));
        require(ticket < WHOLE, Wrong("ticket"));
        uint256 mask = 1 << (flip % 256);
        require(ticket != Sortition.ticketOf(seed ^ mask, TaskId.wrap(task), ProviderId.wrap(provider)), Wrong("seed"));
        TaskId other = TaskId.wrap(task ^ bytes32(mask));
        require(ticket != Sortition.ticketOf(seed, other, ProviderId.wrap(provider)), Wrong("task"));
        ProviderId another = ProviderId.wrap(provider ^ uint32(1 << (flip % 32)));
        require(ticket != Sortition.ticketOf(seed, TaskId.wrap(task), another), Wrong("provider"));
    }

    /// @dev It stands for a quarter of the window, doubles 16 times in a half, and takes in everybody for the rest.
    function testFuzz_reachOnlyGrows(uint40 elapsed, uint40 more, uint40 duration) external pure {
        uint256 reach = Sortition.reachAt(elapsed, duration);
        require(reach <= Sortition.reachAt(uint256(elapsed) + more, duration), Wrong("not monotone"));
        if (4 * uint256(elapsed) >= 3 * uint256(duration)) require(reach == Sortition.EVERYBODY, Wrong("everybody"));
        else if (4 * uint256(elapsed) <= duration) require(reach == Sortition.ONE, Wrong("first"));
        else require(reach >= Sortition.ONE && reach < Sortition.ONE << 16, Wrong("doublings"));
    }

    function testFuzz_reachDoublesInAThirtySecond(uint32 part, uint8 number) external pure {
        uint256 doublings = number % 16;
        uint256 duration = 32 * (uint256(part) + 1);
        uint256 elapsed = (8 + doublings) * (uint256(part) + 1);
        require(Sortition.reachAt(elapsed, duration) == Sortition.ONE << doublings, Wrong("power"));
    }

    /// @dev A bound never exceeds 2^128, at which every ticket is below it, and rises with reach and slots.
    function testFuzz_boundRisesWithReachAndSlots(
        uint40 elapsed,
        uint40 more,
        uint40 duration,
        uint32 slots,
        uint32 extra,
        uint32 capacity
    ) external pure {
        uint256 reach = Sortition.reachAt(elapsed, duration);
        uint256 whole = uint256(capacity) + 1;
        uint256 bound = Sortition.boundOf(reach, slots, whole);
        require(bound <= WHOLE, Wrong("beyond"));
        require(reach != Sortition.EVERYBODY || bound == WHOLE, Wrong("everybody"));
        require(
            reach == Sortition.EVERYBODY || slots != 0 || bound == 0 || 3 * reach >= (4 * whole) << 16,
            Wrong("none")
        );
        uint256 later = Sortition.reachAt(uint256(elapsed) + more, duration);
        require(bound <= Sortition.boundOf(later, slots, whole), Wrong("falls with time"));
        require(bound <= Sortition.boundOf(reach, uint256(slots) + extra, whole), Wrong("falls with slots"));
        require(bound >= Sortition.boundOf(reach, slots, whole + extra), Wrong("rises with capacity"));
    }

    /// @dev One slot's bound is its chance, three quarters of a slot at first; no smaller pool than that has a chance.
    function testFuzz_boundOfASlotIsItsChance(uint32 capacity) external pure {
        uint256 whole = uint256(capacity) + 1;
        uint256 chance = (3 * WHOLE) / (4 * whole);
        uint256 bound = Sortition.boundOf(Sortition.ONE, 1, whole);
        // The power of one rounds once.
        require(bound >= chance && bound <= chance + 1, Wrong("chance"));
    }

    /// @dev Who splits its slots misses with the same probability, but for the rounding of the powers.
    function testFuzz_splittingSlotsGainsNothing(
        uint40 elapsed,
        uint40 duration,
        uint32 one,
        uint32 other,
        uint32 capacity
    ) external pure {
        uint256 reach = Sortition.reachAt(elapsed, duration);
        uint256 sum = uint256(one) + other;
        uint256 whole = sum + capacity + 1;
        uint256 together = WHOLE - Sortition.boundOf(reach, sum, whole);
        uint256 first = WHOLE - Sortition.boundOf(reach, one, whole);
        uint256 second = WHOLE - Sortition.boundOf(reach, other, whole);
        uint256 apart = _product(first, second);
        uint256 rounding = 4 * sum + 4;
        require(together <= apart + rounding && apart <= together + rounding, Wrong("split"));
    }

    // ------------------------------------------------------------------------------------------- Credibility

    function testFuzz_seatsAreEnoughForTheirTrust(uint16 trust) external pure {
        uint256 odds = _trust(trust);
        uint256 seats = Credibility.seatsOf(odds);
        require(seats >= 3 && seats <= Credibility.MAX_SEATS, Wrong("seats"));
        require(1 << (seats - 2) >= odds && 1 << (seats - 3) < odds, Wrong("least"));
        // The last seat ends sealing by its product too, so a full round survives one as any other does.
        require(Credibility.closes(seats - 1, 1 << seats, 2, odds, seats), Wrong("full"));
        require(Credibility.closes(seats, 1, 32, odds, seats), Wrong("all seats"));
    }

    function testFuzz_weightsRiseWithScores(uint32 score, uint32 more) external pure {
        uint256 limit = Credibility.weightLimit(score);
        require(limit >= Credibility.MIN_WEIGHT && limit <= Credibility.MAX_WEIGHT, Wrong("limit"));
        require(limit <= Credibility.weightLimit(uint256(score) + more), Wrong("not monotone"));
        require(limit == 2 || uint256(score) >= 3e6 * (limit + 1), Wrong("too cheap"));
    }

    /// @dev A group alone wins from the product on that is the trust.
    function testFuzz_aGroupAloneWinsFromTheTrustOn(uint80 group, uint16 trust, bool close) external pure {
        uint256 odds = _trust(trust);
        uint256 product = close ? odds - 1 + (group % 3) : uint256(group) + 1;
        require(Credibility.wins(product, product - 1, odds) == (product >= odds), Wrong("alone"));
    }

    /// @dev However seats are parted into groups, one wins at most, it has the largest product, and the verdict is its.
    function testFuzz_oneGroupWinsAtMost(uint256 random, uint16 trust, uint8 count, uint8 parts) external pure {
        uint256 odds = _trust(trust);
        uint256[SEATS] memory products;
        Tally memory tally;
        tally.seats = new SeatSlot[](count % (SEATS + 1));
        uint256 groups = 1 + (parts % 4);
        for (uint256 i; i < groups; ++i) products[i] = 1;
        uint256[SEATS] memory masks;
        for (uint256 i; i < tally.seats.length; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            uint256 weight = 2 + (random % 31);
            // One of four is silent.
            uint256 group = (random >> 64) % 4 == 0 ? SEATS - 1 : (random >> 128) % groups;
            SeatSlot seat = SeatSlotLib.sealedBy(ProviderId.wrap(uint32(i + 1)), weight, bytes32(random));
            if (group != SEATS - 1) {
                products[group] *= weight;
                masks[group] |= 1 << i;
                tally.opened |= 1 << i;
                seat = seat.openedWith(bytes32((group + 1) << 128), bytes32(random));
            }
            tally.seats[i] = seat;
        }
        _checkVerdict(tally, products, masks, groups, odds);
    }

    /// @dev Once sealing has ended by the product, any seat may stay silent or contradict, and the others still win.
    function testFuzz_whatClosesSurvivesAnyOne(uint256 random, uint16 trust, uint8 count, uint8 heavy) external pure {
        uint256 odds = _trust(trust);
        uint256[] memory weights = new uint256[](1 + (count % SEATS));
        uint256 product = 1;
        uint256 heaviest;
        uint256 most = 2 + (heavy % 31);
        for (uint256 i; i < weights.length; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            weights[i] = random % 3 == 0 ? 2 + ((random >> 64) % (most - 1)) : most;
            product *= weights[i];
            if (weights[i] > heaviest) heaviest = weights[i];
        }
        bool closes = Credibility.closes(weights.length, product, heaviest, odds, type(uint256).max);
        require(!closes || weights.length > 2, Wrong("too few"));
        bool survives = true;
        for (uint256 i; i < weights.length; ++i) {
            uint256 rest = product / weights[i];
            if (rest < odds * weights[i]) survives = false;
            if (!closes) continue;
            require(Credibility.wins(rest, rest - 1, odds), Wrong("silence"));
            require(Credibility.wins(rest, rest - 1 + weights[i] - 1, odds), Wrong("contradiction"));
        }
        require(closes == survives, Wrong("another bound"));
    }

    // ------------------------------------------------------------------------------------------- SeatSlotLib

    function testFuzz_seatsKeepWhatTheyAreGiven(
        uint32 provider,
        uint8 weight_,
        bytes32[3] calldata words
    ) external pure {
        uint256 weight = weight_ % 64;
        if (provider == 0) provider = 1;
        SeatSlot taken = SeatSlotLib.sealedBy(ProviderId.wrap(provider), weight, words[0]);
        require(taken.isTaken() && !taken.isOpened() && !taken.isClaimed(), Wrong("taken"));
        require(taken.seal() == bytes26(words[0]), Wrong("seal"));
        SeatSlot opened = taken.openedWith(words[1], words[2]);
        require(opened.isOpened() && !opened.isClaimed(), Wrong("opened"));
        require(opened.digest() == bytes16(words[1]) && opened.envelopeHash() == bytes10(words[2]), Wrong("result"));
        SeatSlot claimed = opened.withClaim();
        require(claimed.isTaken() && claimed.isOpened() && claimed.isClaimed(), Wrong("claimed"));
        require(claimed.digest() == opened.digest() && claimed.envelopeHash() == opened.envelopeHash(), Wrong("kept"));
        SeatSlot[3] memory all = [taken, opened, claimed];
        for (uint256 i; i < 3; ++i) {
            require(ProviderId.unwrap(all[i].provider()) == provider && all[i].weight() == weight, Wrong("seat"));
        }
    }

    // ------------------------------------------------------------------------------------------- shared

    function _checkVerdict(
        Tally memory tally,
        uint256[SEATS] memory products,
        uint256[SEATS] memory masks,
        uint256 groups,
        uint256 odds
    ) private pure {
        uint256 excess;
        uint256 best;
        for (uint256 i; i < groups; ++i) {
            excess += products[i] - 1;
            if (products[i] > best) best = products[i];
        }
        uint256 winners;
        uint256 voices;
        for (uint256 i; i < groups; ++i) {
            if (masks[i] != 0) ++voices;
            if (!Credibility.wins(products[i], excess, odds)) continue;
            require(winners == 0 && products[i] == best, Wrong("second winner"));
            winners = masks[i];
        }
        // One has nobody to agree with.
        if (tally.opened & (tally.opened - (tally.opened == 0 ? 0 : 1)) == 0) winners = 0;
        RoundLib.judge(tally, odds);
        require(tally.winners == winners, Wrong("verdict"));
        require(tally.contradicted == (voices > 1), Wrong("contradiction"));
    }

    /// @dev A trust that an order may ask for, every other time a small one.
    function _trust(uint16 random) private pure returns (uint256) {
        uint256 span = random % 2 == 0 ? 16 : Credibility.MAX_TRUST - 1;
        return Credibility.MIN_TRUST + ((random / 2) % span);
    }

    /// @dev Of two fractions of 2^128, rounded down.
    function _product(uint256 a, uint256 b) private pure returns (uint256) {
        if (a == WHOLE) return b;
        return b == WHOLE ? a : (a * b) >> 128;
    }
}

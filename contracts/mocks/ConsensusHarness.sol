// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Credibility} from "../libraries/Credibility.sol";
import {RoundLib} from "../libraries/RoundLib.sol";
import {SeatSlotLib} from "../libraries/SeatSlotLib.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Round, SeatOutcome, SeatSlot, SeatView, Tally} from "../types/Round.sol";

/// @title ConsensusHarness
/// @notice Makes Sortition, Credibility, SeatSlotLib and RoundLib callable.
contract ConsensusHarness {
    using SeatSlotLib for SeatSlot;
    using RoundLib for Round;
    using RoundLib for Tally;

    /// @dev A seat as it is when sealing has ended; digest 0: not opened.
    struct Vote {
        ProviderId provider;
        uint256 weight;
        bytes32 digest;
        bool claimed;
    }

    /// @dev What is known of a round, and how each seat ends if all winners are paid.
    struct Verdict {
        uint256 opened;
        uint256 claimed;
        bool isOpen;
        uint256 winners;
        bool contradicted;
        SeatOutcome[] outcomes;
    }

    Round private _round;

    function seedBlockOf(uint256 openBlock, uint256 current) external pure returns (uint256) {
        return Sortition.seedBlockOf(openBlock, current);
    }

    function ticketOf(uint256 seed, TaskId taskId, ProviderId provider) external pure returns (uint256) {
        return Sortition.ticketOf(seed, taskId, provider);
    }

    function reachAt(uint256 elapsed, uint256 duration) external pure returns (uint256) {
        return Sortition.reachAt(elapsed, duration);
    }

    function boundOf(uint256 reach, uint256 slots, uint256 capacity) external pure returns (uint256) {
        return Sortition.boundOf(reach, slots, capacity);
    }

    function seatsOf(uint256 trust) external pure returns (uint256) {
        return Credibility.seatsOf(trust);
    }

    function weightLimit(uint256 score) external pure returns (uint256) {
        return Credibility.weightLimit(score);
    }

    function lockOf(uint256 bond, uint256 weight, uint256 weightUnit) external pure returns (uint256) {
        return Credibility.lockOf(bond, weight, weightUnit);
    }

    /// @dev What Credibility says of seats with these weights.
    function closes(uint256[] calldata weights, uint256 trust) external pure returns (bool) {
        uint256 product = 1;
        uint256 heaviest;
        for (uint256 i; i < weights.length; ++i) {
            product *= weights[i];
            if (weights[i] > heaviest) heaviest = weights[i];
        }
        return Credibility.closes(weights.length, product, heaviest, trust, Credibility.seatsOf(trust));
    }

    function wins(uint256 group, uint256 excess, uint256 trust) external pure returns (bool) {
        return Credibility.wins(group, excess, trust);
    }

    function sealedBy(ProviderId provider, uint256 weight, bytes32 seal) external pure returns (SeatSlot) {
        return SeatSlotLib.sealedBy(provider, weight, seal);
    }

    function openedWith(SeatSlot slot, bytes32 digest, bytes32 envelopeHash) external pure returns (SeatSlot) {
        return slot.openedWith(digest, envelopeHash);
    }

    function withClaim(SeatSlot slot) external pure returns (SeatSlot) {
        return slot.withClaim();
    }

    function withUnavailable(SeatSlot slot) external pure returns (SeatSlot) {
        return slot.withUnavailable();
    }

    function isTaken(SeatSlot slot) external pure returns (bool) {
        return slot.isTaken();
    }

    /// @dev All fields, whether or not they mean anything yet.
    function read(SeatSlot slot) external pure returns (SeatView memory) {
        return
            SeatView({
                provider: slot.provider(),
                weight: uint8(slot.weight()),
                opened: slot.isOpened(),
                claimed: slot.isClaimed(),
                seal: slot.seal(),
                digest: slot.digest(),
                envelopeHash: slot.envelopeHash(),
                unavailable: slot.isUnavailable()
            });
    }

    /// @dev Stores the seats of a round, loads them as `known` seats, and judges.
    function judge(Vote[] calldata votes, uint256 trust, uint256 known) external returns (Verdict memory verdict) {
        _store(votes);
        Tally memory tally = _round.load(known);
        tally.judge(trust);
        verdict.opened = tally.opened;
        verdict.claimed = tally.claimed;
        verdict.isOpen = tally.isOpen();
        verdict.winners = tally.winners;
        verdict.contradicted = tally.contradicted;
        verdict.outcomes = new SeatOutcome[](tally.seats.length);
        for (uint256 i; i < tally.seats.length; ++i) {
            bool wins_ = (tally.winners >> i) & 1 == 1;
            verdict.outcomes[i] = wins_ ? SeatOutcome.Paid : tally.outcomeOf(i);
        }
    }

    /// @dev How a seat that is not paid ends.
    function unpaid(Vote[] calldata votes, uint256 trust, uint256 seat) external returns (SeatOutcome) {
        _store(votes);
        Tally memory tally = _round.load(0);
        tally.judge(trust);
        return tally.outcomeOf(seat);
    }

    /// @dev How many seats are left of a round of which `count` were cleared.
    function cleared(Vote[] calldata votes, uint256 count) external returns (uint256 left) {
        _store(votes);
        _round.clear(count);
        for (uint256 i; i < votes.length; ++i) {
            if (_round.seats[i].isTaken()) ++left;
        }
    }

    function _store(Vote[] calldata votes) private {
        for (uint256 i; i < votes.length; ++i) {
            Vote calldata vote = votes[i];
            SeatSlot slot = SeatSlotLib.sealedBy(vote.provider, vote.weight, keccak256(abi.encode(vote)));
            if (vote.digest != 0) slot = slot.openedWith(vote.digest, keccak256(abi.encode(vote.digest)));
            if (vote.claimed) slot = slot.withClaim();
            _round.seats[i] = slot;
        }
    }
}

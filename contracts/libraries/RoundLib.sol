// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Round, RoundTerms, SeatOutcome, SeatSlot, Tally} from "../types/Round.sol";
import {Credibility} from "./Credibility.sol";
import {Seal} from "./Seal.sol";
import {SeatSlotLib} from "./SeatSlotLib.sol";
import {Sortition} from "./Sortition.sol";

/// @title RoundLib
/// @notice A round: providers seal, then open, then a group of them has won or none. Knows nothing of money.
/// @dev Its caller keeps the clocks, so that no seal is taken once one may be opened. Every loop ends at the 16th seat.
library RoundLib {
    using SeatSlotLib for SeatSlot;

    /// @dev Takes the next seat for a provider with `slots` slots that sits with `weight`.
    /// @return seat Its number.
    /// @return closed Whether sealing has ended with it.
    function take(
        Round storage self,
        RoundTerms memory terms,
        ProviderId provider,
        uint256 slots,
        uint256 weight,
        bytes32 seal
    ) internal returns (uint256 seat, bool closed) {
        uint256 ticket = Sortition.ticketOf(terms.seed, terms.taskId, provider);
        uint256 reach = Sortition.reachAt(block.timestamp - terms.start, terms.end - terms.start);
        uint256 bound = Sortition.boundOf(reach, slots, terms.capacity);
        require(ticket < bound, ITaskManager.NotDrawn(terms.taskId, provider, ticket, bound));

        uint256 product = weight;
        uint256 heaviest = weight;
        SeatSlot slot = self.seats[0];
        // A round with 16 seats has ended sealing.
        for (; slot.isTaken(); slot = self.seats[++seat]) {
            require(slot.provider() != provider, ITaskManager.AlreadySeated(terms.taskId, provider));
            uint256 other = slot.weight();
            product *= other;
            if (other > heaviest) heaviest = other;
        }
        self.seats[seat] = SeatSlotLib.sealedBy(provider, weight, seal);
        closed = Credibility.closes(seat + 1, product, heaviest, terms.trust, terms.seats);
    }

    /// @dev Opens the seal of a seat.
    function open(
        Round storage self,
        TaskId taskId,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash
    ) internal returns (ProviderId provider) {
        SeatSlot slot = self.seats[seat];
        require(slot.isTaken(), ITaskManager.NoSuchSeat(taskId, seat));
        require(!slot.isOpened(), ITaskManager.AlreadyOpened(taskId, seat));
        provider = slot.provider();
        bytes32 found = Seal.hash(taskId, provider, Seal.commitment(resultDigest, salt), envelopeHash);
        require(slot.seal() == bytes26(found), ITaskManager.SealMismatch(taskId, slot.seal(), bytes26(found)));
        self.seats[seat] = slot.openedWith(resultDigest, envelopeHash);
    }

    /// @dev Marks that a seat could not read the disputed provider's envelope.
    function reportUnavailable(Round storage self, uint256 seat) internal {
        self.seats[seat] = self.seats[seat].withUnavailable();
    }

    /// @dev Marks that the envelope of a seat was disclosed.
    function claim(
        Round storage self,
        TaskId taskId,
        Tally memory tally,
        uint256 seat,
        bytes32 envelopeHash
    ) internal returns (ProviderId) {
        SeatSlot slot = tally.seats[seat];
        require(!slot.isClaimed(), ITaskManager.AlreadyClaimed(taskId, seat));
        bytes10 committed = slot.envelopeHash();
        require(
            committed == bytes10(envelopeHash),
            ITaskManager.EnvelopeMismatch(taskId, seat, committed, bytes10(envelopeHash))
        );
        self.seats[seat] = slot.withClaim();
        tally.claimed |= 1 << seat;
        return slot.provider();
    }

    /// @dev All seats that are taken: `known`, or if that is 0, as many as are found.
    function load(Round storage self, uint256 known) internal view returns (Tally memory tally) {
        uint256 most = known == 0 ? Credibility.MAX_SEATS : known;
        SeatSlot[] memory seats = new SeatSlot[](most);
        uint256 count;
        (uint256 opened, uint256 claimed) = (0, 0);
        unchecked {
            // At most 16 rounds.
            while (count < most) {
                SeatSlot slot = self.seats[count];
                if (!slot.isTaken()) break;
                if (slot.isOpened()) opened |= 1 << count;
                if (slot.isClaimed()) claimed |= 1 << count;
                seats[count++] = slot;
            }
        }
        assembly ("memory-safe") {
            // As many as were found, at most what it was made for.
            mstore(seats, count)
        }
        (tally.seats, tally.opened, tally.claimed) = (seats, opened, claimed);
    }

    /// @dev Clears the storage of `count` seats.
    function clear(Round storage self, uint256 count) internal {
        for (uint256 i; i < count; ++i) self.seats[i] = SeatSlot.wrap(0);
    }

    /// @dev Whether all seats that are taken are opened.
    function isOpen(Tally memory tally) internal pure returns (bool) {
        return tally.opened == (1 << tally.seats.length) - 1;
    }

    /// @dev Finds the group that wins if nothing more is opened. At least two seats must be opened.
    function judge(Tally memory tally, uint256 trust) internal pure {
        (SeatSlot[] memory seats, uint256 opened) = (tally.seats, tally.opened);
        // One opening, or none: there is no agreement.
        if (opened == 0 || opened & (opened - 1) == 0) return;
        uint256 count = seats.length;
        uint256 excess;
        uint256 best;
        uint256 winners;
        uint256 left = opened;
        unchecked {
            // Products stay at or below 32^16, their sum below 2^84.
            for (uint256 i; left != 0; ++i) {
                if ((left >> i) & 1 == 0) continue;
                bytes16 digest = seats[i].digest();
                uint256 product = 1;
                uint256 group;
                for (uint256 j = i; j < count; ++j) {
                    if ((left >> j) & 1 == 0 || seats[j].digest() != digest) continue;
                    group |= 1 << j;
                    product *= seats[j].weight();
                }
                left ^= group;
                excess += product - 1;
                // Only the largest can win.
                if (product > best) (best, winners) = (product, group);
            }
        }
        tally.contradicted = excess != best - 1;
        if (Credibility.wins(best, excess, trust)) tally.winners = winners;
    }

    /// @dev First 16 bytes of the result that wins. Requires winners.
    function digestOf(Tally memory tally) internal pure returns (bytes16) {
        uint256 seat;
        while ((tally.winners >> seat) & 1 == 0) ++seat;
        return tally.seats[seat].digest();
    }

    /// @dev Whether at least half of the weight that has opened could read the disputed provider's envelope.
    function isAvailable(Tally memory tally) internal pure returns (bool) {
        (uint256 all, uint256 against) = (0, 0);
        for (uint256 i; i < tally.seats.length; ++i) {
            if ((tally.opened >> i) & 1 == 0) continue;
            SeatSlot slot = tally.seats[i];
            all += slot.weight();
            if (slot.isUnavailable()) against += slot.weight();
        }
        return 2 * against <= all;
    }

    /// @dev What becomes of a seat that is not paid.
    function outcomeOf(Tally memory tally, uint256 seat) internal pure returns (SeatOutcome) {
        // One seat alone has nothing to agree with, and need not be opened.
        if (tally.seats.length == 1) return SeatOutcome.Idle;
        if ((tally.opened >> seat) & 1 == 0) return SeatOutcome.Unopened;
        if (tally.winners == 0) return tally.contradicted ? SeatOutcome.Disputed : SeatOutcome.Idle;
        return (tally.winners >> seat) & 1 == 0 ? SeatOutcome.Wrong : SeatOutcome.Unclaimed;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {Sortition} from "../../contracts/libraries/Sortition.sol";
import {ProviderId, TaskId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {RoundView, SeatView} from "../../contracts/types/Round.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Settlements} from "./Settlements.sol";
import {height, time} from "./Vm.sol";

/// @title Rounds
/// @notice What rounds must be: who may sit, what they show, and who has won.
/// @dev Tickets and reaches are the contracts' own (`Round.t.sol` has them alone); verdicts are worked out another way.
abstract contract Rounds is Settlements {
    /// @dev A seat as it must stand, with what its provider knows.
    struct Seat {
        uint32 provider;
        uint8 weight;
        bool opened;
        bool claimed;
        /// It could not read the envelope that is disputed.
        bool unavailable;
        /// Stake that it locks, wei.
        uint256 lock;
        bytes32 seal;
        bytes32 digest;
        bytes32 salt;
        bytes envelope;
    }

    /// @dev A round, or the panel of a dispute, as it must stand. Nothing of it goes when the task ends.
    struct Sitting {
        uint256 openBlock;
        /// Slots of the pool at the submission, or at the dispute.
        uint256 capacity;
        bool seeded;
        uint256 seed;
        Seat[] seats;
    }

    mapping(TaskId taskId => Sitting) internal _rounds;

    /// @dev The seats that a task has, or had.
    function seatsOf(uint256 index) external view returns (Seat[] memory) {
        return _rounds[_ghosts[index].id].seats;
    }

    /// @dev Hash of a block that is over. A call of its own, because the optimiser would read it before a roll.
    function hashOf(uint256 number) external view returns (bytes32) {
        return blockhash(number);
    }

    /// @dev What getRound must return now.
    function expectedRound(uint256 index) public view virtual returns (RoundView memory round) {
        Ghost storage g = _ghosts[index];
        Sitting storage r = _rounds[g.id];
        bool unseeded = g.state == TaskState.Open && g.order.verification == Verification.Quorum;
        if (unseeded) (round.seedBlock, round.capacity) = (_seedBlock(r), r.capacity);
        if (g.state != TaskState.Round) return round;
        if (g.opened) round.closedAt = g.clearedAt;
        else if (!_isSealed(g)) (round.seed, round.capacity) = (r.seed, r.capacity);
        round.seats = _seatViews(r);
    }

    function _seatViews(Sitting storage r) internal view returns (SeatView[] memory views) {
        views = new SeatView[](r.seats.length);
        for (uint256 i; i < views.length; ++i) {
            (SeatView memory view_, Seat storage seat) = (views[i], r.seats[i]);
            view_.provider = ProviderId.wrap(seat.provider);
            (view_.weight, view_.opened, view_.claimed) = (seat.weight, seat.opened, seat.claimed);
            view_.unavailable = seat.unavailable;
            if (!seat.opened) view_.seal = bytes26(seat.seal);
            else (view_.digest, view_.envelopeHash) = (bytes16(seat.digest), bytes10(keccak256(seat.envelope)));
        }
    }

    // ------------------------------------------------------------------------------------------- submission and seed

    /// @dev Makes the ghost what a task just posted is, and a Quorum task's round what it is with it.
    function _post(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        _open(index);
        if (g.order.verification != Verification.Quorum) return;
        Sitting storage r = _rounds[g.id];
        r.openBlock = height();
        r.capacity = _markets[_sourceOf(g)].capacity;
    }

    /// @dev The fourth block after the submission, or as many times 256 later as hashes of older blocks are forgotten.
    function _seedBlock(Sitting storage r) internal view returns (uint256 number) {
        number = r.openBlock + 4;
        while (number + 256 < height()) number += 256;
    }

    function _isSeedReady(Ghost storage g) internal view returns (bool) {
        return _seedBlock(_rounds[g.id]) < height();
    }

    /// @dev The seed, or what it would be if it were captured now.
    function _seedOf(Ghost storage g) internal view returns (uint256) {
        Sitting storage r = _rounds[g.id];
        return r.seeded ? r.seed : uint256(this.hashOf(_seedBlock(r))) % (1 << 66);
    }

    // ------------------------------------------------------------------------------------------- clocks

    function _isUnseeded(Ghost storage g) internal view virtual returns (bool) {
        return g.state == TaskState.Open && g.order.verification == Verification.Quorum;
    }

    /// @dev Whether seats may be taken, but for the seed.
    function _isSealing(Ghost storage g) internal view virtual returns (bool) {
        return (_isUnseeded(g) || g.state == TaskState.Round) && !_isSealed(g);
    }

    function _isSealed(Ghost storage g) internal view virtual returns (bool) {
        return g.opened || time() > g.deadline;
    }

    /// @dev Whether anyone may open seals.
    function _isOpening(Ghost storage g) internal view returns (bool) {
        return g.state == TaskState.Round && !g.disputed && _isSealed(g) && time() <= _openEnd(g);
    }

    /// @dev Whether a round is past sealing.
    function _isJudging(Ghost storage g) internal view virtual returns (bool) {
        return g.state == TaskState.Round && _isSealed(g);
    }

    /// @dev Whether winners may claim, if there are any.
    function _isClaiming(Ghost storage g) internal view virtual returns (bool) {
        return _isDecided(g) && time() <= _claimEnd(g);
    }

    /// @dev Whether nothing can be opened any more.
    function _isDecided(Ghost storage g) internal view virtual returns (bool) {
        if (!_isJudging(g)) return false;
        return time() > _openEnd(g) || _allOpened(g);
    }

    function _allOpened(Ghost storage g) internal view returns (bool) {
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if (!seats[i].opened) return false;
        }
        return true;
    }

    /// @dev Whether a round has a seed and nothing else.
    function _isEmptyRound(Ghost storage g) internal view returns (bool) {
        return g.state == TaskState.Round && !g.disputed && _rounds[g.id].seats.length == 0;
    }

    /// @dev Last second for openings.
    function _openEnd(Ghost storage g) internal view virtual returns (uint256) {
        return uint256(g.opened ? g.clearedAt : g.deadline) + _windows.open;
    }

    /// @dev Last second for claims.
    function _claimEnd(Ghost storage g) internal view returns (uint256) {
        return _openEnd(g) + _windows.claim;
    }

    /// @dev Last second of the clock that runs on a round.
    function _roundEnd(Ghost storage g) internal view virtual returns (uint256) {
        if (!_isSealed(g)) return g.deadline;
        return time() <= _openEnd(g) ? _openEnd(g) : _claimEnd(g);
    }

    /// @dev First and last second by which tickets enter, and the second before which a member must have joined.
    function _windowOf(Ghost storage g) internal view virtual returns (uint256 from, uint256 until, uint256 before) {
        return (g.openedAt, g.order.deadline, g.openedAt);
    }

    /// @dev First second in which everybody may sit.
    function _entryOf(Ghost storage g) internal view returns (uint256) {
        (uint256 from, uint256 until, ) = _windowOf(g);
        return from + (3 * (until - from) + 3) / 4;
    }

    // ------------------------------------------------------------------------------------------- seats

    /// @dev Whether `key` may take a seat for a provider with this weight.
    function _maySit(Ghost storage g, uint256 provider, address key, uint256 weight) internal view returns (bool) {
        return
            _isSealing(g) &&
            key != g.order.client &&
            provider != g.provider &&
            (_rounds[g.id].seeded || _isSeedReady(g)) &&
            weight >= 2 &&
            weight <= _weightLimit(provider) &&
            _mayWork(g, provider, key) &&
            pool.getProvider(ProviderId.wrap(uint32(provider))).free >= _lockOf(g, weight) &&
            !_isSeated(g, provider) &&
            _isDrawn(g, provider);
    }

    function _lockOf(Ghost storage g, uint256 weight) internal view returns (uint256) {
        return g.order.bond + (weight - 2) * 0.1 ether;
    }

    /// @dev A step for each three points, from the fourth on.
    function _weightLimit(uint256 provider) internal view returns (uint256) {
        uint256 steps = reputation.scoreOf(ProviderId.wrap(uint32(provider))) / 3e6;
        if (steps < 3) return 2;
        return steps > 33 ? 32 : steps - 1;
    }

    function _isSeated(Ghost storage g, uint256 provider) internal view returns (bool) {
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if (seats[i].provider == provider) return true;
        }
        return false;
    }

    /// @dev Whether a member was one before the submission, or the delivery, and its rank has come up.
    function _isDrawn(Ghost storage g, uint256 provider) private view returns (bool) {
        ProviderId id = ProviderId.wrap(uint32(provider));
        IProviderPool.Membership memory membership = pool.getMembership(id, g.order.source);
        (uint256 from, uint256 until, uint256 before) = _windowOf(g);
        // Who was there then is still there, so there is capacity.
        if (membership.joinedAt >= before) return false;
        uint256 reach = Sortition.reachAt(time() - from, until - from);
        uint256 bound = Sortition.boundOf(reach, membership.slots, _rounds[g.id].capacity);
        return Sortition.ticketOf(_seedOf(g), g.id, id) < bound;
    }

    /// @dev Whether sealing ends with those that sit: with all seats, or once each could be the only one to dissent.
    function _isEnough(Ghost storage g) internal view returns (bool) {
        Seat[] storage seats = _rounds[g.id].seats;
        uint256 product = 1;
        for (uint256 i; i < seats.length; ++i) product *= seats[i].weight;
        if (seats.length == _seatsFor(g)) return true;
        for (uint256 i; i < seats.length; ++i) {
            uint256 weight = seats[i].weight;
            if (product / weight < g.order.trust * weight) return false;
        }
        return seats.length != 0;
    }

    // ------------------------------------------------------------------------------------------- verdicts

    /// @dev The seats of the group that wins if nothing more is opened, and whether there are several groups. Who is in
    /// it stands against the odds of all others: it wins at (trust − 1) to one, and one more for what they claim.
    function _verdictOf(Ghost storage g) internal view returns (uint256 winners, bool contradicted) {
        Seat[] storage seats = _rounds[g.id].seats;
        uint256 opened;
        for (uint256 i; i < seats.length; ++i) {
            if (!seats[i].opened) continue;
            ++opened;
            (uint256 own, uint256 mask) = _groupOf(seats, i);
            uint256 others;
            for (uint256 j; j < seats.length; ++j) {
                if (!seats[j].opened || (mask >> j) & 1 == 1) continue;
                (uint256 product, uint256 group) = _groupOf(seats, j);
                // Each group once: by its first seat.
                if (group & ((1 << j) - 1) == 0) others += product - 1;
            }
            if (others != 0) contradicted = true;
            if (own - 1 >= (g.order.trust - 1) * (1 + others)) winners |= mask;
        }
        // One has nobody to agree with.
        if (opened < 2) winners = 0;
    }

    /// @dev Odds of those that opened the same result as an opened seat, and which they are.
    function _groupOf(Seat[] storage seats, uint256 seat) private view returns (uint256 product, uint256 mask) {
        product = 1;
        for (uint256 i; i < seats.length; ++i) {
            if (!seats[i].opened || bytes16(seats[i].digest) != bytes16(seats[seat].digest)) continue;
            product *= seats[i].weight;
            mask |= 1 << i;
        }
    }

    function _claimedOf(Ghost storage g) internal view returns (uint256 mask) {
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if (seats[i].claimed) mask |= 1 << i;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {DisputeOutcome, DisputeView} from "../../contracts/types/Dispute.sol";
import {TaskId} from "../../contracts/types/Ids.sol";
import {RoundView} from "../../contracts/types/Round.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Rounds} from "./Rounds.sol";
import {time} from "./Vm.sol";

/// @title Panels
/// @notice What disputes must be: their clocks, what they show, and how the votes end them.
abstract contract Panels is Rounds {
    /// @dev A dispute as it must stand. Nothing of it goes when the task ends.
    struct Dispute {
        uint256 disputedAt;
        /// Seconds for seals.
        uint256 window;
        bool judged;
        uint256 revealedAt;
        uint256 closedAt;
        /// Of an execution, wei.
        uint256 price;
        /// What the client holds for the panel, wei.
        uint256 fee;
    }

    /// @dev What the provider of a delivery knows besides commitment and envelope.
    struct Opening {
        bytes32 digest;
        bytes32 salt;
    }

    bytes32 internal constant VALID = keccak256("valid");
    bytes32 internal constant INVALID = keccak256("invalid");

    mapping(TaskId taskId => Dispute) internal _disputes;
    mapping(TaskId taskId => Opening) internal _openings;

    /// @dev The dispute that a task has, or had.
    function disputeOf(uint256 index) external view returns (Dispute memory) {
        return _disputes[_ghosts[index].id];
    }

    /// @dev Most seats of a task's round or panel.
    function mostSeatsOf(uint256 index) external view returns (uint256) {
        return _seatsFor(_ghosts[index]);
    }

    /// @dev What getRound must return now.
    function expectedRound(uint256 index) public view override returns (RoundView memory round) {
        Ghost storage g = _ghosts[index];
        if (!_isPanel(g)) return super.expectedRound(index);
        (Sitting storage r, Dispute storage d) = (_rounds[g.id], _disputes[g.id]);
        if (r.seeded) round.seed = r.seed;
        else round.seedBlock = _seedBlock(r);
        (round.capacity, round.closedAt, round.seats) = (r.capacity, d.closedAt, _seatViews(r));
        round.dispute = DisputeView({
            disputedAt: d.disputedAt,
            judged: d.judged,
            sealingFrom: _sealFrom(d),
            sealingUntil: _sealUntil(d),
            revealedAt: d.revealedAt,
            resultDigest: d.revealedAt == 0 ? bytes32(0) : _openings[g.id].digest
        });
    }

    /// @dev Compares the panel too, if there is one.
    function _compareTask(uint256 index, bytes4 action, TaskState from, bool expected, bool done) internal override {
        super._compareTask(index, action, from, expected, done);
        if (!_ghosts[index].disputed) return;
        RoundView memory round = taskManager.getRound(_ghosts[index].id);
        _must(16, keccak256(abi.encode(round)) == keccak256(abi.encode(expectedRound(index))));
    }

    function _isPanel(Ghost storage g) internal view returns (bool) {
        return g.state == TaskState.Round && g.disputed;
    }

    /// @dev Whether the envelope of a delivery cannot be read.
    function _isGarbled(Ghost storage g) internal view returns (bool) {
        return uint256(TaskId.unwrap(g.id)) % 2 == 0;
    }

    // ------------------------------------------------------------------------------------------- sealing

    /// @dev Judges begin when they see what they are to judge, others at once; 0: not yet.
    function _sealFrom(Dispute storage d) private view returns (uint256) {
        return d.judged ? d.revealedAt : d.disputedAt;
    }

    function _sealUntil(Dispute storage d) private view returns (uint256) {
        return _sealFrom(d) == 0 ? 0 : _sealFrom(d) + d.window;
    }

    /// @dev Last second of sealing, unless it ended early: then when it did; 0: not known yet.
    function _sealEnd(Dispute storage d) private view returns (uint256) {
        return d.closedAt == 0 ? _sealUntil(d) : d.closedAt;
    }

    function _isUnseeded(Ghost storage g) internal view override returns (bool) {
        return g.disputed ? _isPanel(g) && !_rounds[g.id].seeded : super._isUnseeded(g);
    }

    function _isSealing(Ghost storage g) internal view override returns (bool) {
        if (!g.disputed) return super._isSealing(g);
        return _isPanel(g) && _disputes[g.id].closedAt == 0 && time() <= _sealUntil(_disputes[g.id]);
    }

    function _isSealed(Ghost storage g) internal view override returns (bool) {
        if (!g.disputed) return super._isSealed(g);
        Dispute storage d = _disputes[g.id];
        return d.closedAt != 0 || (_sealUntil(d) != 0 && time() > _sealUntil(d));
    }

    function _windowOf(Ghost storage g) internal view override returns (uint256 from, uint256 until, uint256 before) {
        if (!g.disputed) return super._windowOf(g);
        Dispute storage d = _disputes[g.id];
        return (_sealFrom(d), _sealUntil(d), g.clearedAt);
    }

    // ------------------------------------------------------------------------------------------- openings and claims

    /// @dev Whether the provider may open its delivery.
    function _isAnswering(Ghost storage g) internal view returns (bool) {
        Dispute storage d = _disputes[g.id];
        return _isPanel(g) && d.revealedAt == 0 && (d.judged || _isSealed(g)) && time() <= _answerEnd(g);
    }

    /// @dev Last second for the provider to open its delivery.
    function _answerEnd(Ghost storage g) private view returns (uint256) {
        Dispute storage d = _disputes[g.id];
        return (d.judged ? d.disputedAt : _sealEnd(d)) + _windows.openProvider;
    }

    /// @dev Whether seats of a panel may be opened, but for the end of the time for it.
    function _hasVotes(Ghost storage g) private view returns (bool) {
        if (!_isPanel(g) || !_isSealed(g)) return false;
        return _disputes[g.id].revealedAt != 0 || time() > _answerEnd(g);
    }

    /// @dev Whether seats of a panel may be opened.
    function _isVoting(Ghost storage g) internal view returns (bool) {
        return _hasVotes(g) && time() <= _openEnd(g);
    }

    function _isJudging(Ghost storage g) internal view override returns (bool) {
        return super._isJudging(g) || (g.disputed && _isDecided(g));
    }

    function _isDecided(Ghost storage g) internal view override returns (bool) {
        if (!g.disputed) return super._isDecided(g);
        if (_isHopeless(g)) return _isPanel(g) && time() > _answerEnd(g);
        return _hasVotes(g) && (time() > _openEnd(g) || _allOpened(g));
    }

    /// @dev Whether judges have nothing to judge.
    function _isHopeless(Ghost storage g) private view returns (bool) {
        return _disputes[g.id].judged && _disputes[g.id].revealedAt == 0;
    }

    function _isClaiming(Ghost storage g) internal view override returns (bool) {
        return super._isClaiming(g) && _awaitsClaims(g);
    }

    /// @dev Whether those that have won owe the client their results, if nothing more is opened.
    function _awaitsClaims(Ghost storage g) internal view returns (bool) {
        if (g.disputed) return _rulingOf(g) == DisputeOutcome.Overturned;
        (uint256 winners, ) = _verdictOf(g);
        return winners != 0;
    }

    function _openEnd(Ghost storage g) internal view override returns (uint256) {
        if (!g.disputed) return super._openEnd(g);
        Dispute storage d = _disputes[g.id];
        uint256 from = _sealEnd(d);
        if (!d.judged) from = d.revealedAt == 0 ? _answerEnd(g) : d.revealedAt;
        return from + _windows.open;
    }

    function _roundEnd(Ghost storage g) internal view override returns (uint256) {
        if (!g.disputed) return super._roundEnd(g);
        Dispute storage d = _disputes[g.id];
        if (_isHopeless(g)) return _answerEnd(g);
        if (!_isSealed(g)) return _sealUntil(d);
        if (d.revealedAt == 0 && time() <= _answerEnd(g)) return _answerEnd(g);
        return time() <= _openEnd(g) ? _openEnd(g) : _claimEnd(g);
    }

    // ------------------------------------------------------------------------------------------- verdicts

    /// @dev How a dispute ends if nothing more is opened.
    function _rulingOf(Ghost storage g) internal view returns (DisputeOutcome) {
        Seat[] storage seats = _rounds[g.id].seats;
        bool answered = _disputes[g.id].revealedAt != 0;
        (uint256 winners, ) = _verdictOf(g);
        if (winners == 0) {
            if (!answered) return DisputeOutcome.Unanswered;
            bool silent = seats.length < 2 || _openedOf(g) == 0;
            return silent ? DisputeOutcome.Standing : DisputeOutcome.Undecided;
        }
        bool right = answered && _agree(g, winners);
        if (_disputes[g.id].judged) return right ? DisputeOutcome.Upheld : DisputeOutcome.Rejected;
        return right && _isReadable(g) ? DisputeOutcome.Upheld : DisputeOutcome.Overturned;
    }

    /// @dev Whether seats that are opened say that the provider is right, each by its first 128 bits.
    function _agree(Ghost storage g, uint256 mask) internal view returns (bool) {
        bytes32 wanted = _disputes[g.id].judged ? VALID : _openings[g.id].digest;
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if ((mask >> i) & 1 == 1 && bytes16(seats[i].digest) != bytes16(wanted)) return false;
        }
        return true;
    }

    /// @dev Whether no more weight is against the envelope than for it.
    function _isReadable(Ghost storage g) private view returns (bool) {
        Seat[] storage seats = _rounds[g.id].seats;
        int256 balance;
        for (uint256 i; i < seats.length; ++i) {
            int256 weight = int256(uint256(seats[i].weight));
            if (seats[i].opened) balance += seats[i].unavailable ? -weight : weight;
        }
        return balance >= 0;
    }

    /// @dev The seats that are opened.
    function _openedOf(Ghost storage g) internal view returns (uint256 mask) {
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if (seats[i].opened) mask |= 1 << i;
        }
    }
}

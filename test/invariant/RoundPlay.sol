// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {SourceId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {RoundActions} from "./RoundActions.sol";
import {height, time, VM} from "./Vm.sol";

/// @title RoundPlay
/// @notice Whole rounds in one action: random ones rarely get to a verdict.
abstract contract RoundPlay is RoundActions {
    /// @dev Plays a round, a new one or one that runs, as far as chance has it; others find it where it stops.
    function round(uint256 seed) external step(seed) {
        for (uint256 i = _between(1, 2); i != 0; --i) _play();
    }

    function _play() private {
        (uint256 index, bool found) = _rarely(3) ? _find(_isOfRound) : (_newOrder(Verification.Quorum), true);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        if (g.state == TaskState.None) {
            if (!_rarely(8)) _convene(_sourceOf(g), _executionsOf(g) + 2);
            _submit(index);
        }
        if (_isUnseeded(g)) {
            VM.roll(height() + (_rarely(8) ? _between(250, 600) : _between(_rarely(6) ? 4 : 5, 8)));
            if (_rarely(3)) _captureSeed(index);
            if (_rarely(g.state == TaskState.Round ? 4 : 12)) _cancel(index);
        }
        if (_isSealing(g)) _fill(index);
        if (g.state != TaskState.Round || _rarely(12)) return;
        if (!_isSealed(g)) _waitUntil(uint256(g.deadline) + (_rarely(12) ? 0 : 1));
        _reveal(index);
        if (g.state == TaskState.Round && !_rarely(12)) _finish(index);
    }

    function _isOfRound(Ghost storage g) private view returns (bool) {
        return !g.disputed && (g.state == TaskState.Round || _isUnseeded(g));
    }

    /// @dev Makes a pool as large as a round needs it, if it can be.
    function _convene(uint256 source, uint256 members) internal {
        SourceId id = SourceId.wrap(uint32(source));
        uint256 first = _draw(PROVIDERS);
        for (uint256 i; i < PROVIDERS && members <= PROVIDERS; ++i) {
            if (pool.getMarket(id).members >= members) return;
            uint256 provider = ((first + i) % PROVIDERS) + 1;
            if (_places[provider][source].slots != 0) continue;
            _join(provider, source, _between(1, 3), 3, 8);
            if (!_rarely(8)) VM.warp(time() + 1);
        }
    }

    /// @dev Seats members, most times when all may sit and as many as are needed.
    function _fill(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        (uint256 from, uint256 until, ) = _windowOf(g);
        uint256 moment = _entryOf(g);
        if (_rarely(8)) --moment;
        else if (_rarely(5)) moment = _between(from, until);
        if (moment <= (g.disputed ? until : g.deadline)) _waitUntil(moment);
        if (_rarely(8)) _convene(_sourceOf(g), PROVIDERS);
        uint256 most = _rarely(4) ? _draw(3) : PROVIDERS;
        for (uint256 i; i < PROVIDERS + 4 && _isSealing(g); ++i) {
            if (_rounds[g.id].seats.length >= most) return;
            _takeSeat(index, _sitterFor(index));
            if (_rarely(8)) VM.warp(time() + _draw(5 minutes));
        }
    }

    /// @dev Opens all seats, or some, or none.
    function _reveal(uint256 index) private {
        Ghost storage g = _ghosts[index];
        uint256 way = _draw(12);
        uint256 count = _rounds[g.id].seats.length;
        for (uint256 i; i < count && way != 0; ++i) {
            if (way == 1 && _rarely(2)) continue;
            _openSeat(index, i);
            if (!_rounds[g.id].seats[i].opened && !_rarely(4)) _openSeat(index, i);
        }
        if (!_isDecided(g) && !_rarely(8)) _waitUntil(_openEnd(g) + (_rarely(12) ? 0 : 1));
        if (_rarely(8)) _openSeat(index, _someSeat(index));
    }

    /// @dev The client accepts, or all or some winners claim, or nobody does; then the clock ends it.
    function _finish(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        uint256 way = _draw(8);
        if (way < (g.disputed ? 4 : 2)) _acceptRound(index);
        uint256 count = _rounds[g.id].seats.length;
        for (uint256 i; i < count && way > 2 && g.state == TaskState.Round; ++i) {
            if (way < 6 && _rarely(2)) continue;
            _claimSeat(index, i);
            // Once more if it was refused, and at times if it was not.
            bool again = _rarely(4) == _rounds[g.id].seats[i].claimed;
            if (g.state == TaskState.Round && again) _claimSeat(index, i);
        }
        if (g.state != TaskState.Round) return;
        bool claims = _awaitsClaims(g);
        if (claims && !_rarely(8)) _waitUntil(_claimEnd(g) + (_rarely(12) ? 0 : 1));
        if (_rarely(claims ? 2 : 8)) _claimSeat(index, _someSeat(index));
        _settleRound(index);
    }
}

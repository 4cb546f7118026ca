// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {PanelActions} from "./PanelActions.sol";
import {height, time, VM} from "./Vm.sol";

/// @title PanelPlay
/// @notice Whole disputes in one action: random ones rarely get to a verdict.
abstract contract PanelPlay is PanelActions {
    /// @dev Plays a dispute, a new one or one that runs, as far as chance has it; others find it where it stops.
    function panel(uint256 seed) external step(seed) {
        for (uint256 i = _between(1, 3); i != 0; --i) _playPanel();
    }

    function _playPanel() private {
        (uint256 index, bool found) = _rarely(3) ? _find(_isOfPanel) : (_newOrder(Verification.Review, true), true);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        if (g.state == TaskState.None) {
            if (!_rarely(8)) _convene(_sourceOf(g), _seatsFor(g) + 2);
            _submit(index);
        }
        if (g.state == TaskState.Open && !_rarely(4)) _endow(g);
        _work(index);
        if (g.state == TaskState.Disclosed) _complain(index);
        if (!_isPanel(g)) return;
        _intrude(index);
        if (_disputes[g.id].judged) _answer(index);
        if (_isUnseeded(g)) {
            VM.roll(height() + (_rarely(8) ? _between(250, 600) : _between(_rarely(6) ? 4 : 5, 8)));
            if (_rarely(3)) _captureSeed(index);
        }
        if (_rarely(6)) _captureSeed(index);
        if (_isSealing(g)) {
            if (!_rarely(4)) _endow(g);
            if (_rarely(6)) _takeSeat(index, g.provider);
            _fill(index);
        }
        if (_rarely(12)) return;
        if (!_isSealed(g)) _waitUntil(_roundEnd(g) + (_rarely(12) ? 0 : 1));
        if (!_disputes[g.id].judged) _answer(index);
        _vote(index);
        if (_isPanel(g) && !_rarely(12)) _finish(index);
    }

    function _isOfPanel(Ghost storage g) private view returns (bool) {
        return _isPanel(g) || _isDisputable(g);
    }

    /// @dev What comes too early, or is meant for other rounds.
    function _intrude(uint256 index) private {
        if (_rarely(6)) _takeSeat(index, _sitterFor(index));
        if (_rarely(6)) _openSeat(index, _someSeat(index));
        if (_rarely(6)) _openVote(index, _someSeat(index));
    }

    /// @dev Members stake what a panel may ask for, where they lack it.
    function _endow(Ghost storage g) private {
        uint256 amount = 2 * uint256(g.order.bond);
        for (uint256 i = 1; i <= PROVIDERS; ++i) {
            bool lacks = pool.getProvider(ProviderId.wrap(uint32(i))).free < g.order.bond;
            if (lacks && _isMember(i, g.order.source)) _stake(i, ownerOf(i), amount, amount);
        }
    }

    /// @dev Some provider answers a task, and most times in time.
    function _work(uint256 index) private {
        Ghost storage g = _ghosts[index];
        if (g.state == TaskState.Open && _rarely(4)) _cancel(index);
        for (uint256 i; i < 2 && g.state == TaskState.Open; ++i) {
            if (g.order.reservation == 0) _deliver(index, _workerFor(index));
            else _reserve(index, _workerFor(index));
        }
        for (uint256 i; i < 2 && g.state == TaskState.Reserved; ++i) {
            if (_rarely(2)) _deliver(index, _holderOf(index));
            else _deliverAndDisclose(index, _holderOf(index));
        }
        for (uint256 i; i < 2 && g.state == TaskState.Delivered; ++i) _disclose(index);
    }

    /// @dev The client disputes, at times in the last second for it or just behind it.
    function _complain(uint256 index) private {
        Ghost storage g = _ghosts[index];
        if (_rarely(6)) _waitUntil(_reviewEnd(g) + _draw(2));
        _dispute(index);
        if (g.state == TaskState.Disclosed) _dispute(index);
    }

    /// @dev The provider opens its delivery or lets its time pass.
    function _answer(uint256 index) private {
        Ghost storage g = _ghosts[index];
        bool silent = _rarely(8);
        if (_rarely(3)) VM.warp(time() + _draw(_windows.openProvider));
        for (uint256 i; i < 2 && _isAnswering(g) && !silent; ++i) _openDelivery(index);
        if (_rarely(6)) _openDelivery(index);
        if (!_isAnswering(g) || _rarely(16)) return;
        _waitUntil(_roundEnd(g) + (_rarely(12) ? 0 : 1));
        if (_rarely(8)) _openDelivery(index);
    }

    /// @dev Opens all seats, or some, or none.
    function _vote(uint256 index) private {
        Ghost storage g = _ghosts[index];
        uint256 way = _draw(24);
        uint256 count = _rounds[g.id].seats.length;
        for (uint256 i; i < count && way != 0; ++i) {
            if ((way < 7 || count == 1) && _rarely(2)) continue;
            _openVote(index, i);
            if (!_rounds[g.id].seats[i].opened && !_rarely(4)) _openVote(index, i);
        }
        if (!_isDecided(g) && !_rarely(8)) _waitUntil(_openEnd(g) + (_rarely(12) ? 0 : 1));
        if (_rarely(8)) _openVote(index, _someSeat(index));
    }
}

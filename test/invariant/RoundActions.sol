// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Seal} from "../../contracts/libraries/Seal.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {StakeActions} from "./StakeActions.sol";
import {height, time, VM} from "./Vm.sol";

/// @title RoundActions
/// @notice Seeds, seats, openings and claims, and blocks, without which there is no seed.
abstract contract RoundActions is StakeActions {
    function mine(uint256 seed) external step(seed) {
        VM.roll(height() + (_rarely(4) ? _between(250, 600) : _between(1, 8)));
    }

    function captureSeed(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(4) ? _isTakeable : _isUnseeded);
        if (found) _captureSeed(index);
    }

    function takeSeat(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(6) ? _isJudging : _isSealing);
        if (found) _takeSeat(index, _sitterFor(index));
    }

    function openSeat(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(6) ? _isJudging : _isOpening);
        if (found) _openSeat(index, _someSeat(index));
    }

    function claimSeat(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _find(_rarely(6) ? _isJudging : _isClaiming);
        if (found) _claimSeat(index, _someSeat(index));
    }

    // ------------------------------------------------------------------------------------------- seed and seats

    function _captureSeed(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        bool may = _isUnseeded(g) && (g.disputed || time() <= g.deadline) && _isSeedReady(g);
        bool done = _call(STRANGER, 0, address(taskManager), abi.encodeCall(ITaskManager.captureSeed, (g.id)));
        if (may) _seedNow(g);
        _compareTask(index, ITaskManager.captureSeed.selector, from, may, done);
    }

    function _takeSeat(uint256 index, uint256 provider) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        Seat memory seat = _draftSeat(g, provider);
        address key = _rarely(32) ? g.order.client : _keyOf(provider);
        bool may = seat.seal != 0 && _maySit(g, provider, key, seat.weight);
        bytes memory data = abi.encodeCall(
            ITaskManager.takeSeat,
            (g.packed, ProviderId.wrap(seat.provider), seat.weight, seat.seal)
        );
        bool done = _call(key, 0, address(taskManager), data);
        if (may) {
            if (!_rounds[g.id].seeded) _seedNow(g);
            seat.lock = _lockOf(g, seat.weight);
            _rounds[g.id].seats.push(seat);
            if (_isEnough(g)) _close(g);
        }
        _compareTask(index, ITaskManager.takeSeat.selector, from, may, done);
    }

    function _seedNow(Ghost storage g) private {
        (_rounds[g.id].seed, _rounds[g.id].seeded) = (_seedOf(g), true);
        g.state = TaskState.Round;
    }

    /// @dev Ends sealing early.
    function _close(Ghost storage g) private {
        if (g.disputed) {
            _disputes[g.id].closedAt = time();
            return;
        }
        _exitMarket(g);
        (g.opened, g.clearedAt) = (true, uint40(time()));
    }

    /// @dev A result, most times the right one, and its seal; rarely one that differs in what no chain remembers.
    function _draftSeat(Ghost storage g, uint256 provider) private returns (Seat memory seat) {
        seat.provider = uint32(provider);
        seat.weight = uint8(_drawWeight(provider));
        seat.digest = _disputes[g.id].judged ? _drawJudgement(g) : _drawDigest();
        seat.salt = bytes32(_draw(type(uint256).max));
        seat.envelope = new bytes(_rarely(16) ? 513 : _draw(513));
        if (seat.envelope.length != 0) seat.envelope[0] = bytes1(uint8(_draw(256)));
        if (!_rarely(16)) seat.seal = _sealOf(g, seat, seat.digest, seat.salt, keccak256(seat.envelope));
    }

    function _drawDigest() private returns (bytes32 digest) {
        digest = _rarely(6) ? bytes32(_between(1, 2) << 128) : bytes32("result");
        if (_rarely(8)) digest |= bytes32(_draw(1 << 64));
    }

    /// @dev What a judge says of a delivery, rarely nothing that it could say.
    function _drawJudgement(Ghost storage g) private returns (bytes32) {
        if (_rarely(8)) return VALID ^ bytes32(_draw(2));
        bool valid = _openings[g.id].digest == bytes32("result") && !_isGarbled(g);
        return valid != _rarely(8) ? VALID : INVALID;
    }

    function _drawWeight(uint256 provider) private returns (uint256) {
        uint256 limit = _weightLimit(provider);
        if (_rarely(12)) return _rarely(2) ? 1 : limit + 1;
        return _rarely(2) ? 2 : _between(2, limit);
    }

    function _sealOf(
        Ghost storage g,
        Seat memory seat,
        bytes32 digest,
        bytes32 salt,
        bytes32 envelopeHash
    ) private view returns (bytes32) {
        return Seal.hash(g.id, ProviderId.wrap(seat.provider), Seal.commitment(digest, salt), envelopeHash);
    }

    /// @dev A member, most times, that does not sit yet.
    function _sitterFor(uint256 index) internal returns (uint256 provider) {
        Ghost storage g = _ghosts[index];
        uint256 first = _draw(PROVIDERS);
        if (_rarely(8)) return first + 1;
        for (uint256 i; i < PROVIDERS; ++i) {
            provider = ((first + i) % PROVIDERS) + 1;
            bool free = provider != g.provider && !_isSeated(g, provider);
            if (free && _isMember(provider, g.order.source)) return provider;
        }
    }

    /// @dev A seat that is taken, most times, if there is any.
    function _someSeat(uint256 index) internal returns (uint256) {
        uint256 count = _rounds[_ghosts[index].id].seats.length;
        return _draw(count == 0 || _rarely(16) ? count + 1 : count);
    }

    // ------------------------------------------------------------------------------------------- openings and claims

    /// @dev Opens a seat, rarely with a word that is not what was sealed.
    function _openSeat(uint256 index, uint256 number) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        Seat[] storage seats = _rounds[g.id].seats;
        bool taken = number < seats.length;
        Seat memory seat;
        if (taken) seat = seats[number];
        bytes32[3] memory words = [seat.digest, seat.salt, keccak256(seat.envelope)];
        bool same = !_rarely(8);
        if (!same) words[_draw(3)] ^= bytes32(1 << _draw(256));
        bool may = _isOpening(g) && taken && !seat.opened && same;
        bytes memory data = abi.encodeCall(ITaskManager.openSeat, (g.id, number, words[0], words[1], words[2]));
        bool done = _call(STRANGER, 0, address(taskManager), data);
        _must(8, same || !done);
        if (may) seats[number].opened = true;
        _compareTask(index, ITaskManager.openSeat.selector, from, may, done);
    }

    /// @dev Claims a seat, rarely with another envelope.
    function _claimSeat(uint256 index, uint256 number) internal {
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        Seat[] storage seats = _rounds[g.id].seats;
        (uint256 winners, ) = _verdictOf(g);
        bytes memory envelope;
        bool may = _isClaiming(g) && (winners >> number) & 1 == 1;
        if (number < seats.length) {
            envelope = seats[number].envelope;
            may = may && !seats[number].claimed && envelope.length <= 512;
        }
        bool same = !_rarely(8);
        if (!same) envelope = bytes.concat(envelope, bytes1(0));
        may = may && same;
        bytes memory data = abi.encodeCall(ITaskManager.claimSeat, (g.packed, number, envelope));
        if (may) seats[number].claimed = true;
        bool done = _callRound(index, STRANGER, data, may && _claimedOf(g) == winners, winners);
        _must(8, same || !done);
        _compareTask(index, ITaskManager.claimSeat.selector, from, may, done);
    }
}

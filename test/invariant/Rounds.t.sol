// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Credibility} from "../../contracts/libraries/Credibility.sol";
import {ProviderId, TaskId} from "../../contracts/types/Ids.sol";
import {RoundView} from "../../contracts/types/Round.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";
import {VM} from "./Vm.sol";

/// @title RoundsTest
/// @notice Seats of rounds, their money, and what is left of them.
contract RoundsTest is Campaign("rounds") {
    /// @dev Where TaskManager keeps its rounds. If that moves, the seats that are taken are not found there.
    uint256 private constant ROUNDS = 7;

    function invariant_I21_seatsAreOfDifferentMembersThatCoverThem() external view {
        uint256[] memory locks = new uint256[](_handler.PROVIDERS() + 1);
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            RoundView memory round = _handler.taskManager().getRound(ghost.id);
            uint256 sitting;
            for (uint256 j; j < round.seats.length; ++j) {
                uint256 provider = ProviderId.unwrap(round.seats[j].provider);
                uint256 weight = round.seats[j].weight;
                _must(provider != 0 && (sitting >> provider) & 1 == 0 && provider != ghost.provider, 21, i);
                _must(weight >= Credibility.MIN_WEIGHT && weight <= Credibility.MAX_WEIGHT, 21, i);
                sitting |= 1 << provider;
                uint256 unit = _handler.taskManager().WEIGHT_UNIT();
                locks[provider] += ghost.order.bond + (weight - Credibility.MIN_WEIGHT) * unit;
            }
            _must(round.seats.length <= _handler.mostSeatsOf(i), 21, i);
            _must(round.closedAt != 0 || round.seats.length < _handler.mostSeatsOf(i), 21, i);
        }
        for (uint256 i = 1; i < locks.length; ++i) {
            _must(_handler.pool().getProvider(ProviderId.wrap(uint32(i))).locked >= locks[i], 21, i);
        }
    }

    function invariant_I22_roundsPayWinnersAlikeFromWhatIsHeld() external view {
        Handler.Ending[] memory endings = _handler.endings();
        for (uint256 i; i < endings.length; ++i) {
            Handler.Ending memory e = endings[i];
            Handler.Ghost memory ghost = _handler.ghost(e.index);
            _must(e.held == ghost.order.maxReward * _handler.executionsOf(e.index), 22, e.index);
            _must(e.payment * e.winners + e.fees + e.royalties + e.tip + e.returned == e.held, 22, e.index);
            _must(e.winners <= _handler.executionsOf(e.index), 22, e.index);
            TaskState state = _handler.taskManager().getTask(ghost.id).state;
            _must(state == (e.winners == 0 ? TaskState.Refunded : TaskState.Settled), 22, e.index);
        }
        _mustNeverHaveBroken(22);
    }

    function invariant_I23_nothingIsLeftOfARound() external view {
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            uint256 seats = ghost.state == TaskState.Round ? _handler.seatsOf(i).length : 0;
            for (uint256 j; j <= _handler.mostSeatsOf(i); ++j) {
                _must((_seatSlot(_handler.taskManager(), ghost.id, j) != 0) == (j < seats), 23, i);
            }
        }
    }

    /// @dev The storage slot of a seat.
    function _seatSlot(ITaskManager manager, TaskId id, uint256 seat) private view returns (bytes32) {
        bytes32 round = keccak256(abi.encode(id, ROUNDS));
        return VM.load(address(manager), keccak256(abi.encode(seat, round)));
    }
}

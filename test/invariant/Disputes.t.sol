// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {DisputeOutcome} from "../../contracts/types/Dispute.sol";
import {TaskId} from "../../contracts/types/Ids.sol";
import {RoundView} from "../../contracts/types/Round.sol";
import {TaskState, TaskView} from "../../contracts/types/Task.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";
import {VM} from "./Vm.sol";

/// @title DisputesTest
/// @notice What disputes come to, and what is left of them.
contract DisputesTest is Campaign("disputes") {
    /// @dev Where TaskManager keeps seals and disputes. If they move, those that run are not found there.
    uint256 private constant SEALS = 6;
    uint256 private constant DISPUTES = 8;

    /// hardhat-config: invariant.runs = 16
    function invariant_I24_whoOpensWhatNobodyContradictsIsPaid() external view {
        Handler.Ruling[] memory rulings = _handler.rulings();
        for (uint256 i; i < rulings.length; ++i) {
            Handler.Ruling memory r = rulings[i];
            bool stands = r.outcome == DisputeOutcome.Standing || r.outcome == DisputeOutcome.Upheld;
            bool bonded = stands || r.outcome == DisputeOutcome.Undecided;
            _must((r.payment != 0) == stands, 24, r.index);
            _must(r.slashed == (bonded ? 0 : _handler.ghost(r.index).order.bond), 24, r.index);
        }
        _mustNeverHaveBroken(24);
    }

    /// hardhat-config: invariant.runs = 16
    function invariant_I25_wrongOrSilentLosesItsLockAndNobodyElse() external view {
        _mustNeverHaveBroken(25);
    }

    /// hardhat-config: invariant.runs = 16
    function invariant_I26_clientsPayOnceOrHaveTheirMoneyBack() external view {
        Handler.Ruling[] memory rulings = _handler.rulings();
        for (uint256 i; i < rulings.length; ++i) {
            Handler.Ruling memory r = rulings[i];
            TaskView memory task = _handler.taskManager().getTask(_handler.ghost(r.index).id);
            _must(task.state == (r.settled ? TaskState.Settled : TaskState.Refunded), 26, r.index);
            // A provider that was wrong pays all but the price of a valid result.
            if (r.slashed != 0) _must(r.cost == (r.settled ? r.price : 0), 26, r.index);
            _must(r.cost <= r.price * (1 + _handler.mostSeatsOf(r.index)), 26, r.index);
        }
        _mustNeverHaveBroken(26);
    }

    /// hardhat-config: invariant.runs = 16
    function invariant_I27_panelsArePaidFromWhatIsHeldAndLost() external view {
        Handler.Ruling[] memory rulings = _handler.rulings();
        for (uint256 i; i < rulings.length; ++i) {
            Handler.Ruling memory r = rulings[i];
            uint256 count;
            for (uint256 mask = r.paid; mask != 0; mask &= mask - 1) ++count;
            _must(r.payment + r.fee + r.royalty + count * r.each == r.cost + r.ofBond, 27, r.index);
            _must(r.ofBond <= r.slashed && r.cost <= r.held, 27, r.index);
            _must(count <= _handler.mostSeatsOf(r.index), 27, r.index);
        }
        _mustNeverHaveBroken(27);
    }

    /// hardhat-config: invariant.runs = 16
    function invariant_I28_nothingIsLeftOfADispute() external view {
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            bool runs = ghost.disputed && ghost.state == TaskState.Round;
            _must((_slot(ghost.id, DISPUTES) != 0) == runs, 28, i);
            if (ghost.disputed) _must((_slot(ghost.id, SEALS) != 0) == runs, 28, i);
            RoundView memory round = _handler.taskManager().getRound(ghost.id);
            _must((round.dispute.disputedAt != 0) == runs, 28, i);
        }
        _mustNeverHaveBroken(28);
    }

    /// @dev A storage slot of TaskManager that belongs to a task.
    function _slot(TaskId id, uint256 map) private view returns (bytes32) {
        return VM.load(address(_handler.taskManager()), keccak256(abi.encode(id, map)));
    }
}

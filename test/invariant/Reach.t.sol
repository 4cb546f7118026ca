// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {DisputeOutcome} from "../../contracts/types/Dispute.sol";
import {SeatOutcome} from "../../contracts/types/Round.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Handler} from "./Handler.sol";
import {deploy} from "./Vm.sol";

/// @title ReachTest
/// @notice That the actions of the campaigns do what they are for: a test that never gets anywhere finds nothing.
contract ReachTest {
    error NeverHappened(bytes4 action, TaskState from, TaskState to);
    error NeverSucceeded(bytes4 action);
    error NeverFailed(bytes4 action);
    error NeverRefused(bytes4 reason);
    error PricesStood(Handler.Motions motions);
    error NeverEnded(bool disputed, SeatOutcome outcome);
    error NeverRuled(bool judged, DisputeOutcome outcome);
    error NeverSeen(string what);
    error ModelDiffers(uint256 broken);
    error HandlerReverted(bytes4 action, uint256 seed);

    uint256 private constant STEPS = 8000;

    Handler private _handler;

    function setUp() external {
        _handler = Handler(deploy("Handler", abi.encode(bytes32("reach"))));
        _handler.begin();
    }

    function test_everyTransitionHappens() external {
        bytes4[] memory actions = _handler.selectors();
        for (uint256 i; i < STEPS; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            bytes4 action = actions[seed % actions.length];
            (bool success, ) = address(_handler).call(abi.encodeWithSelector(action, seed));
            require(success, HandlerReverted(action, seed));
            require(_handler.broken() == 0, ModelDiffers(_handler.broken()));
        }
        Handler.Transition[] memory transitions = _handler.transitions();
        for (uint256 i; i < transitions.length; ++i) {
            Handler.Transition memory t = transitions[i];
            require(_handler.happened(t.action, t.from, t.to) != 0, NeverHappened(t.action, t.from, t.to));
        }
        require(_handler.flows().overflows != 0, NeverSucceeded(IEscrow.settle.selector));
        bytes4[] memory refusals = _handler.refusals();
        for (uint256 i; i < refusals.length; ++i) {
            require(_handler.refused(refusals[i]) != 0, NeverRefused(refusals[i]));
        }
        Handler.Motions memory m = _handler.motions();
        require(m.rises != 0 && m.falls != 0 && m.clamped != 0 && m.lifts != 0, PricesStood(m));
        require(m.counted != 0 && m.uncounted != 0 && m.recounted != 0 && m.discounted != 0, PricesStood(m));
        for (uint256 i; i <= uint256(type(SeatOutcome).max); ++i) {
            _mustHaveEnded(false, SeatOutcome(i));
            // Who opens a vote before a panel that does not agree is paid for it.
            if (SeatOutcome(i) != SeatOutcome.Disputed) _mustHaveEnded(true, SeatOutcome(i));
        }
        for (uint256 i; i <= uint256(type(DisputeOutcome).max); ++i) {
            // Judges have no result of their own, and others call nothing invalid.
            if (DisputeOutcome(i) != DisputeOutcome.Rejected) _mustHaveRuled(false, DisputeOutcome(i));
            if (DisputeOutcome(i) != DisputeOutcome.Overturned) _mustHaveRuled(true, DisputeOutcome(i));
        }
        require(_handler.unreadable() != 0, NeverSeen("a right result that cannot be read"));
        require(_handler.unclaimed() != 0, NeverSeen("a verdict whose winners bring nothing"));
        require(_handler.alone() != 0, NeverSeen("a vote alone"));
        bytes4[] memory calls = _handler.calls();
        for (uint256 i; i < calls.length; ++i) {
            require(_handler.succeeded(calls[i]) != 0, NeverSucceeded(calls[i]));
            require(_handler.failed(calls[i]) != 0, NeverFailed(calls[i]));
        }
    }

    function _mustHaveEnded(bool disputed, SeatOutcome outcome) private view {
        require(_handler.outcomes(disputed, outcome) != 0, NeverEnded(disputed, outcome));
    }

    function _mustHaveRuled(bool judged, DisputeOutcome outcome) private view {
        require(_handler.ended(judged, outcome) != 0, NeverRuled(judged, outcome));
    }
}

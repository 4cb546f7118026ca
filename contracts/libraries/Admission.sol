// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ISourceRegistry} from "../interfaces/ISourceRegistry.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ENVIRONMENT_GPU} from "../types/Environment.sol";
import {TaskId} from "../types/Ids.sol";
import {Ledger, Limits, Offer} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {BoundedCall, CALL_GAS} from "./BoundedCall.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {Price} from "./Price.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Admission
/// @notice Decides whether an order may become a task, and what the task starts as.
library Admission {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Review bonds are at least this share of the cap: a junk seal always costs something.
    uint256 internal constant MIN_BOND_BPS = 1000;

    function offerOf(ISourceRegistry registry, PackedOrder calldata order) internal view returns (Offer memory offer) {
        (offer.floorPrice, offer.royaltyBps, offer.environments, offer.minGpuMemory, offer.deterministic) = registry
            .offerOf(order.source(), order.version(), order.verifier());
    }

    /// @dev The slot of a new Review or Proof task; reverts unless the order may be posted now. Who may post it is
    /// another question.
    function admit(
        Ledger storage ledger,
        Limits memory limits,
        PackedOrder calldata order,
        TaskId taskId,
        Offer memory offer
    ) internal view returns (TaskSlot task) {
        task = _admit(ledger, limits, order, taskId, offer, 1);
        uint256 cap = order.maxReward();
        _checkVerification(order, cap - Price.amountOf(task.startFraction(), cap));
    }

    /// @dev The same for a Quorum task that pays for up to `seats` executions.
    function admitRound(
        Ledger storage ledger,
        Limits memory limits,
        PackedOrder calldata order,
        TaskId taskId,
        Offer memory offer,
        uint256 seats
    ) internal view returns (TaskSlot task) {
        task = _admit(ledger, limits, order, taskId, offer, seats);
        require(
            order.reservation() == 0,
            ITaskManager.NotOffered(Verification.Quorum, order.trust(), order.reservation())
        );
        require(order.verifier() == address(0), ITaskManager.VerifierMismatch(Verification.Quorum, order.verifier()));
        require(offer.deterministic, ITaskManager.NotDeterministic(order.source(), order.version()));
        require(order.clientKey != 0, ITaskManager.ZeroClientKey());
        // Who sabotages a round must stand to lose more than an honest execution costs.
        require(order.bond() >= order.maxReward(), ITaskManager.BondTooLow(order.bond(), order.maxReward()));
    }

    function _admit(
        Ledger storage ledger,
        Limits memory limits,
        PackedOrder calldata order,
        TaskId taskId,
        Offer memory offer,
        uint256 executions
    ) private view returns (TaskSlot) {
        Guard.requireState(taskId, ledger.tasks[taskId], TaskState.None);
        uint256 fee = ledger.parameters.feeBps;
        require(!ledger.parameters.paused, ITaskManager.SubmissionsPaused());
        require(order.isCanonical(), ITaskManager.MalformedOrder(taskId));
        require(order.inputDigest != 0, ITaskManager.ZeroInputDigest());
        _checkClocks(order, limits);
        _checkHardware(order, offer);
        require(fee <= order.maxFeeBps(), ITaskManager.FeeAboveOrder(fee, order.maxFeeBps()));
        require(
            offer.royaltyBps <= order.maxRoyaltyBps(),
            ITaskManager.RoyaltyAboveOrder(offer.royaltyBps, order.maxRoyaltyBps())
        );

        uint256 cap = order.maxReward();
        require(cap >= offer.floorPrice, ITaskManager.CapBelowFloor(cap, offer.floorPrice));
        uint256 held = cap * executions;
        require(held <= limits.maxRound, ITaskManager.CapAboveMaximum(held, limits.maxRound));
        return
            TaskSlotLib.open(
                block.timestamp,
                order.deadline(),
                order.rampDuration(),
                Price.fractionOf(offer.marketPrice, cap),
                fee,
                offer.royaltyBps,
                cap >= offer.marketPrice ? TaskSlotLib.COUNTED : 0
            );
    }

    /// @dev Reverts unless the client signed the order, by ECDSA or by ERC-1271, and has not revoked it.
    function checkSignature(
        Ledger storage ledger,
        PackedOrder calldata order,
        TaskId taskId,
        bytes calldata signature
    ) internal view {
        address client = order.client();
        uint256 floor = ledger.nonceFloors[client];
        require(order.nonce() >= floor, ITaskManager.NonceRevoked(taskId, order.nonce(), floor));
        (address signer, ECDSA.RecoverError fault, ) = ECDSA.tryRecover(TaskId.unwrap(taskId), signature);
        if (fault == ECDSA.RecoverError.NoError && signer == client) return;
        bytes32 answer = BoundedCall.staticWord(
            client,
            CALL_GAS,
            abi.encodeCall(IERC1271.isValidSignature, (TaskId.unwrap(taskId), signature))
        );
        require(answer == bytes32(IERC1271.isValidSignature.selector), ITaskManager.InvalidSignature(taskId, client));
    }

    function _checkClocks(PackedOrder calldata order, Limits memory limits) private view {
        uint256 deadline = order.deadline();
        Guard.requireNotAfter(deadline);
        uint256 latest = block.timestamp + limits.maxLifetime;
        require(deadline <= latest, ITaskManager.DeadlineTooFar(deadline, latest));
        // Else nobody could ever reserve it.
        uint256 end = block.timestamp + order.reservation();
        require(end <= deadline, ITaskManager.ReservationPastDeadline(end, deadline));
        uint256 reviewPeriod = order.reviewPeriod();
        require(reviewPeriod <= limits.maxReview, ITaskManager.ReviewTooLong(reviewPeriod, limits.maxReview));
    }

    function _checkHardware(PackedOrder calldata order, Offer memory offer) private pure {
        uint8 environments = order.environments();
        require(
            environments != 0 && environments & ~offer.environments == 0,
            ITaskManager.EnvironmentsNotOffered(environments, offer.environments)
        );
        require(
            environments & ENVIRONMENT_GPU == 0 || order.minGpuMemory() >= offer.minGpuMemory,
            ITaskManager.GpuMemoryBelowTerms(order.minGpuMemory(), offer.minGpuMemory)
        );
    }

    /// @dev `climb` is the way from the start price to the cap, wei.
    function _checkVerification(PackedOrder calldata order, uint256 climb) private pure {
        Verification verification = order.verification();
        address verifier = order.verifier();
        require(
            verification == Verification.Review || (order.trust() == 0 && order.reservation() == 0),
            ITaskManager.NotOffered(verification, order.trust(), order.reservation())
        );
        require(
            (verification == Verification.Proof) == (verifier != address(0)),
            ITaskManager.VerifierMismatch(verification, verifier)
        );
        if (verification != Verification.Review) return;
        require(order.clientKey != 0, ITaskManager.ZeroClientKey());
        // A lapse takes at least the climb: to hold a task back never costs less than its price could still rise.
        uint256 minimum = Math.max(Price.share(order.maxReward(), MIN_BOND_BPS), climb);
        require(order.bond() >= minimum, ITaskManager.BondTooLow(order.bond(), minimum));
    }
}

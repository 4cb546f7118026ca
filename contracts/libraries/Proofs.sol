// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IProviderPool} from "../interfaces/IProviderPool.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {IVerifier} from "../interfaces/IVerifier.sol";
import {ProviderId, TaskId} from "../types/Ids.sol";
import {Ledger, Limits, Offer} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {TaskSlot} from "../types/Task.sol";
import {Admission} from "./Admission.sol";
import {BoundedCall, CALL_GAS} from "./BoundedCall.sol";
import {OrderLib} from "./OrderLib.sol";
import {Sales} from "./Sales.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Proofs
/// @notice Checks who answers a task and, for Proof tasks, what the verifier says.
library Proofs {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Reverts if the order asks for a better score.
    function checkScore(IReputation reputation, PackedOrder calldata order, ProviderId provider) internal view {
        uint256 minimum = order.minScore();
        if (minimum == 0) return;
        uint256 score = reputation.scoreOf(provider);
        require(score >= minimum, ITaskManager.ScoreTooLow(provider, score, minimum));
    }

    /// @dev Payout account of a provider for which the caller may answer the order now.
    function vet(IProviderPool pool, PackedOrder calldata order, ProviderId provider) internal view returns (address) {
        return pool.vet(provider, msg.sender, order.source(), order.environments(), order.minGpuMemory(), order.bond());
    }

    /// @dev Reverts unless the order's verifier answers yes.
    function check(
        PackedOrder calldata order,
        TaskId taskId,
        ProviderId provider,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bytes calldata proof
    ) internal view {
        IVerifier.Claim memory claim = IVerifier.Claim({
            taskId: taskId,
            provider: provider,
            source: order.source(),
            version: order.version(),
            inputDigest: order.inputDigest,
            resultDigest: resultDigest,
            envelopeHash: envelopeHash,
            bond: order.bond()
        });
        address verifier = order.verifier();
        bytes32 answer = BoundedCall.staticWord(verifier, CALL_GAS, abi.encodeCall(IVerifier.verify, (claim, proof)));
        require(answer == bytes32(IVerifier.verify.selector), ITaskManager.ProofRejected(taskId, verifier));
    }

    /// @dev The slot of a task posted by a signed order and answered in the same moment; not stored or paid yet.
    function postAndProve(
        Ledger storage ledger,
        IReputation reputation,
        Limits memory limits,
        ITaskManager.SignedProof calldata signedProof,
        TaskId taskId,
        ProviderId provider,
        Offer memory offer
    ) internal returns (TaskSlot task) {
        PackedOrder calldata order = signedProof.order;
        task = Admission.admit(ledger, limits, order, taskId, offer);
        Verification verification = order.verification();
        require(verification == Verification.Proof, ITaskManager.WrongVerification(taskId, verification));
        Admission.checkSignature(ledger, order, taskId, signedProof.signature);
        checkScore(reputation, order, provider);
        bytes32 resultDigest = signedProof.resultDigest;
        bytes32 envelopeHash = signedProof.envelopeHash;
        check(order, taskId, provider, resultDigest, envelopeHash, signedProof.proof);
        uint256 startPrice = Sales.startPriceOf(order, task);
        emit ITaskManager.TaskSubmitted(taskId, order.source(), order.client(), order, startPrice);
        emit ITaskManager.TaskProven(taskId, resultDigest, envelopeHash);
        task = task.withProvider(provider).withClearedAt(block.timestamp);
    }
}

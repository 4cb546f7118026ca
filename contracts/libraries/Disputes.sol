// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IProviderPool} from "../interfaces/IProviderPool.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {DisputeSlot} from "../types/Dispute.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger, Limits, RoundRules} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {Round} from "../types/Round.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Credibility} from "./Credibility.sol";
import {DisputeSlotLib} from "./DisputeSlotLib.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {RoundLib} from "./RoundLib.sol";
import {Sales} from "./Sales.sol";
import {Seal} from "./Seal.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Disputes
/// @notice Disputes of Review tasks up to the verdict: what an order must bring for one, its beginning, the provider's opening,
/// the panel's votes. Linked: its code runs on TaskManager's storage.
library Disputes {
    using DisputeSlotLib for DisputeSlot;
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev What a panel of judges seals and opens instead of a result of its own.
    bytes32 internal constant VALID = keccak256("valid");
    bytes32 internal constant INVALID = keccak256("invalid");

    /// @dev Reverts unless the order can have a panel.
    function requirePanel(address providerPool, Limits memory limits, PackedOrder calldata order) external view {
        // What else asks for trust is refused with all that is not offered.
        if (order.rawVerification() != uint8(Verification.Review)) return;
        uint256 trust = order.trust();
        require(
            trust >= Credibility.MIN_TRUST && trust <= Credibility.MAX_TRUST,
            ITaskManager.TrustOutOfBounds(trust, Credibility.MIN_TRUST, Credibility.MAX_TRUST)
        );
        uint256 seats = Credibility.seatsOf(trust);
        uint256 fee = seats * order.maxReward();
        require(fee <= limits.maxRound, ITaskManager.CapAboveMaximum(fee, limits.maxRound));
        // A provider that is wrong pays the panel.
        require(order.bond() >= fee, ITaskManager.BondTooLow(order.bond(), fee));
        IProviderPool(providerPool).capacityFor(order.source(), seats);
    }

    /// @dev See ITaskManager.dispute; window lengths in seconds.
    /// @return fee What the panel may cost, wei, which the client's balance has to hold.
    function dispute(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        uint256 seedWindow,
        uint256 panelMin
    ) external returns (uint256 fee) {
        TaskSlot task = ledger.tasks[taskId];
        address client = order.client();
        Guard.requireClientOrAgent(ledger, taskId, client);
        Guard.requireState(taskId, task, TaskState.Disclosed);
        uint256 trust = order.trust();
        require(trust != 0, ITaskManager.NoPanel(taskId));
        uint256 end = uint256(task.markedAt()) + order.reviewPeriod();
        require(block.timestamp <= end, ITaskManager.ReviewOver(taskId, end, block.timestamp));

        SourceId source = order.source();
        bool judged = !leaves.sourceRegistry.getVersion(source, order.version()).deterministic;
        // As long as the provider had, whether or not a cancellation brought its deadline forward.
        uint256 window = seedWindow + Math.max(panelMin, order.deadline() - task.openedAt());
        ledger.disputes[taskId] = DisputeSlotLib.begin(
            block.timestamp,
            block.number,
            leaves.providerPool.capacityFor(source, 0),
            window,
            judged
        );
        ledger.tasks[taskId] = task.withState(TaskState.Round).withFlag(TaskSlotLib.DISPUTED);
        fee = Credibility.seatsOf(trust) * Sales.priceOf(order, task);
        emit ITaskManager.TaskDisputed(taskId, task.provider(), client, fee, judged);
    }

    /// @dev See ITaskManager.openDelivery.
    function openDelivery(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        PackedOrder calldata order,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bytes32 secret
    ) external {
        (TaskSlot task, DisputeSlot found) = _load(ledger, taskId);
        ProviderId provider = task.provider();
        _requireAuthorised(leaves, provider);
        require(found.revealedAt() == 0, ITaskManager.DeliveryAlreadyOpened(taskId));
        uint256 end = _revealFrom(taskId, found) + rules.revealWindow;
        require(block.timestamp <= end, ITaskManager.OpeningTooLate(taskId, end, block.timestamp));
        bytes32 seal = ledger.seals[taskId];
        bytes32 opened = Seal.hash(taskId, provider, Seal.commitment(resultDigest, salt), envelopeHash);
        require(seal == opened, ITaskManager.SealMismatch(taskId, seal, opened));

        ledger.disputes[taskId] = found.withRevealed(block.timestamp);
        ledger.seals[taskId] = resultDigest;
        emit ITaskManager.DeliveryOpened(taskId, provider, order.client(), resultDigest, salt, envelopeHash, secret);
    }

    /// @dev See ITaskManager.openVote.
    function openVote(
        Ledger storage ledger,
        Leaves memory leaves,
        RoundRules memory rules,
        TaskId taskId,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bool available
    ) external {
        (, DisputeSlot found) = _load(ledger, taskId);
        uint256 end = votesFrom(taskId, found, rules.revealWindow) + rules.openWindow;
        require(block.timestamp <= end, ITaskManager.OpeningTooLate(taskId, end, block.timestamp));
        require(
            !found.isJudged() || resultDigest == VALID || resultDigest == INVALID,
            ITaskManager.NoJudgement(taskId, resultDigest)
        );
        Round storage round = ledger.rounds[taskId];
        ProviderId provider = RoundLib.open(round, taskId, seat, resultDigest, salt, envelopeHash);
        // The report is not sealed: whoever saw the opening could send it with the opposite.
        _requireAuthorised(leaves, provider);
        if (!available) RoundLib.reportUnavailable(round, seat);
        emit ITaskManager.VoteOpened(taskId, provider, seat, resultDigest, envelopeHash, available);
    }

    /// @dev Since when votes may be opened, unix seconds; reverts before.
    function votesFrom(TaskId taskId, DisputeSlot found, uint256 revealWindow) internal view returns (uint256 from) {
        uint256 revealedAt = found.revealedAt();
        if (found.isJudged()) {
            require(revealedAt != 0, ITaskManager.DeliveryNotOpened(taskId));
            return _sealedAt(taskId, found);
        }
        if (revealedAt != 0) return revealedAt;
        from = _sealedAt(taskId, found) + revealWindow;
        Guard.requireAfter(taskId, from);
    }

    /// @dev Since when the provider may open its delivery, unix seconds; reverts before.
    function _revealFrom(TaskId taskId, DisputeSlot found) private view returns (uint256) {
        return found.isJudged() ? found.disputedAt() : _sealedAt(taskId, found);
    }

    /// @dev When sealing ended, unix seconds; reverts as long as it goes on.
    function _sealedAt(TaskId taskId, DisputeSlot found) private view returns (uint256 end) {
        end = found.closedAt();
        if (end != 0) return end;
        end = found.sealingUntil();
        Guard.requireAfter(taskId, end);
    }

    function _load(Ledger storage ledger, TaskId taskId) private view returns (TaskSlot task, DisputeSlot found) {
        task = ledger.tasks[taskId];
        Guard.requireState(taskId, task, TaskState.Round);
        require(task.has(TaskSlotLib.DISPUTED), ITaskManager.NotDisputed(taskId));
        found = ledger.disputes[taskId];
    }

    function _requireAuthorised(Leaves memory leaves, ProviderId provider) private view {
        require(leaves.providerPool.isAuthorised(provider, msg.sender), ITaskManager.NotAgent(provider, msg.sender));
    }
}

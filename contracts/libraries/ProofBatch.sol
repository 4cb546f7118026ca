// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";
import {Leaves, Ledger, Limits, Offer, Sale} from "../types/Ledger.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Admission} from "./Admission.sol";
import {OrderLib} from "./OrderLib.sol";
import {Proofs} from "./Proofs.sol";
import {Sales} from "./Sales.sol";
import {Settlement} from "./Settlement.sol";
import {Takes} from "./Takes.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";
import {TypedData} from "./TypedData.sol";

/// @title ProofBatch
/// @notice Answers a posted Proof task, or posts and answers many signed orders at once. Linked: its code runs on
/// TaskManager's storage.
library ProofBatch {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Sums of a batch; the counts are how far the arrays are filled.
    struct Netting {
        IEscrow.Entry[] debits;
        IEscrow.Entry[] credits;
        IReputation.ClientFee[] clients;
        uint256 debitCount;
        uint256 creditCount;
        uint256 fees;
        uint256 payments;
        /// What registry and pool said of the last order.
        Offer offer;
        address payout;
        address publisher;
    }

    /// @dev See ITaskManager.prove.
    function prove(
        Ledger storage ledger,
        Leaves memory leaves,
        TaskId taskId,
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bytes calldata proof
    ) external {
        TaskSlot task = ledger.tasks[taskId];
        Takes.requireTakeable(ledger, leaves.reputation, order, taskId, task, provider, Verification.Proof);
        address payout = Proofs.vet(leaves.providerPool, order, provider);
        Proofs.check(order, taskId, provider, resultDigest, envelopeHash, proof);
        if (task.has(TaskSlotLib.COUNTED)) leaves.providerPool.close(order.source(), 1);
        emit ITaskManager.TaskProven(taskId, resultDigest, envelopeHash);
        Settlement.settle(
            ledger,
            leaves.escrow,
            leaves.sourceRegistry,
            leaves.reputation,
            order,
            taskId,
            task.withProvider(provider).withClearedAt(block.timestamp),
            payout,
            order.maxReward()
        );
    }

    /// @dev See ITaskManager.proveBatch.
    function proveBatch(
        Ledger storage ledger,
        Leaves memory leaves,
        Limits memory limits,
        bytes32 domainSeparator,
        ProviderId provider,
        ITaskManager.SignedProof[] calldata signedProofs
    ) external {
        uint256 count = signedProofs.length;
        require(count != 0, ITaskManager.EmptyBatch());
        Netting memory net;
        net.debits = new IEscrow.Entry[](count);
        // Publishers, provider and protocol.
        net.credits = new IEscrow.Entry[](count + 2);
        net.clients = new IReputation.ClientFee[](count);

        for (uint256 i; i < count; ++i) {
            ITaskManager.SignedProof calldata signedProof = signedProofs[i];
            PackedOrder calldata order = signedProof.order;
            // Signatures and proofs are checked by static calls, so what registry and pool said still holds.
            if (i == 0 || !order.sameService(signedProofs[i - 1].order)) {
                net.offer = Admission.offerOf(leaves.sourceRegistry, order);
                net.offer.marketPrice = leaves.providerPool.priceOf(order.source(), net.offer.floorPrice);
                net.payout = Proofs.vet(leaves.providerPool, order, provider);
                net.publisher = leaves.sourceRegistry.ownerOf(SourceId.unwrap(order.source()));
            }
            TaskId taskId = TypedData.taskIdOf(domainSeparator, order);
            TaskSlot task = Proofs.postAndProve(
                ledger,
                leaves.reputation,
                limits,
                signedProof,
                taskId,
                provider,
                net.offer
            );
            ledger.tasks[taskId] = task.withState(TaskState.Settled);
            Sale memory sale = Sales.saleOf(order, task);
            if (sale.royalty != 0) sale.publisher = net.publisher;
            _net(net, order.client(), sale);
            emit ITaskManager.TaskSettled(
                taskId,
                provider,
                order.client(),
                sale.publisher,
                sale.price,
                sale.fee,
                sale.royalty
            );
        }

        net.credits[net.creditCount++] = IEscrow.Entry(net.payout, net.payments);
        net.credits[net.creditCount++] = IEscrow.Entry(address(this), net.fees);
        IEscrow.Entry[] memory debits = net.debits;
        IEscrow.Entry[] memory credits = net.credits;
        IReputation.ClientFee[] memory clients = net.clients;
        (uint256 debitCount, uint256 creditCount) = (net.debitCount, net.creditCount);
        assembly ("memory-safe") {
            // Each array is at least as long as what it is cut to.
            mstore(debits, debitCount)
            mstore(clients, debitCount)
            mstore(credits, creditCount)
        }
        leaves.escrow.settleBatch(debits, credits);
        leaves.reputation.recordSettlements(provider, clients, count, net.payments);
    }

    /// @dev Adds one sale. Neighbours of the same client or publisher share an entry, and the largest fee of a client
    /// stands for the score: one by one, a provider would settle that task first.
    function _net(Netting memory net, address client, Sale memory sale) private pure {
        uint256 last = net.debitCount;
        if (last != 0 && net.debits[last - 1].account == client) {
            net.debits[last - 1].amount += sale.price;
            if (sale.fee > net.clients[last - 1].fee) net.clients[last - 1].fee = sale.fee;
        } else {
            net.debits[last] = IEscrow.Entry(client, sale.price);
            net.clients[last] = IReputation.ClientFee(client, sale.fee);
            net.debitCount = last + 1;
        }
        last = net.creditCount;
        if (last != 0 && net.credits[last - 1].account == sale.publisher) {
            net.credits[last - 1].amount += sale.royalty;
        } else {
            net.credits[last] = IEscrow.Entry(sale.publisher, sale.royalty);
            net.creditCount = last + 1;
        }
        net.fees += sale.fee;
        net.payments += Sales.paymentOf(sale);
    }
}

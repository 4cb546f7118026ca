// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {ISourceRegistry} from "../interfaces/ISourceRegistry.sol";
import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";
import {Ledger, Sale} from "../types/Ledger.sol";
import {PackedOrder} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {OrderLib} from "./OrderLib.sol";
import {Sales} from "./Sales.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Settlement
/// @notice Pays a task that one provider has answered.
library Settlement {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Pays the provider named in `task` the price fixed in it. `held` is what the client's held balance gives
    /// up; with none, the client pays from its free balance.
    function settle(
        Ledger storage ledger,
        IEscrow escrow,
        ISourceRegistry registry,
        IReputation reputation,
        PackedOrder calldata order,
        TaskId taskId,
        TaskSlot task,
        address payout,
        uint256 held
    ) internal {
        ledger.tasks[taskId] = task.withState(TaskState.Settled);
        address client = order.client();
        ProviderId provider = task.provider();
        Sale memory sale = Sales.saleOf(order, task);
        if (sale.royalty != 0) sale.publisher = registry.ownerOf(SourceId.unwrap(order.source()));
        uint256 payment = Sales.paymentOf(sale);
        escrow.settle(client, held, payout, payment, sale.publisher, sale.royalty, sale.fee);
        reputation.recordSettlement(provider, client, sale.fee, payment);
        emit ITaskManager.TaskSettled(taskId, provider, client, sale.publisher, sale.price, sale.fee, sale.royalty);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {Price} from "../../contracts/libraries/Price.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {TaskState, TaskView} from "../../contracts/types/Task.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";

/// @title MarketsTest
/// @notice Demand, reservations and prices.
contract MarketsTest is Campaign("markets") {
    function invariant_I17_demandIsTasksThatCount() external view {
        uint256[] memory waiting = new uint256[](_handler.SOURCES() + 1);
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            TaskView memory task = _handler.taskManager().getTask(ghost.id);
            bool waits =
                task.state == TaskState.Open ||
                    task.state == TaskState.Reserved ||
                    (task.state == TaskState.Round && !task.opened && !task.disputed);
            if (waits && task.counted) waiting[SourceId.unwrap(ghost.order.source)] += _handler.executionsOf(i);
        }
        for (uint256 i = 1; i < waiting.length; ++i) {
            _must(_handler.pool().getMarket(SourceId.wrap(uint32(i))).openTasks == waiting[i], 17, i);
        }
    }

    function invariant_I18_reservationsHoldSlots() external view {
        uint256[][] memory held = new uint256[][](_handler.PROVIDERS() + 1);
        for (uint256 i; i < held.length; ++i) held[i] = new uint256[](_handler.SOURCES() + 1);
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            TaskView memory task = _handler.taskManager().getTask(ghost.id);
            if (task.state != TaskState.Reserved) continue;
            ++held[ProviderId.unwrap(task.provider)][SourceId.unwrap(ghost.order.source)];
        }
        for (uint256 i = 1; i < held.length; ++i) {
            for (uint256 j = 1; j < held[i].length; ++j) {
                IProviderPool.Membership memory membership = _handler.pool().getMembership(
                    ProviderId.wrap(uint32(i)),
                    SourceId.wrap(uint32(j))
                );
                _must(membership.reserved == held[i][j] && membership.reserved <= membership.slots, 18, i);
            }
        }
    }

    function invariant_I19_priceMovesNoFasterThanItsSpeed() external view {
        for (uint256 i = 1; i <= _handler.SOURCES(); ++i) {
            SourceId source = SourceId.wrap(uint32(i));
            uint256 floor = _handler.registry().floorPriceOf(source);
            _must(_handler.pool().getMarket(source).price >= floor, 19, i);
        }
        _mustNeverHaveBroken(19);
    }

    /// @dev The start is the least fraction of the cap that reaches the lesser of the two.
    function invariant_I20_tasksStartAtTheMarketPriceOrTheirCap() external view {
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            uint256 fraction = _handler.taskManager().getTask(ghost.id).startFraction;
            if (fraction == 0) continue;
            uint256 cap = ghost.order.maxReward;
            uint256 wanted = ghost.marketPrice < cap ? ghost.marketPrice : cap;
            _must(Price.amountOf(fraction, cap) >= wanted && Price.amountOf(fraction - 1, cap) < wanted, 20, i);
        }
        _mustNeverHaveBroken(20);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";

/// @title MoneyTest
/// @notice Coin and stake.
contract MoneyTest is Campaign("money") {
    function invariant_I01_coinIsConserved() external view {
        IEscrow escrow = _handler.escrow();
        address[] memory accounts = _handler.accounts();
        uint256 sum;
        for (uint256 i; i < accounts.length; ++i) {
            IEscrow.Account memory account = escrow.accountOf(accounts[i]);
            sum += uint256(account.free) + account.held + account.fees;
        }
        _must(sum == _handler.flows().deposited - _handler.flows().withdrawn, 1, 0);
        _must(sum <= address(escrow).balance, 1, 1);
        _mustNeverHaveBroken(1);
    }

    function invariant_I02_poolHoldsAllStakes() external view {
        IProviderPool pool = _handler.pool();
        uint256 sum;
        for (uint256 i = 1; i <= _handler.PROVIDERS(); ++i) sum += pool.getProvider(ProviderId.wrap(uint32(i))).stake;
        uint256 free = _handler.escrow().accountOf(address(pool)).free;
        _must(free == sum + _handler.flows().donated, 2, 0);
    }

    function invariant_I03_stakeIsFreeUnbondingOrLocked() external view {
        for (uint256 i = 1; i <= _handler.PROVIDERS(); ++i) {
            IProviderPool.ProviderView memory provider = _handler.pool().getProvider(ProviderId.wrap(uint32(i)));
            Handler.Standing memory standing = _handler.standing(i);
            _must(provider.stake == standing.stake && provider.unbonding == standing.unbonding, 3, i);
            _must(provider.maturesAt == standing.maturesAt, 3, i);
            _must(provider.free + provider.unbonding + provider.locked == provider.stake, 3, i);
            _must(provider.locked == _locksOf(i), 3, i);
        }
    }

    function invariant_I04_heldIsCapsOfRunningTasks() external view {
        address[] memory accounts = _handler.accounts();
        uint256[] memory caps = new uint256[](accounts.length);
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            if (!_isRunning(_handler.taskManager().getTask(ghost.id).state)) continue;
            for (uint256 j; j < accounts.length; ++j) {
                if (accounts[j] == ghost.order.client) caps[j] += _heldFor(i, ghost);
            }
        }
        for (uint256 j; j < accounts.length; ++j) {
            _must(_handler.escrow().accountOf(accounts[j]).held == caps[j], 4, j);
        }
    }

    function invariant_I05_nobodyElseSpends() external view {
        _mustNeverHaveBroken(5);
    }

    function invariant_I10_managerHoldsSlashesAndOverflow() external view {
        // The model books slashes, batch fees, overflow, gifts and collections; I1 compares it after every action.
        address manager = address(_handler.taskManager());
        IEscrow.Account memory account = _handler.escrow().accountOf(manager);
        _must(account.free == _handler.flows().managerIncome - _handler.flows().collectedFromManager, 10, 0);
        _must(account.held == 0 && account.fees == 0, 10, 1);
    }

    /// @dev A running task's caps, and the fee of its panel if it is disputed, wei.
    function _heldFor(uint256 index, Handler.Ghost memory ghost) private view returns (uint256) {
        uint256 caps = ghost.order.maxReward * _handler.executionsOf(index);
        if (!_handler.taskManager().getTask(ghost.id).disputed) return caps;
        return caps + _handler.mostSeatsOf(index) * _handler.taskManager().priceOf(ghost.packed);
    }

    /// @dev Stakes of a provider's memberships, bonds of the tasks that it holds and locks of its seats in rounds.
    function _locksOf(uint256 provider) private view returns (uint256 locks) {
        for (uint256 i = 1; i <= _handler.SOURCES(); ++i) {
            Handler.Place memory place = _handler.place(provider, i);
            locks += place.slots * place.stakePerSlot;
        }
        for (uint256 i; i < _handler.taskCount(); ++i) {
            Handler.Ghost memory ghost = _handler.ghost(i);
            if (!_isRunning(ghost.state)) continue;
            if (ghost.provider == provider) locks += ghost.order.bond;
            if (ghost.state == TaskState.Round) locks += _lockOf(provider, i);
        }
    }

    /// @dev What a provider has locked for its seat in a round.
    function _lockOf(uint256 provider, uint256 index) private view returns (uint256) {
        Handler.Seat[] memory seats = _handler.seatsOf(index);
        for (uint256 i; i < seats.length; ++i) {
            if (seats[i].provider == provider) return seats[i].lock;
        }
        return 0;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {ISourceRegistry} from "../../contracts/interfaces/ISourceRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ProviderId, SourceId, TaskId} from "../../contracts/types/Ids.sol";
import {PackedOrder} from "../../contracts/types/Order.sol";
import {TaskState, TaskView, Windows} from "../../contracts/types/Task.sol";
import {Campaign} from "./Campaign.sol";
import {Handler} from "./Handler.sol";
import {time, VM} from "./Vm.sol";

/// @title ExitsTest
/// @notice That nothing and nobody can be kept in, even if governor, publishers and providers have all turned away.
contract ExitsTest is Campaign("exits") {
    /// @dev Every so many actions the market is left, from where it then goes on.
    uint256 private constant PERIOD = 16;
    /// @dev Sealing, the provider's opening, votes and claims.
    uint256 private constant PHASES = 4;
    address private constant STRANGER = address(0xE417);

    function invariant_I13_everyTaskHasAnExit() external {
        if (_handler.steps() % PERIOD != 0) return;
        uint256 snapshot = VM.snapshotState();
        _turnAway();
        for (uint256 i; i < _handler.taskCount(); ++i) _end(i);
        address[] memory accounts = _handler.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            _must(_handler.escrow().accountOf(accounts[i]).held == 0, 13, i);
        }
        for (uint256 i = 1; i <= _handler.SOURCES(); ++i) {
            _must(_handler.pool().getMarket(SourceId.wrap(uint32(i))).openTasks == 0, 13, i);
        }
        _must(VM.revertToState(snapshot), 13, 0);
    }

    function invariant_I15_everybodyCanLeaveWithEverything() external {
        if (_handler.steps() % PERIOD != 0) return;
        uint256 snapshot = VM.snapshotState();
        _turnAway();
        for (uint256 i; i < _handler.taskCount(); ++i) _end(i);
        _leaveAll();
        for (uint256 i = 1; i <= _handler.PROVIDERS(); ++i) _unstake(i);
        address[] memory accounts = _handler.accounts();
        IEscrow escrow = _handler.escrow();
        if (_dues(accounts) != 0) _handler.taskManager().collectFees(accounts);
        // The last two are ProviderPool and TaskManager, which nobody speaks for.
        for (uint256 i; i < accounts.length - 2; ++i) {
            uint256 free = escrow.accountOf(accounts[i]).free;
            if (free == 0) continue;
            VM.prank(accounts[i]);
            escrow.withdrawTo(STRANGER, free);
        }
        uint256 left = _handler.flows().donated;
        for (uint256 i; i < accounts.length; ++i) {
            IEscrow.Account memory account = escrow.accountOf(accounts[i]);
            bool ofPool = accounts[i] == address(_handler.pool());
            _must(account.free == (ofPool ? left : 0) && account.held == 0 && account.fees == 0, 15, i);
        }
        _must(VM.revertToState(snapshot), 15, 0);
    }

    /// @dev Pauses submissions, takes all sources off the market and takes all members out of the pools but those that
    /// hold reservations.
    function _turnAway() private {
        ITaskManager manager = _handler.taskManager();
        ISourceRegistry registry = _handler.registry();
        address governor = _handler.governor();
        if (!manager.submissionsPaused()) {
            VM.prank(governor);
            manager.setSubmissionsPaused(true);
        }
        for (uint256 i = 1; i <= _handler.SOURCES(); ++i) {
            SourceId source = SourceId.wrap(uint32(i));
            address publisher = registry.ownerOf(i);
            if (registry.getSource(source).active) {
                VM.prank(publisher);
                registry.setActive(source, false);
            }
        }
        _leaveAll();
    }

    function _leaveAll() private {
        for (uint256 i = 1; i <= _handler.SOURCES(); ++i) {
            for (uint256 j = 1; j <= _handler.PROVIDERS(); ++j) _leave(j, SourceId.wrap(uint32(i)));
        }
    }

    /// @dev What the treasury may collect, wei.
    function _dues(address[] memory accounts) private view returns (uint256 sum) {
        IEscrow escrow = _handler.escrow();
        sum = escrow.accountOf(address(_handler.taskManager())).free;
        for (uint256 i; i < accounts.length; ++i) sum += escrow.accountOf(accounts[i]).fees;
    }

    function _leave(uint256 provider, SourceId source) private {
        IProviderPool pool = _handler.pool();
        ProviderId id = ProviderId.wrap(uint32(provider));
        IProviderPool.Membership memory membership = pool.getMembership(id, source);
        if (membership.slots == 0 || membership.reserved != 0) return;
        address owner = _handler.ownerOf(provider);
        VM.prank(owner);
        pool.leavePool(id, source);
    }

    function _unstake(uint256 provider) private {
        IProviderPool pool = _handler.pool();
        ProviderId id = ProviderId.wrap(uint32(provider));
        address owner = _handler.ownerOf(provider);
        uint256 free = pool.getProvider(id).free;
        if (free != 0) {
            VM.prank(owner);
            pool.unbond(id, free);
        }
        IProviderPool.ProviderView memory stake = pool.getProvider(id);
        _must(stake.unbonding == stake.stake, 15, provider);
        if (stake.stake == 0) return;
        _warpBeyond(stake.maturesAt);
        VM.prank(owner);
        pool.claim(id);
    }

    /// @dev Takes the exits of a task as a stranger, each as soon as its clock has run.
    function _end(uint256 index) private {
        ITaskManager manager = _handler.taskManager();
        Handler.Ghost memory ghost = _handler.ghost(index);
        PackedOrder memory order = ghost.packed;
        TaskView memory task = manager.getTask(ghost.id);
        if (task.state == TaskState.Reserved || task.state == TaskState.Delivered) {
            uint256 delivered = task.markedAt > task.clearedAt ? task.markedAt : task.clearedAt;
            bool reserved = task.state == TaskState.Reserved;
            _warpBeyond(delivered + (reserved ? ghost.order.reservation : manager.windows().disclose));
            VM.prank(STRANGER);
            manager.reopen(order);
            task = manager.getTask(ghost.id);
        }
        if (task.state == TaskState.Disclosed) {
            _warpBeyond(uint256(task.markedAt) + ghost.order.reviewPeriod);
            VM.prank(STRANGER);
            manager.settle(order);
        } else if (task.state == TaskState.Round) {
            if (task.disputed) _endDispute(index, order);
            else _endRound(order, task);
        } else if (task.state == TaskState.Open) {
            _warpBeyond(task.deadline);
            VM.prank(STRANGER);
            manager.refund(order);
        }
        _must(!_isRunning(manager.getTask(ghost.id).state), 13, index);
    }

    /// @dev If nobody has won, the time for opening is the last clock of a round.
    function _endRound(PackedOrder memory order, TaskView memory task) private {
        ITaskManager manager = _handler.taskManager();
        uint256 end = (task.opened ? task.clearedAt : task.deadline) + manager.windows().open;
        _warpBeyond(end);
        VM.prank(STRANGER);
        try manager.settle(order) {
            return;
        } catch (bytes memory reason) {
            _must(bytes4(reason) == ITaskManager.TooEarly.selector, 13, 0);
        }
        _warpBeyond(end + manager.windows().claim);
        VM.prank(STRANGER);
        manager.settle(order);
    }

    /// @dev Every phase of a panel ends by its clock, all of them in time.
    function _endDispute(uint256 index, PackedOrder memory order) private {
        Handler.Dispute memory dispute = _handler.disputeOf(index);
        Windows memory windows = _handler.taskManager().windows();
        uint256 last = dispute.disputedAt + dispute.window + windows.openProvider + windows.open + windows.claim;
        for (uint256 i; i < PHASES; ++i) {
            VM.prank(STRANGER);
            try _handler.taskManager().settle(order) {
                return;
            } catch (bytes memory reason) {
                _must(bytes4(reason) == ITaskManager.TooEarly.selector, 13, index);
                (, uint256 end, ) = this.tooEarly(reason);
                _must(end >= time() && end <= last, 13, index);
                _warpBeyond(end);
            }
        }
        VM.prank(STRANGER);
        _handler.taskManager().settle(order);
    }

    /// @dev What the error TooEarly says.
    function tooEarly(bytes calldata reason) external pure returns (TaskId taskId, uint256 end, uint256 now_) {
        return abi.decode(reason[4:], (TaskId, uint256, uint256));
    }

    function _warpBeyond(uint256 end) private {
        if (time() <= end) VM.warp(end + 1);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {MoneyActions} from "./MoneyActions.sol";
import {VM} from "./Vm.sol";

/// @title Handler
/// @notice A funded market with every action; campaigns call it in any sequence.
contract Handler is MoneyActions {
    constructor() step(0) {
        VM.warp(1_800_000_000);
        for (uint256 i; i < CLIENTS; ++i) _deposit(client(i), 400 ether);
        for (uint256 i = 1; i <= PROVIDERS; ++i) _enter(i);
        VM.prank(client(0));
        taskManager.setClientAgent(AGENT, true);
        _allowTransitions();
    }

    /// @dev The actions of a campaign.
    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](28);
        list[0] = this.submit.selector;
        list[1] = this.submitSigned.selector;
        list[2] = this.revoke.selector;
        list[3] = this.revokeBelow.selector;
        list[4] = this.deliver.selector;
        list[5] = this.disclose.selector;
        list[6] = this.accept.selector;
        list[7] = this.settle.selector;
        list[8] = this.reopen.selector;
        list[9] = this.lapse.selector;
        list[10] = this.cancel.selector;
        list[11] = this.refund.selector;
        list[12] = this.wait.selector;
        list[13] = this.prove.selector;
        list[14] = this.proveSigned.selector;
        list[15] = this.proveBatch.selector;
        list[16] = this.stake.selector;
        list[17] = this.unbond.selector;
        list[18] = this.cancelUnbonding.selector;
        list[19] = this.claim.selector;
        list[20] = this.joinPool.selector;
        list[21] = this.leavePool.selector;
        list[22] = this.deposit.selector;
        list[23] = this.withdraw.selector;
        list[24] = this.transfer.selector;
        list[25] = this.collectFees.selector;
        list[26] = this.govern.selector;
        list[27] = this.delegate.selector;
    }

    /// @dev Registers a provider with a stake, its agent and a seat where its hardware fits.
    function _enter(uint256 provider) private {
        address owner = ownerOf(provider);
        VM.prank(owner);
        ProviderId id = pool.register(payoutOf(provider), bytes32("key"));
        VM.deal(owner, 300 ether);
        VM.prank(owner);
        pool.stake{value: 300 ether}(id, 300 ether);
        _standings[provider].stake = 300 ether;
        _balances[address(pool)].free += 300 ether;
        deposited += 300 ether;
        VM.prank(owner);
        pool.setAgent(id, AGENT, true);
        _join(provider, 1, 2, 1, 0);
        _join(provider, 2, 1, provider % 2 == 0 ? 2 : 3, 8);
    }

    /// @dev All that may happen to a task; whatever is not here is forbidden.
    function _allowTransitions() private {
        _allowed[ITaskManager.submit.selector][TaskState.None][TaskState.Open] = true;
        _allowed[ITaskManager.submitSigned.selector][TaskState.None][TaskState.Open] = true;
        _allowed[ITaskManager.revoke.selector][TaskState.None][TaskState.Revoked] = true;
        _allowed[ITaskManager.proveSigned.selector][TaskState.None][TaskState.Settled] = true;
        _allowed[ITaskManager.proveBatch.selector][TaskState.None][TaskState.Settled] = true;
        _allowed[ITaskManager.prove.selector][TaskState.Open][TaskState.Settled] = true;
        _allowed[ITaskManager.deliver.selector][TaskState.Open][TaskState.Delivered] = true;
        _allowed[ITaskManager.cancel.selector][TaskState.Open][TaskState.Open] = true;
        _allowed[ITaskManager.refund.selector][TaskState.Open][TaskState.Refunded] = true;
        _allowed[ITaskManager.disclose.selector][TaskState.Delivered][TaskState.Disclosed] = true;
        _allowed[ITaskManager.accept.selector][TaskState.Delivered][TaskState.Settled] = true;
        _allowed[ITaskManager.accept.selector][TaskState.Disclosed][TaskState.Settled] = true;
        _allowed[ITaskManager.reopen.selector][TaskState.Delivered][TaskState.Open] = true;
        _allowed[ITaskManager.reopen.selector][TaskState.Delivered][TaskState.Refunded] = true;
        _allowed[ITaskManager.settle.selector][TaskState.Disclosed][TaskState.Settled] = true;
    }
}

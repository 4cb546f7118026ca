// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {Controller} from "../../contracts/libraries/Controller.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {MoneyActions} from "./MoneyActions.sol";
import {time, VM} from "./Vm.sol";

/// @title Handler
/// @notice A funded market with every action; campaigns call it in any sequence.
contract Handler is MoneyActions {
    struct Transition {
        bytes4 action;
        TaskState from;
        TaskState to;
    }

    constructor(bytes32 salt) {
        _salt = salt;
    }

    /// @dev Brings in clients, providers and their coin. No part of the constructor, which would double its code.
    function begin() external step(0) {
        VM.warp(1_800_000_000);
        for (uint256 i; i < CLIENTS; ++i) _deposit(client(i), 400 ether);
        for (uint256 i = 1; i <= PROVIDERS; ++i) _enter(i);
        // Some come with a past, so that their weights differ.
        _trade(2, 20);
        _trade(5, 45);
        _trade(8, 80);
        // Who joined in the second of a submission has no seat.
        VM.warp(time() + 1);
        VM.prank(client(0));
        taskManager.setClientAgent(AGENT, true);
        Transition[] memory list = transitions();
        for (uint256 i; i < list.length; ++i) _allowed[list[i].action][list[i].from][list[i].to] = true;
    }

    /// @dev The actions of a campaign.
    function selectors() external pure returns (bytes4[] memory list) {
        list = new bytes4[](42);
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
        list[28] = this.rush.selector;
        list[29] = this.reserve.selector;
        list[30] = this.deliverAndDisclose.selector;
        list[31] = this.tune.selector;
        list[32] = this.mine.selector;
        list[33] = this.captureSeed.selector;
        list[34] = this.takeSeat.selector;
        list[35] = this.openSeat.selector;
        list[36] = this.claimSeat.selector;
        list[37] = this.round.selector;
        list[38] = this.dispute.selector;
        list[39] = this.openDelivery.selector;
        list[40] = this.openVote.selector;
        list[41] = this.panel.selector;
    }

    /// @dev The functions of the contracts that the actions call, each with success and, at times, without.
    function calls() external pure returns (bytes4[] memory list) {
        list = new bytes4[](34);
        list[0] = ITaskManager.submit.selector;
        list[1] = ITaskManager.submitSigned.selector;
        list[2] = ITaskManager.revoke.selector;
        list[3] = ITaskManager.revokeBelow.selector;
        list[4] = ITaskManager.deliver.selector;
        list[5] = ITaskManager.disclose.selector;
        list[6] = ITaskManager.accept.selector;
        list[7] = ITaskManager.settle.selector;
        list[8] = ITaskManager.reopen.selector;
        list[9] = ITaskManager.cancel.selector;
        list[10] = ITaskManager.refund.selector;
        list[11] = ITaskManager.prove.selector;
        list[12] = ITaskManager.proveSigned.selector;
        list[13] = ITaskManager.proveBatch.selector;
        list[14] = IEscrow.deposit.selector;
        list[15] = IProviderPool.stake.selector;
        list[16] = IProviderPool.unbond.selector;
        list[17] = IProviderPool.cancelUnbonding.selector;
        list[18] = IProviderPool.claim.selector;
        list[19] = IProviderPool.joinPool.selector;
        list[20] = IProviderPool.leavePool.selector;
        list[21] = IEscrow.transfer.selector;
        list[22] = IEscrow.withdrawTo.selector;
        list[23] = ITaskManager.collectFees.selector;
        list[24] = ITaskManager.reserve.selector;
        list[25] = ITaskManager.deliverAndDisclose.selector;
        list[26] = ITaskManager.setPriceParameters.selector;
        list[27] = ITaskManager.captureSeed.selector;
        list[28] = ITaskManager.takeSeat.selector;
        list[29] = ITaskManager.openSeat.selector;
        list[30] = ITaskManager.claimSeat.selector;
        list[31] = ITaskManager.dispute.selector;
        list[32] = ITaskManager.openDelivery.selector;
        list[33] = ITaskManager.openVote.selector;
    }

    /// @dev Reasons for which the contracts refuse what concerns reservations, prices, rounds and disputes.
    function refusals() external pure returns (bytes4[] memory list) {
        list = new bytes4[](44);
        list[0] = ITaskManager.NotOffered.selector;
        list[1] = ITaskManager.BondTooLow.selector;
        list[2] = ITaskManager.NotReservable.selector;
        list[3] = ITaskManager.NotReserved.selector;
        list[4] = ITaskManager.ReservationPastDeadline.selector;
        list[5] = ITaskManager.ReservationLapsed.selector;
        list[6] = ITaskManager.NotHolder.selector;
        list[7] = ITaskManager.TooEarly.selector;
        list[8] = IProviderPool.NoFreeSlot.selector;
        list[9] = IProviderPool.ReservationsHeld.selector;
        list[10] = Controller.PriceParameterOutOfBounds.selector;
        list[11] = ITaskManager.TrustOutOfBounds.selector;
        list[12] = ITaskManager.NotDeterministic.selector;
        list[13] = ITaskManager.SeedNotReady.selector;
        list[14] = ITaskManager.NotQuorum.selector;
        list[15] = ITaskManager.SealingOver.selector;
        list[16] = ITaskManager.NotDrawn.selector;
        list[17] = ITaskManager.AlreadySeated.selector;
        list[18] = ITaskManager.WeightOutOfBounds.selector;
        list[19] = ITaskManager.ClientOfTask.selector;
        list[20] = ITaskManager.NoSuchSeat.selector;
        list[21] = ITaskManager.AlreadyOpened.selector;
        list[22] = ITaskManager.OpeningTooLate.selector;
        list[23] = ITaskManager.NoWinner.selector;
        list[24] = ITaskManager.NotWinner.selector;
        list[25] = ITaskManager.AlreadyClaimed.selector;
        list[26] = ITaskManager.ClaimTooLate.selector;
        list[27] = ITaskManager.EnvelopeMismatch.selector;
        list[28] = ITaskManager.EnvelopeTooLarge.selector;
        list[29] = IProviderPool.PoolTooSmall.selector;
        list[30] = IProviderPool.JoinedTooLate.selector;
        list[31] = IProviderPool.Jailed.selector;
        list[32] = ITaskManager.SeedKnown.selector;
        list[33] = ITaskManager.NoPanel.selector;
        list[34] = ITaskManager.ReviewOver.selector;
        list[35] = ITaskManager.NotDisputed.selector;
        list[36] = ITaskManager.IsDisputed.selector;
        list[37] = ITaskManager.DisputedProvider.selector;
        list[38] = ITaskManager.NotAgent.selector;
        list[39] = ITaskManager.DeliveryAlreadyOpened.selector;
        list[40] = ITaskManager.DeliveryNotOpened.selector;
        list[41] = ITaskManager.NoJudgement.selector;
        list[42] = ITaskManager.NothingToClaim.selector;
        list[43] = ITaskManager.NotClient.selector;
    }

    /// @dev Registers a provider with a stake, its agent and a place where its hardware fits.
    function _enter(uint256 provider) private {
        address owner = ownerOf(provider);
        VM.prank(owner);
        ProviderId id = pool.register(payoutOf(provider), bytes32("key"));
        VM.deal(owner, 300 ether);
        VM.prank(owner);
        pool.stake{value: 300 ether}(id, 300 ether);
        _standings[provider].stake = 300 ether;
        _balances[address(pool)].free += 300 ether;
        _flows.deposited += 300 ether;
        VM.prank(owner);
        pool.setAgent(id, AGENT, true);
        for (uint256 source = 1; source <= SOURCES; ++source) {
            VM.prank(owner);
            pool.approveSource(id, SourceId.wrap(uint32(source)), true);
        }
        _join(provider, 1, 1 + (provider % 2), 1, 0);
        // The second pool is small, so that its price rises.
        if (provider < 3) _join(provider, 2, 1, provider % 2 == 0 ? 2 : 3, 8);
    }

    /// @dev Pays a provider by so many clients that nobody else knows, nearly a point each.
    function _trade(uint256 provider, uint256 count) private {
        uint256 fee = 1000 * FEE_SCALE;
        for (uint256 i = 1; i <= count; ++i) {
            address unknown = address(uint160(i));
            VM.prank(address(taskManager));
            reputation.recordSettlement(ProviderId.wrap(uint32(provider)), unknown, fee, 0);
            _credit(provider, unknown, fee);
        }
    }

    /// @dev All that may happen to a task; whatever is not here is forbidden.
    function transitions() public pure returns (Transition[] memory list) {
        list = new Transition[](36);
        list[0] = Transition(ITaskManager.submit.selector, TaskState.None, TaskState.Open);
        list[1] = Transition(ITaskManager.submitSigned.selector, TaskState.None, TaskState.Open);
        list[2] = Transition(ITaskManager.revoke.selector, TaskState.None, TaskState.Revoked);
        list[3] = Transition(ITaskManager.proveSigned.selector, TaskState.None, TaskState.Settled);
        list[4] = Transition(ITaskManager.proveBatch.selector, TaskState.None, TaskState.Settled);
        list[5] = Transition(ITaskManager.prove.selector, TaskState.Open, TaskState.Settled);
        list[6] = Transition(ITaskManager.deliver.selector, TaskState.Open, TaskState.Delivered);
        list[7] = Transition(ITaskManager.cancel.selector, TaskState.Open, TaskState.Open);
        list[8] = Transition(ITaskManager.refund.selector, TaskState.Open, TaskState.Refunded);
        list[9] = Transition(ITaskManager.disclose.selector, TaskState.Delivered, TaskState.Disclosed);
        list[10] = Transition(ITaskManager.accept.selector, TaskState.Delivered, TaskState.Settled);
        list[11] = Transition(ITaskManager.accept.selector, TaskState.Disclosed, TaskState.Settled);
        list[12] = Transition(ITaskManager.reopen.selector, TaskState.Delivered, TaskState.Open);
        list[13] = Transition(ITaskManager.reopen.selector, TaskState.Delivered, TaskState.Refunded);
        list[14] = Transition(ITaskManager.settle.selector, TaskState.Disclosed, TaskState.Settled);
        list[15] = Transition(ITaskManager.reserve.selector, TaskState.Open, TaskState.Reserved);
        list[16] = Transition(ITaskManager.deliver.selector, TaskState.Reserved, TaskState.Delivered);
        list[17] = Transition(ITaskManager.deliverAndDisclose.selector, TaskState.Reserved, TaskState.Disclosed);
        list[18] = Transition(ITaskManager.reopen.selector, TaskState.Reserved, TaskState.Open);
        list[19] = Transition(ITaskManager.reopen.selector, TaskState.Reserved, TaskState.Refunded);
        list[20] = Transition(ITaskManager.cancel.selector, TaskState.Reserved, TaskState.Reserved);
        list[21] = Transition(ITaskManager.captureSeed.selector, TaskState.Open, TaskState.Round);
        list[22] = Transition(ITaskManager.takeSeat.selector, TaskState.Open, TaskState.Round);
        list[23] = Transition(ITaskManager.takeSeat.selector, TaskState.Round, TaskState.Round);
        list[24] = Transition(ITaskManager.openSeat.selector, TaskState.Round, TaskState.Round);
        list[25] = Transition(ITaskManager.claimSeat.selector, TaskState.Round, TaskState.Round);
        list[26] = Transition(ITaskManager.claimSeat.selector, TaskState.Round, TaskState.Settled);
        list[27] = Transition(ITaskManager.accept.selector, TaskState.Round, TaskState.Settled);
        list[28] = Transition(ITaskManager.settle.selector, TaskState.Round, TaskState.Settled);
        list[29] = Transition(ITaskManager.settle.selector, TaskState.Round, TaskState.Refunded);
        list[30] = Transition(ITaskManager.cancel.selector, TaskState.Round, TaskState.Round);
        list[31] = Transition(ITaskManager.dispute.selector, TaskState.Disclosed, TaskState.Round);
        list[32] = Transition(ITaskManager.captureSeed.selector, TaskState.Round, TaskState.Round);
        list[33] = Transition(ITaskManager.openDelivery.selector, TaskState.Round, TaskState.Round);
        list[34] = Transition(ITaskManager.openVote.selector, TaskState.Round, TaskState.Round);
        list[35] = Transition(ITaskManager.accept.selector, TaskState.Round, TaskState.Refunded);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {ClockActions} from "./ClockActions.sol";
import {time} from "./Vm.sol";

/// @title ProofActions
/// @notice The three ways to answer Proof orders.
abstract contract ProofActions is ClockActions {
    uint256 private constant LONGEST_BATCH = 4;

    function prove(uint256 seed) external step(seed) {
        (uint256 index, bool found) = _pickOpen(Verification.Proof);
        if (!found) return;
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        uint256 provider = _workerFor(index);
        address key = _keyOf(provider);
        bytes memory proof = _proof();
        bool may =
            from == TaskState.Open &&
                g.order.verification == Verification.Proof &&
                time() <= g.deadline &&
                proof.length != 0 &&
                _mayWork(g, provider, key);
        bytes memory data = abi.encodeCall(
            ITaskManager.prove,
            (g.packed, ProviderId.wrap(uint32(provider)), bytes32("result"), bytes32("envelope"), proof)
        );
        bool done = _call(key, 0, address(taskManager), data);
        if (may) {
            _exitMarket(g);
            (g.provider, g.clearedAt) = (uint32(provider), uint40(time()));
            _pay(index, g.order.maxReward);
        }
        _compareTask(index, ITaskManager.prove.selector, from, may, done);
    }

    function proveSigned(uint256 seed) external step(seed) {
        uint256 index = _anyOrder(_rarely(16) ? Verification.Review : Verification.Proof);
        Ghost storage g = _ghosts[index];
        TaskState from = g.state;
        uint256 provider = _workerFor(index);
        address key = _keyOf(provider);
        (ITaskManager.SignedProof memory signedProof, bool good) = _signedProof(index);
        bool may = good && _answerable(index, provider, key) && _balances[g.order.client].free >= _priceAtOnce(index);
        bytes memory data = abi.encodeCall(ITaskManager.proveSigned, (ProviderId.wrap(uint32(provider)), signedProof));
        bool done = _call(key, 0, address(taskManager), data);
        if (may) {
            _mayPay(g.order.client);
            _openAtOnce(index);
            (g.provider, g.clearedAt) = (uint32(provider), uint40(time()));
            _pay(index, 0);
        }
        _compareTask(index, ITaskManager.proveSigned.selector, from, may, done);
    }

    function proveBatch(uint256 seed) external step(seed) {
        uint256 provider = _between(1, PROVIDERS);
        address key = _keyOf(provider);
        uint256[] memory batch = new uint256[](_draw(LONGEST_BATCH + 1));
        TaskState[] memory from = new TaskState[](batch.length);
        ITaskManager.SignedProof[] memory signedProofs = new ITaskManager.SignedProof[](batch.length);
        bool may = batch.length != 0;
        for (uint256 i; i < batch.length; ++i) {
            batch[i] = _rarely(8) ? _anyOrder(Verification.Proof) : _newOrder(Verification.Proof);
            from[i] = _ghosts[batch[i]].state;
            bool good;
            (signedProofs[i], good) = _signedProof(batch[i]);
            may = may && good && _answerable(batch[i], provider, key);
            for (uint256 j; j < i; ++j) may = may && batch[j] != batch[i];
        }
        may = may && _covered(batch);
        bytes memory data = abi.encodeCall(ITaskManager.proveBatch, (ProviderId.wrap(uint32(provider)), signedProofs));
        bool done = _call(key, 0, address(taskManager), data);
        if (may) _settleBatch(batch, provider);
        else if (batch.length == 0) _must(14, !done);
        for (uint256 i; i < batch.length; ++i) {
            _compareTask(batch[i], ITaskManager.proveBatch.selector, from[i], may, done);
        }
    }

    /// @dev What a whole batch does: fees go to TaskManager's account, and what was earned is rounded once.
    function _settleBatch(uint256[] memory batch, uint256 provider) private {
        uint256 payments;
        for (uint256 i; i < batch.length; ++i) {
            Ghost storage g = _ghosts[batch[i]];
            _mayPay(g.order.client);
            _openAtOnce(batch[i]);
            (g.provider, g.clearedAt) = (uint32(provider), uint40(time()));
            (uint256 price, uint256 fee, uint256 royalty) = _saleOf(batch[i]);
            _balances[g.order.client].free -= price;
            _balances[_publisherOf(g)].free += royalty;
            _earnForManager(fee);
            payments += price - fee - royalty;
            _record(batch[i], fee);
        }
        _balances[payoutOf(provider)].free += payments;
        _standings[provider].earned += payments / 1 gwei;
    }

    /// @dev Whether every client can pay all of its orders, before anybody is paid.
    function _covered(uint256[] memory batch) private view returns (bool) {
        for (uint256 i; i < batch.length; ++i) {
            address payer = _ghosts[batch[i]].order.client;
            uint256 sum;
            for (uint256 j; j < batch.length; ++j) {
                if (_ghosts[batch[j]].order.client == payer) sum += _priceAtOnce(batch[j]);
            }
            if (sum > _balances[payer].free) return false;
        }
        return true;
    }

    function _answerable(uint256 index, uint256 provider, address key) private view returns (bool) {
        Ghost storage g = _ghosts[index];
        return
            g.order.verification == Verification.Proof &&
            g.order.nonce >= _nonceFloors[g.order.client] &&
            _admissible(index) &&
            _mayWork(g, provider, key);
    }

    function _signedProof(uint256 index) private returns (ITaskManager.SignedProof memory answer, bool good) {
        bool signed = !_rarely(24);
        answer.order = _ghosts[index].packed;
        answer.signature = _signature(index, signed);
        answer.resultDigest = bytes32("result");
        answer.envelopeHash = bytes32("envelope");
        answer.proof = _proof();
        good = signed && answer.proof.length != 0;
    }

    /// @dev Rarely one that the verifier rejects.
    function _proof() private returns (bytes memory) {
        return _rarely(24) ? bytes("") : bytes("proof");
    }
}

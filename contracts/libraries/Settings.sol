// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../interfaces/ITaskManager.sol";
import {TaskId} from "../types/Ids.sol";
import {Ledger} from "../types/Ledger.sol";
import {PriceParameters} from "../types/Market.sol";
import {PackedOrder} from "../types/Order.sol";
import {TaskSlot, TaskState} from "../types/Task.sol";
import {Controller} from "./Controller.sol";
import {Guard} from "./Guard.sol";
import {OrderLib} from "./OrderLib.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title Settings
/// @notice What the owner of a suite, and what clients set or take back. Linked: its code runs on TaskManager's storage.
library Settings {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Reputation is bought with the fee, so it is never zero.
    uint256 internal constant MIN_FEE_BPS = 10;
    uint256 internal constant MAX_FEE_BPS = 1000;
    /// @dev Bytes of an inbox's address.
    uint256 internal constant MAX_INBOX = 256;

    /// @dev See ITaskManager.setFee; who may has been checked, like everywhere here.
    function setFee(Ledger storage ledger, uint256 feeBps) external {
        require(
            feeBps >= MIN_FEE_BPS && feeBps <= MAX_FEE_BPS,
            ITaskManager.FeeOutOfBounds(feeBps, MIN_FEE_BPS, MAX_FEE_BPS)
        );
        ledger.parameters.feeBps = uint16(feeBps);
        emit ITaskManager.FeeSet(feeBps);
    }

    /// @dev See ITaskManager.setTreasury.
    function setTreasury(Ledger storage ledger, address treasury) external {
        require(treasury != address(0), ITaskManager.ZeroAddress());
        ledger.parameters.treasury = treasury;
        emit ITaskManager.TreasurySet(treasury);
    }

    /// @dev See ITaskManager.setPriceParameters.
    function setPriceParameters(Ledger storage ledger, PriceParameters memory parameters) external {
        ledger.parameters.price = Controller.pack(parameters);
        emit ITaskManager.PriceParametersSet(parameters.target, parameters.speed, parameters.clamp);
    }

    /// @dev See ITaskManager.priceParameters.
    function priceParameters(Ledger storage ledger) external view returns (PriceParameters memory) {
        return Controller.unpack(ledger.parameters.price);
    }

    /// @dev See ITaskManager.setSubmissionsPaused.
    function setSubmissionsPaused(Ledger storage ledger, bool paused) external {
        require(ledger.parameters.paused != paused, ITaskManager.PauseUnchanged(paused));
        ledger.parameters.paused = paused;
        emit ITaskManager.SubmissionsPauseSet(paused);
    }

    /// @dev See ITaskManager.revoke.
    function revoke(Ledger storage ledger, TaskId taskId, PackedOrder calldata order) external {
        require(order.client() == msg.sender, ITaskManager.NotClient(taskId, msg.sender));
        Guard.requireState(taskId, ledger.tasks[taskId], TaskState.None);
        ledger.tasks[taskId] = TaskSlot.wrap(0).withState(TaskState.Revoked);
        emit ITaskManager.OrderRevoked(taskId, msg.sender);
    }

    /// @dev See ITaskManager.revokeBelow.
    function revokeBelow(Ledger storage ledger, uint64 nonce) external {
        uint256 floor = ledger.nonceFloors[msg.sender];
        require(nonce > floor, ITaskManager.NonceFloorNotRaised(nonce, floor));
        ledger.nonceFloors[msg.sender] = nonce;
        emit ITaskManager.OrdersRevokedBelow(msg.sender, nonce);
    }

    /// @dev See ITaskManager.setClientAgent.
    function setClientAgent(Ledger storage ledger, address agent, bool allowed) external {
        require(agent != address(0), ITaskManager.ZeroAddress());
        require(
            ledger.clientAgents[msg.sender][agent] != allowed,
            ITaskManager.AgentAlreadyInState(msg.sender, agent, allowed)
        );
        ledger.clientAgents[msg.sender][agent] = allowed;
        emit ITaskManager.ClientAgentSet(msg.sender, agent, allowed);
    }

    /// @dev See ITaskManager.announceInbox.
    function announceInbox(string calldata inbox) external {
        require(bytes(inbox).length <= MAX_INBOX, ITaskManager.InboxTooLarge(bytes(inbox).length, MAX_INBOX));
        emit ITaskManager.InboxAnnounced(msg.sender, inbox);
    }
}

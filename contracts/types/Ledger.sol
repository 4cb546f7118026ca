// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IProviderPool} from "../interfaces/IProviderPool.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {ISourceRegistry} from "../interfaces/ISourceRegistry.sol";
import {DisputeSlot} from "./Dispute.sol";
import {ProviderId, TaskId} from "./Ids.sol";
import {PackedPriceParameters} from "./Market.sol";
import {Round} from "./Round.sol";
import {TaskSlot} from "./Task.sol";

/// @dev What the owner may change, one slot.
struct Parameters {
    address treasury;
    uint16 feeBps;
    bool paused;
    PackedPriceParameters price;
}

/// @dev All storage of TaskManager, so that its linked libraries can work on it.
struct Ledger {
    Parameters parameters;
    mapping(TaskId taskId => TaskSlot) tasks;
    mapping(TaskId taskId => bytes32) seals;
    mapping(TaskId taskId => Round) rounds;
    mapping(TaskId taskId => DisputeSlot) disputes;
    /// Read only for tasks that have lapsed.
    mapping(TaskId taskId => mapping(ProviderId provider => bool)) barred;
    mapping(address client => uint256) nonceFloors;
    mapping(address client => mapping(address agent => bool)) clientAgents;
}

/// @dev The contracts that TaskManager orchestrates.
struct Leaves {
    IEscrow escrow;
    ISourceRegistry sourceRegistry;
    IProviderPool providerPool;
    IReputation reputation;
}

/// @dev Immutable bounds of an order: wei, seconds, seconds.
struct Limits {
    uint256 maxRound;
    uint256 maxLifetime;
    uint256 maxReview;
}

/// @dev What the registry says of the version that an order names, and the market price of its source.
struct Offer {
    uint256 floorPrice;
    uint256 marketPrice;
    uint256 royaltyBps;
    uint8 environments;
    uint16 minGpuMemory;
    bool deterministic;
}

/// @dev Immutable rules of a round: wei for a step of weight; seconds for opening, for claiming after that, and for a
/// disputed provider's opening before it.
struct RoundRules {
    uint256 weightUnit;
    uint256 openWindow;
    uint256 claimWindow;
    uint256 revealWindow;
}

/// @dev Parts of one price, wei.
struct Sale {
    uint256 price;
    uint256 fee;
    uint256 royalty;
    address publisher;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IReputation} from "./interfaces/IReputation.sol";
import {Score} from "./libraries/Score.sol";
import {ProviderId} from "./types/Ids.sol";

/// @title Reputation
/// @notice See IReputation, which is the specification.
contract Reputation is IReputation {
    /// @dev The only slot that a settlement touches. The epoch to which `clients` belongs is that of `updatedAt`.
    struct Standing {
        /// Score × 1e6 at `updatedAt`.
        uint32 score;
        uint40 updatedAt;
        uint32 settled;
        /// Gwei.
        uint64 earned;
        /// One bit for each bucket of clients that has counted in the epoch.
        uint88 clients;
    }

    /// @dev Touched by failures only.
    struct Failures {
        uint32 faults;
        uint32 frauds;
        uint40 lastFraudAt;
        uint40 fraudBeforeAt;
        uint40 jailedUntil;
    }

    uint256 private constant BUCKETS = 88;

    /// @inheritdoc IReputation
    uint256 public constant HALF_LIFE = Score.HALF_LIFE;
    /// @inheritdoc IReputation
    uint256 public constant EPOCH = 1 days;
    /// @inheritdoc IReputation
    address public immutable TASK_MANAGER;
    /// @inheritdoc IReputation
    uint256 public immutable FEE_SCALE;

    mapping(ProviderId provider => Standing) private _standings;
    mapping(ProviderId provider => Failures) private _failures;

    modifier onlyTaskManager() {
        require(msg.sender == TASK_MANAGER, NotAuthorised(msg.sender));
        _;
    }

    constructor(address taskManager, uint256 feeScale) {
        require(taskManager != address(0), ZeroAddress());
        require(feeScale != 0, ZeroFeeScale());
        TASK_MANAGER = taskManager;
        FEE_SCALE = feeScale;
    }

    // ------------------------------------------------------------------------------------------- records

    /// @inheritdoc IReputation
    function recordSettlement(
        ProviderId provider,
        address client,
        uint256 fee,
        uint256 earned
    ) external onlyTaskManager {
        Standing memory standing = _touched(provider);
        _gain(provider, standing, client, fee);
        _count(standing, 1, earned);
        _standings[provider] = standing;
    }

    /// @inheritdoc IReputation
    function recordSettlements(
        ProviderId provider,
        ClientFee[] calldata clients,
        uint256 settled,
        uint256 earned
    ) external onlyTaskManager {
        Standing memory standing = _touched(provider);
        for (uint256 i; i < clients.length; ++i) {
            _gain(provider, standing, clients[i].client, clients[i].fee);
        }
        _count(standing, settled, earned);
        _standings[provider] = standing;
    }

    /// @inheritdoc IReputation
    function recordFault(ProviderId provider) external onlyTaskManager {
        Standing memory standing = _touched(provider);
        standing.score = uint32((uint256(standing.score) * 2) / 3);
        _standings[provider] = standing;
        ++_failures[provider].faults;
        emit FaultRecorded(provider, standing.score);
    }

    /// @inheritdoc IReputation
    function recordFraud(ProviderId provider) external onlyTaskManager returns (uint256) {
        Standing memory standing = _touched(provider);
        standing.score = 0;
        _standings[provider] = standing;

        Failures memory failures = _failures[provider];
        ++failures.frauds;
        // The second last of the earlier ones tells whether this is the third within a half-life.
        if (failures.fraudBeforeAt != 0 && block.timestamp - failures.fraudBeforeAt <= HALF_LIFE) {
            failures.jailedUntil = uint40(block.timestamp + HALF_LIFE);
        }
        failures.fraudBeforeAt = failures.lastFraudAt;
        failures.lastFraudAt = uint40(block.timestamp);
        _failures[provider] = failures;
        emit FraudRecorded(provider, failures.jailedUntil);
        return failures.jailedUntil;
    }

    // ------------------------------------------------------------------------------------------- views

    /// @inheritdoc IReputation
    function scoreOf(ProviderId provider) external view returns (uint256) {
        return _touched(provider).score;
    }

    /// @inheritdoc IReputation
    function getRecord(ProviderId provider) external view returns (Record memory) {
        Failures memory failures = _failures[provider];
        Standing memory standing = _standings[provider];
        return
            Record({
                score: _touched(provider).score,
                settled: standing.settled,
                faults: failures.faults,
                frauds: failures.frauds,
                earned: standing.earned,
                updatedAt: standing.updatedAt,
                jailedUntil: failures.jailedUntil
            });
    }

    /// @inheritdoc IReputation
    function countsNow(ProviderId provider, address client) external view returns (bool) {
        return _touched(provider).clients & _bucketOf(client) == 0;
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @dev The standing of a provider carried forward to now, not yet stored.
    function _touched(ProviderId provider) private view returns (Standing memory standing) {
        standing = _standings[provider];
        standing.score = uint32(Score.decayed(standing.score, block.timestamp - standing.updatedAt));
        if (standing.updatedAt / EPOCH != block.timestamp / EPOCH) standing.clients = 0;
        standing.updatedAt = uint40(block.timestamp);
    }

    function _gain(ProviderId provider, Standing memory standing, address client, uint256 fee) private {
        uint88 bucket = _bucketOf(client);
        uint256 gain = Score.gainOf(fee, FEE_SCALE);
        if (gain == 0 || standing.clients & bucket != 0) return;
        standing.clients |= bucket;
        // Each of 88 buckets adds less than a point a day and the whole halves in 30 days, so a score stays below
        // 88e6 · (1 + 2 · 30) = 5.4e9 only in theory; where 32 bits end, it stands still.
        standing.score = uint32(Math.min(standing.score + gain, type(uint32).max));
        emit ReputationGained(provider, standing.score, gain);
    }

    function _count(Standing memory standing, uint256 settled, uint256 earned) private pure {
        // Counters stand still where their fields end: a full one must not block a payment.
        standing.earned = uint64(Math.min(standing.earned + earned / 1 gwei, type(uint64).max));
        standing.settled = uint32(Math.min(standing.settled + settled, type(uint32).max));
    }

    function _bucketOf(address client) private pure returns (uint88) {
        // Addresses are hashes already.
        return uint88(1 << (uint160(client) % BUCKETS));
    }
}

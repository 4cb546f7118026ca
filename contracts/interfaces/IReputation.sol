// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId} from "../types/Ids.sol";

/// @title IReputation
/// @notice Scores of providers, earned only by work on which a protocol fee was paid.
/// @dev Score × 1e6. It halves every HALF_LIFE (whole half-lives by shift, the rest in a line between them, which starts
/// anew at every record: the score of a provider that is always busy halves in up to 1.39 HALF_LIFE).
/// A settlement adds 1e6 · fee / (fee + FEE_SCALE), at most once for each bucket of clients in an EPOCH, so neither one
/// client nor many small payments can pump it. A fault multiplies it by 2/3, a proven wrong sets it to zero.
interface IReputation {
    error NotAuthorised(address caller);
    error ZeroAddress();
    error ZeroFeeScale();

    event ReputationGained(ProviderId indexed provider, uint256 score, uint256 gain);
    event FaultRecorded(ProviderId indexed provider, uint256 score);
    event FraudRecorded(ProviderId indexed provider, uint256 jailedUntil);

    struct Record {
        /// Score × 1e6, decayed to now.
        uint256 score;
        /// Settled tasks.
        uint256 settled;
        /// Lapses, and results that were not disclosed.
        uint256 faults;
        /// Results proven wrong, and seals in rounds that were never opened.
        uint256 frauds;
        /// All earnings, gwei, rounded down at each record.
        uint256 earned;
        /// Last change, unix seconds.
        uint256 updatedAt;
        /// No new work up to and in this second, unix time; 0: never jailed.
        uint256 jailedUntil;
    }

    /// @dev One client's part of a batch: the largest fee of its tasks, wei.
    struct ClientFee {
        address client;
        uint256 fee;
    }

    /// @notice The contract that may record.
    function TASK_MANAGER() external view returns (address);

    /// @notice Fee, in wei, that earns half a point; immutable.
    function FEE_SCALE() external view returns (uint256);

    /// @notice Seconds in which a score halves.
    function HALF_LIFE() external view returns (uint256);

    /// @notice Seconds in which a client bucket counts once.
    function EPOCH() external view returns (uint256);

    /// @notice Score × 1e6 of a provider now.
    function scoreOf(ProviderId provider) external view returns (uint256);

    function getRecord(ProviderId provider) external view returns (Record memory);

    /// @notice Whether a settlement with `client` would still add to the score in this epoch.
    function countsNow(ProviderId provider, address client) external view returns (bool);

    /// @notice Counts one settled task. TaskManager only.
    /// @param fee Protocol fee paid, wei.
    /// @param earned What the provider got, wei.
    function recordSettlement(ProviderId provider, address client, uint256 fee, uint256 earned) external;

    /// @notice Counts `settled` tasks at once. TaskManager only.
    function recordSettlements(
        ProviderId provider,
        ClientFee[] calldata clients,
        uint256 settled,
        uint256 earned
    ) external;

    /// @notice Counts a lapse, or a result that was not disclosed. TaskManager only.
    function recordFault(ProviderId provider) external;

    /// @notice Counts a result proven wrong, or a seal that was never opened; the third within one HALF_LIFE jails for another. TaskManager only.
    /// @return jailedUntil End of the provider's jail, unix seconds; 0 if it never was jailed.
    function recordFraud(ProviderId provider) external returns (uint256 jailedUntil);
}

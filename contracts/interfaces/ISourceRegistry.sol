// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {SourceId} from "../types/Ids.sol";

/// @title ISourceRegistry
/// @notice Sources: reusable execution models, each an ERC-721 token whose owner, the publisher, earns its royalty.
/// A source has versions; a version names a manifest by its SHA-256 digest and the terms under which it runs.
/// @dev Terms and verifiers of a version never change: clients and providers rely on them. A publisher that wants
/// others publishes a new version. Deactivation stops new tasks and joins, never a running task.
interface ISourceRegistry is IERC721 {
    error ZeroDigest();
    error ZeroVerifier();
    error ZeroFloorPrice();
    /// @notice `environments` is zero or has bits that name no environment.
    error InvalidEnvironments(uint256 environments);
    /// @notice GPU memory is asked of a version that runs on no GPU.
    error GpuMemoryWithoutGpu(uint256 minGpuMemory);
    error RoyaltyAboveMaximum(uint256 royaltyBps, uint256 maximum);
    error StakePerSlotBelowMinimum(uint256 stakePerSlot, uint256 minimum);
    /// @notice `amount` wei does not fit the stored width, `maximum`.
    error AmountTooLarge(uint256 amount, uint256 maximum);
    error TooManyVerifiers(uint256 count, uint256 maximum);
    error NotPublisher(SourceId source, address caller);
    error UnknownSource(SourceId source);
    error UnknownVersion(SourceId source, uint256 version);
    error SourceNotActive(SourceId source);
    error VersionNotActive(SourceId source, uint256 version);
    error SourceAlreadyInState(SourceId source, bool active);
    error VersionAlreadyInState(SourceId source, uint256 version, bool active);
    error VerifierNotAdmitted(SourceId source, uint256 version, address verifier);
    error InvalidRange(uint256 from, uint256 to);

    event SourcePublished(
        SourceId indexed source,
        address indexed publisher,
        uint256 floorPrice,
        uint256 stakePerSlot,
        uint256 royaltyBps
    );
    event VersionPublished(
        SourceId indexed source,
        uint256 indexed version,
        bytes32 indexed manifestDigest,
        uint8 environments,
        uint16 minGpuMemory,
        bool deterministic,
        address[] verifiers
    );
    event SourceActivitySet(SourceId indexed source, bool active);
    event VersionActivitySet(SourceId indexed source, uint256 indexed version, bool active);
    event FloorPriceSet(SourceId indexed source, uint256 floorPrice);
    event StakePerSlotSet(SourceId indexed source, uint256 stakePerSlot);
    event RoyaltySet(SourceId indexed source, uint256 royaltyBps);

    /// @dev What belongs to the source and may change.
    struct SourceTerms {
        /// Least price of one execution, wei; > 0.
        uint256 floorPrice;
        /// Stake that a joining provider locks for each slot, wei.
        uint256 stakePerSlot;
        /// Publisher's part of each price, basis points, ≤ 2,000.
        uint256 royaltyBps;
    }

    /// @dev What belongs to a version and never changes.
    struct VersionTerms {
        /// SHA-256 of the manifest.
        bytes32 manifestDigest;
        /// Where it runs: CPU 1, NVIDIA 2, AMD 4.
        uint8 environments;
        /// Least memory of a GPU that runs it, GiB; 0 if it needs no GPU.
        uint16 minGpuMemory;
        /// Whether equal inputs give byte-identical outputs; Quorum tasks need it.
        bool deterministic;
    }

    struct SourceView {
        uint256 floorPrice;
        uint256 stakePerSlot;
        uint256 royaltyBps;
        /// Number of versions; they count from 1.
        uint256 versions;
        bool active;
        address publisher;
    }

    struct VersionView {
        bytes32 manifestDigest;
        uint8 environments;
        uint16 minGpuMemory;
        bool deterministic;
        bool active;
    }

    /// @notice Lowest stake a slot that a source may ask for, wei; > 0.
    function MIN_STAKE_PER_SLOT() external view returns (uint256);

    /// @notice Highest royalty, basis points.
    function MAX_ROYALTY_BPS() external view returns (uint256);

    /// @notice Most verifiers that a version may list.
    function MAX_VERIFIERS() external view returns (uint256);

    /// @notice Publishes a source with its first version; the caller becomes its owner.
    /// @param verifiers Contracts that may judge Proof tasks of this version.
    function publish(
        SourceTerms calldata terms,
        VersionTerms calldata versionTerms,
        address[] calldata verifiers
    ) external returns (SourceId source);

    /// @notice Adds a version. Owner of the source only.
    function publishVersion(
        SourceId source,
        VersionTerms calldata versionTerms,
        address[] calldata verifiers
    ) external returns (uint256 version);

    /// @notice Stops or resumes new tasks and joins of a source. Owner only; reverts if nothing would change.
    function setActive(SourceId source, bool active) external;

    /// @notice Stops or resumes new tasks of one version. Owner only; reverts if nothing would change.
    function setVersionActive(SourceId source, uint256 version, bool active) external;

    /// @notice Changes the floor, for tasks submitted from now on. Owner only.
    function setFloorPrice(SourceId source, uint256 floorPrice) external;

    /// @notice Changes the stake a slot, for providers that join from now on. Owner only.
    function setStakePerSlot(SourceId source, uint256 stakePerSlot) external;

    /// @notice Changes the royalty, for tasks submitted from now on. Owner only.
    function setRoyalty(SourceId source, uint256 royaltyBps) external;

    /// @notice Number of sources; they count from 1.
    function sourceCount() external view returns (uint256);

    function getSource(SourceId source) external view returns (SourceView memory);

    function getVersion(SourceId source, uint256 version) external view returns (VersionView memory);

    /// @notice Sources `from` to `to`, exclusive; a `to` beyond the end means the end.
    function getSources(uint256 from, uint256 to) external view returns (SourceView[] memory);

    /// @notice Versions `from` to `to`, exclusive, of a source; a `to` beyond the end means the end.
    function getVersions(SourceId source, uint256 from, uint256 to) external view returns (VersionView[] memory);

    /// @notice Whether `verifier` may judge Proof tasks of a version.
    function isAdmitted(SourceId source, uint256 version, address verifier) external view returns (bool);

    /// @notice Lowest price of an execution, wei, of a source whether active or not.
    function floorPriceOf(SourceId source) external view returns (uint96);

    /// @notice Terms for a new task; reverts unless source and version are active and `verifier`, if not zero,
    /// is admitted.
    function offerOf(
        SourceId source,
        uint256 version,
        address verifier
    )
        external
        view
        returns (uint256 floorPrice, uint256 royaltyBps, uint8 environments, uint16 minGpuMemory, bool deterministic);

    /// @notice Stake a slot and terms of a version that a provider wants to join for; reverts unless both are
    /// active.
    function joinTermsOf(
        SourceId source,
        uint256 version
    ) external view returns (uint256 stakePerSlot, uint8 environments, uint16 minGpuMemory);
}

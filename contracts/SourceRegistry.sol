// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ISourceRegistry} from "./interfaces/ISourceRegistry.sol";
import {Cid} from "./libraries/Cid.sol";
import {ENVIRONMENT_ALL, ENVIRONMENT_GPU} from "./types/Environment.sol";
import {SourceId} from "./types/Ids.sol";

/// @title SourceRegistry
/// @notice See ISourceRegistry, which is the specification.
contract SourceRegistry is ISourceRegistry, ERC721 {
    using SafeCast for uint256;

    /// @dev One slot, 181 bits, that tells a task all it needs while it names the latest version. The terms of the
    /// latest version live here and move to `_superseded` when another version follows.
    struct Source {
        uint96 floorPrice;
        uint16 royaltyBps;
        uint16 versions;
        bool active;
        uint8 environments;
        uint16 minGpuMemory;
        bool deterministic;
        bool versionActive;
    }

    /// @dev Terms of a version that is no longer the latest.
    struct Terms {
        uint8 environments;
        uint16 minGpuMemory;
        bool deterministic;
        bool active;
    }

    /// @inheritdoc ISourceRegistry
    uint256 public constant MAX_ROYALTY_BPS = 2000;
    /// @inheritdoc ISourceRegistry
    uint256 public constant MAX_VERIFIERS = 16;
    /// @inheritdoc ISourceRegistry
    uint256 public immutable MIN_STAKE_PER_SLOT;

    /// @inheritdoc ISourceRegistry
    uint256 public sourceCount;

    mapping(SourceId source => Source) private _sources;
    mapping(SourceId source => uint96) private _stakePerSlot;
    mapping(SourceId source => mapping(uint256 version => Terms)) private _superseded;
    mapping(SourceId source => mapping(uint256 version => bytes32)) private _manifestDigests;
    mapping(SourceId source => mapping(uint256 version => mapping(address verifier => bool))) private _admitted;

    constructor(uint256 minStakePerSlot) ERC721("OpenGPU Source", "OGPU-SOURCE") {
        require(minStakePerSlot != 0, StakePerSlotBelowMinimum(0, 1));
        MIN_STAKE_PER_SLOT = minStakePerSlot;
    }

    // ------------------------------------------------------------------------------------------- publishers

    /// @inheritdoc ISourceRegistry
    function publish(
        SourceTerms calldata terms,
        VersionTerms calldata versionTerms,
        address[] calldata verifiers
    ) external returns (SourceId source) {
        source = SourceId.wrap((++sourceCount).toUint32());
        _sources[source].floorPrice = _checkedFloor(terms.floorPrice);
        _sources[source].royaltyBps = _checkedRoyalty(terms.royaltyBps);
        _sources[source].active = true;
        _stakePerSlot[source] = _checkedStake(terms.stakePerSlot);
        _mint(msg.sender, SourceId.unwrap(source));
        emit SourcePublished(source, msg.sender, terms.floorPrice, terms.stakePerSlot, terms.royaltyBps);
        _publishVersion(source, versionTerms, verifiers);
    }

    /// @inheritdoc ISourceRegistry
    function publishVersion(
        SourceId source,
        VersionTerms calldata versionTerms,
        address[] calldata verifiers
    ) external returns (uint256 version) {
        _checkPublisher(source);
        return _publishVersion(source, versionTerms, verifiers);
    }

    /// @inheritdoc ISourceRegistry
    function setActive(SourceId source, bool active) external {
        _checkPublisher(source);
        require(_sources[source].active != active, SourceAlreadyInState(source, active));
        _sources[source].active = active;
        emit SourceActivitySet(source, active);
    }

    /// @inheritdoc ISourceRegistry
    function setVersionActive(SourceId source, uint256 version, bool active) external {
        _checkPublisher(source);
        require(_termsOf(source, version).active != active, VersionAlreadyInState(source, version, active));
        if (version == _sources[source].versions) _sources[source].versionActive = active;
        else _superseded[source][version].active = active;
        emit VersionActivitySet(source, version, active);
    }

    /// @inheritdoc ISourceRegistry
    function setFloorPrice(SourceId source, uint256 floorPrice) external {
        _checkPublisher(source);
        _sources[source].floorPrice = _checkedFloor(floorPrice);
        emit FloorPriceSet(source, floorPrice);
    }

    /// @inheritdoc ISourceRegistry
    function setStakePerSlot(SourceId source, uint256 stakePerSlot) external {
        _checkPublisher(source);
        _stakePerSlot[source] = _checkedStake(stakePerSlot);
        emit StakePerSlotSet(source, stakePerSlot);
    }

    /// @inheritdoc ISourceRegistry
    function setRoyalty(SourceId source, uint256 royaltyBps) external {
        _checkPublisher(source);
        _sources[source].royaltyBps = _checkedRoyalty(royaltyBps);
        emit RoyaltySet(source, royaltyBps);
    }

    // ------------------------------------------------------------------------------------------- views

    /// @inheritdoc ISourceRegistry
    function getSource(SourceId source) public view returns (SourceView memory) {
        Source memory stored = _known(source);
        return
            SourceView({
                floorPrice: stored.floorPrice,
                stakePerSlot: _stakePerSlot[source],
                royaltyBps: stored.royaltyBps,
                versions: stored.versions,
                active: stored.active,
                publisher: ownerOf(SourceId.unwrap(source))
            });
    }

    /// @inheritdoc ISourceRegistry
    function getVersion(SourceId source, uint256 version) public view returns (VersionView memory) {
        Terms memory terms = _termsOf(source, version);
        return
            VersionView({
                manifestDigest: _manifestDigests[source][version],
                environments: terms.environments,
                minGpuMemory: terms.minGpuMemory,
                deterministic: terms.deterministic,
                active: terms.active
            });
    }

    /// @inheritdoc ISourceRegistry
    function getSources(uint256 from, uint256 to) external view returns (SourceView[] memory page) {
        to = _checkedEnd(from, to, sourceCount);
        page = new SourceView[](to - from);
        for (uint256 i = from; i < to; ++i) page[i - from] = getSource(SourceId.wrap(uint32(i)));
    }

    /// @inheritdoc ISourceRegistry
    function getVersions(SourceId source, uint256 from, uint256 to) external view returns (VersionView[] memory page) {
        to = _checkedEnd(from, to, _known(source).versions);
        page = new VersionView[](to - from);
        for (uint256 i = from; i < to; ++i) page[i - from] = getVersion(source, i);
    }

    /// @inheritdoc ISourceRegistry
    function isAdmitted(SourceId source, uint256 version, address verifier) external view returns (bool) {
        return _admitted[source][version][verifier];
    }

    /// @inheritdoc ISourceRegistry
    function floorPriceOf(SourceId source) external view returns (uint96) {
        return _known(source).floorPrice;
    }

    /// @inheritdoc ISourceRegistry
    function offerOf(
        SourceId source,
        uint256 version,
        address verifier
    ) external view returns (uint256, uint256, uint8, uint16, bool) {
        Source storage stored = _sources[source];
        Terms memory terms = _activeTerms(source, version);
        require(
            verifier == address(0) || _admitted[source][version][verifier],
            VerifierNotAdmitted(source, version, verifier)
        );
        return (stored.floorPrice, stored.royaltyBps, terms.environments, terms.minGpuMemory, terms.deterministic);
    }

    /// @inheritdoc ISourceRegistry
    function joinTermsOf(SourceId source, uint256 version) external view returns (uint256, uint8, uint16) {
        Terms memory terms = _activeTerms(source, version);
        return (_stakePerSlot[source], terms.environments, terms.minGpuMemory);
    }

    /// @notice `ipfs://` with the content identifier of the latest version's manifest, which carries the name, the
    /// description and the image that ERC-721 asks for.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        SourceId source = SourceId.wrap(uint32(tokenId));
        return string.concat("ipfs://", Cid.ofSha256(_manifestDigests[source][_sources[source].versions]));
    }

    // ------------------------------------------------------------------------------------------- internal

    function _publishVersion(
        SourceId source,
        VersionTerms calldata terms,
        address[] calldata verifiers
    ) private returns (uint256 version) {
        require(terms.manifestDigest != 0, ZeroDigest());
        require(
            terms.environments != 0 && terms.environments & ~ENVIRONMENT_ALL == 0,
            InvalidEnvironments(terms.environments)
        );
        require(
            terms.minGpuMemory == 0 || terms.environments & ENVIRONMENT_GPU != 0,
            GpuMemoryWithoutGpu(terms.minGpuMemory)
        );
        require(verifiers.length <= MAX_VERIFIERS, TooManyVerifiers(verifiers.length, MAX_VERIFIERS));

        Source storage stored = _sources[source];
        if (stored.versions != 0) _superseded[source][stored.versions] = _latestTerms(stored);
        stored.environments = terms.environments;
        stored.minGpuMemory = terms.minGpuMemory;
        stored.deterministic = terms.deterministic;
        stored.versionActive = true;
        version = ++stored.versions;
        _manifestDigests[source][version] = terms.manifestDigest;
        for (uint256 i; i < verifiers.length; ++i) {
            require(verifiers[i] != address(0), ZeroVerifier());
            _admitted[source][version][verifiers[i]] = true;
        }
        emit VersionPublished(
            source,
            version,
            terms.manifestDigest,
            terms.environments,
            terms.minGpuMemory,
            terms.deterministic,
            verifiers
        );
    }

    function _known(SourceId source) private view returns (Source storage stored) {
        stored = _sources[source];
        require(stored.versions != 0, UnknownSource(source));
    }

    function _termsOf(SourceId source, uint256 version) private view returns (Terms memory) {
        Source storage stored = _known(source);
        uint256 latest = stored.versions;
        require(version != 0 && version <= latest, UnknownVersion(source, version));
        return version == latest ? _latestTerms(stored) : _superseded[source][version];
    }

    function _activeTerms(SourceId source, uint256 version) private view returns (Terms memory terms) {
        terms = _termsOf(source, version);
        require(_sources[source].active, SourceNotActive(source));
        require(terms.active, VersionNotActive(source, version));
    }

    function _latestTerms(Source storage stored) private view returns (Terms memory) {
        return Terms(stored.environments, stored.minGpuMemory, stored.deterministic, stored.versionActive);
    }

    function _checkPublisher(SourceId source) private view {
        _known(source);
        require(ownerOf(SourceId.unwrap(source)) == msg.sender, NotPublisher(source, msg.sender));
    }

    function _checkedFloor(uint256 floorPrice) private pure returns (uint96) {
        require(floorPrice != 0, ZeroFloorPrice());
        require(floorPrice <= type(uint96).max, AmountTooLarge(floorPrice, type(uint96).max));
        return uint96(floorPrice);
    }

    function _checkedStake(uint256 stakePerSlot) private view returns (uint96) {
        require(stakePerSlot >= MIN_STAKE_PER_SLOT, StakePerSlotBelowMinimum(stakePerSlot, MIN_STAKE_PER_SLOT));
        require(stakePerSlot <= type(uint96).max, AmountTooLarge(stakePerSlot, type(uint96).max));
        return uint96(stakePerSlot);
    }

    function _checkedRoyalty(uint256 royaltyBps) private pure returns (uint16) {
        require(royaltyBps <= MAX_ROYALTY_BPS, RoyaltyAboveMaximum(royaltyBps, MAX_ROYALTY_BPS));
        return uint16(royaltyBps);
    }

    function _checkedEnd(uint256 from, uint256 to, uint256 count) private pure returns (uint256) {
        require(from != 0 && from <= to, InvalidRange(from, to));
        if (to > count + 1) to = count + 1;
        return to < from ? from : to;
    }
}

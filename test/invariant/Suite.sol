// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {PriceParameters} from "../../contracts/types/Market.sol";
import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {ISourceRegistry} from "../../contracts/interfaces/ISourceRegistry.sol";
import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {SourceId} from "../../contracts/types/Ids.sol";
import {Windows} from "../../contracts/types/Task.sol";
import {deploy, NotDeployed, VM} from "./Vm.sol";
import {YesVerifier} from "./YesVerifier.sol";

/// @title Suite
/// @notice The five contracts, from the artifacts that are deployed, with two sources and the people of a market.
/// @dev Roles overlap on purpose: client 1 publishes source 2 and client 0 is the payout account of provider 1.
abstract contract Suite {
    uint256 internal constant CLIENTS = 3;
    uint256 internal constant OWNERS = 3;
    /// @dev Enough for seven lapses of one task and a winner.
    uint256 public constant PROVIDERS = 8;
    uint256 public constant SOURCES = 2;
    uint256 internal constant CLIENT_KEY = 0xC11E47;
    uint256 internal constant MAX_ROUND = 100 ether;
    uint256 internal constant FEE_SCALE = 1.02 ether;

    address internal constant PUBLISHER = address(0x9B1);
    address internal constant TREASURY = address(0x7EA);
    address internal constant GOVERNOR = address(0x60B);
    address internal constant AGENT = address(0xA6E);
    address internal constant STRANGER = address(0x57A);

    IEscrow public escrow;
    ISourceRegistry public registry;
    IProviderPool public pool;
    IReputation public reputation;
    ITaskManager public taskManager;
    YesVerifier public verifier;
    Windows internal _windows;
    /// @dev Kept, because a key's address takes longer to compute than anything else here.
    address[CLIENTS] private _clients;

    constructor() {
        for (uint256 i; i < CLIENTS; ++i) _clients[i] = VM.addr(CLIENT_KEY + i);
        _windows = Windows(1 hours, 10 minutes, 7 days, 3 days, 1 hours, 1 hours, 1 hours, 1 hours, 1 days);
        uint256 nonce = VM.getNonce(address(this));
        address poolAddress = VM.computeCreateAddress(address(this), nonce + 2);
        address managerAddress = VM.computeCreateAddress(address(this), nonce + 4);
        escrow = IEscrow(deploy("Escrow", abi.encode(managerAddress, poolAddress)));
        registry = ISourceRegistry(deploy("SourceRegistry", abi.encode(0.1 ether)));
        uint256 unbonding = 1 hours + 7 days + 3 days + 1 hours + 7 days + 2 hours + 1 days;
        pool = IProviderPool(deploy("ProviderPool", abi.encode(managerAddress, escrow, registry, unbonding)));
        reputation = IReputation(deploy("Reputation", abi.encode(managerAddress, FEE_SCALE)));
        ITaskManager.Config memory config = ITaskManager.Config({
            owner: GOVERNOR,
            treasury: TREASURY,
            // The highest, so that fees outgrow their field in campaigns too.
            feeBps: 1000,
            escrow: escrow,
            sourceRegistry: registry,
            providerPool: pool,
            reputation: reputation,
            maxRound: MAX_ROUND,
            weightUnit: 0.1 ether,
            priceParameters: PriceParameters({target: 8000, speed: 1000, clamp: 250}),
            windows: _windows
        });
        taskManager = ITaskManager(deploy("TaskManager", abi.encode(config)));
        verifier = YesVerifier(deploy("YesVerifier", ""));
        _publish(PUBLISHER, 0.01 ether, 500, 1, 0);
        _publish(client(1), 1 ether, 0, 3, 8);
        // A version whose executions may differ.
        VM.prank(PUBLISHER);
        registry.publishVersion(
            SourceId.wrap(1),
            ISourceRegistry.VersionTerms(bytes32("another"), 1, 0, false),
            new address[](0)
        );
    }

    function governor() external pure returns (address) {
        return GOVERNOR;
    }

    function client(uint256 index) public view returns (address) {
        return _clients[index];
    }

    /// @dev Owner of a provider; three owners share eight providers.
    function ownerOf(uint256 provider) public pure returns (address) {
        return address(uint160(0x0E0 + (provider % OWNERS)));
    }

    function payoutOf(uint256 provider) public view returns (address) {
        return provider == 1 ? client(0) : ownerOf(provider);
    }

    /// @dev Every account that may ever have a balance in Escrow.
    function accounts() public view returns (address[] memory list) {
        list = new address[](CLIENTS + OWNERS + 6);
        uint256 count;
        for (uint256 i; i < CLIENTS; ++i) list[count++] = client(i);
        for (uint256 i; i < OWNERS; ++i) list[count++] = ownerOf(i);
        list[count++] = PUBLISHER;
        list[count++] = TREASURY;
        list[count++] = AGENT;
        list[count++] = STRANGER;
        list[count++] = address(pool);
        list[count++] = address(taskManager);
    }

    function _publish(
        address publisher,
        uint256 floor,
        uint256 royaltyBps,
        uint8 environments,
        uint16 memory_
    ) private {
        address[] memory verifiers = new address[](1);
        verifiers[0] = address(verifier);
        VM.prank(publisher);
        SourceId source = registry.publish(
            ISourceRegistry.SourceTerms(floor, 0.1 ether, royaltyBps),
            ISourceRegistry.VersionTerms(bytes32("manifest"), environments, memory_, true),
            verifiers
        );
        require(SourceId.unwrap(source) != 0, NotDeployed("source"));
    }
}

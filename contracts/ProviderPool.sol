// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";
import {IProviderPool} from "./interfaces/IProviderPool.sol";
import {ISourceRegistry} from "./interfaces/ISourceRegistry.sol";
import {Controller} from "./libraries/Controller.sol";
import {MarketLib} from "./libraries/MarketLib.sol";
import {ENVIRONMENT_ALL, fits} from "./types/Environment.sol";
import {ProviderId, SourceId} from "./types/Ids.sol";
import {Market, PackedPriceParameters} from "./types/Market.sol";

/// @title ProviderPool
/// @notice See IProviderPool, which is the specification.
contract ProviderPool is IProviderPool {
    using MarketLib for Market;
    using SafeCast for uint256;

    /// @dev What work touches, one slot: 160 + 88 + 8 bits. All stake of a provider fits the 88 bits (3.09e8 coins of
    /// 18 decimals), so no part of it can outgrow them.
    struct Account {
        address payout;
        uint88 free;
        /// Whether `jailedUntil` is set at all, so that work need not read it.
        bool jailed;
    }

    /// @dev What only stakes touch, one slot: 96 + 96 + 40 bits. Locked = stake − unbonding − free.
    struct Bond {
        uint96 stake;
        uint96 unbonding;
        uint40 maturesAt;
    }

    /// @dev What only the owner touches.
    struct Identity {
        address owner;
        uint40 jailedUntil;
        address pendingOwner;
        bytes32 key;
    }

    /// @dev Members that a pool must have beyond the seats of a round, lest everybody knows who will sit.
    uint256 private constant SPARE_MEMBERS = 2;

    /// @inheritdoc IProviderPool
    address public immutable TASK_MANAGER;
    /// @inheritdoc IProviderPool
    uint256 public immutable UNBONDING_PERIOD;
    IEscrow private immutable _ESCROW;
    ISourceRegistry private immutable _SOURCE_REGISTRY;

    /// @inheritdoc IProviderPool
    uint256 public providerCount;

    mapping(ProviderId provider => Account) private _accounts;
    mapping(ProviderId provider => Bond) private _bonds;
    mapping(ProviderId provider => Identity) private _identities;
    mapping(ProviderId provider => mapping(address key => bool)) private _authorised;
    mapping(ProviderId provider => mapping(SourceId source => Membership)) private _memberships;
    mapping(ProviderId provider => mapping(SourceId source => bool)) private _approved;
    mapping(SourceId source => Market) private _markets;
    mapping(SourceId source => ProviderId[]) private _members;

    modifier onlyTaskManager() {
        require(msg.sender == TASK_MANAGER, NotAuthorised(msg.sender));
        _;
    }

    modifier onlyOwner(ProviderId provider) {
        require(_identities[provider].owner == msg.sender, NotOwner(provider, msg.sender));
        _;
    }

    modifier onlyAuthorised(ProviderId provider) {
        require(_authorised[provider][msg.sender], NotAgent(provider, msg.sender));
        _;
    }

    constructor(address taskManager, IEscrow escrow, ISourceRegistry sourceRegistry, uint256 unbondingPeriod) {
        require(
            taskManager != address(0) && address(escrow) != address(0) && address(sourceRegistry) != address(0),
            ZeroAddress()
        );
        require(unbondingPeriod <= type(uint32).max, AmountTooLarge(unbondingPeriod, type(uint32).max));
        TASK_MANAGER = taskManager;
        UNBONDING_PERIOD = unbondingPeriod;
        _ESCROW = escrow;
        _SOURCE_REGISTRY = sourceRegistry;
    }

    // ------------------------------------------------------------------------------------------- identity

    /// @inheritdoc IProviderPool
    function register(address payout, bytes32 key) external returns (ProviderId provider) {
        require(payout != address(0), ZeroAddress());
        require(key != 0, ZeroKey());
        provider = ProviderId.wrap((++providerCount).toUint32());
        _accounts[provider].payout = payout;
        _identities[provider].owner = msg.sender;
        _identities[provider].key = key;
        _authorised[provider][msg.sender] = true;
        emit ProviderRegistered(provider, msg.sender, payout, key);
    }

    /// @inheritdoc IProviderPool
    function transferOwnership(ProviderId provider, address newOwner) external onlyOwner(provider) {
        _identities[provider].pendingOwner = newOwner;
        emit OwnershipTransferStarted(provider, msg.sender, newOwner);
    }

    /// @inheritdoc IProviderPool
    function acceptOwnership(ProviderId provider) external {
        Identity storage identity = _identities[provider];
        require(identity.pendingOwner == msg.sender, NotPendingOwner(provider, msg.sender));
        address previousOwner = identity.owner;
        identity.owner = msg.sender;
        identity.pendingOwner = address(0);
        _authorised[provider][previousOwner] = false;
        _authorised[provider][msg.sender] = true;
        emit OwnershipTransferred(provider, previousOwner, msg.sender);
    }

    /// @inheritdoc IProviderPool
    function setPayout(ProviderId provider, address payout) external onlyOwner(provider) {
        require(payout != address(0), ZeroAddress());
        _accounts[provider].payout = payout;
        emit PayoutSet(provider, payout);
    }

    /// @inheritdoc IProviderPool
    function rotateKey(ProviderId provider, bytes32 key) external onlyOwner(provider) {
        require(key != 0, ZeroKey());
        _identities[provider].key = key;
        emit KeyRotated(provider, key);
    }

    /// @inheritdoc IProviderPool
    function setAgent(ProviderId provider, address agent, bool allowed) external onlyOwner(provider) {
        require(agent != address(0), ZeroAddress());
        require(agent != msg.sender, OwnerAsAgent(provider, agent));
        require(_authorised[provider][agent] != allowed, AgentAlreadyInState(provider, agent, allowed));
        _authorised[provider][agent] = allowed;
        emit AgentSet(provider, agent, allowed);
    }

    // ------------------------------------------------------------------------------------------- stake

    /// @inheritdoc IProviderPool
    function stake(ProviderId provider, uint256 amount) external payable {
        require(_identities[provider].owner != address(0), UnknownProvider(provider));
        require(amount != 0, ZeroAmount());
        require(msg.value == 0 || msg.value == amount, WrongValue(msg.value, amount));
        require(amount <= type(uint88).max, AmountTooLarge(amount, type(uint88).max));
        uint256 total = _bonds[provider].stake + amount;
        require(total <= type(uint88).max, AmountTooLarge(total, type(uint88).max));
        _bonds[provider].stake = uint96(total);
        _accounts[provider].free += uint88(amount);
        if (msg.value == 0) _ESCROW.collectStake(msg.sender, amount);
        else _ESCROW.depositFor{value: amount}(address(this));
        emit Staked(provider, msg.sender, amount);
    }

    /// @inheritdoc IProviderPool
    function unbond(ProviderId provider, uint256 amount) external onlyOwner(provider) {
        require(amount != 0, ZeroAmount());
        uint256 free = _accounts[provider].free;
        require(free >= amount, InsufficientStake(provider, free, amount));
        Bond memory bond = _bonds[provider];
        bond.unbonding += uint96(amount);
        bond.maturesAt = uint40(block.timestamp + UNBONDING_PERIOD);
        _bonds[provider] = bond;
        _accounts[provider].free = uint88(free - amount);
        emit UnbondingStarted(provider, amount, bond.unbonding, bond.maturesAt);
    }

    /// @inheritdoc IProviderPool
    function cancelUnbonding(ProviderId provider) external onlyOwner(provider) {
        uint256 amount = _bonds[provider].unbonding;
        require(amount != 0, NothingUnbonding(provider));
        _bonds[provider].unbonding = 0;
        _bonds[provider].maturesAt = 0;
        _accounts[provider].free += uint88(amount);
        emit UnbondingCancelled(provider, amount);
    }

    /// @inheritdoc IProviderPool
    function claim(ProviderId provider) external onlyOwner(provider) {
        Bond memory bond = _bonds[provider];
        uint256 amount = bond.unbonding;
        require(amount != 0, NothingUnbonding(provider));
        require(block.timestamp > bond.maturesAt, StillUnbonding(provider, bond.maturesAt));
        _bonds[provider] = Bond({stake: uint96(bond.stake - amount), unbonding: 0, maturesAt: 0});
        address payout = _accounts[provider].payout;
        _ESCROW.transfer(payout, amount);
        emit StakeClaimed(provider, payout, amount);
    }

    // ------------------------------------------------------------------------------------------- pools

    /// @inheritdoc IProviderPool
    function approveSource(ProviderId provider, SourceId source, bool approved) external onlyOwner(provider) {
        require(_approved[provider][source] != approved, ApprovalUnchanged(provider, source, approved));
        _approved[provider][source] = approved;
        emit SourceApproved(provider, source, approved);
    }

    /// @inheritdoc IProviderPool
    function joinPool(
        ProviderId provider,
        SourceId source,
        uint256 version,
        uint32 slots,
        uint8 environments,
        uint16 gpuMemory
    ) external onlyAuthorised(provider) {
        require(
            _approved[provider][source] || msg.sender == _identities[provider].owner,
            NotApproved(provider, source)
        );
        require(slots != 0, ZeroSlots());
        require(environments & ~ENVIRONMENT_ALL == 0, InvalidEnvironments(environments));
        require(_memberships[provider][source].slots == 0, AlreadyMember(provider, source));
        (uint256 stakePerSlot, uint8 wanted, uint16 wantedMemory) = _SOURCE_REGISTRY.joinTermsOf(source, version);
        require(
            fits(environments, gpuMemory, wanted, wantedMemory),
            HardwareMismatch(environments, gpuMemory, wanted, wantedMemory)
        );
        _requireNotJailed(provider, _accounts[provider].jailed);
        _lock(provider, _accounts[provider].free, slots * stakePerSlot);

        ProviderId[] storage members = _members[source];
        _memberships[provider][source] = Membership({
            slots: slots,
            reserved: 0,
            environments: environments,
            gpuMemory: gpuMemory,
            stakePerSlot: uint96(stakePerSlot),
            joinedAt: uint40(block.timestamp),
            index: uint32(members.length)
        });
        members.push(provider);
        // Capacity can only lower the utilisation.
        _markets[source] = _touched(source, 0).grown(slots);
        emit Joined(provider, source, slots, environments, gpuMemory, stakePerSlot);
    }

    /// @inheritdoc IProviderPool
    function leavePool(ProviderId provider, SourceId source) external onlyAuthorised(provider) {
        Membership memory membership = _memberships[provider][source];
        require(membership.slots != 0, NotMember(provider, source));
        require(membership.reserved == 0, ReservationsHeld(provider, source, membership.reserved));
        delete _memberships[provider][source];

        // Where nothing is open, a leave cannot raise the utilisation.
        uint256 floorPrice = _markets[source].openTasks() == 0 ? 0 : _SOURCE_REGISTRY.floorPriceOf(source);
        _markets[source] = _touched(source, floorPrice).shrunk(membership.slots);
        ProviderId[] storage members = _members[source];
        ProviderId last = members[members.length - 1];
        members.pop();
        if (last != provider) {
            members[membership.index] = last;
            _memberships[last][source].index = membership.index;
        }
        _accounts[provider].free += uint88(uint256(membership.slots) * membership.stakePerSlot);
        emit Left(provider, source, membership.slots);
    }

    // ------------------------------------------------------------------------------------------- work

    /// @inheritdoc IProviderPool
    function vet(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond
    ) public view returns (address) {
        _vet(provider, key, source, environments, minGpuMemory);
        Account storage account = _accounts[provider];
        require(account.free >= bond, InsufficientStake(provider, account.free, bond));
        return account.payout;
    }

    /// @inheritdoc IProviderPool
    function engage(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond,
        bool counted
    ) external onlyTaskManager {
        _vet(provider, key, source, environments, minGpuMemory);
        _lock(provider, _accounts[provider].free, bond);
        if (counted) _close(source, 1);
    }

    /// @inheritdoc IProviderPool
    function enlist(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond,
        uint256 before
    ) external onlyTaskManager returns (uint256 slots) {
        _vet(provider, key, source, environments, minGpuMemory);
        Membership storage membership = _memberships[provider][source];
        uint256 joinedAt = membership.joinedAt;
        require(joinedAt < before, JoinedTooLate(provider, source, joinedAt, before));
        _lock(provider, _accounts[provider].free, bond);
        return membership.slots;
    }

    /// @inheritdoc IProviderPool
    function reserve(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond
    ) external onlyTaskManager {
        _vet(provider, key, source, environments, minGpuMemory);
        _lock(provider, _accounts[provider].free, bond);
        Membership storage membership = _memberships[provider][source];
        require(membership.reserved < membership.slots, NoFreeSlot(provider, source, membership.slots));
        membership.reserved += 1;
    }

    /// @inheritdoc IProviderPool
    function fulfil(ProviderId provider, address key, SourceId source, bool counted) external onlyTaskManager {
        require(_authorised[provider][key], NotAgent(provider, key));
        _memberships[provider][source].reserved -= 1;
        if (counted) _close(source, 1);
    }

    /// @inheritdoc IProviderPool
    function vacate(ProviderId provider, SourceId source) external onlyTaskManager {
        _memberships[provider][source].reserved -= 1;
    }

    /// @inheritdoc IProviderPool
    function release(ProviderId provider, uint256 bond) external onlyTaskManager returns (address) {
        Account storage account = _accounts[provider];
        account.free += uint88(bond);
        return account.payout;
    }

    /// @inheritdoc IProviderPool
    function slash(ProviderId provider, uint256 bond, uint256 amount) external onlyTaskManager {
        uint256 available = _accounts[provider].free + bond;
        Bond memory stored = _bonds[provider];
        require(
            amount <= available + stored.unbonding,
            SlashAboveStake(provider, available + stored.unbonding, amount)
        );
        if (amount > available) {
            stored.unbonding -= uint96(amount - available);
            if (stored.unbonding == 0) stored.maturesAt = 0;
            available = amount;
        }
        _accounts[provider].free = uint88(available - amount);
        stored.stake -= uint96(amount);
        _bonds[provider] = stored;
        if (amount != 0) _ESCROW.transfer(TASK_MANAGER, amount);
        emit Slashed(provider, amount);
    }

    /// @inheritdoc IProviderPool
    function jail(ProviderId provider, uint256 until) external onlyTaskManager {
        _identities[provider].jailedUntil = uint40(until);
        _accounts[provider].jailed = true;
        emit JailSet(provider, until);
    }

    // ------------------------------------------------------------------------------------------- market

    /// @inheritdoc IProviderPool
    function open(
        SourceId source,
        uint256 cap,
        uint256 floorPrice,
        PackedPriceParameters parameters
    ) external onlyTaskManager returns (uint256 price) {
        Market market = _touched(source, floorPrice).withParameters(parameters);
        price = market.price();
        _markets[source] = cap >= price ? market.opened(1) : market;
    }

    /// @inheritdoc IProviderPool
    function openRound(
        SourceId source,
        uint256 cap,
        uint256 floorPrice,
        PackedPriceParameters parameters,
        uint256 seats
    ) external onlyTaskManager returns (uint256 price, uint256 capacity) {
        _requireMembers(source, seats);
        Market market = _touched(source, floorPrice).withParameters(parameters);
        price = market.price();
        capacity = market.capacity();
        _markets[source] = cap >= price ? market.opened(seats) : market;
    }

    /// @inheritdoc IProviderPool
    function reopen(SourceId source, uint256 cap) external onlyTaskManager returns (bool counted) {
        Market market = _touched(source, _SOURCE_REGISTRY.floorPriceOf(source));
        counted = cap >= market.price();
        _markets[source] = counted ? market.opened(1) : market;
    }

    /// @inheritdoc IProviderPool
    function close(SourceId source, uint256 count) external onlyTaskManager {
        _close(source, count);
    }

    // ------------------------------------------------------------------------------------------- views

    /// @inheritdoc IProviderPool
    function ESCROW() external view returns (address) {
        return address(_ESCROW);
    }

    /// @inheritdoc IProviderPool
    function SOURCE_REGISTRY() external view returns (address) {
        return address(_SOURCE_REGISTRY);
    }

    /// @inheritdoc IProviderPool
    function getProvider(ProviderId provider) public view returns (ProviderView memory) {
        Identity memory identity = _identities[provider];
        require(identity.owner != address(0), UnknownProvider(provider));
        Account memory account = _accounts[provider];
        Bond memory bond = _bonds[provider];
        return
            ProviderView({
                owner: identity.owner,
                pendingOwner: identity.pendingOwner,
                payout: account.payout,
                key: identity.key,
                stake: bond.stake,
                free: account.free,
                locked: bond.stake - bond.unbonding - account.free,
                unbonding: bond.unbonding,
                maturesAt: bond.maturesAt,
                jailedUntil: identity.jailedUntil
            });
    }

    /// @inheritdoc IProviderPool
    function getProviders(uint256 from, uint256 to) external view returns (ProviderView[] memory page) {
        require(from != 0 && from <= to, InvalidRange(from, to));
        to = _clipped(from, to, providerCount + 1);
        page = new ProviderView[](to - from);
        for (uint256 i = from; i < to; ++i) page[i - from] = getProvider(ProviderId.wrap(uint32(i)));
    }

    /// @inheritdoc IProviderPool
    function isApproved(ProviderId provider, SourceId source) external view returns (bool) {
        return _approved[provider][source];
    }

    /// @inheritdoc IProviderPool
    function isAuthorised(ProviderId provider, address key) external view returns (bool) {
        return _authorised[provider][key];
    }

    /// @inheritdoc IProviderPool
    function getMembership(ProviderId provider, SourceId source) external view returns (Membership memory) {
        return _memberships[provider][source];
    }

    /// @inheritdoc IProviderPool
    function getMarket(SourceId source) external view returns (MarketView memory) {
        Market market = _markets[source];
        return
            MarketView({
                price: market.priceAt(_SOURCE_REGISTRY.floorPriceOf(source), block.timestamp),
                utilisation: market.utilisation(),
                openTasks: market.openTasks(),
                capacity: market.capacity(),
                members: _members[source].length,
                touchedAt: market.touchedAt(),
                parameters: Controller.unpack(market.parameters())
            });
    }

    /// @inheritdoc IProviderPool
    function capacityFor(SourceId source, uint256 seats) external view returns (uint256) {
        if (seats != 0) _requireMembers(source, seats);
        return _markets[source].capacity();
    }

    /// @inheritdoc IProviderPool
    function priceOf(SourceId source, uint256 floorPrice) public view returns (uint256) {
        return _markets[source].priceAt(floorPrice, block.timestamp);
    }

    /// @inheritdoc IProviderPool
    function quote(SourceId source, uint256 cap, uint256 patience) external view returns (Quote memory) {
        uint256 floorPrice = _SOURCE_REGISTRY.floorPriceOf(source);
        require(cap >= floorPrice, CapBelowFloor(cap, floorPrice));
        uint256 marketPrice = priceOf(source, floorPrice);
        uint256 startPrice = patience == 0 ? cap : Math.min(cap, marketPrice);
        return
            Quote({
                marketPrice: marketPrice,
                startPrice: startPrice,
                climb: patience == 0 ? 0 : Math.ceilDiv(cap - startPrice, patience),
                rampDuration: patience,
                counted: cap >= marketPrice
            });
    }

    /// @inheritdoc IProviderPool
    function getMembers(SourceId source, uint256 from, uint256 to) external view returns (ProviderId[] memory page) {
        require(from <= to, InvalidRange(from, to));
        to = _clipped(from, to, _members[source].length);
        page = new ProviderId[](to - from);
        for (uint256 i = from; i < to; ++i) page[i - from] = _members[source][i];
    }

    // ------------------------------------------------------------------------------------------- internal

    function _vet(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory
    ) private view {
        require(_authorised[provider][key], NotAgent(provider, key));
        Membership storage membership = _memberships[provider][source];
        require(membership.slots != 0, NotMember(provider, source));
        require(
            fits(membership.environments, membership.gpuMemory, environments, minGpuMemory),
            HardwareMismatch(membership.environments, membership.gpuMemory, environments, minGpuMemory)
        );
        _requireNotJailed(provider, _accounts[provider].jailed);
    }

    function _requireMembers(SourceId source, uint256 seats) private view {
        uint256 members = _members[source].length;
        uint256 required = seats + SPARE_MEMBERS;
        require(members >= required, PoolTooSmall(source, members, required));
    }

    function _requireNotJailed(ProviderId provider, bool jailed) private view {
        if (!jailed) return;
        uint256 until = _identities[provider].jailedUntil;
        require(block.timestamp > until, Jailed(provider, until));
    }

    /// @dev The market of a source as it is now.
    function _touched(SourceId source, uint256 floorPrice) private view returns (Market) {
        return _markets[source].touched(floorPrice, block.timestamp);
    }

    /// @dev Takes so much from the demand, which lowers the utilisation.
    function _close(SourceId source, uint256 count) private {
        _markets[source] = _touched(source, 0).closed(count);
    }

    function _lock(ProviderId provider, uint256 free, uint256 amount) private {
        require(free >= amount, InsufficientStake(provider, free, amount));
        // What remains is below the old value, which fits.
        _accounts[provider].free = uint88(free - amount);
    }

    function _clipped(uint256 from, uint256 to, uint256 end) private pure returns (uint256) {
        if (to > end) to = end;
        return to < from ? from : to;
    }
}

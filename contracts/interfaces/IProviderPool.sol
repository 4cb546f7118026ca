// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId, SourceId} from "../types/Ids.sol";
import {PackedPriceParameters, PriceParameters} from "../types/Market.sol";

/// @title IProviderPool
/// @notice Providers with their stakes and agents, and the pool of every source: its members, their slots, its market.
/// @dev A stake is free, locked (slots and obligations, each its own lock, never shared) or unbonding. Every
/// obligation locks its whole penalty when it is taken, so leaving early evades nothing; stake goes out only through
/// unbonding. An agent may leave, join what the owner approved, and take work,
/// which can waste bonds, but never move stake or earnings.
interface IProviderPool {
    error NotAuthorised(address caller);
    error ZeroAddress();
    error ZeroAmount();
    error ZeroKey();
    error ZeroSlots();
    error UnknownProvider(ProviderId provider);
    error NotOwner(ProviderId provider, address caller);
    error NotPendingOwner(ProviderId provider, address caller);
    /// @notice `key` is neither the owner nor an agent of the provider.
    error NotAgent(ProviderId provider, address key);
    error AgentAlreadyInState(ProviderId provider, address agent, bool allowed);
    /// @notice The owner's own authority cannot be granted or revoked.
    error OwnerAsAgent(ProviderId provider, address owner);
    /// @notice The attached coin is not the amount to stake.
    error WrongValue(uint256 sent, uint256 expected);
    /// @notice `provider` has `free` wei of free stake, not `needed`.
    error InsufficientStake(ProviderId provider, uint256 free, uint256 needed);
    /// @notice A slash beyond all that the provider has outside its other locks.
    error SlashAboveStake(ProviderId provider, uint256 available, uint256 amount);
    /// @notice `amount` (wei, or seconds of the unbonding period) does not fit the stored width, `maximum`.
    error AmountTooLarge(uint256 amount, uint256 maximum);
    /// @notice Agents of the provider may not join the pool of the source: its owner has not approved it.
    error NotApproved(ProviderId provider, SourceId source);
    error ApprovalUnchanged(ProviderId provider, SourceId source, bool approved);
    error AlreadyMember(ProviderId provider, SourceId source);
    error NotMember(ProviderId provider, SourceId source);
    /// @notice The hardware does not run what was asked for.
    error HardwareMismatch(uint256 environments, uint256 gpuMemory, uint256 wanted, uint256 wantedMemory);
    error InvalidEnvironments(uint256 environments);
    error Jailed(ProviderId provider, uint256 until);
    error NothingUnbonding(ProviderId provider);
    error StillUnbonding(ProviderId provider, uint256 maturesAt);
    error InvalidRange(uint256 from, uint256 to);
    /// @notice The provider holds reservations in the pool, which it must fulfil or let lapse before it leaves.
    error ReservationsHeld(ProviderId provider, SourceId source, uint256 reserved);
    error CapBelowFloor(uint256 maxReward, uint256 floorPrice);
    /// @notice A round for the source needs `required` members.
    error PoolTooSmall(SourceId source, uint256 members, uint256 required);
    /// @notice The provider joined, or changed its slots, no earlier than the task was submitted. Unix seconds.
    error JoinedTooLate(ProviderId provider, SourceId source, uint256 joinedAt, uint256 before);
    /// @notice The provider already holds as many reservations in the pool as it has slots there.
    error NoFreeSlot(ProviderId provider, SourceId source, uint256 slots);

    event ProviderRegistered(ProviderId indexed provider, address indexed owner, address payout, bytes32 key);
    event OwnershipTransferStarted(ProviderId indexed provider, address indexed owner, address indexed pendingOwner);
    event OwnershipTransferred(ProviderId indexed provider, address indexed previousOwner, address indexed owner);
    event PayoutSet(ProviderId indexed provider, address indexed payout);
    event KeyRotated(ProviderId indexed provider, bytes32 key);
    event AgentSet(ProviderId indexed provider, address indexed agent, bool allowed);
    event Staked(ProviderId indexed provider, address indexed from, uint256 amount);
    event UnbondingStarted(ProviderId indexed provider, uint256 amount, uint256 total, uint256 maturesAt);
    event UnbondingCancelled(ProviderId indexed provider, uint256 amount);
    event StakeClaimed(ProviderId indexed provider, address indexed payout, uint256 amount);
    event Joined(
        ProviderId indexed provider,
        SourceId indexed source,
        uint256 slots,
        uint8 environments,
        uint16 gpuMemory,
        uint256 stakePerSlot
    );
    event SourceApproved(ProviderId indexed provider, SourceId indexed source, bool approved);
    event Left(ProviderId indexed provider, SourceId indexed source, uint256 slots);
    event Slashed(ProviderId indexed provider, uint256 amount);
    event JailSet(ProviderId indexed provider, uint256 until);

    struct ProviderView {
        address owner;
        address pendingOwner;
        /// Escrow account that earnings and claimed stake are credited to.
        address payout;
        /// X25519 public key, to which clients encrypt private inputs.
        bytes32 key;
        /// All stake, wei: free + locked + unbonding.
        uint256 stake;
        uint256 free;
        uint256 locked;
        uint256 unbonding;
        /// When what is unbonding may be claimed, unix seconds; 0: nothing unbonds.
        uint256 maturesAt;
        /// No new work up to and in this second, unix time; 0: never jailed.
        uint256 jailedUntil;
    }

    struct Membership {
        uint32 slots;
        /// Slots held by reservations.
        uint32 reserved;
        uint8 environments;
        /// GiB; 0: no GPU.
        uint16 gpuMemory;
        /// Wei, as it was when the provider joined.
        uint96 stakePerSlot;
        /// Unix seconds.
        uint40 joinedAt;
        /// Place in the list of members.
        uint32 index;
    }

    struct MarketView {
        /// Market price of one execution now, wei; never below the floor.
        uint256 price;
        /// min(1, open tasks / capacity), basis points.
        uint256 utilisation;
        /// Orders that count as demand and wait for a delivery.
        uint256 openTasks;
        /// Sum of the members' slots.
        uint256 capacity;
        uint256 members;
        /// When one of these last changed, unix seconds.
        uint256 touchedAt;
        /// What moves the price; all zero before the first order.
        PriceParameters parameters;
    }

    /// @dev What an order would meet if it were posted now.
    struct Quote {
        /// Market price, wei.
        uint256 marketPrice;
        /// Where its price would begin, wei: the market price, or the cap if that is less.
        uint256 startPrice;
        /// By how much it would climb in each second, wei, rounded up; 0 if it starts at the cap.
        uint256 climb;
        /// Seconds from its start to the cap.
        uint256 rampDuration;
        /// Whether it would count as demand: its cap reaches the market price.
        bool counted;
    }

    function TASK_MANAGER() external view returns (address);

    function ESCROW() external view returns (address);

    function SOURCE_REGISTRY() external view returns (address);

    /// @notice Seconds between unbonding and claim: the sum of every window that one obligation can pass through.
    function UNBONDING_PERIOD() external view returns (uint256);

    /// @notice Registers a provider of which the caller is the owner.
    /// @param payout Account that earnings are credited to.
    /// @param key X25519 public key.
    function register(address payout, bytes32 key) external returns (ProviderId provider);

    /// @notice Offers the ownership to `newOwner`, which must accept; zero withdraws the offer. Owner only.
    function transferOwnership(ProviderId provider, address newOwner) external;

    /// @notice Takes an offered ownership. The former owner loses its authority, agents keep theirs.
    function acceptOwnership(ProviderId provider) external;

    /// @notice Changes the account that earnings and claimed stake go to. Owner only.
    function setPayout(ProviderId provider, address payout) external;

    /// @notice Replaces the X25519 key. Owner only.
    function rotateKey(ProviderId provider, bytes32 key) external;

    /// @notice Grants or revokes an agent. Owner only; reverts if nothing would change.
    function setAgent(ProviderId provider, address agent, bool allowed) external;

    /// @notice Adds `amount` wei to the stake of a provider, from the attached coin if any, else from the caller's
    /// free balance in Escrow. Anyone may.
    function stake(ProviderId provider, uint256 amount) external payable;

    /// @notice Starts to unbond `amount` wei of free stake. What already unbonds waits again. Owner only.
    function unbond(ProviderId provider, uint256 amount) external;

    /// @notice Returns all that unbonds, matured or not, to the free stake. Owner only.
    function cancelUnbonding(ProviderId provider) external;

    /// @notice Credits matured stake to the payout account in Escrow. Owner only.
    function claim(ProviderId provider) external;

    /// @notice Lets agents join the pool of a source, or no more. Owner only.
    /// @dev Whoever rules a pool can make its panels take a member's bonds, so a stolen agent key must not choose pools.
    function approveSource(ProviderId provider, SourceId source, bool approved) external;

    /// @notice Joins the pool of a source with hardware that meets the terms of `version`; locks the source's stake
    /// for each slot. Owner, and agents where it approved the source.
    function joinPool(
        ProviderId provider,
        SourceId source,
        uint256 version,
        uint32 slots,
        uint8 environments,
        uint16 gpuMemory
    ) external;

    /// @notice Leaves the pool of a source and unlocks its slots; not while it holds reservations there, which end by
    /// delivery or lapse. Owner and agents. Obligations already taken keep their own locks.
    function leavePool(ProviderId provider, SourceId source) external;

    /// @notice Number of providers; they count from 1.
    function providerCount() external view returns (uint256);

    function getProvider(ProviderId provider) external view returns (ProviderView memory);

    /// @notice Providers `from` to `to`, exclusive; a `to` beyond the end means the end.
    function getProviders(uint256 from, uint256 to) external view returns (ProviderView[] memory);

    /// @notice Whether agents of the provider may join the pool of a source.
    function isApproved(ProviderId provider, SourceId source) external view returns (bool);

    function isAuthorised(ProviderId provider, address key) external view returns (bool);

    /// @notice Membership of a provider in a source's pool; zero slots: none.
    function getMembership(ProviderId provider, SourceId source) external view returns (Membership memory);

    /// @notice Market of a source as it is now.
    function getMarket(SourceId source) external view returns (MarketView memory);

    /// @notice Sum of the members' slots in a source's pool; reverts unless it has two members more than `seats`, if any.
    function capacityFor(SourceId source, uint256 seats) external view returns (uint256);

    /// @notice Price of one execution for the source now, wei, if its floor is `floorPrice`.
    function priceOf(SourceId source, uint256 floorPrice) external view returns (uint256);

    /// @notice What an order for the source would meet now, given its budget and how long it can wait.
    /// @param cap Most that it would pay for one execution, wei; reverts below the floor.
    /// @param patience Seconds over which its price would climb to the cap; 0: the cap at once.
    function quote(SourceId source, uint256 cap, uint256 patience) external view returns (Quote memory);

    /// @notice Members at places `from` to `to`, exclusive, of a source's pool. Places change as members leave.
    function getMembers(SourceId source, uint256 from, uint256 to) external view returns (ProviderId[] memory);

    /// @notice Reverts unless `key` may take work of a source for the provider now; tells its payout account.
    /// @param environments Environments that the order accepts.
    /// @param minGpuMemory GPU memory that it needs on a GPU, GiB.
    /// @param bond Free stake that the provider must have, wei.
    function vet(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond
    ) external view returns (address payout);

    /// @notice Like `vet`, and locks `bond` wei of free stake. TaskManager only.
    /// @param counted Whether the task counted as demand, which ends.
    function engage(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond,
        bool counted
    ) external;

    /// @notice Like `vet`, for a seat in a round; locks `bond` wei of free stake. TaskManager only.
    /// @param before The provider must have joined earlier than this, unix seconds.
    /// @return slots Slots of the provider.
    function enlist(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond,
        uint256 before
    ) external returns (uint256 slots);

    /// @notice Like `engage`, for a task that goes on counting as demand; takes one of the provider's slots, as many
    /// of which can be reserved as it has. TaskManager only.
    function reserve(
        ProviderId provider,
        address key,
        SourceId source,
        uint8 environments,
        uint16 minGpuMemory,
        uint256 bond
    ) external;

    /// @notice Frees the slot of a reservation; reverts unless `key` may act for the provider. TaskManager only.
    /// @param counted Whether the task counted as demand, which ends.
    function fulfil(ProviderId provider, address key, SourceId source, bool counted) external;

    /// @notice Frees the slot of a reservation that lapsed. TaskManager only.
    function vacate(ProviderId provider, SourceId source) external;

    /// @notice Adds an order to the demand for a source if its cap reaches the market price; tells that price, wei.
    /// The market goes by `parameters` from now on. TaskManager only.
    function open(
        SourceId source,
        uint256 cap,
        uint256 floorPrice,
        PackedPriceParameters parameters
    ) external returns (uint256 price);

    /// @notice Does the same for an order that asks for `seats` executions and counts as many; reverts unless the pool
    /// has two members more. TaskManager only.
    /// @return price Market price, wei.
    /// @return capacity Sum of the members' slots.
    function openRound(
        SourceId source,
        uint256 cap,
        uint256 floorPrice,
        PackedPriceParameters parameters,
        uint256 seats
    ) external returns (uint256 price, uint256 capacity);

    /// @notice Adds an order to the demand again, if its cap reaches the market price. TaskManager only.
    function reopen(SourceId source, uint256 cap) external returns (bool counted);

    /// @notice Takes an order that counted `count` from the demand. TaskManager only.
    function close(SourceId source, uint256 count) external;

    /// @notice Unlocks `bond` wei of an obligation; tells the provider's payout account. TaskManager only.
    function release(ProviderId provider, uint256 bond) external returns (address payout);

    /// @notice Ends an obligation of `bond` wei and takes `amount` wei of stake, which TaskManager's account gets:
    /// from the bond first, then from the free stake, then from what unbonds, matured or not. Other locks
    /// are never touched. TaskManager only.
    function slash(ProviderId provider, uint256 bond, uint256 amount) external;

    /// @notice Keeps a provider from new work up to and in second `until`, unix time; what it owes it may finish.
    /// TaskManager only.
    function jail(ProviderId provider, uint256 until) external;
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {DisputeOutcome} from "../types/Dispute.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";
import {PriceParameters} from "../types/Market.sol";
import {PackedOrder, Verification} from "../types/Order.sol";
import {RoundView, SeatOutcome} from "../types/Round.sol";
import {TaskState, TaskView, Windows} from "../types/Task.sol";
import {IEscrow} from "./IEscrow.sol";
import {IProviderPool} from "./IProviderPool.sol";
import {IReputation} from "./IReputation.sol";
import {ISourceRegistry} from "./ISourceRegistry.sol";

/// @title ITaskManager
/// @notice The life of tasks: a client posts an order and escrows its cap, the first valid result is paid, and every
/// clock that runs out opens an exit that anyone may take.
/// @dev A task is an order; its id is the order's EIP-712 digest. Callers hand the order back as calldata; the chain
/// keeps one slot of state and one of seal. An action is allowed up to and in its last second, its time-out
/// in the second after. The owner may change fee and treasury within bounds and pause new tasks; it can
/// never touch a balance, a stake, a running task or a withdrawal.
///
///     submit ─► Open ──deliver──► Delivered ──disclose──► Disclosed ──review over──► Settled
///                 ▲ │                │ ▲  └───────── accept ──┴───▲────────────────► Settled
///                 │ │                │ └─ deliver ─┐              │
///                 │ ├── reserve ─────│──► Reserved ┴── deliver and disclose
///                 │ │                └── not disclosed, or not delivered, in time: fault, slash, reopen
///                 └─│────────────────────┘ (the seventh time: Refunded)
///                   ├── deadline over ─► Refunded
///                   └── prove ─► Settled
///
/// A client of a Review order with trust may dispute what was disclosed, which a panel of other providers decides:
///
///     Disclosed ──dispute──► Round: panel seals ──► provider opens ──► panel votes ──► verdict ──► Settled or Refunded
///
/// Of sources that are not deterministic, the provider opens first, and the panel seals judgements about its output.
///
/// A Quorum task is executed by several providers, each for one price of its own:
///
///     submit ─► Open ──seed──► Round: seats are taken ──enough, or deadline──► opened ──all, or time over──► verdict
///               │                │                                                                          │
///               └─ deadline ─────┴── fewer than two seats ─► Refunded ◄── no group wins, or nobody claims ──┤
///                                                                Settled ◄── client accepts, or claims over ┘
interface ITaskManager {
    // ------------------------------------------------------------------------------------------- errors

    error ZeroAddress();
    /// @notice `leaf` says `found` where a suite of this contract needs `expected`.
    error LeafMismatch(address leaf, address expected, address found);
    error UnbondingTooShort(uint256 period, uint256 required);
    /// @notice The largest weight could be bought for less than the largest round pays.
    error FeeScaleTooSmall(uint256 priceOfMaximumWeight, uint256 maxRound);
    error FeeOutOfBounds(uint256 feeBps, uint256 minimum, uint256 maximum);
    /// @notice As Controller says it.
    error PriceParameterOutOfBounds(uint256 value, uint256 minimum, uint256 maximum);
    error SubmissionsPaused();
    error PauseUnchanged(bool paused);
    error NothingCollected();

    /// @notice The order hashes to `taskId`, which is in `state`; the action needs another.
    error WrongState(TaskId taskId, TaskState state);
    error WrongVerification(TaskId taskId, Verification verification);
    error NotClient(TaskId taskId, address caller);
    /// @notice Not the address that may do this to the task.
    error NotClientOrAgent(TaskId taskId, address caller);
    error InvalidSignature(TaskId taskId, address client);
    error NonceRevoked(TaskId taskId, uint256 nonce, uint256 floor);
    error NonceFloorNotRaised(uint256 nonce, uint256 floor);
    error AgentAlreadyInState(address client, address agent, bool allowed);

    /// @notice Unused bits of the packed order are set, or its verification is unknown.
    error MalformedOrder(TaskId taskId);
    /// @notice The attached coin is neither nothing nor the cap.
    error WrongValue(uint256 sent, uint256 expected);
    error ZeroInputDigest();
    error ZeroClientKey();
    error CapBelowFloor(uint256 maxReward, uint256 floorPrice);
    error CapAboveMaximum(uint256 maxReward, uint256 maximum);
    error DeadlinePassed(uint256 deadline, uint256 now_);
    error DeadlineTooFar(uint256 deadline, uint256 latest);
    error ReviewTooLong(uint256 reviewPeriod, uint256 maximum);
    /// @notice No environment, or one that the version does not run in.
    error EnvironmentsNotOffered(uint256 environments, uint256 offered);
    error GpuMemoryBelowTerms(uint256 minGpuMemory, uint256 required);
    error RoyaltyAboveOrder(uint256 royaltyBps, uint256 maxRoyaltyBps);
    error FeeAboveOrder(uint256 feeBps, uint256 maxFeeBps);
    error BondTooLow(uint256 bond, uint256 minimum);
    error TrustOutOfBounds(uint256 trust, uint256 minimum, uint256 maximum);
    /// @notice Executions of the version may differ, so agreement means nothing.
    error NotDeterministic(SourceId source, uint256 version);
    /// @notice The verification, trust or reservation asked for is none that this contract offers.
    error NotOffered(Verification verification, uint256 trust, uint256 reservation);
    /// @notice A Proof order without verifier, or another with one.
    error VerifierMismatch(Verification verification, address verifier);

    error ZeroSeal();
    /// @notice The order asks for no reservation.
    error NotReservable(TaskId taskId);
    /// @notice The order is to be reserved before it is answered.
    error NotReserved(TaskId taskId);
    /// @notice A reservation that began now would last longer than the task.
    error ReservationPastDeadline(uint256 end, uint256 deadline);
    error ReservationLapsed(TaskId taskId, uint256 end, uint256 now_);
    /// @notice Another provider than `provider` holds the task.
    error NotHolder(TaskId taskId, ProviderId provider);
    error ScoreTooLow(ProviderId provider, uint256 score, uint256 minimum);
    /// @notice The provider failed this task before.
    error Barred(TaskId taskId, ProviderId provider);
    error EnvelopeTooLarge(uint256 size, uint256 maximum);
    /// @notice The opening gives `found`, not the seal of the task, or of a seat, which has its first 26 bytes.
    error SealMismatch(TaskId taskId, bytes32 seal, bytes32 found);
    error DisclosureTooLate(TaskId taskId, uint256 end, uint256 now_);
    /// @notice The clock that allows this runs until `end`.
    error TooEarly(TaskId taskId, uint256 end, uint256 now_);
    error AlreadyCancelled(TaskId taskId);
    error ProofRejected(TaskId taskId, address verifier);
    error EmptyBatch();

    /// @notice The seed of the task is the hash of `seedBlock`, which is not in the past yet.
    error SeedNotReady(TaskId taskId, uint256 seedBlock, uint256 blockNumber);
    /// @notice The task is not decided by a round.
    error NotQuorum(TaskId taskId);
    error SealingOver(TaskId taskId, uint256 end, uint256 now_);
    /// @notice The ticket of the provider, 128 bits, must be below `bound`, which rises with time.
    error NotDrawn(TaskId taskId, ProviderId provider, uint256 ticket, uint256 bound);
    error AlreadySeated(TaskId taskId, ProviderId provider);
    /// @notice The score of the provider allows `maximum`.
    error WeightOutOfBounds(ProviderId provider, uint256 weight, uint256 minimum, uint256 maximum);
    /// @notice The client cannot judge its own task.
    error ClientOfTask(TaskId taskId, address client);
    error NoSuchSeat(TaskId taskId, uint256 seat);
    error AlreadyOpened(TaskId taskId, uint256 seat);
    error OpeningTooLate(TaskId taskId, uint256 end, uint256 now_);
    /// @notice No group of equal results reached the trust that the order asks for.
    error NoWinner(TaskId taskId);
    /// @notice The seat is not in the winning group.
    error NotWinner(TaskId taskId, uint256 seat, SeatOutcome outcome);
    error AlreadyClaimed(TaskId taskId, uint256 seat);
    error ClaimTooLate(TaskId taskId, uint256 end, uint256 now_);
    error SeedKnown(TaskId taskId, uint256 seed);

    /// @notice The order asks for no panel (trust 0): what is disclosed stands.
    error NoPanel(TaskId taskId);
    error ReviewOver(TaskId taskId, uint256 end, uint256 now_);
    error NotDisputed(TaskId taskId);
    /// @notice Seats of a panel are opened by their providers alone, with openVote.
    error IsDisputed(TaskId taskId);
    /// @notice The provider whose delivery is disputed cannot judge it.
    error DisputedProvider(TaskId taskId, ProviderId provider);
    /// @notice `key` is neither the owner nor an agent of the provider.
    error NotAgent(ProviderId provider, address key);
    error DeliveryAlreadyOpened(TaskId taskId);
    error DeliveryNotOpened(TaskId taskId);
    /// @notice A judge can only seal that the result is valid, or that it is not.
    error NoJudgement(TaskId taskId, bytes32 resultDigest);
    /// @notice No envelope of a panel is wanted.
    error NothingToClaim(TaskId taskId, DisputeOutcome outcome);
    /// @notice The envelope is not the one that was sealed; first ten bytes of their hashes.
    error EnvelopeMismatch(TaskId taskId, uint256 seat, bytes10 expected, bytes10 found);
    error WeightUnitOutOfBounds(uint256 weightUnit, uint256 minimum, uint256 maximum);
    error InboxTooLarge(uint256 size, uint256 maximum);

    // ------------------------------------------------------------------------------------------- events

    /// @notice A task is open. The only place that tells the order; `startPrice` in wei, where its ramp begins.
    event TaskSubmitted(
        TaskId indexed taskId,
        SourceId indexed source,
        address indexed client,
        PackedOrder order,
        uint256 startPrice
    );
    /// @notice A provider holds the task, at `price` wei, up to and in second `until`, unix time.
    event TaskReserved(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 price,
        uint256 until
    );
    event TaskDelivered(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        bytes32 seal,
        uint256 price
    );
    event TaskDisclosed(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        bytes32 commitment,
        bytes envelope
    );
    /// @notice The verifier said yes; TaskSettled of the same task, right behind it, names provider and client.
    event TaskProven(TaskId indexed taskId, bytes32 indexed resultDigest, bytes32 envelopeHash);
    /// @notice A task is paid: of `price`, `fee` went to the protocol, `royalty` to `publisher`, the rest to the
    /// provider.
    event TaskSettled(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        address publisher,
        uint256 price,
        uint256 fee,
        uint256 royalty
    );
    /// @notice A holder failed, for the `lapses`th time on this task, and lost `slashed` of its bond, wei.
    event TaskLapsed(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 lapses,
        uint256 slashed
    );
    event TaskCancelled(TaskId indexed taskId, address indexed client, uint256 deadline);
    event TaskRefunded(
        TaskId indexed taskId,
        address indexed client,
        address indexed caller,
        uint256 refund,
        uint256 fee,
        uint256 tip
    );
    /// @notice The hash of `seedBlock` gave the seed by which seats are drawn.
    event SeedCaptured(TaskId indexed taskId, uint256 seedBlock, uint256 seed);
    event SeatTaken(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 seat,
        uint256 weight,
        bytes32 seal
    );
    /// @notice Enough seats are taken: no more seals, and each execution that wins is worth `price` wei.
    event SealingEnded(TaskId indexed taskId, address indexed client, uint256 seats, uint256 price);
    event SeatOpened(
        TaskId indexed taskId,
        ProviderId indexed provider,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 envelopeHash
    );
    event SeatClaimed(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 seat,
        bytes envelope
    );
    /// @notice A seat lost `slashed` wei of what it locked.
    event SeatSlashed(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 seat,
        SeatOutcome outcome,
        uint256 slashed
    );
    /// @notice The round is over: each of `winners` is paid, as TaskSettled tells, and seats lost `slashed` wei in all, which
    /// go to the protocol.
    event RoundEnded(TaskId indexed taskId, address indexed client, uint256 winners, uint256 slashed);
    /// @notice The client disputes what was disclosed and holds `fee` wei for the panel, which judges the output if
    /// `judged`, else computes its own.
    event TaskDisputed(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 fee,
        bool judged
    );
    /// @notice The disputed provider opened its seal; `secret` lets the panel read the envelope.
    event DeliveryOpened(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bytes32 secret
    );
    event VoteOpened(
        TaskId indexed taskId,
        ProviderId indexed provider,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bool available
    );
    event ValidatorPaid(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        uint256 seat,
        uint256 amount
    );
    /// @notice The dispute is over: for a result the client pays `price` wei, the provider loses `slashed` of its stake.
    event DisputeEnded(
        TaskId indexed taskId,
        ProviderId indexed provider,
        address indexed client,
        DisputeOutcome outcome,
        uint256 price,
        uint256 slashed
    );
    event OrderRevoked(TaskId indexed taskId, address indexed client);
    event OrdersRevokedBelow(address indexed client, uint256 nonce);
    event ClientAgentSet(address indexed client, address indexed agent, bool allowed);
    /// @notice Where envelopes for `client` go, off chain.
    event InboxAnnounced(address indexed client, string inbox);
    event FeeSet(uint256 feeBps);
    event PriceParametersSet(uint256 target, uint256 speed, uint256 clamp);
    event TreasurySet(address indexed treasury);
    event SubmissionsPauseSet(bool paused);
    event FeesCollected(address indexed treasury, uint256 amount);

    // ------------------------------------------------------------------------------------------- types

    /// @dev What a suite is deployed with.
    struct Config {
        address owner;
        address treasury;
        uint256 feeBps;
        IEscrow escrow;
        ISourceRegistry sourceRegistry;
        IProviderPool providerPool;
        IReputation reputation;
        /// Most wei that one task may hold.
        uint256 maxRound;
        /// Wei that a seat locks for each step of weight above the least.
        uint256 weightUnit;
        PriceParameters priceParameters;
        Windows windows;
    }

    /// @dev A signed order with the proof that answers it.
    struct SignedProof {
        PackedOrder order;
        bytes signature;
        bytes32 resultDigest;
        bytes32 envelopeHash;
        bytes proof;
    }

    // ------------------------------------------------------------------------------------------- suite

    function ESCROW() external view returns (IEscrow);

    function SOURCE_REGISTRY() external view returns (ISourceRegistry);

    function PROVIDER_POOL() external view returns (IProviderPool);

    function REPUTATION() external view returns (IReputation);

    /// @notice Most wei that one task may hold; immutable.
    function MAX_ROUND() external view returns (uint256);

    /// @notice Wei that a seat locks for each step of weight above the least; immutable.
    function WEIGHT_UNIT() external view returns (uint256);

    /// @notice Lengths of all clocks; immutable.
    function windows() external view returns (Windows memory);

    // ------------------------------------------------------------------------------------------- clients

    /// @notice Posts an order of the caller and holds its cap, a Quorum order's for each seat, from the attached coin if
    /// any, else from the free balance.
    function submit(PackedOrder calldata order) external payable returns (TaskId taskId);

    /// @notice Posts an order that its client signed (ECDSA or ERC-1271) and holds its cap from the client's free
    /// balance. Anyone may.
    function submitSigned(PackedOrder calldata order, bytes calldata signature) external returns (TaskId taskId);

    /// @notice Makes an order of the caller that nobody posted yet worthless.
    function revoke(PackedOrder calldata order) external returns (TaskId taskId);

    /// @notice Makes all signed orders of the caller with a nonce below `nonce` worthless. Only ever rises.
    function revokeBelow(uint64 nonce) external;

    /// @notice Grants or revokes an agent of the caller, which may accept, dispute and cancel.
    /// @dev An agent never spends the free balance, but accepting releases what an open task holds.
    function setClientAgent(address agent, bool allowed) external;

    /// @notice Tells providers where to send envelopes off chain, at most 256 bytes.
    function announceInbox(string calldata inbox) external;

    /// @notice Pays the provider that holds the task. Client and its agents, from delivery until the task reopens. Of a
    /// round: pays all its winners, as soon as all seals are opened or the time for it is over.
    /// @dev Check the opening against the seal first: nothing of it goes on chain.
    function accept(PackedOrder calldata order) external;

    /// @notice Brings the deadline of an open task forward to the cancel notice from now, or to the end of the
    /// reservation if that is later; not once a seat is taken. Client and its agents, once.
    /// @dev A provider at work may still deliver until then. Afterwards anyone may refund.
    function cancel(PackedOrder calldata order) external;

    /// @notice Asks a panel about a disclosed result, up to the end of the review period, if the order has trust ≥ 2. Its
    /// fee, the price for each seat, is held from the attached coin if any, else from the free balance, and comes back
    /// where the client is right, or as far as it is not used. Client and its agents, which have to attach it.
    function dispute(PackedOrder calldata order) external payable;

    // ------------------------------------------------------------------------------------------- providers

    /// @notice Takes an open Review task that asks for a reservation, at the price of now, and locks the bond. Nobody
    /// else may answer it for as long as the order says, which must end by the deadline. Owner and agents of a provider
    /// that is a member of the source's pool and holds fewer reservations there than it has slots.
    function reserve(PackedOrder calldata order, ProviderId provider) external;

    /// @notice Answers a reserved task: seals a result and puts its envelope on chain, which starts the review period.
    /// Owner and agents of the provider that holds the task.
    /// @param commitment Commitment to result digest and salt; the seal follows from it.
    /// @param envelope At most 512 bytes.
    function deliverAndDisclose(
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 commitment,
        bytes calldata envelope
    ) external;

    /// @notice Takes an open Review task at the price of now with the seal of a result, and locks the bond. Owner
    /// and agents of a provider that is a member of the source's pool.
    /// @dev A task that asks for a reservation is only open to its holder, at the price fixed when it was reserved.
    function deliver(PackedOrder calldata order, ProviderId provider, bytes32 seal) external;

    /// @notice Puts the envelope of a sealed result on chain, which starts the review period. Anyone who knows it.
    /// @param commitment Commitment to result digest and salt.
    /// @param envelope At most 512 bytes.
    function disclose(PackedOrder calldata order, bytes32 commitment, bytes calldata envelope) external;

    /// @notice Answers an open Proof task and is paid the price of now. Owner and agents of a member.
    /// @param proof Whatever the order's verifier understands.
    function prove(
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bytes calldata proof
    ) external;

    /// @notice Posts a signed Proof order and answers it at once, at the first price of its ramp.
    function proveSigned(ProviderId provider, SignedProof calldata signedProof) external returns (TaskId taskId);

    /// @notice Does the same for many orders and nets balances and scores; all or nothing.
    /// @dev Cheapest when orders of one client, and of one source, stand together. Balances and minimum scores are judged
    /// as they were before the batch, and a client's largest fee among neighbours stands for the score.
    function proveBatch(ProviderId provider, SignedProof[] calldata signedProofs) external;

    // ------------------------------------------------------------------------------------------- rounds

    /// @notice Fixes the seed of an open Quorum task, from the hash of the fourth block after its submission, or, where
    /// the chain no longer knows that, of every 256th after it. Anyone; whoever takes the first seat does it by the way.
    /// @dev A provider whose work takes long does this first: with another seed it may not be drawn.
    function captureSeed(TaskId taskId) external;

    /// @notice Takes a seat in the round of a Quorum task with the seal of a result, and locks the order's bond and
    /// (weight − 2) · WEIGHT_UNIT. Owner and agents of a provider that was a member of the source's pool before the
    /// submission and that is drawn.
    /// @dev A seal that is not opened in time costs all of it, whatever the round comes to.
    /// @param weight 2 to 32, and at most what the score allows: max(score / 3e6, 3) − 1.
    function takeSeat(PackedOrder calldata order, ProviderId provider, uint256 weight, bytes32 seal) external;

    /// @notice Opens the seal of a seat, once sealing has ended. Anyone who knows how.
    function openSeat(TaskId taskId, uint256 seat, bytes32 resultDigest, bytes32 salt, bytes32 envelopeHash) external;

    /// @notice Puts the envelope of a seat that has won on chain, so that it is paid although the client is silent. The
    /// last claim of a round pays all of them. Anyone who knows the envelope.
    /// @param envelope At most 512 bytes.
    function claimSeat(PackedOrder calldata order, uint256 seat, bytes calldata envelope) external;

    // ------------------------------------------------------------------------------------------- disputes

    /// @notice Opens the seal of a disputed delivery once the panel has sealed, or, where judges wait for it, from the
    /// dispute on. Who does not loses its bond. Owner and agents of the disputed provider.
    /// @param envelopeHash keccak256 of the envelope that was disclosed.
    /// @param secret X25519 secret with which the envelope was made, so that others than the client can read it.
    function openDelivery(
        PackedOrder calldata order,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bytes32 secret
    ) external;

    /// @notice Opens a seat of the panel, once the delivery was opened or the time for that is over. Owner and agents of
    /// the seat's provider.
    /// @param resultDigest Of the seat's own execution; of a judge keccak256("valid") or keccak256("invalid").
    /// @param available Whether the disputed envelope decrypts and its bytes have the digest that was opened. Not asked of
    /// judges, who call invalid what they cannot read.
    function openVote(
        TaskId taskId,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bool available
    ) external;

    // ------------------------------------------------------------------------------------------- clocks

    /// @notice Pays a disclosed task whose review period is over, or ends a round as far as its clocks allow: pays those
    /// that have claimed when the time for it is over, refunds the client where there is no verdict. Anyone; a third party earns
    /// a tip for a refund.
    function settle(PackedOrder calldata order) external;

    /// @notice Ends the hold of a provider that did not disclose in time, or did not deliver within its reservation: a
    /// fault, a slash, and the task is open again; the seventh time it is refunded. Anyone.
    function reopen(PackedOrder calldata order) external;

    /// @notice Returns the money of an open task past its deadline. Anyone; a third party earns a tip.
    /// @dev An order that counted as demand pays the protocol fee on its start price, unless a provider failed it; a
    /// Quorum order as many times as it has seats.
    function refund(PackedOrder calldata order) external;

    /// @notice Passes the fees that rest with `payers`, and slashed stake, on to the treasury's account. Anyone.
    /// @return amount Sum, wei; reverts if there is nothing.
    function collectFees(address[] calldata payers) external returns (uint256 amount);

    // ------------------------------------------------------------------------------------------- owner

    /// @notice Changes the protocol fee for tasks submitted from now on, 10 to 1,000 basis points.
    function setFee(uint256 feeBps) external;

    function setTreasury(address treasury) external;

    /// @notice Changes how prices follow utilisation: target 5,000 to 9,500 basis points, speed 10 to 40,000 parts per
    /// million a second, clamp 10 to 1,000 thousandths.
    /// @dev A market goes by them from its next order on, so they never price the time before.
    function setPriceParameters(PriceParameters calldata parameters) external;

    /// @notice Stops or resumes new tasks; running ones go on. An owner cannot leave for good while they are stopped.
    function setSubmissionsPaused(bool paused) external;

    // ------------------------------------------------------------------------------------------- views

    function feeBps() external view returns (uint256);

    function treasury() external view returns (address);

    function priceParameters() external view returns (PriceParameters memory);

    function submissionsPaused() external view returns (bool);

    /// @notice Id of an order: its EIP-712 digest under this chain and contract.
    function taskIdOf(PackedOrder calldata order) external view returns (TaskId);

    /// @notice State, holder, clocks, seal and price of a task, without its order.
    function getTask(TaskId taskId) external view returns (TaskView memory);

    /// @notice Seed and seats of a round; all empty when it is over.
    function getRound(TaskId taskId) external view returns (RoundView memory);

    /// @notice Price of one execution now, or the fixed one, of a posted order, wei.
    function priceOf(PackedOrder calldata order) external view returns (uint256);

    /// @notice Price of a posted order at `time`, unix seconds, if it is still open then; else the fixed one. Wei.
    function priceAt(PackedOrder calldata order, uint256 time) external view returns (uint256);

    /// @notice Nonces below this are revoked.
    function nonceFloorOf(address client) external view returns (uint256);

    function isClientAgent(address client, address agent) external view returns (bool);

    function isBarred(TaskId taskId, ProviderId provider) external view returns (bool);
}

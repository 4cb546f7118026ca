// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";
import {IProviderPool} from "./interfaces/IProviderPool.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {ISourceRegistry} from "./interfaces/ISourceRegistry.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";
import {OrderLib} from "./libraries/OrderLib.sol";
import {Price} from "./libraries/Price.sol";
import {Seal} from "./libraries/Seal.sol";
import {TaskSlotLib} from "./libraries/TaskSlotLib.sol";
import {WindowsLib} from "./libraries/WindowsLib.sol";
import {ENVIRONMENT_GPU} from "./types/Environment.sol";
import {ProviderId, SourceId, TaskId} from "./types/Ids.sol";
import {PackedOrder, Verification} from "./types/Order.sol";
import {TaskSlot, TaskState, TaskView, Windows} from "./types/Task.sol";

/// @title TaskManager
/// @notice See ITaskManager, which is the specification.
contract TaskManager is ITaskManager, EIP712, Multicall, Ownable2Step {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev One slot.
    struct Parameters {
        address treasury;
        uint16 feeBps;
        bool paused;
    }

    /// @dev Parts of one price, wei.
    struct Sale {
        uint256 price;
        uint256 fee;
        uint256 royalty;
        address publisher;
    }

    /// @dev Sums of a batch of proofs; the counts are how far the arrays are filled.
    struct Netting {
        IEscrow.Entry[] debits;
        IEscrow.Entry[] credits;
        IReputation.ClientFee[] clients;
        uint256 debitCount;
        uint256 creditCount;
        uint256 fees;
        uint256 payments;
    }

    /// @dev Reputation is bought with the fee, so it is never zero.
    uint256 public constant MIN_FEE_BPS = 10;
    uint256 public constant MAX_FEE_BPS = 1000;
    /// @dev Review bonds are at least this share of the cap: a junk seal always costs something.
    uint256 public constant MIN_BOND_BPS = 1000;
    /// @dev Share of the bond that a lapse costs, unless the way from start price to cap is more.
    uint256 public constant LAPSE_BPS = 5000;
    /// @dev This lapse refunds the client instead of reopening the task; three bits count them.
    uint256 public constant MAX_LAPSES = 7;
    /// @dev What a third party earns of the cap for a refund.
    uint256 public constant TIP_BPS = 50;
    /// @dev Bytes of an envelope: an X25519 key, a nonce, a tag, and room for a digest, a salt and a locator.
    uint256 public constant MAX_ENVELOPE = 512;
    /// @dev Bytes of an inbox's address.
    uint256 public constant MAX_INBOX = 256;
    /// @dev Gas of a verifier or an ERC-1271 wallet: a pairing-based proof or a wallet of many owners fits twice.
    uint256 public constant CALL_GAS = 500_000;
    /// @dev Fees that buy the largest weight, in units of Reputation's FEE_SCALE: weight 32 needs 99 points.
    uint256 private constant POINTS_OF_MAXIMUM_WEIGHT = 99;

    /// @inheritdoc ITaskManager
    IEscrow public immutable ESCROW;
    /// @inheritdoc ITaskManager
    ISourceRegistry public immutable SOURCE_REGISTRY;
    /// @inheritdoc ITaskManager
    IProviderPool public immutable PROVIDER_POOL;
    /// @inheritdoc ITaskManager
    IReputation public immutable REPUTATION;
    /// @inheritdoc ITaskManager
    uint256 public immutable MAX_ROUND;

    uint256 private immutable _DISCLOSE_WINDOW;
    uint256 private immutable _CANCEL_NOTICE;
    uint256 private immutable _MAX_LIFETIME;
    uint256 private immutable _MAX_REVIEW;
    uint256 private immutable _SEED_WINDOW;
    uint256 private immutable _PANEL_MIN;
    uint256 private immutable _OPEN_PROVIDER_WINDOW;
    uint256 private immutable _OPEN_WINDOW;
    uint256 private immutable _CLAIM_WINDOW;

    Parameters private _parameters;
    mapping(TaskId taskId => TaskSlot) private _tasks;
    mapping(TaskId taskId => bytes32) private _seals;
    /// @dev Read only for tasks that have lapsed.
    mapping(TaskId taskId => mapping(ProviderId provider => bool)) private _barred;
    mapping(address client => uint256) private _nonceFloors;
    mapping(address client => mapping(address agent => bool)) private _clientAgents;

    constructor(Config memory config) EIP712("OpenGPU", "1") Ownable(config.owner) {
        ESCROW = config.escrow;
        SOURCE_REGISTRY = config.sourceRegistry;
        PROVIDER_POOL = config.providerPool;
        REPUTATION = config.reputation;
        MAX_ROUND = config.maxRound;
        _DISCLOSE_WINDOW = config.windows.disclose;
        _CANCEL_NOTICE = config.windows.cancelNotice;
        _MAX_LIFETIME = config.windows.maxLifetime;
        _MAX_REVIEW = config.windows.maxReview;
        _SEED_WINDOW = config.windows.seed;
        _PANEL_MIN = config.windows.panelMin;
        _OPEN_PROVIDER_WINDOW = config.windows.openProvider;
        _OPEN_WINDOW = config.windows.open;
        _CLAIM_WINDOW = config.windows.claim;

        _checkSuite(config);
        _setFee(config.feeBps);
        _setTreasury(config.treasury);
    }

    // ------------------------------------------------------------------------------------------- clients

    /// @inheritdoc ITaskManager
    function submit(PackedOrder calldata order) external payable returns (TaskId taskId) {
        taskId = taskIdOf(order);
        require(order.client() == msg.sender, NotClient(taskId, msg.sender));
        uint256 cap = order.maxReward();
        require(msg.value == 0 || msg.value == cap, WrongValue(msg.value, cap));
        _post(order, taskId);
        if (msg.value == 0) ESCROW.hold(msg.sender, cap);
        else ESCROW.depositAndHold{value: cap}(msg.sender);
    }

    /// @inheritdoc ITaskManager
    function submitSigned(PackedOrder calldata order, bytes calldata signature) external returns (TaskId taskId) {
        taskId = taskIdOf(order);
        _checkSignature(order, taskId, signature);
        _post(order, taskId);
        ESCROW.hold(order.client(), order.maxReward());
    }

    /// @inheritdoc ITaskManager
    function revoke(PackedOrder calldata order) external returns (TaskId taskId) {
        taskId = taskIdOf(order);
        require(order.client() == msg.sender, NotClient(taskId, msg.sender));
        _requireState(taskId, _tasks[taskId], TaskState.None);
        _tasks[taskId] = TaskSlot.wrap(0).withState(TaskState.Revoked);
        emit OrderRevoked(taskId, msg.sender);
    }

    /// @inheritdoc ITaskManager
    function revokeBelow(uint64 nonce) external {
        uint256 floor = _nonceFloors[msg.sender];
        require(nonce > floor, NonceFloorNotRaised(nonce, floor));
        _nonceFloors[msg.sender] = nonce;
        emit OrdersRevokedBelow(msg.sender, nonce);
    }

    /// @inheritdoc ITaskManager
    function setClientAgent(address agent, bool allowed) external {
        require(agent != address(0), ZeroAddress());
        require(_clientAgents[msg.sender][agent] != allowed, AgentAlreadyInState(msg.sender, agent, allowed));
        _clientAgents[msg.sender][agent] = allowed;
        emit ClientAgentSet(msg.sender, agent, allowed);
    }

    /// @inheritdoc ITaskManager
    function announceInbox(string calldata inbox) external {
        require(bytes(inbox).length <= MAX_INBOX, InboxTooLarge(bytes(inbox).length, MAX_INBOX));
        emit InboxAnnounced(msg.sender, inbox);
    }

    /// @inheritdoc ITaskManager
    function accept(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireClientOrAgent(order, taskId);
        TaskState state = task.state();
        require(state == TaskState.Delivered || state == TaskState.Disclosed, WrongState(taskId, state));
        _settleHeld(order, taskId, task);
    }

    /// @inheritdoc ITaskManager
    function cancel(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireClientOrAgent(order, taskId);
        _requireState(taskId, task, TaskState.Open);
        require(!task.has(TaskSlotLib.CANCELLED), AlreadyCancelled(taskId));
        uint256 deadline = task.deadline();
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
        uint256 notice = block.timestamp + _CANCEL_NOTICE;
        if (notice < deadline) deadline = notice;
        _tasks[taskId] = task.withFlag(TaskSlotLib.CANCELLED).withDeadline(deadline);
        emit TaskCancelled(taskId, order.client(), deadline);
    }

    // ------------------------------------------------------------------------------------------- providers

    /// @inheritdoc ITaskManager
    function deliver(PackedOrder calldata order, ProviderId provider, bytes32 seal) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireTakeable(order, taskId, task, provider, Verification.Review);
        require(seal != 0, ZeroSeal());

        task = task.withState(TaskState.Delivered).withProvider(provider).withClearedAt(block.timestamp);
        _tasks[taskId] = task;
        _seals[taskId] = seal;
        PROVIDER_POOL.engage(
            provider,
            msg.sender,
            order.source(),
            order.environments(),
            order.minGpuMemory(),
            order.bond()
        );
        emit TaskDelivered(taskId, provider, order.client(), seal, _priceOf(order, task));
    }

    /// @inheritdoc ITaskManager
    function disclose(PackedOrder calldata order, bytes32 commitment, bytes calldata envelope) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireState(taskId, task, TaskState.Delivered);
        uint256 end = task.clearedAt() + _DISCLOSE_WINDOW;
        require(block.timestamp <= end, DisclosureTooLate(taskId, end, block.timestamp));
        require(envelope.length <= MAX_ENVELOPE, EnvelopeTooLarge(envelope.length, MAX_ENVELOPE));
        ProviderId provider = task.provider();
        bytes32 seal = _seals[taskId];
        bytes32 found = Seal.hash(taskId, provider, commitment, keccak256(envelope));
        require(seal == found, SealMismatch(taskId, seal, found));

        _tasks[taskId] = task.withState(TaskState.Disclosed).withMarkedAt(block.timestamp);
        emit TaskDisclosed(taskId, provider, order.client(), commitment, envelope);
    }

    /// @inheritdoc ITaskManager
    function prove(
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bytes calldata proof
    ) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireTakeable(order, taskId, task, provider, Verification.Proof);
        address payout = _vet(order, provider);
        _checkProof(order, taskId, provider, resultDigest, envelopeHash, proof);
        task = task.withProvider(provider).withClearedAt(block.timestamp);
        emit TaskProven(taskId, provider, order.client(), resultDigest, envelopeHash);
        _settle(order, taskId, task, payout, order.maxReward());
    }

    /// @inheritdoc ITaskManager
    function proveSigned(ProviderId provider, SignedProof calldata signedProof) external returns (TaskId taskId) {
        PackedOrder calldata order = signedProof.order;
        TaskSlot task;
        (taskId, task) = _postAndProve(provider, signedProof, _offerOf(order));
        _settle(order, taskId, task, _vet(order, provider), 0);
    }

    /// @inheritdoc ITaskManager
    function proveBatch(ProviderId provider, SignedProof[] calldata signedProofs) external {
        uint256 count = signedProofs.length;
        require(count != 0, EmptyBatch());
        Netting memory net;
        net.debits = new IEscrow.Entry[](count);
        // Publishers, provider and protocol.
        net.credits = new IEscrow.Entry[](count + 2);
        net.clients = new IReputation.ClientFee[](count);
        ISourceRegistry.Offer memory offer;
        address payout;
        address publisher;

        for (uint256 i; i < count; ++i) {
            SignedProof calldata signedProof = signedProofs[i];
            PackedOrder calldata order = signedProof.order;
            // Signatures and proofs are checked by static calls, so what registry and pool said still holds.
            if (i == 0 || !order.sameService(signedProofs[i - 1].order)) {
                offer = _offerOf(order);
                payout = _vet(order, provider);
                publisher = SOURCE_REGISTRY.ownerOf(SourceId.unwrap(order.source()));
            }
            (TaskId taskId, TaskSlot task) = _postAndProve(provider, signedProof, offer);
            _tasks[taskId] = task.withState(TaskState.Settled);
            Sale memory sale = _saleOf(task, _priceOf(order, task));
            sale.publisher = publisher;
            _net(net, order.client(), sale);
            _emitSettled(order, taskId, provider, sale);
        }

        net.credits[net.creditCount++] = IEscrow.Entry(payout, net.payments);
        net.credits[net.creditCount++] = IEscrow.Entry(address(this), net.fees);
        IEscrow.Entry[] memory debits = net.debits;
        IEscrow.Entry[] memory credits = net.credits;
        IReputation.ClientFee[] memory clients = net.clients;
        (uint256 debitCount, uint256 creditCount) = (net.debitCount, net.creditCount);
        assembly ("memory-safe") {
            // Each array is at least as long as what it is cut to.
            mstore(debits, debitCount)
            mstore(clients, debitCount)
            mstore(credits, creditCount)
        }
        ESCROW.settleBatch(debits, credits);
        REPUTATION.recordSettlements(provider, clients, count, net.payments);
    }

    // ------------------------------------------------------------------------------------------- clocks

    /// @inheritdoc ITaskManager
    function settle(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireState(taskId, task, TaskState.Disclosed);
        uint256 end = uint256(task.markedAt()) + order.reviewPeriod();
        require(block.timestamp > end, TooEarly(taskId, end, block.timestamp));
        _settleHeld(order, taskId, task);
    }

    /// @inheritdoc ITaskManager
    function reopen(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireState(taskId, task, TaskState.Delivered);
        uint256 end = task.clearedAt() + _DISCLOSE_WINDOW;
        require(block.timestamp > end, TooEarly(taskId, end, block.timestamp));
        _lapse(order, taskId, task);
    }

    /// @inheritdoc ITaskManager
    function refund(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        _requireState(taskId, task, TaskState.Open);
        uint256 deadline = task.deadline();
        require(block.timestamp > deadline, TooEarly(taskId, deadline, block.timestamp));
        address client = order.client();
        uint256 cap = order.maxReward();
        uint256 fee;
        if (task.has(TaskSlotLib.COUNTED)) {
            fee = Price.share(Price.amountOf(task.startFraction(), cap), task.feeBps());
        }
        uint256 tip = msg.sender == client || _clientAgents[client][msg.sender] ? 0 : Price.share(cap, TIP_BPS);
        _refund(taskId, task, client, cap, fee, tip);
    }

    /// @inheritdoc ITaskManager
    function collectFees() external returns (uint256 amount) {
        amount = ESCROW.accountOf(address(this)).free;
        require(amount != 0, NothingCollected());
        address treasury_ = _parameters.treasury;
        ESCROW.transfer(treasury_, amount);
        emit FeesCollected(treasury_, amount);
    }

    // ------------------------------------------------------------------------------------------- owner

    /// @inheritdoc ITaskManager
    function setFee(uint256 feeBps_) external onlyOwner {
        _setFee(feeBps_);
    }

    /// @inheritdoc ITaskManager
    function setTreasury(address treasury_) external onlyOwner {
        _setTreasury(treasury_);
    }

    /// @inheritdoc ITaskManager
    function setSubmissionsPaused(bool paused) external onlyOwner {
        require(_parameters.paused != paused, PauseUnchanged(paused));
        _parameters.paused = paused;
        emit SubmissionsPauseSet(paused);
    }

    // ------------------------------------------------------------------------------------------- views

    /// @inheritdoc ITaskManager
    function feeBps() external view returns (uint256) {
        return _parameters.feeBps;
    }

    /// @inheritdoc ITaskManager
    function treasury() external view returns (address) {
        return _parameters.treasury;
    }

    /// @inheritdoc ITaskManager
    function submissionsPaused() external view returns (bool) {
        return _parameters.paused;
    }

    /// @inheritdoc ITaskManager
    function windows() external view returns (Windows memory) {
        return
            Windows({
                disclose: uint32(_DISCLOSE_WINDOW),
                cancelNotice: uint32(_CANCEL_NOTICE),
                maxLifetime: uint32(_MAX_LIFETIME),
                maxReview: uint32(_MAX_REVIEW),
                seed: uint32(_SEED_WINDOW),
                panelMin: uint32(_PANEL_MIN),
                openProvider: uint32(_OPEN_PROVIDER_WINDOW),
                open: uint32(_OPEN_WINDOW),
                claim: uint32(_CLAIM_WINDOW)
            });
    }

    /// @inheritdoc ITaskManager
    function taskIdOf(PackedOrder calldata order) public view returns (TaskId) {
        return TaskId.wrap(_hashTypedDataV4(order.structHash()));
    }

    /// @inheritdoc ITaskManager
    function getTask(TaskId taskId) external view returns (TaskView memory) {
        TaskSlot task = _tasks[taskId];
        return
            TaskView({
                state: task.state(),
                provider: task.provider(),
                cancelled: task.has(TaskSlotLib.CANCELLED),
                disputed: task.has(TaskSlotLib.DISPUTED),
                opened: task.has(TaskSlotLib.OPENED),
                counted: task.has(TaskSlotLib.COUNTED),
                openedAt: task.openedAt(),
                deadline: task.deadline(),
                clearedAt: task.clearedAt(),
                markedAt: task.markedAt(),
                rampDuration: task.rampDuration(),
                startFraction: task.startFraction(),
                priceFraction: uint32(_fractionOf(task)),
                feeBps: task.feeBps(),
                royaltyBps: task.royaltyBps(),
                lapses: task.lapses(),
                seal: _seals[taskId]
            });
    }

    /// @inheritdoc ITaskManager
    function priceOf(PackedOrder calldata order) external view returns (uint256) {
        (TaskId taskId, TaskSlot task) = _load(order);
        TaskState state = task.state();
        require(state != TaskState.None && state != TaskState.Revoked, WrongState(taskId, state));
        return _priceOf(order, task);
    }

    /// @inheritdoc ITaskManager
    function nonceFloorOf(address client) external view returns (uint256) {
        return _nonceFloors[client];
    }

    /// @inheritdoc ITaskManager
    function isClientAgent(address client, address agent) external view returns (bool) {
        return _clientAgents[client][agent];
    }

    /// @inheritdoc ITaskManager
    function isBarred(TaskId taskId, ProviderId provider) external view returns (bool) {
        return _barred[taskId][provider];
    }

    // ------------------------------------------------------------------------------------------- posting

    function _post(PackedOrder calldata order, TaskId taskId) private {
        TaskSlot task = _admitted(order, taskId, _offerOf(order));
        _tasks[taskId] = task;
        _emitSubmitted(order, taskId, task);
    }

    /// @dev The slot of a new task, if the order is one that may be posted now.
    function _admitted(
        PackedOrder calldata order,
        TaskId taskId,
        ISourceRegistry.Offer memory offer
    ) private view returns (TaskSlot) {
        _requireState(taskId, _tasks[taskId], TaskState.None);
        Parameters memory parameters = _parameters;
        require(!parameters.paused, SubmissionsPaused());
        require(order.isCanonical(), MalformedOrder(taskId));
        require(order.inputDigest != 0, ZeroInputDigest());
        _checkClocks(order);
        _checkHardware(order, offer);
        require(parameters.feeBps <= order.maxFeeBps(), FeeAboveOrder(parameters.feeBps, order.maxFeeBps()));
        require(offer.royaltyBps <= order.maxRoyaltyBps(), RoyaltyAboveOrder(offer.royaltyBps, order.maxRoyaltyBps()));

        uint256 cap = order.maxReward();
        require(cap >= offer.floorPrice, CapBelowFloor(cap, offer.floorPrice));
        require(cap <= MAX_ROUND, CapAboveMaximum(cap, MAX_ROUND));
        uint256 startFraction = Price.fractionOf(offer.floorPrice, cap);
        _checkVerification(order, cap - Price.amountOf(startFraction, cap));

        return
            TaskSlotLib.open(
                block.timestamp,
                order.deadline(),
                order.rampDuration(),
                startFraction,
                parameters.feeBps,
                offer.royaltyBps,
                // The market price is the floor, which every cap reaches.
                TaskSlotLib.COUNTED
            );
    }

    function _checkClocks(PackedOrder calldata order) private view {
        uint256 deadline = order.deadline();
        require(deadline > block.timestamp, DeadlinePassed(deadline, block.timestamp));
        uint256 latest = block.timestamp + _MAX_LIFETIME;
        require(deadline <= latest, DeadlineTooFar(deadline, latest));
        uint256 reviewPeriod = order.reviewPeriod();
        require(reviewPeriod <= _MAX_REVIEW, ReviewTooLong(reviewPeriod, _MAX_REVIEW));
    }

    function _checkHardware(PackedOrder calldata order, ISourceRegistry.Offer memory offer) private pure {
        uint8 environments = order.environments();
        require(
            environments != 0 && environments & ~offer.environments == 0,
            EnvironmentsNotOffered(environments, offer.environments)
        );
        require(
            environments & ENVIRONMENT_GPU == 0 || order.minGpuMemory() >= offer.minGpuMemory,
            GpuMemoryBelowTerms(order.minGpuMemory(), offer.minGpuMemory)
        );
    }

    /// @dev `climb` is the way from the start price to the cap, wei.
    function _checkVerification(PackedOrder calldata order, uint256 climb) private pure {
        Verification verification = order.verification();
        address verifier = order.verifier();
        require(
            verification != Verification.Quorum && order.trust() == 0 && order.reservation() == 0,
            NotOffered(verification, order.trust(), order.reservation())
        );
        require(
            (verification == Verification.Proof) == (verifier != address(0)),
            VerifierMismatch(verification, verifier)
        );
        if (verification != Verification.Review) return;
        require(order.clientKey != 0, ZeroClientKey());
        // A lapse takes at least the climb, or a provider could hold a task until nobody else is left at no price.
        uint256 minimum = Math.max(Price.share(order.maxReward(), MIN_BOND_BPS), climb);
        require(order.bond() >= minimum, BondTooLow(order.bond(), minimum));
    }

    function _checkSignature(PackedOrder calldata order, TaskId taskId, bytes calldata signature) private view {
        address client = order.client();
        uint256 floor = _nonceFloors[client];
        require(order.nonce() >= floor, NonceRevoked(taskId, order.nonce(), floor));
        (address signer, ECDSA.RecoverError fault, ) = ECDSA.tryRecover(TaskId.unwrap(taskId), signature);
        if (fault == ECDSA.RecoverError.NoError && signer == client) return;
        bytes32 answer = BoundedCall.staticWord(
            client,
            CALL_GAS,
            abi.encodeCall(IERC1271.isValidSignature, (TaskId.unwrap(taskId), signature))
        );
        require(answer == bytes32(IERC1271.isValidSignature.selector), InvalidSignature(taskId, client));
    }

    function _offerOf(PackedOrder calldata order) private view returns (ISourceRegistry.Offer memory) {
        return SOURCE_REGISTRY.offerOf(order.source(), order.version(), order.verifier());
    }

    // ------------------------------------------------------------------------------------------- taking

    /// @dev Reverts unless the task is open and the provider may answer it now, as far as this contract knows.
    function _requireTakeable(
        PackedOrder calldata order,
        TaskId taskId,
        TaskSlot task,
        ProviderId provider,
        Verification verification
    ) private view {
        _requireState(taskId, task, TaskState.Open);
        require(order.verification() == verification, WrongVerification(taskId, order.verification()));
        uint256 deadline = task.deadline();
        require(block.timestamp <= deadline, DeadlinePassed(deadline, block.timestamp));
        require(task.lapses() == 0 || !_barred[taskId][provider], Barred(taskId, provider));
        _checkScore(order, provider);
    }

    function _checkScore(PackedOrder calldata order, ProviderId provider) private view {
        uint256 minimum = order.minScore();
        if (minimum == 0) return;
        uint256 score = REPUTATION.scoreOf(provider);
        require(score >= minimum, ScoreTooLow(provider, score, minimum));
    }

    function _vet(PackedOrder calldata order, ProviderId provider) private view returns (address payout) {
        return
            PROVIDER_POOL.vet(
                provider,
                msg.sender,
                order.source(),
                order.environments(),
                order.minGpuMemory(),
                order.bond()
            );
    }

    function _checkProof(
        PackedOrder calldata order,
        TaskId taskId,
        ProviderId provider,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bytes calldata proof
    ) private view {
        IVerifier.Claim memory claim = IVerifier.Claim({
            taskId: taskId,
            provider: provider,
            source: order.source(),
            version: order.version(),
            inputDigest: order.inputDigest,
            resultDigest: resultDigest,
            envelopeHash: envelopeHash,
            bond: order.bond()
        });
        address verifier = order.verifier();
        bytes32 answer = BoundedCall.staticWord(
            verifier,
            CALL_GAS,
            abi.encodeCall(IVerifier.verify, (claim, proof))
        );
        require(answer == bytes32(IVerifier.verify.selector), ProofRejected(taskId, verifier));
    }

    /// @dev Posts a signed order and checks the proof that answers it; nothing is stored or paid yet.
    function _postAndProve(
        ProviderId provider,
        SignedProof calldata signedProof,
        ISourceRegistry.Offer memory offer
    ) private returns (TaskId taskId, TaskSlot task) {
        PackedOrder calldata order = signedProof.order;
        taskId = taskIdOf(order);
        task = _admitted(order, taskId, offer);
        require(order.verification() == Verification.Proof, WrongVerification(taskId, order.verification()));
        _checkSignature(order, taskId, signedProof.signature);
        _checkScore(order, provider);
        _checkProof(
            order,
            taskId,
            provider,
            signedProof.resultDigest,
            signedProof.envelopeHash,
            signedProof.proof
        );
        _emitSubmitted(order, taskId, task);
        emit TaskProven(taskId, provider, order.client(), signedProof.resultDigest, signedProof.envelopeHash);
        task = task.withProvider(provider).withClearedAt(block.timestamp);
    }

    // ------------------------------------------------------------------------------------------- paying

    /// @dev Pays the holder of a Review task and returns its bond.
    function _settleHeld(PackedOrder calldata order, TaskId taskId, TaskSlot task) private {
        address payout = PROVIDER_POOL.release(task.provider(), order.bond());
        _settle(order, taskId, task, payout, order.maxReward());
    }

    /// @dev Pays the provider named in `task` the price fixed in it. `held` is what the client's held balance
    /// gives up; with none, the client pays from its free balance.
    function _settle(
        PackedOrder calldata order,
        TaskId taskId,
        TaskSlot task,
        address payout,
        uint256 held
    ) private {
        _tasks[taskId] = task.withState(TaskState.Settled);
        Sale memory sale = _saleOf(task, _priceOf(order, task));
        if (sale.royalty != 0) sale.publisher = SOURCE_REGISTRY.ownerOf(SourceId.unwrap(order.source()));
        address client = order.client();
        uint256 payment = sale.price - sale.fee - sale.royalty;
        ESCROW.settle(
            IEscrow.Settlement({
                client: client,
                held: held,
                payee: payout,
                payment: payment,
                publisher: sale.publisher,
                royalty: sale.royalty,
                fee: sale.fee
            })
        );
        REPUTATION.recordSettlement(task.provider(), client, sale.fee, payment);
        _emitSettled(order, taskId, task.provider(), sale);
    }

    /// @dev Adds one sale to a batch. Neighbours of the same client or publisher share an entry, and the first fee of
    /// a client stands for its score, as it would if the tasks were settled one after another.
    function _net(Netting memory net, address client, Sale memory sale) private pure {
        uint256 last = net.debitCount;
        if (last != 0 && net.debits[last - 1].account == client) {
            net.debits[last - 1].amount += sale.price;
        } else {
            net.debits[last] = IEscrow.Entry(client, sale.price);
            net.clients[last] = IReputation.ClientFee(client, sale.fee);
            net.debitCount = last + 1;
        }
        last = net.creditCount;
        if (last != 0 && net.credits[last - 1].account == sale.publisher) {
            net.credits[last - 1].amount += sale.royalty;
        } else {
            net.credits[last] = IEscrow.Entry(sale.publisher, sale.royalty);
            net.creditCount = last + 1;
        }
        net.fees += sale.fee;
        net.payments += sale.price - sale.fee - sale.royalty;
    }

    function _lapse(PackedOrder calldata order, TaskId taskId, TaskSlot task) private {
        ProviderId provider = task.provider();
        address client = order.client();
        uint256 cap = order.maxReward();
        uint256 bond = order.bond();
        uint256 climb = cap - Price.amountOf(task.startFraction(), cap);
        // Posting made sure that the bond covers both.
        uint256 slashed = Math.max(Price.share(bond, LAPSE_BPS), climb);
        uint256 lapses = task.lapses() + 1;

        delete _seals[taskId];
        _barred[taskId][provider] = true;
        // The price stood still while the provider held the task: it goes on from where it stopped.
        uint256 openedAt = task.openedAt() + block.timestamp - task.clearedAt();
        ProviderId nobody;
        task = task.withState(TaskState.Open).withLapses(lapses).withProvider(nobody);
        task = task.withOpenedAt(openedAt).withClearedAt(0);
        _tasks[taskId] = task;

        PROVIDER_POOL.slash(provider, bond, slashed);
        uint256 compensation = slashed / 2;
        if (compensation != 0) ESCROW.transfer(client, compensation);
        REPUTATION.recordFault(provider);
        emit TaskLapsed(taskId, provider, client, lapses, slashed, compensation);
        if (lapses == MAX_LAPSES) _refund(taskId, task, client, cap, 0, 0);
    }

    function _refund(
        TaskId taskId,
        TaskSlot task,
        address client,
        uint256 cap,
        uint256 fee,
        uint256 tip
    ) private {
        _tasks[taskId] = task.withState(TaskState.Refunded);
        ESCROW.settle(
            IEscrow.Settlement({
                client: client,
                held: cap,
                payee: msg.sender,
                payment: tip,
                publisher: address(0),
                royalty: 0,
                fee: fee
            })
        );
        emit TaskRefunded(taskId, client, msg.sender, cap - fee - tip, fee, tip);
    }

    // ------------------------------------------------------------------------------------------- prices

    function _saleOf(TaskSlot task, uint256 price) private pure returns (Sale memory sale) {
        sale.price = price;
        sale.fee = Price.share(price, task.feeBps());
        sale.royalty = Price.share(price, task.royaltyBps());
    }

    function _priceOf(PackedOrder calldata order, TaskSlot task) private view returns (uint256) {
        return Price.amountOf(_fractionOf(task), order.maxReward());
    }

    /// @dev Fraction of the cap at which the task cleared, or would clear now.
    function _fractionOf(TaskSlot task) private view returns (uint256) {
        uint256 at = task.clearedAt();
        // An open task past its deadline cannot clear any more; its price stands.
        if (at == 0) at = Math.min(block.timestamp, task.deadline());
        return Price.ramp(task.startFraction(), task.rampDuration(), at - Math.min(at, task.openedAt()));
    }

    // ------------------------------------------------------------------------------------------- guards

    function _load(PackedOrder calldata order) private view returns (TaskId taskId, TaskSlot task) {
        taskId = taskIdOf(order);
        task = _tasks[taskId];
    }

    function _requireState(TaskId taskId, TaskSlot task, TaskState state) private pure {
        require(task.state() == state, WrongState(taskId, task.state()));
    }

    function _requireClientOrAgent(PackedOrder calldata order, TaskId taskId) private view {
        address client = order.client();
        require(
            msg.sender == client || _clientAgents[client][msg.sender],
            NotClientOrAgent(taskId, msg.sender)
        );
    }

    function _emitSubmitted(PackedOrder calldata order, TaskId taskId, TaskSlot task) private {
        uint256 startPrice = Price.amountOf(task.startFraction(), order.maxReward());
        emit TaskSubmitted(taskId, order.source(), order.client(), order, startPrice);
    }

    function _emitSettled(
        PackedOrder calldata order,
        TaskId taskId,
        ProviderId provider,
        Sale memory sale
    ) private {
        emit TaskSettled(taskId, provider, order.client(), sale.publisher, sale.price, sale.fee, sale.royalty);
    }

    // ------------------------------------------------------------------------------------------- suite

    /// @dev A suite whose parts do not know each other cannot be deployed.
    function _checkSuite(Config memory config) private view {
        address pool = address(config.providerPool);
        _checkLeaf(address(config.escrow), address(this), config.escrow.TASK_MANAGER());
        _checkLeaf(address(config.escrow), pool, config.escrow.PROVIDER_POOL());
        _checkLeaf(pool, address(this), config.providerPool.TASK_MANAGER());
        _checkLeaf(pool, address(config.escrow), config.providerPool.ESCROW());
        _checkLeaf(pool, address(config.sourceRegistry), config.providerPool.SOURCE_REGISTRY());
        _checkLeaf(address(config.reputation), address(this), config.reputation.TASK_MANAGER());

        uint256 required = WindowsLib.longestObligation(config.windows);
        uint256 period = config.providerPool.UNBONDING_PERIOD();
        require(period >= required, UnbondingTooShort(period, required));
        uint256 price = POINTS_OF_MAXIMUM_WEIGHT * config.reputation.FEE_SCALE();
        require(price > config.maxRound, FeeScaleTooSmall(price, config.maxRound));
    }

    function _checkLeaf(address leaf, address expected, address found) private pure {
        require(expected == found, LeafMismatch(leaf, expected, found));
    }

    function _setFee(uint256 feeBps_) private {
        require(
            feeBps_ >= MIN_FEE_BPS && feeBps_ <= MAX_FEE_BPS,
            FeeOutOfBounds(feeBps_, MIN_FEE_BPS, MAX_FEE_BPS)
        );
        _parameters.feeBps = uint16(feeBps_);
        emit FeeSet(feeBps_);
    }

    function _setTreasury(address treasury_) private {
        require(treasury_ != address(0), ZeroAddress());
        _parameters.treasury = treasury_;
        emit TreasurySet(treasury_);
    }
}

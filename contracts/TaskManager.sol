// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";
import {IProviderPool} from "./interfaces/IProviderPool.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {ISourceRegistry} from "./interfaces/ISourceRegistry.sol";
import {ITaskManager} from "./interfaces/ITaskManager.sol";
import {Admission} from "./libraries/Admission.sol";
import {Deliveries} from "./libraries/Deliveries.sol";
import {Disputes} from "./libraries/Disputes.sol";
import {Exits} from "./libraries/Exits.sol";
import {Guard} from "./libraries/Guard.sol";
import {OrderLib} from "./libraries/OrderLib.sol";
import {ProofBatch} from "./libraries/ProofBatch.sol";
import {Proofs} from "./libraries/Proofs.sol";
import {Quorums} from "./libraries/Quorums.sol";
import {Sales} from "./libraries/Sales.sol";
import {Settings} from "./libraries/Settings.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {Takes} from "./libraries/Takes.sol";
import {TaskSlotLib} from "./libraries/TaskSlotLib.sol";
import {TypedData} from "./libraries/TypedData.sol";
import {Verdicts} from "./libraries/Verdicts.sol";
import {Views} from "./libraries/Views.sol";
import {WindowsLib} from "./libraries/WindowsLib.sol";
import {ProviderId, TaskId} from "./types/Ids.sol";
import {Leaves, Ledger, Limits, Offer, RoundRules} from "./types/Ledger.sol";
import {PriceParameters} from "./types/Market.sol";
import {PackedOrder, Verification} from "./types/Order.sol";
import {RoundView} from "./types/Round.sol";
import {TaskSlot, TaskState, TaskView, Windows} from "./types/Task.sol";

/// @title TaskManager
/// @notice See ITaskManager, which is the specification.
contract TaskManager is ITaskManager, EIP712, Multicall, Ownable2Step {
    using OrderLib for PackedOrder;
    using TaskSlotLib for TaskSlot;

    /// @dev Bytes of an envelope: an X25519 key, a nonce, a tag, and room for a digest, a salt and a locator.
    uint256 private constant MAX_ENVELOPE = 512;
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
    /// @inheritdoc ITaskManager
    uint256 public immutable WEIGHT_UNIT;

    uint256 private immutable _DISCLOSE_WINDOW;
    uint256 private immutable _CANCEL_NOTICE;
    uint256 private immutable _MAX_LIFETIME;
    uint256 private immutable _MAX_REVIEW;
    uint256 private immutable _SEED_WINDOW;
    uint256 private immutable _PANEL_MIN;
    uint256 private immutable _OPEN_PROVIDER_WINDOW;
    uint256 private immutable _OPEN_WINDOW;
    uint256 private immutable _CLAIM_WINDOW;

    Ledger private _ledger;

    constructor(Config memory config) EIP712("OpenGPU", "1") Ownable(config.owner) {
        ESCROW = config.escrow;
        SOURCE_REGISTRY = config.sourceRegistry;
        PROVIDER_POOL = config.providerPool;
        REPUTATION = config.reputation;
        MAX_ROUND = config.maxRound;
        WEIGHT_UNIT = config.weightUnit;
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
        Settings.setFee(_ledger, config.feeBps);
        Settings.setTreasury(_ledger, config.treasury);
        Settings.setPriceParameters(_ledger, config.priceParameters);
    }

    // ------------------------------------------------------------------------------------------- clients

    /// @inheritdoc ITaskManager
    function submit(PackedOrder calldata order) external payable returns (TaskId taskId) {
        taskId = taskIdOf(order);
        require(order.client() == msg.sender, NotClient(taskId, msg.sender));
        uint256 held = _post(order, taskId);
        require(msg.value == 0 || msg.value == held, WrongValue(msg.value, held));
        if (msg.value == 0) ESCROW.hold(msg.sender, held);
        else ESCROW.depositAndHold{value: held}(msg.sender);
    }

    /// @inheritdoc ITaskManager
    function submitSigned(PackedOrder calldata order, bytes calldata signature) external returns (TaskId taskId) {
        taskId = taskIdOf(order);
        Admission.checkSignature(_ledger, order, taskId, signature);
        uint256 held = _post(order, taskId);
        ESCROW.hold(order.client(), held);
    }

    /// @inheritdoc ITaskManager
    function revoke(PackedOrder calldata order) external returns (TaskId taskId) {
        taskId = taskIdOf(order);
        Settings.revoke(_ledger, taskId, order);
    }

    /// @inheritdoc ITaskManager
    function revokeBelow(uint64 nonce) external {
        Settings.revokeBelow(_ledger, nonce);
    }

    /// @inheritdoc ITaskManager
    function setClientAgent(address agent, bool allowed) external {
        Settings.setClientAgent(_ledger, agent, allowed);
    }

    /// @inheritdoc ITaskManager
    function announceInbox(string calldata inbox) external {
        Settings.announceInbox(inbox);
    }

    /// @inheritdoc ITaskManager
    function accept(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        Guard.requireClientOrAgent(_ledger, taskId, order.client());
        TaskState state = task.state();
        if (state != TaskState.Delivered && state != TaskState.Disclosed) {
            Verdicts.accept(_ledger, _leaves(), _rules(), taskId, order);
            return;
        }
        _settle(order, taskId, task, PROVIDER_POOL.release(task.provider(), order.bond()), order.maxReward());
    }

    /// @inheritdoc ITaskManager
    function cancel(PackedOrder calldata order) external {
        Exits.cancel(_ledger, taskIdOf(order), order, _CANCEL_NOTICE);
    }

    /// @inheritdoc ITaskManager
    function dispute(PackedOrder calldata order) external payable {
        TaskId taskId = taskIdOf(order);
        uint256 fee = Disputes.dispute(_ledger, _leaves(), taskId, order, _SEED_WINDOW, _PANEL_MIN);
        // Agents never spend what is free, but may bring coin.
        require(msg.value != 0 || msg.sender == order.client(), NotClient(taskId, msg.sender));
        require(msg.value == 0 || msg.value == fee, WrongValue(msg.value, fee));
        if (msg.value == 0) ESCROW.hold(msg.sender, fee);
        else ESCROW.depositAndHold{value: fee}(order.client());
    }

    // ------------------------------------------------------------------------------------------- providers

    /// @inheritdoc ITaskManager
    function reserve(PackedOrder calldata order, ProviderId provider) external {
        Deliveries.reserve(_ledger, _leaves(), taskIdOf(order), order, provider);
    }

    /// @inheritdoc ITaskManager
    function deliver(PackedOrder calldata order, ProviderId provider, bytes32 seal) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        require(seal != 0, ZeroSeal());
        if (task.state() == TaskState.Reserved) {
            Deliveries.deliver(_ledger, _leaves(), taskId, order, provider, seal);
            return;
        }
        Takes.requireTakeable(_ledger, REPUTATION, order, taskId, task, provider, Verification.Review);
        require(order.reservation() == 0, NotReserved(taskId));

        task = task.withState(TaskState.Delivered).withProvider(provider).withClearedAt(block.timestamp);
        _ledger.tasks[taskId] = task;
        _ledger.seals[taskId] = seal;
        PROVIDER_POOL.engage(
            provider,
            msg.sender,
            order.source(),
            order.environments(),
            order.minGpuMemory(),
            order.bond(),
            task.has(TaskSlotLib.COUNTED)
        );
        emit TaskDelivered(taskId, provider, order.client(), seal, Sales.priceOf(order, task));
    }

    /// @inheritdoc ITaskManager
    function deliverAndDisclose(
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 commitment,
        bytes calldata envelope
    ) external {
        _requireShort(envelope);
        Deliveries.deliverAndDisclose(_ledger, _leaves(), taskIdOf(order), order, provider, commitment, envelope);
    }

    /// @inheritdoc ITaskManager
    function disclose(PackedOrder calldata order, bytes32 commitment, bytes calldata envelope) external {
        _requireShort(envelope);
        Deliveries.disclose(_ledger, taskIdOf(order), order, commitment, envelope, _DISCLOSE_WINDOW);
    }

    /// @inheritdoc ITaskManager
    function prove(
        PackedOrder calldata order,
        ProviderId provider,
        bytes32 resultDigest,
        bytes32 envelopeHash,
        bytes calldata proof
    ) external {
        ProofBatch.prove(_ledger, _leaves(), taskIdOf(order), order, provider, resultDigest, envelopeHash, proof);
    }

    /// @inheritdoc ITaskManager
    function proveSigned(ProviderId provider, SignedProof calldata signedProof) external returns (TaskId taskId) {
        PackedOrder calldata order = signedProof.order;
        taskId = taskIdOf(order);
        Offer memory offer = Admission.offerOf(SOURCE_REGISTRY, order);
        offer.marketPrice = PROVIDER_POOL.priceOf(order.source(), offer.floorPrice);
        TaskSlot task = Proofs.postAndProve(_ledger, REPUTATION, _limits(), signedProof, taskId, provider, offer);
        _settle(order, taskId, task, Proofs.vet(PROVIDER_POOL, order, provider), 0);
    }

    /// @inheritdoc ITaskManager
    function proveBatch(ProviderId provider, SignedProof[] calldata signedProofs) external {
        ProofBatch.proveBatch(_ledger, _leaves(), _limits(), _domainSeparatorV4(), provider, signedProofs);
    }

    // ------------------------------------------------------------------------------------------- rounds

    /// @inheritdoc ITaskManager
    function captureSeed(TaskId taskId) external {
        Quorums.captureSeed(_ledger, taskId);
    }

    /// @inheritdoc ITaskManager
    function takeSeat(PackedOrder calldata order, ProviderId provider, uint256 weight, bytes32 seal) external {
        Quorums.takeSeat(_ledger, _leaves(), _rules(), taskIdOf(order), order, provider, weight, seal);
    }

    /// @inheritdoc ITaskManager
    function openSeat(TaskId taskId, uint256 seat, bytes32 resultDigest, bytes32 salt, bytes32 envelopeHash) external {
        Quorums.openSeat(_ledger, _rules(), taskId, seat, resultDigest, salt, envelopeHash);
    }

    /// @inheritdoc ITaskManager
    function claimSeat(PackedOrder calldata order, uint256 seat, bytes calldata envelope) external {
        _requireShort(envelope);
        Verdicts.claimSeat(_ledger, _leaves(), _rules(), taskIdOf(order), order, seat, envelope);
    }

    // ------------------------------------------------------------------------------------------- disputes

    /// @inheritdoc ITaskManager
    function openDelivery(
        PackedOrder calldata order,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bytes32 secret
    ) external {
        TaskId taskId = taskIdOf(order);
        Disputes.openDelivery(_ledger, _leaves(), _rules(), taskId, order, resultDigest, salt, envelopeHash, secret);
    }

    /// @inheritdoc ITaskManager
    function openVote(
        TaskId taskId,
        uint256 seat,
        bytes32 resultDigest,
        bytes32 salt,
        bytes32 envelopeHash,
        bool available
    ) external {
        Disputes.openVote(_ledger, _leaves(), _rules(), taskId, seat, resultDigest, salt, envelopeHash, available);
    }

    // ------------------------------------------------------------------------------------------- clocks

    /// @inheritdoc ITaskManager
    function settle(PackedOrder calldata order) external {
        (TaskId taskId, TaskSlot task) = _load(order);
        if (task.state() == TaskState.Round) Verdicts.settle(_ledger, _leaves(), _rules(), taskId, order);
        else Exits.settle(_ledger, _leaves(), taskId, order);
    }

    /// @inheritdoc ITaskManager
    function reopen(PackedOrder calldata order) external {
        Exits.reopen(_ledger, _leaves(), taskIdOf(order), order, _DISCLOSE_WINDOW);
    }

    /// @inheritdoc ITaskManager
    function refund(PackedOrder calldata order) external {
        Exits.refund(_ledger, _leaves(), taskIdOf(order), order);
    }

    /// @inheritdoc ITaskManager
    function collectFees(address[] calldata payers) external returns (uint256 amount) {
        return Exits.collectFees(_ledger, ESCROW, payers);
    }

    // ------------------------------------------------------------------------------------------- owner

    /// @inheritdoc ITaskManager
    function setFee(uint256 feeBps_) external onlyOwner {
        Settings.setFee(_ledger, feeBps_);
    }

    /// @inheritdoc ITaskManager
    function setTreasury(address treasury_) external onlyOwner {
        Settings.setTreasury(_ledger, treasury_);
    }

    /// @inheritdoc ITaskManager
    function setPriceParameters(PriceParameters calldata parameters) external onlyOwner {
        Settings.setPriceParameters(_ledger, parameters);
    }

    /// @inheritdoc ITaskManager
    function setSubmissionsPaused(bool paused) external onlyOwner {
        Settings.setSubmissionsPaused(_ledger, paused);
    }

    /// @notice Leaves the suite without owner, for good; refused while submissions are paused.
    function renounceOwnership() public override onlyOwner {
        require(!_ledger.parameters.paused, SubmissionsPaused());
        super.renounceOwnership();
    }

    // ------------------------------------------------------------------------------------------- views

    /// @inheritdoc ITaskManager
    function feeBps() external view returns (uint256) {
        return _ledger.parameters.feeBps;
    }

    /// @inheritdoc ITaskManager
    function treasury() external view returns (address) {
        return _ledger.parameters.treasury;
    }

    /// @inheritdoc ITaskManager
    function submissionsPaused() external view returns (bool) {
        return _ledger.parameters.paused;
    }

    /// @inheritdoc ITaskManager
    function priceParameters() external view returns (PriceParameters memory) {
        return Settings.priceParameters(_ledger);
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

    /// @inheritdoc EIP712
    /// @dev The same that the base says, whose way to it is long.
    function eip712Domain()
        public
        view
        override
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (hex"0f", "OpenGPU", "1", block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    /// @inheritdoc ITaskManager
    function taskIdOf(PackedOrder calldata order) public view returns (TaskId) {
        return TypedData.taskIdOf(_domainSeparatorV4(), order);
    }

    /// @inheritdoc ITaskManager
    function getTask(TaskId taskId) external view returns (TaskView memory) {
        return Views.getTask(_ledger, taskId);
    }

    /// @inheritdoc ITaskManager
    function getRound(TaskId taskId) external view returns (RoundView memory) {
        return Views.getRound(_ledger, taskId);
    }

    /// @inheritdoc ITaskManager
    function priceOf(PackedOrder calldata order) external view returns (uint256) {
        return priceAt(order, block.timestamp);
    }

    /// @inheritdoc ITaskManager
    function priceAt(PackedOrder calldata order, uint256 time) public view returns (uint256) {
        return Views.priceAt(_ledger, taskIdOf(order), order, time);
    }

    /// @inheritdoc ITaskManager
    function nonceFloorOf(address client) external view returns (uint256) {
        return _ledger.nonceFloors[client];
    }

    /// @inheritdoc ITaskManager
    function isClientAgent(address client, address agent) external view returns (bool) {
        return _ledger.clientAgents[client][agent];
    }

    /// @inheritdoc ITaskManager
    function isBarred(TaskId taskId, ProviderId provider) external view returns (bool) {
        return _ledger.barred[taskId][provider];
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @dev Tells what the client's balance has to hold, wei.
    function _post(PackedOrder calldata order, TaskId taskId) private returns (uint256) {
        if (order.isJudged()) {
            if (order.rawVerification() == uint8(Verification.Quorum)) {
                return Quorums.post(_ledger, _leaves(), _limits(), taskId, order);
            }
            if (order.trust() != 0) Disputes.requirePanel(address(PROVIDER_POOL), _limits(), order);
        }
        Offer memory offer = Admission.offerOf(SOURCE_REGISTRY, order);
        offer.marketPrice = PROVIDER_POOL.open(
            order.source(),
            order.maxReward(),
            offer.floorPrice,
            _ledger.parameters.price
        );
        TaskSlot task = Admission.admit(_ledger, _limits(), order, taskId, offer);
        _ledger.tasks[taskId] = task;
        emit TaskSubmitted(taskId, order.source(), order.client(), order, Sales.startPriceOf(order, task));
        return order.maxReward();
    }

    /// @dev Pays the provider named in `task` the price fixed in it. `held` is what the client's held balance gives
    /// up; with none, the client pays from its free balance.
    function _settle(PackedOrder calldata order, TaskId taskId, TaskSlot task, address payout, uint256 held) private {
        Settlement.settle(_ledger, ESCROW, SOURCE_REGISTRY, REPUTATION, order, taskId, task, payout, held);
    }

    function _load(PackedOrder calldata order) private view returns (TaskId taskId, TaskSlot task) {
        taskId = taskIdOf(order);
        task = _ledger.tasks[taskId];
    }

    function _requireShort(bytes calldata envelope) private pure {
        require(envelope.length <= MAX_ENVELOPE, EnvelopeTooLarge(envelope.length, MAX_ENVELOPE));
    }

    function _limits() private view returns (Limits memory) {
        return Limits({maxRound: MAX_ROUND, maxLifetime: _MAX_LIFETIME, maxReview: _MAX_REVIEW});
    }

    function _rules() private view returns (RoundRules memory) {
        return RoundRules(WEIGHT_UNIT, _OPEN_WINDOW, _CLAIM_WINDOW, _OPEN_PROVIDER_WINDOW);
    }

    function _leaves() private view returns (Leaves memory) {
        return Leaves(ESCROW, SOURCE_REGISTRY, PROVIDER_POOL, REPUTATION);
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
        uint256 unit = config.weightUnit;
        // Weight without money at risk would let one stake vote everywhere; no stake is larger than the maximum.
        require(unit != 0 && unit <= type(uint88).max, WeightUnitOutOfBounds(unit, 1, type(uint88).max));
        uint256 price = POINTS_OF_MAXIMUM_WEIGHT * config.reputation.FEE_SCALE();
        require(price > config.maxRound, FeeScaleTooSmall(price, config.maxRound));
    }

    function _checkLeaf(address leaf, address expected, address found) private pure {
        require(expected == found, LeafMismatch(leaf, expected, found));
    }
}

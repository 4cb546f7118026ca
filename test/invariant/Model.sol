// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {Price} from "../../contracts/libraries/Price.sol";
import {fits} from "../../contracts/types/Environment.sol";
import {ProviderId, SourceId, TaskId} from "../../contracts/types/Ids.sol";
import {Order, PackedOrder, Verification} from "../../contracts/types/Order.sol";
import {TaskState, TaskView} from "../../contracts/types/Task.sol";
import {Markets} from "./Markets.sol";
import {time, VM} from "./Vm.sol";

/// @title Model
/// @notice What balances and tasks must be, kept beside the contracts and compared with them after every action.
abstract contract Model is Markets {
    struct Balance {
        uint256 free;
        uint256 held;
        uint256 fees;
    }

    /// @dev Sums over all actions, wei.
    struct Flows {
        uint256 deposited;
        uint256 withdrawn;
        /// Given to ProviderPool's account, so it is no stake.
        uint256 donated;
        /// Into TaskManager's account, less what panels get of it, and from there to the treasury.
        uint256 managerIncome;
        uint256 collectedFromManager;
        /// How often fees outgrew their field.
        uint256 overflows;
    }

    /// @dev A task as it must stand.
    struct Ghost {
        Order order;
        PackedOrder packed;
        TaskId id;
        TaskState state;
        uint32 provider;
        uint40 openedAt;
        uint40 deadline;
        uint40 clearedAt;
        uint40 markedAt;
        uint32 start;
        uint16 feeBps;
        uint16 royaltyBps;
        uint8 lapses;
        bool cancelled;
        bool disputed;
        /// Sealing of its round ended early, or the round with a payment.
        bool opened;
        uint8 payments;
        uint8 refunds;
        bool counted;
        /// Market price that the order met, wei.
        uint256 marketPrice;
        bytes32 seal;
        bytes32 commitment;
        bytes envelope;
        bytes32 finalView;
    }

    uint256 public steps;
    Flows internal _flows;
    Ghost[] internal _ghosts;
    mapping(address account => Balance) internal _balances;
    mapping(address account => uint256) private _lastFree;
    /// @dev Step in which an account last acted itself, or by an order that it signed.
    mapping(address account => uint256) private _actedAt;
    mapping(bytes4 action => mapping(TaskState from => mapping(TaskState to => bool))) internal _allowed;
    /// @dev What the actions came to, for those who want to know whether a campaign gets anywhere.
    mapping(bytes4 action => mapping(TaskState from => mapping(TaskState to => uint256))) public happened;
    mapping(bytes4 action => uint256) public succeeded;
    mapping(bytes4 action => uint256) public failed;
    mapping(bytes4 error => uint256) public refused;
    /// @dev Lets every campaign draw other numbers from the same sequence of seeds.
    bytes32 internal _salt;
    uint256 private _entropy;

    modifier step(uint256 seed) {
        ++steps;
        _entropy = uint256(keccak256(abi.encode(_salt, seed, steps)));
        _;
        _compareBalances();
        _compareMarkets();
    }

    function flows() external view returns (Flows memory) {
        return _flows;
    }

    function taskCount() external view returns (uint256) {
        return _ghosts.length;
    }

    function ghost(uint256 index) external view returns (Ghost memory) {
        return _ghosts[index];
    }

    /// @dev Most executions that a task pays for.
    function executionsOf(uint256 index) external view returns (uint256) {
        return _executionsOf(_ghosts[index]);
    }

    /// @dev What getTask must return now.
    function expectedView(uint256 index) public view returns (TaskView memory) {
        Ghost storage g = _ghosts[index];
        return
            TaskView({
                state: g.state,
                provider: ProviderId.wrap(g.provider),
                cancelled: g.cancelled,
                disputed: g.disputed,
                opened: g.opened,
                counted: g.counted,
                openedAt: g.openedAt,
                deadline: g.deadline,
                clearedAt: g.clearedAt,
                markedAt: g.markedAt,
                rampDuration: g.openedAt == 0 ? 0 : g.order.rampDuration,
                startFraction: g.start,
                priceFraction: g.openedAt == 0 ? 0 : uint32(_fractionOf(g)),
                feeBps: g.feeBps,
                royaltyBps: g.royaltyBps,
                lapses: g.lapses,
                seal: g.seal
            });
    }

    /// @dev What may never change of a finished task. The price that a task refunded before its deadline would have
    /// had is no part of it: nothing depends on it.
    function finalDigest(TaskView memory task) public pure returns (bytes32) {
        if (task.state != TaskState.Settled) task.priceFraction = 0;
        return keccak256(abi.encode(task));
    }

    // ------------------------------------------------------------------------------------------- randomness

    /// @dev A number below `bound`.
    function _draw(uint256 bound) internal returns (uint256) {
        _entropy = uint256(keccak256(abi.encode(_entropy)));
        return _entropy % bound;
    }

    function _between(uint256 low, uint256 high) internal returns (uint256) {
        return low + _draw(high - low + 1);
    }

    /// @dev True once in `bound` times.
    function _rarely(uint256 bound) internal returns (bool) {
        return _draw(bound) == 0;
    }

    // ------------------------------------------------------------------------------------------- actions

    function _mayPay(address account) internal {
        _actedAt[account] = steps;
    }

    function _call(address caller, uint256 value, address target, bytes memory data) internal returns (bool success) {
        _mayPay(caller);
        if (value != 0) VM.deal(caller, value);
        _look();
        VM.prank(caller);
        bytes memory answer;
        (success, answer) = target.call{value: value}(data);
        if (success) ++succeeded[bytes4(data)];
        else (++failed[bytes4(data)], ++refused[bytes4(answer)]);
        _look();
    }

    /// @dev Takes what a panel gets of a provider's bond from TaskManager's account.
    function _spendOfManager(uint256 amount) internal {
        _flows.managerIncome -= amount;
        _balances[address(taskManager)].free -= amount;
    }

    function _earnForManager(uint256 amount) internal {
        _flows.managerIncome += amount;
        _balances[address(taskManager)].free += amount;
    }

    /// @dev Calls a function of TaskManager that takes nothing but the order.
    function _callWithOrder(address caller, uint256 value, bytes4 action, uint256 index) internal returns (bool) {
        bytes memory data = abi.encodeWithSelector(action, _ghosts[index].packed);
        return _call(caller, value, address(taskManager), data);
    }

    function _compareBalances() private {
        address[] memory list = accounts();
        for (uint256 i; i < list.length; ++i) {
            IEscrow.Account memory found = escrow.accountOf(list[i]);
            Balance memory wanted = _balances[list[i]];
            _must(1, found.free == wanted.free && found.held == wanted.held && found.fees == wanted.fees);
            _must(5, found.free >= _lastFree[list[i]] || _actedAt[list[i]] == steps);
            _lastFree[list[i]] = found.free;
        }
    }

    /// @dev Compares a task after `action`, which found it in state `from`, and must be `done` if `expected`.
    function _compareTask(uint256 index, bytes4 action, TaskState from, bool expected, bool done) internal virtual {
        Ghost storage g = _ghosts[index];
        TaskView memory found = taskManager.getTask(g.id);
        _must(14, expected == done);
        _must(9, done ? _allowed[action][from][found.state] : from == found.state);
        if (done) ++happened[action][from][found.state];
        _must(16, keccak256(abi.encode(found)) == keccak256(abi.encode(expectedView(index))));
        if (g.finalView == 0 && g.state >= TaskState.Settled) g.finalView = finalDigest(found);
    }

    // ------------------------------------------------------------------------------------------- rules

    function _sourceOf(Order memory order) internal pure returns (uint256) {
        return SourceId.unwrap(order.source);
    }

    function _sourceOf(Ghost storage g) internal view returns (uint256) {
        return SourceId.unwrap(g.order.source);
    }

    /// @dev Most executions that an order pays for when it is posted.
    function _executionsOf(Order memory order) internal pure returns (uint256) {
        return order.verification == Verification.Quorum ? _seatsFor(order.trust) : 1;
    }

    function _executionsOf(Ghost storage g) internal view returns (uint256) {
        return g.order.verification == Verification.Quorum ? _seatsFor(g) : 1;
    }

    /// @dev Most seats of a round or a panel: as many as, with the least odds of two each, reach the trust, and two more.
    function _seatsFor(uint256 trust) internal pure returns (uint256 seats) {
        seats = 2;
        for (uint256 odds = 1; odds < trust; odds *= 2) ++seats;
    }

    function _seatsFor(Ghost storage g) internal view returns (uint256) {
        return _seatsFor(g.order.trust);
    }

    /// @dev What a running task holds, wei.
    function _heldBy(Order memory order) internal pure returns (uint256) {
        return _executionsOf(order) * order.maxReward;
    }

    function _heldBy(Ghost storage g) internal view returns (uint256) {
        return _executionsOf(g) * g.order.maxReward;
    }

    /// @dev What a task that waits no longer does to its market.
    function _exitMarket(Ghost storage g) internal {
        if (g.counted) _exitMarket(_sourceOf(g), _executionsOf(g));
    }

    /// @dev When the seal of a delivered task came: with its price, unless it had been reserved.
    function _deliveredAt(Ghost storage g) internal view returns (uint256) {
        return g.markedAt > g.clearedAt ? g.markedAt : g.clearedAt;
    }

    /// @dev Last second of a reservation.
    function _reservationEnd(Ghost storage g) internal view returns (uint256) {
        return uint256(g.clearedAt) + g.order.reservation;
    }

    function _fractionOf(Ghost storage g) internal view returns (uint256) {
        uint256 moment =
            g.clearedAt != 0
                ? g.clearedAt
                : time() < g.deadline
                    ? time()
                    : g.deadline;
        uint256 elapsed = moment > g.openedAt ? moment - g.openedAt : 0;
        return Price.ramp(g.start, g.openedAt == 0 ? 0 : g.order.rampDuration, elapsed);
    }

    /// @dev Whether `key` may take a task for a provider, as far as pool and reputation know.
    function _mayWork(Ghost storage g, uint256 provider, address key) internal view returns (bool) {
        ProviderId id = ProviderId.wrap(uint32(provider));
        IProviderPool.Membership memory membership = pool.getMembership(id, g.order.source);
        return
            pool.isAuthorised(id, key) &&
            membership.slots != 0 &&
            fits(membership.environments, membership.gpuMemory, g.order.environments, g.order.minGpuMemory) &&
            !_isJailed(provider) &&
            pool.getProvider(id).free >= g.order.bond &&
            reputation.scoreOf(id) >= g.order.minScore;
    }

    function _isJailed(uint256 provider) internal view returns (bool) {
        return time() <= pool.getProvider(ProviderId.wrap(uint32(provider))).jailedUntil;
    }

    function _publisherOf(Ghost storage g) internal view returns (address) {
        return registry.ownerOf(_sourceOf(g));
    }
}

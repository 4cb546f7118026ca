// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ISourceRegistry} from "../../contracts/interfaces/ISourceRegistry.sol";
import {OrderLib} from "../../contracts/libraries/OrderLib.sol";
import {Price} from "../../contracts/libraries/Price.sol";
import {ENVIRONMENT_GPU} from "../../contracts/types/Environment.sol";
import {SourceId, TaskId} from "../../contracts/types/Ids.sol";
import {Order, PackedOrder, Verification} from "../../contracts/types/Order.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Model} from "./Model.sol";
import {time, VM} from "./Vm.sol";

/// @title Orders
/// @notice Draws orders, most of them valid, and says which may be posted.
abstract contract Orders is Model {
    uint64 private _nonce;
    mapping(address client => uint256) internal _nonceFloors;

    /// @dev An order not seen before, or, rarely, one that a task already has. Its index.
    function _anyOrder(Verification verification) internal returns (uint256 index) {
        if (_ghosts.length != 0 && _rarely(8)) return _draw(_ghosts.length);
        return _newOrder(verification);
    }

    function _newOrder(Verification verification) internal returns (uint256 index) {
        return _newOrder(verification, verification == Verification.Review && _rarely(4));
    }

    /// @dev One that can be disputed if it `hasPanel`.
    function _newOrder(Verification verification, bool hasPanel) internal returns (uint256 index) {
        Order memory order = _draftOrder(verification, hasPanel);
        if (_rarely(8)) _spoil(order);
        index = _ghosts.length;
        _ghosts.push();
        PackedOrder memory packed = OrderLib.pack(order);
        _ghosts[index].order = order;
        _ghosts[index].packed = packed;
        _ghosts[index].id = taskManager.taskIdOf(packed);
    }

    function _draftOrder(Verification verification, bool hasPanel) private returns (Order memory order) {
        order.source = SourceId.wrap(uint32(_between(1, SOURCES)));
        ISourceRegistry.SourceView memory terms = registry.getSource(order.source);
        order.client = client(_draw(CLIENTS));
        order.version = 1;
        order.verification = verification;
        if (verification == Verification.Quorum || hasPanel) order.trust = uint16(_drawTrust());
        if (hasPanel && _sourceOf(order) == 1 && !_rarely(4)) order.version = 2;
        order.maxReward = uint96(_drawCap(_sourceOf(order), MAX_ROUND / _mostPrices(order)));
        order.rampDuration = uint24(_rarely(3) ? 0 : _draw(6 hours));
        order.deadline = uint40(time() + (_rarely(4) ? _between(1, 7 days) : _between(1 hours, 12 hours)));
        order.reviewPeriod = uint24(_rarely(3) ? 0 : _draw(6 hours));
        if (_rarely(8)) order.minScore = uint32(_draw(2000));
        order.environments = 1;
        if (SourceId.unwrap(order.source) == 2 && _rarely(2)) (order.environments, order.minGpuMemory) = (3, 8);
        order.maxRoyaltyBps = uint16(terms.royaltyBps);
        order.maxFeeBps = uint16(taskManager.feeBps());
        order.inputDigest = bytes32("input");
        order.nonce = ++_nonce;
        if (verification == Verification.Proof) {
            order.verifier = address(verifier);
            order.bond = uint96(_draw(1 ether));
        } else if (verification == Verification.Quorum) {
            order.clientKey = bytes32("key");
            order.bond = uint96(order.maxReward + (_rarely(2) ? 0 : _draw(1 ether)));
        } else {
            if (_rarely(2)) order.reservation = uint24(_between(1, _rarely(4) ? 1 days : 1 hours));
            order.clientKey = bytes32("key");
            order.bond = uint96(_leastBond(order) + (_rarely(2) ? 0 : _draw(1 ether)));
        }
    }

    /// @dev Mostly the trust of three seats, seldom one that needs more members than there can be.
    function _drawTrust() private returns (uint256) {
        uint256 way = _draw(8);
        if (way < 4) return 2;
        if (way < 6) return _between(3, 4);
        return way == 6 ? _between(5, 16) : _between(17, 16_384);
    }

    /// @dev A cap between floor and maximum: one that the market price cannot miss, or just meets or misses, or any.
    function _drawCap(uint256 source, uint256 most) private returns (uint256 cap) {
        (uint256 floor, uint256 price) = (_floorOf(source), _marketPrice(source));
        uint256 way = _draw(8);
        if (way == 0) cap = most;
        else if (way < 4) cap = price + _draw(3) - 1;
        else if (way == 4) cap = _between(floor, price);
        else cap = _between(price, 4 * price);
        if (cap < floor) cap = floor;
        if (cap > most) cap = most;
    }

    /// @dev Changes one field to the nearest value that is not valid.
    function _spoil(Order memory order) private {
        uint256 flaw = _draw(16);
        bool decided = order.verification == Verification.Quorum && SourceId.unwrap(order.source) == 1;
        if (flaw < 4 && decided) order.version = 2;
        else if (flaw == 0) order.maxReward = uint96(registry.getSource(order.source).floorPrice - 1);
        else if (flaw == 1) order.maxReward = uint96(MAX_ROUND / _mostPrices(order) + 1);
        else if (flaw == 2) order.deadline = uint40(time() - 1);
        else if (flaw == 3) order.deadline = uint40(time() + _windows.maxLifetime + 1);
        else if (flaw == 4) order.reviewPeriod = uint24(_windows.maxReview + 1);
        else if (flaw == 5) order.environments = _rarely(2) ? 0 : 4;
        else if (flaw == 6) (order.environments, order.minGpuMemory) = (2, 7);
        else if (flaw == 7 && order.maxRoyaltyBps != 0) --order.maxRoyaltyBps;
        else if (flaw == 8) --order.maxFeeBps;
        else if (flaw == 9) order.trust = uint16(_rarely(2) ? 1 : 16_385);
        else if (flaw == 10 && order.verification != Verification.Review) order.reservation = 1;
        else if (flaw == 10) order.verification = Verification.Quorum;
        else if (flaw == 11) order.verifier = order.verifier == address(0) ? address(verifier) : address(0);
        else if (flaw == 12) order.inputDigest = 0;
        else if (flaw == 13) order.clientKey = 0;
        else if (_leastBond(order) != 0) order.bond = uint96(_leastBond(order) - 1);
    }

    /// @dev How many prices an order may come to hold at once, but for its own if it can be disputed.
    function _mostPrices(Order memory order) private pure returns (uint256) {
        return order.trust == 0 ? 1 : _seatsFor(order.trust);
    }

    /// @dev A tenth of the cap, or the way from the start price to the cap if that is more; for a seat the whole cap, and
    /// where there may be a panel, all that it could cost.
    function _leastBond(Order memory order) internal view returns (uint256) {
        if (order.verification == Verification.Quorum) return order.maxReward;
        if (order.trust != 0) return _seatsFor(order.trust) * order.maxReward;
        uint256 climb = order.maxReward - _startPrice(order);
        return climb > order.maxReward / 10 ? climb : order.maxReward / 10;
    }

    /// @dev Price of an order that is answered in the moment it is posted.
    function _priceAtOnce(uint256 index) internal view returns (uint256) {
        Order memory order = _ghosts[index].order;
        if (order.rampDuration == 0) return order.maxReward;
        return _startPrice(order);
    }

    /// @dev Where the price of an order posted now would begin.
    function _startPrice(Order memory order) private view returns (uint256) {
        uint256 fraction = Price.fractionOf(_marketPrice(_sourceOf(order)), order.maxReward);
        return Price.amountOf(fraction, order.maxReward);
    }

    /// @dev Whether an order may become a task now, whoever posts it.
    function _admissible(uint256 index) internal view returns (bool) {
        Order memory order = _ghosts[index].order;
        ISourceRegistry.SourceView memory terms = registry.getSource(order.source);
        return
            _ghosts[index].state == TaskState.None &&
            !taskManager.submissionsPaused() &&
            terms.active &&
            order.maxReward >= terms.floorPrice &&
            _heldBy(order) <= MAX_ROUND &&
            order.maxRoyaltyBps >= terms.royaltyBps &&
            order.maxFeeBps >= taskManager.feeBps() &&
            order.deadline >= time() + order.reservation &&
            order.deadline <= time() + _windows.maxLifetime &&
            order.reviewPeriod <= _windows.maxReview &&
            order.inputDigest != 0 &&
            _runnable(order) &&
            _judgeable(order);
    }

    function _runnable(Order memory order) private view returns (bool) {
        ISourceRegistry.VersionView memory version = registry.getVersion(order.source, order.version);
        return
            order.environments != 0 &&
            order.environments | version.environments == version.environments &&
            (order.environments & ENVIRONMENT_GPU == 0 || order.minGpuMemory >= version.minGpuMemory);
    }

    function _judgeable(Order memory order) private view returns (bool) {
        if (order.verification == Verification.Quorum) return _decidable(order);
        if (order.verification == Verification.Proof) {
            return
                order.trust == 0 && order.reservation == 0 && order.verifier == address(verifier) && order.version == 1;
        }
        return
            order.verifier == address(0) &&
            order.clientKey != 0 &&
            order.bond >= _leastBond(order) &&
            (order.trust == 0 || _hasMembers(order));
    }

    /// @dev Whether a round may decide a Quorum order.
    function _decidable(Order memory order) private view returns (bool) {
        return
            order.reservation == 0 &&
            order.verifier == address(0) &&
            order.clientKey != 0 &&
            order.bond >= _leastBond(order) &&
            registry.getVersion(order.source, order.version).deterministic &&
            _hasMembers(order);
    }

    /// @dev Whether there may be a round or a panel: two members more than seats must be there, and a task may hold as much.
    function _hasMembers(Order memory order) private view returns (bool) {
        return
            order.trust >= 2 &&
            order.trust <= 16_384 &&
            _seatsFor(order.trust) * order.maxReward <= MAX_ROUND &&
            pool.getMarket(order.source).members >= _seatsFor(order.trust) + 2;
    }

    /// @dev Makes the ghost what a task just posted is, and its market what it is with it.
    function _open(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        (g.marketPrice, g.counted) = _enterMarket(_sourceOf(g), g.order.maxReward, _executionsOf(g));
        _open(g);
        if (g.counted) ++_motions.counted;
        else ++_motions.uncounted;
    }

    /// @dev The same for a task that is answered in the same moment, which its market does not notice.
    function _openAtOnce(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        g.marketPrice = _marketPrice(_sourceOf(g));
        g.counted = g.order.maxReward >= g.marketPrice;
        _open(g);
    }

    function _open(Ghost storage g) private {
        ISourceRegistry.SourceView memory terms = registry.getSource(g.order.source);
        g.state = TaskState.Open;
        g.openedAt = uint40(time());
        g.deadline = g.order.deadline;
        g.start = uint32(Price.fractionOf(g.marketPrice, g.order.maxReward));
        g.feeBps = uint16(taskManager.feeBps());
        g.royaltyBps = uint16(terms.royaltyBps);
    }

    /// @dev The client's signature, or, rarely, somebody else's.
    function _signature(uint256 index, bool good) internal view returns (bytes memory) {
        uint256 who;
        while (client(who) != _ghosts[index].order.client) ++who;
        if (!good) who = (who + 1) % CLIENTS;
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(CLIENT_KEY + who, TaskId.unwrap(_ghosts[index].id));
        return abi.encodePacked(r, s, v);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IProviderPool} from "../../contracts/interfaces/IProviderPool.sol";
import {Controller} from "../../contracts/libraries/Controller.sol";
import {SourceId} from "../../contracts/types/Ids.sol";
import {PriceParameters} from "../../contracts/types/Market.sol";
import {Reference} from "./Reference.sol";
import {Suite} from "./Suite.sol";
import {time} from "./Vm.sol";

/// @title Markets
/// @notice What the markets of the sources must be, and what anybody can see of their prices.
/// @dev Two things that know nothing of each other: the model of a market, which says its price to the wei, and the sights
/// of that price, before and after every call, which only know how fast it may move.
abstract contract Markets is Suite {
    /// @dev A market as it must stand.
    struct Market {
        /// As it was at the last touch, wei; it may lie below the floor.
        uint256 price;
        uint256 openTasks;
        uint256 capacity;
        uint256 touchedAt;
        PriceParameters parameters;
    }

    /// @dev A market as it was seen.
    struct Sight {
        uint256 time;
        uint256 price;
        /// The price but for the floor; 0 before the first order.
        uint256 bare;
        uint256 floor;
        uint256 openTasks;
        uint256 capacity;
        PriceParameters parameters;
    }

    /// @dev How often prices did what.
    struct Motions {
        uint256 rises;
        uint256 falls;
        /// Rises that the clamp ended.
        uint256 clamped;
        /// A touch brought a price up to the floor.
        uint256 lifts;
        uint256 counted;
        uint256 uncounted;
        /// Tasks that counted again after a lapse, and that did no more.
        uint256 recounted;
        uint256 discounted;
    }

    /// @dev Bit n: invariant n was seen broken during an action.
    uint256 public broken;
    Motions internal _motions;
    /// @dev What the governor has set.
    PriceParameters internal _parameters = PriceParameters({target: 8000, speed: 1000, clamp: 250});
    mapping(uint256 source => Market) internal _markets;
    mapping(uint256 source => Sight) private _sights;

    function motions() external view returns (Motions memory) {
        return _motions;
    }

    /// @dev What getMarket must return now, but for the number of members.
    function expectedMarket(uint256 source) public view returns (IProviderPool.MarketView memory market) {
        Market storage m = _markets[source];
        market.price = _marketPrice(source);
        market.openTasks = m.openTasks;
        market.capacity = m.capacity;
        if (m.openTasks != 0) {
            market.utilisation = m.openTasks < m.capacity ? (10_000 * m.openTasks) / m.capacity : 10_000;
        }
        market.touchedAt = m.touchedAt;
        market.parameters = m.parameters;
    }

    /// @dev Notes that invariant `number` is broken unless `condition` holds.
    function _must(uint256 number, bool condition) internal {
        if (!condition) broken |= 1 << number;
    }

    // ------------------------------------------------------------------------------------------- the model

    function _floorOf(uint256 source) internal view returns (uint256) {
        return registry.getSource(SourceId.wrap(uint32(source))).floorPrice;
    }

    /// @dev What an order posted now would meet, wei.
    function _marketPrice(uint256 source) internal view returns (uint256) {
        (uint256 bare, uint256 floor) = (_barePrice(source), _floorOf(source));
        return bare > floor ? bare : floor;
    }

    /// @dev An order of so many executions that is posted; tells the price that it meets and whether it counts.
    function _enterMarket(
        uint256 source,
        uint256 cap,
        uint256 executions
    ) internal returns (uint256 price, bool counted) {
        _touch(source, _floorOf(source));
        _markets[source].parameters = _parameters;
        price = _markets[source].price;
        counted = cap >= price;
        if (counted) _markets[source].openTasks += executions;
    }

    /// @dev A delivery that lapsed.
    function _reenterMarket(uint256 source, uint256 cap) internal returns (bool counted) {
        _touch(source, _floorOf(source));
        counted = cap >= _markets[source].price;
        if (counted) ++_markets[source].openTasks;
    }

    /// @dev A task that waits no longer.
    function _exitMarket(uint256 source, uint256 executions) internal {
        _touch(source, 0);
        _markets[source].openTasks -= executions;
    }

    function _growMarket(uint256 source, uint256 slots) internal {
        _touch(source, 0);
        _markets[source].capacity += slots;
    }

    function _shrinkMarket(uint256 source, uint256 slots) internal {
        _touch(source, _markets[source].openTasks == 0 ? 0 : _floorOf(source));
        _markets[source].capacity -= slots;
    }

    function _touch(uint256 source, uint256 floor) private {
        uint256 bare = _barePrice(source);
        _markets[source].price = bare > floor ? bare : floor;
        _markets[source].touchedAt = time();
    }

    function _barePrice(uint256 source) private view returns (uint256) {
        Market storage m = _markets[source];
        if (m.price == 0) return 0;
        return Controller.move(m.price, m.openTasks, m.capacity, time() - m.touchedAt, Controller.pack(m.parameters));
    }

    // ------------------------------------------------------------------------------------------- the sights

    /// @dev Looks at every market, and back at how it was when last looked at.
    function _look() internal {
        for (uint256 i = 1; i <= SOURCES; ++i) {
            SourceId source = SourceId.wrap(uint32(i));
            IProviderPool.MarketView memory market = pool.getMarket(source);
            Sight memory now_ = Sight({
                time: time(),
                price: market.price,
                bare: pool.priceOf(source, 0),
                floor: _floorOf(i),
                openTasks: market.openTasks,
                capacity: market.capacity,
                parameters: market.parameters
            });
            _must(20, now_.price == _marketPrice(i));
            _must(19, now_.price == (now_.bare > now_.floor ? now_.bare : now_.floor));
            Sight memory before = _sights[i];
            if (before.time == now_.time) _checkMoment(before, now_);
            else if (before.time != 0) _checkMotion(before, now_);
            _sights[i] = now_;
        }
    }

    /// @dev Compares all of a market with the model.
    function _compareMarkets() internal {
        for (uint256 i = 1; i <= SOURCES; ++i) {
            IProviderPool.MarketView memory found = pool.getMarket(SourceId.wrap(uint32(i)));
            found.members = 0;
            _must(20, keccak256(abi.encode(found)) == keccak256(abi.encode(expectedMarket(i))));
        }
    }

    /// @dev Within one second only the floor moves a price.
    function _checkMoment(Sight memory before, Sight memory now_) private {
        if (now_.bare != before.bare) {
            _must(19, now_.bare > before.bare && now_.bare == now_.floor);
            ++_motions.lifts;
        }
        if (now_.floor == before.floor) _must(19, now_.price == before.price);
        if (now_.floor > before.floor) _must(19, now_.price == before.price || now_.price == now_.floor);
        if (now_.floor < before.floor) _must(19, now_.price <= before.price);
    }

    /// @dev Between two sights with time between them nothing but time has passed.
    function _checkMotion(Sight memory before, Sight memory now_) private {
        uint256 fall = (uint256(before.parameters.speed) * (now_.time - before.time) * Reference.ONE) / 1e6;
        uint256 clamp = (before.parameters.clamp * Reference.ONE) / 1000;
        uint256 rise = fall < clamp ? fall : clamp;
        _must(19, now_.floor == before.floor);
        _must(
            19,
            now_.price <= Reference.most(before.price, rise) && now_.price >= Reference.least(before.price, fall)
        );
        _must(19, now_.bare <= Reference.most(before.bare, rise) && now_.bare >= Reference.least(before.bare, fall));
        // It goes the way of the utilisation, and stands if there is nothing to go by.
        uint256 demand = before.openTasks * 10_000;
        uint256 supply = before.capacity * before.parameters.target;
        _must(19, now_.bare <= before.bare || demand > supply);
        _must(19, now_.bare >= before.bare || demand < supply);
        if (now_.bare > before.bare) ++_motions.rises;
        if (now_.bare < before.bare) ++_motions.falls;
        if (now_.bare > before.bare && before.openTasks >= before.capacity && fall > clamp) ++_motions.clamped;
    }
}

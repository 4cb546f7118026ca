// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Market, PackedPriceParameters} from "../types/Market.sol";
import {Controller} from "./Controller.sol";
import {TaskSlotLib} from "./TaskSlotLib.sol";

/// @title MarketLib
/// @notice Reads a market's storage slot and says what it becomes when something happens.
/// @dev Whatever happens, time comes first: the price moves by the utilisation that the market was left with, and only
/// then demand or capacity change.
library MarketLib {
    uint256 private constant OPEN_TASKS = 96;
    uint256 private constant CAPACITY = 128;
    uint256 private constant TOUCHED_AT = 160;
    uint256 private constant PARAMETERS = 200;
    uint256 private constant COUNT_MASK = type(uint32).max;

    /// @dev The market at `time`, unix seconds, not before its last touch. Its price is at least `floorPrice`, wei.
    ///
    /// Events that cannot raise the utilisation (a delivery, a join) may pass no floor: the price then falls until the
    /// next event that can, which lifts it to the floor before anything else happens.
    function touched(Market market, uint256 floorPrice, uint256 time) internal pure returns (Market) {
        uint256 raw = Market.unwrap(market);
        uint256 newPrice = priceAt(market, floorPrice, time);
        // Prices have at most 96 bits, floors too; times 40 until the year 36,812.
        return
            Market.wrap(
                ((raw >> PARAMETERS) << PARAMETERS) |
                    (time << TOUCHED_AT) |
                    (raw & (uint256(type(uint64).max) << OPEN_TASKS)) |
                    newPrice
            );
    }

    /// @dev Price at `time`, wei.
    function priceAt(Market market, uint256 floorPrice, uint256 time) internal pure returns (uint256 found) {
        found = price(market);
        // Before the first order there is no price yet.
        if (found != 0) {
            found = Controller.move(
                found,
                openTasks(market),
                capacity(market),
                time - touchedAt(market),
                parameters(market)
            );
        }
        if (found < floorPrice) found = floorPrice;
    }

    /// @dev With so many more open tasks.
    function opened(Market market, uint256 count) internal pure returns (Market) {
        uint256 sum = openTasks(market) + count;
        require(sum <= COUNT_MASK, TaskSlotLib.PackedFieldOverflow(sum, 32));
        return Market.wrap(Market.unwrap(market) + (count << OPEN_TASKS));
    }

    /// @dev With so many open tasks less; there must be as many.
    function closed(Market market, uint256 count) internal pure returns (Market) {
        assert(openTasks(market) >= count);
        return Market.wrap(Market.unwrap(market) - (count << OPEN_TASKS));
    }

    /// @dev With more slots.
    function grown(Market market, uint32 slots) internal pure returns (Market) {
        uint256 sum = capacity(market) + slots;
        require(sum <= COUNT_MASK, TaskSlotLib.PackedFieldOverflow(sum, 32));
        return Market.wrap(Market.unwrap(market) + (uint256(slots) << CAPACITY));
    }

    /// @dev With fewer slots; it must have as many.
    function shrunk(Market market, uint32 slots) internal pure returns (Market) {
        assert(capacity(market) >= slots);
        return Market.wrap(Market.unwrap(market) - (uint256(slots) << CAPACITY));
    }

    /// @dev Governed by other parameters from now on.
    function withParameters(Market market, PackedPriceParameters packed) internal pure returns (Market) {
        uint256 rest = Market.unwrap(market) & ((1 << PARAMETERS) - 1);
        return Market.wrap((uint256(PackedPriceParameters.unwrap(packed)) << PARAMETERS) | rest);
    }

    function price(Market market) internal pure returns (uint256) {
        return uint96(Market.unwrap(market));
    }

    function openTasks(Market market) internal pure returns (uint256) {
        return (Market.unwrap(market) >> OPEN_TASKS) & COUNT_MASK;
    }

    function capacity(Market market) internal pure returns (uint256) {
        return (Market.unwrap(market) >> CAPACITY) & COUNT_MASK;
    }

    function touchedAt(Market market) internal pure returns (uint256) {
        return uint40(Market.unwrap(market) >> TOUCHED_AT);
    }

    function parameters(Market market) internal pure returns (PackedPriceParameters) {
        return PackedPriceParameters.wrap(uint48(Market.unwrap(market) >> PARAMETERS));
    }

    /// @dev min(1, open tasks / capacity), basis points, rounded down.
    function utilisation(Market market) internal pure returns (uint256) {
        return Controller.utilisation(openTasks(market), capacity(market));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Controller} from "../libraries/Controller.sol";
import {Exponential} from "../libraries/Exponential.sol";
import {MarketLib} from "../libraries/MarketLib.sol";
import {Market, PackedPriceParameters, PriceParameters} from "../types/Market.sol";

/// @title ControllerHarness
/// @notice Makes Exponential, Controller and MarketLib callable.
contract ControllerHarness {
    using MarketLib for Market;

    struct Fields {
        uint256 price;
        uint256 openTasks;
        uint256 capacity;
        uint256 touchedAt;
        PackedPriceParameters parameters;
    }

    function exp(int256 x) external pure returns (uint256) {
        return Exponential.exp(x);
    }

    function pack(PriceParameters calldata parameters) external pure returns (PackedPriceParameters) {
        return Controller.pack(parameters);
    }

    function unpack(PackedPriceParameters packed) external pure returns (PriceParameters memory) {
        return Controller.unpack(packed);
    }

    function stepOf(
        uint256 open,
        uint256 capacity,
        uint256 elapsed,
        PackedPriceParameters parameters
    ) external pure returns (int256) {
        return Controller.stepOf(open, capacity, elapsed, parameters);
    }

    function move(
        uint256 price,
        uint256 open,
        uint256 capacity,
        uint256 elapsed,
        PackedPriceParameters parameters
    ) external pure returns (uint256) {
        return Controller.move(price, open, capacity, elapsed, parameters);
    }

    function read(Market market) external pure returns (Fields memory) {
        return Fields(market.price(), market.openTasks(), market.capacity(), market.touchedAt(), market.parameters());
    }

    function utilisation(Market market) external pure returns (uint256) {
        return market.utilisation();
    }

    function touched(Market market, uint256 floorPrice, uint256 time) external pure returns (Market) {
        return market.touched(floorPrice, time);
    }

    function opened(Market market) external pure returns (Market) {
        return market.opened(1);
    }

    function closed(Market market) external pure returns (Market) {
        return market.closed(1);
    }

    function grown(Market market, uint32 slots) external pure returns (Market) {
        return market.grown(slots);
    }

    function shrunk(Market market, uint32 slots) external pure returns (Market) {
        return market.shrunk(slots);
    }

    function withParameters(Market market, PackedPriceParameters packed) external pure returns (Market) {
        return market.withParameters(packed);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @dev How the price of a source follows its utilisation.
struct PriceParameters {
    /// Utilisation at which the price stands still, basis points.
    uint16 target;
    /// How fast the price falls with nothing to do: change of its natural logarithm, parts per million a second.
    uint16 speed;
    /// How much it can rise between two touches of the market: change of its natural logarithm, thousandths.
    uint16 clamp;
}

/// @dev The same in one number. Fields from the highest bit: clamp 16 | speed 16 | target 16.
type PackedPriceParameters is uint48;

/// @dev The market of a source, one storage slot. Fields from the highest bit: unused 8 | parameters 48 | touchedAt 40
/// | capacity 32 | openTasks 32 | price 96.
///
/// price: of one execution at the last touch, wei; 0 before the first order. It may lie below the floor, which holds
/// nevertheless: see MarketLib. openTasks: orders that count as demand and wait for a delivery. capacity: sum of the
/// members' slots. touchedAt: last touch, unix seconds. parameters: as they were when the last order was posted.
type Market is uint256;

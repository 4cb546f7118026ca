// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Controller} from "../../contracts/libraries/Controller.sol";
import {Exponential} from "../../contracts/libraries/Exponential.sol";
import {MarketLib} from "../../contracts/libraries/MarketLib.sol";
import {TaskSlotLib} from "../../contracts/libraries/TaskSlotLib.sol";
import {Market, PackedPriceParameters, PriceParameters} from "../../contracts/types/Market.sol";
import {Reference} from "./Reference.sol";
import {VM} from "./Vm.sol";

/// @title PriceTest
/// @notice The exponential, the controller and the slot of a market over their whole range.
contract PriceTest {
    using MarketLib for Market;

    error Wrong(string what);

    /// @dev All that moves a price; each is brought into its range.
    struct Motion {
        uint96 price;
        uint32 open;
        uint32 capacity;
        uint40 elapsed;
        uint16 target;
        uint16 speed;
        uint16 clamp;
    }

    uint256 private constant ONE = 1 << 96;
    uint256 private constant FIELDS = 5;

    // ------------------------------------------------------------------------------------------- Exponential

    /// @dev |exp(x) − e^x| ≤ e^x · 2^-56 + 2^-96, as it says, with 2^-68 for what the reference itself may lack.
    function testFuzz_expIsWithinItsError(uint256 random) external pure {
        int256 x = _argument(random);
        uint256 found = Exponential.exp(x);
        uint256 exact = Reference.exp(uint256(x < 0 ? -x : x));
        if (x < 0) exact = (ONE * ONE) / exact;
        uint256 error_ = (exact >> 56) + (exact >> 67) + 2;
        require(found <= exact + error_ && exact <= found + error_, Wrong("error"));
    }

    /// @dev Monotone but for its error, which is largest where n changes: there e^x falls by 2^-58 at most.
    function testFuzz_expIsMonotone(uint256 random, uint256 more) external pure {
        int256 x = _argument(random);
        int256 y = x + int256(more % uint256(Exponential.MAX - x + 1));
        uint256 lower = Exponential.exp(x);
        require(Exponential.exp(y) + (lower >> 57) + 1 >= lower, Wrong("not monotone"));
        require(x <= 0 || lower >= ONE, Wrong("below one"));
        require(x >= 0 || lower <= ONE, Wrong("above one"));
        require(x != 0 || lower == ONE, Wrong("not one"));
    }

    /// @dev The product of the results is the result of the sum within the errors of all three.
    function testFuzz_expOfASumIsTheProduct(uint256 random, uint256 other) external pure {
        (int256 a, int256 b) = (_argument(random) / 2, _argument(other) / 2);
        (uint256 first, uint256 second) = (Exponential.exp(a), Exponential.exp(b));
        uint256 product = Math.mulDiv(first, second, ONE);
        uint256 sum = Exponential.exp(a + b);
        uint256 error_ = (sum >> 54) + (first >> 96) + (second >> 96) + 3;
        require(product <= sum + error_ && sum <= product + error_, Wrong("product"));
    }

    function test_expAtItsEnds() external {
        require(Exponential.exp(0) == ONE, Wrong("zero"));
        require(Exponential.exp(Exponential.MIN) == 0 && Exponential.exp(type(int256).min) == 0, Wrong("least"));
        require(Exponential.exp(Exponential.MAX) >> 96 < ONE, Wrong("largest"));
        bytes4 selector = Exponential.ExponentTooLarge.selector;
        VM.expectRevert(abi.encodeWithSelector(selector, Exponential.MAX + 1, Exponential.MAX));
        this.exp(Exponential.MAX + 1);
    }

    function exp(int256 x) external pure returns (uint256) {
        return Exponential.exp(x);
    }

    // ------------------------------------------------------------------------------------------- Controller

    /// @dev The price never moves faster than its speed nor rises by more than the clamp, goes the way of the utilisation,
    /// and never reverts.
    function testFuzz_priceNeverOutrunsItsSpeed(Motion memory m) external pure {
        PackedPriceParameters parameters = _bound(m);
        if (m.price == 0) m.price = 1;
        uint256 price = Controller.move(m.price, m.open, m.capacity, m.elapsed, parameters);
        uint256 fall = (uint256(m.speed) * m.elapsed * ONE) / 1e6;
        uint256 clamp = (m.clamp * ONE) / 1000;
        require(price <= Reference.most(m.price, fall < clamp ? fall : clamp), Wrong("too high"));
        require(price >= Reference.least(m.price, fall), Wrong("too low"));
        (uint256 demand, uint256 supply) = (uint256(m.open) * 10_000, uint256(m.capacity) * m.target);
        if (m.elapsed == 0 || demand == supply) require(price == m.price, Wrong("moved"));
        if (demand > supply) require(price >= m.price, Wrong("fell"));
        if (demand < supply) require(price <= m.price, Wrong("rose"));
        // 0 means that there was no order yet.
        require(price != 0 && price <= type(uint96).max, Wrong("range"));
    }

    /// @dev p · exp(step), rounded to the side of p.
    function testFuzz_priceRoundsToItsOldSide(Motion memory m) external pure {
        PackedPriceParameters parameters = _bound(m);
        if (m.price == 0) m.price = 1;
        uint256 price = Controller.move(m.price, m.open, m.capacity, m.elapsed, parameters);
        int256 step = Controller.stepOf(m.open, m.capacity, m.elapsed, parameters);
        uint256 exact = m.price * Exponential.exp(step);
        // Where e^x itself is less than one unit, a wei remains.
        if (exact == 0) require(price == 1, Wrong("nothing left"));
        else if (step < 0) require(price * ONE >= exact && price * ONE < exact + ONE, Wrong("fall"));
        else if (price == type(uint96).max) require(price * ONE <= exact, Wrong("largest"));
        else require(price * ONE <= exact && exact < (price + 1) * ONE, Wrong("rise"));
    }

    /// @dev speed · error · elapsed with the error as a fraction, multiplied out.
    function testFuzz_stepIsSpeedTimesError(Motion memory m) external pure {
        PackedPriceParameters parameters = _bound(m);
        int256 step = Controller.stepOf(m.open, m.capacity, m.elapsed, parameters);
        if (m.open == 0 && m.capacity == 0) {
            require(step == 0, Wrong("nothing to go by"));
            return;
        }
        uint256 whole = (uint256(m.speed) * m.elapsed) * ONE;
        (uint256 open, uint256 capacity) = (m.open, m.capacity);
        if (open >= capacity) (open, capacity) = (1, 1);
        (uint256 demand, uint256 supply) = (open * 10_000, capacity * m.target);
        uint256 clamp = (m.clamp * ONE) / 1000;
        if (demand >= supply) {
            uint256 rise = (whole * (demand - supply)) / (supply * 1e6);
            require(step >= 0 && uint256(step) == (rise < clamp ? rise : clamp), Wrong("rise"));
        } else {
            uint256 fall = (whole * (supply - demand)) / (supply * 1e6);
            require(step <= 0 && uint256(-step) == fall, Wrong("fall"));
        }
    }

    /// @dev More demand never makes a price lower, more capacity never higher, but for the error of the exponential.
    function testFuzz_priceFollowsDemandAndCapacity(Motion memory m, uint32 more) external pure {
        PackedPriceParameters parameters = _bound(m);
        if (m.price == 0) m.price = 1;
        uint256 price = Controller.move(m.price, m.open, m.capacity, m.elapsed, parameters);
        uint256 room = type(uint32).max - m.open;
        uint256 busier = Controller.move(m.price, m.open + (more % (room + 1)), m.capacity, m.elapsed, parameters);
        require(busier + (busier >> 56) + 1 >= price, Wrong("demand"));
        // Where nothing is open and no slot exists the price stands: a first slot makes it fall, as it should.
        room = type(uint32).max - m.capacity;
        uint256 wider = Controller.move(m.price, m.open, m.capacity + (more % (room + 1)), m.elapsed, parameters);
        require(wider <= price + (price >> 56) + 1, Wrong("capacity"));
    }

    /// @dev Whoever looks in on the way changes nothing: two moves are one, unless the clamp ended a rise.
    function testFuzz_twoMovesAreOne(Motion memory m, uint40 later) external pure {
        PackedPriceParameters parameters = _bound(m);
        m.clamp = uint16(Controller.MAX_CLAMP);
        // At most a factor e, and the price is no larger than what the whole way could lead beyond 96 bits from.
        uint256 total = uint256(m.elapsed) % (1e6 / m.speed + 1);
        m.price >>= 2;
        parameters = Controller.pack(PriceParameters(m.target, m.speed, m.clamp));
        uint256 first = total == 0 ? 0 : later % (total + 1);
        uint256 once = Controller.move(m.price, m.open, m.capacity, total, parameters);
        uint256 half = Controller.move(m.price, m.open, m.capacity, first, parameters);
        uint256 twice = Controller.move(half, m.open, m.capacity, total - first, parameters);
        uint256 error_ = (once >> 53) + 4;
        require(twice <= once + error_ && once <= twice + error_, Wrong("way"));
    }

    function testFuzz_parametersWithinBoundsArePacked(PriceParameters memory parameters) external view {
        if (
            _within(parameters.target, Controller.MIN_TARGET, Controller.MAX_TARGET) &&
            _within(parameters.speed, Controller.MIN_SPEED, Controller.MAX_SPEED) &&
            _within(parameters.clamp, Controller.MIN_CLAMP, Controller.MAX_CLAMP)
        ) {
            _checkPacking(parameters);
            return;
        }
        try this.pack(parameters) {
            revert Wrong("packed");
        } catch (bytes memory answer) {
            require(bytes4(answer) == Controller.PriceParameterOutOfBounds.selector, Wrong("error"));
        }
        _confine(parameters);
        _checkPacking(parameters);
    }

    function pack(PriceParameters memory parameters) external pure returns (PackedPriceParameters) {
        return Controller.pack(parameters);
    }

    // ------------------------------------------------------------------------------------------- MarketLib

    function testFuzz_marketWritesChangeOnlyTheirFields(uint256 raw, uint32 slots, uint48 packed) external pure {
        // The highest eight bits are unused; leave room for one task and the slots.
        Market market = Market.wrap(raw >> 8);
        uint256[FIELDS] memory want = _read(market);
        if (want[1] != type(uint32).max) {
            ++want[1];
            _check(market.opened(1), want);
            _check(market.opened(1).closed(1), _read(market));
            --want[1];
        }
        slots = uint32(slots % (type(uint32).max - want[2] + 1));
        want[2] += slots;
        _check(market.grown(slots), want);
        _check(market.grown(slots).shrunk(slots), _read(market));
        want[2] -= slots;
        want[4] = packed;
        _check(market.withParameters(PackedPriceParameters.wrap(packed)), want);
    }

    /// @dev A touch changes price and time only: the price to what it is at that time, but never to less than the floor.
    function testFuzz_touchChangesOnlyPriceAndTime(Motion memory m, uint40 touchedAt, uint96 floor) external pure {
        PackedPriceParameters parameters = _bound(m);
        uint256 moment = uint256(m.elapsed) > type(uint40).max - touchedAt ? type(uint40).max : touchedAt + m.elapsed;
        uint256[FIELDS] memory want = [uint256(m.price), m.open, m.capacity, touchedAt, 0];
        want[4] = PackedPriceParameters.unwrap(parameters);
        Market market = _market(want);
        _check(market, want);
        uint256 bare = m.price == 0 ? 0 : Controller.move(m.price, m.open, m.capacity, moment - touchedAt, parameters);
        uint256 price = market.priceAt(floor, moment);
        require(price == (bare > floor ? bare : floor), Wrong("price"));
        (want[0], want[3]) = (price, moment);
        _check(market.touched(floor, moment), want);
        // A second touch in the same second changes nothing.
        _check(market.touched(floor, moment).touched(floor, moment), want);
    }

    /// @dev The first count that 32 bits cannot hold reverts, and no neighbour carries the overflow.
    function testFuzz_marketCountsNoFurtherThanItCan(uint256 raw, uint32 slots) external {
        uint256[FIELDS] memory fields = _read(Market.wrap(raw));
        fields[1] = type(uint32).max;
        bytes4 selector = TaskSlotLib.PackedFieldOverflow.selector;
        VM.expectRevert(abi.encodeWithSelector(selector, uint256(1) << 32, 32));
        this.opened(_market(fields));
        if (slots == 0) return;
        fields[2] = type(uint32).max - slots + 1;
        VM.expectRevert(abi.encodeWithSelector(selector, uint256(1) << 32, 32));
        this.grown(_market(fields), slots);
        this.grown(_market(fields), slots - 1);
    }

    function opened(Market market) external pure returns (Market) {
        return market.opened(1);
    }

    function grown(Market market, uint32 slots) external pure returns (Market) {
        return market.grown(slots);
    }

    // ------------------------------------------------------------------------------------------- shared

    /// @dev An argument of the exponential, from one unit to the largest in equal shares of magnitudes.
    function _argument(uint256 random) private pure returns (int256) {
        uint256 magnitude = (random >> 9) >> (((random >> 1) % 248));
        bool negative = random & 1 == 1;
        uint256 limit = uint256(negative ? -Exponential.MIN : Exponential.MAX);
        magnitude %= limit + 1;
        return negative ? -int256(magnitude) : int256(magnitude);
    }

    /// @dev Brings what moves a price into its range; utilisations of every kind in equal shares.
    function _bound(Motion memory m) private pure returns (PackedPriceParameters) {
        uint256 kind = m.open % 4;
        if (kind == 1) m.open = m.capacity == 0 ? 0 : m.open % m.capacity;
        if (kind == 2) (m.open, m.capacity) = (m.open % 100, m.capacity % 100);
        if (kind == 3) m.elapsed %= 1 days;
        PriceParameters memory parameters = PriceParameters(m.target, m.speed, m.clamp);
        _confine(parameters);
        (m.target, m.speed, m.clamp) = (parameters.target, parameters.speed, parameters.clamp);
        return Controller.pack(parameters);
    }

    /// @dev Brings parameters within their bounds.
    function _confine(PriceParameters memory p) private pure {
        p.target = _into(p.target, Controller.MIN_TARGET, Controller.MAX_TARGET);
        p.speed = _into(p.speed, Controller.MIN_SPEED, Controller.MAX_SPEED);
        p.clamp = _into(p.clamp, Controller.MIN_CLAMP, Controller.MAX_CLAMP);
    }

    function _into(uint256 value, uint256 low, uint256 high) private pure returns (uint16) {
        return uint16(low + (value % (high - low + 1)));
    }

    function _within(uint256 value, uint256 low, uint256 high) private pure returns (bool) {
        return value >= low && value <= high;
    }

    function _checkPacking(PriceParameters memory parameters) private pure {
        PriceParameters memory found = Controller.unpack(Controller.pack(parameters));
        require(keccak256(abi.encode(found)) == keccak256(abi.encode(parameters)), Wrong("packing"));
    }

    function _market(uint256[FIELDS] memory fields) private pure returns (Market) {
        return
            Market.wrap(fields[0] | (fields[1] << 96) | (fields[2] << 128) | (fields[3] << 160) | (fields[4] << 200));
    }

    function _read(Market market) private pure returns (uint256[FIELDS] memory fields) {
        fields[0] = market.price();
        fields[1] = market.openTasks();
        fields[2] = market.capacity();
        fields[3] = market.touchedAt();
        fields[4] = PackedPriceParameters.unwrap(market.parameters());
    }

    function _check(Market market, uint256[FIELDS] memory want) private pure {
        uint256[FIELDS] memory found = _read(market);
        for (uint256 i; i < FIELDS; ++i) require(found[i] == want[i], Wrong("field"));
        require(Market.unwrap(market) == Market.unwrap(_market(want)), Wrong("unused bits"));
    }
}

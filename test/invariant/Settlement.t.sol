// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {OrderLib} from "../../contracts/libraries/OrderLib.sol";
import {ProviderId, SourceId} from "../../contracts/types/Ids.sol";
import {Order, PackedOrder} from "../../contracts/types/Order.sol";
import {Suite} from "./Suite.sol";
import {time, VM} from "./Vm.sol";

/// @title SettlementTest
/// @notice One task from posting to payment, over all prices, shares and delays.
contract SettlementTest is Suite {
    error Wrong(string what);

    /// @dev All that varies; each is brought into its range.
    struct Draw {
        uint96 floor;
        uint96 cap;
        uint24 ramp;
        uint24 elapsed;
        uint16 feeBps;
        uint16 royaltyBps;
    }

    uint256 private constant PROVIDER = 2;
    uint256 private constant LIFETIME = 7 days;
    SourceId private constant SOURCE = SourceId.wrap(1);

    function setUp() external {
        VM.warp(1_800_000_000);
        address owner = ownerOf(PROVIDER);
        for (uint256 i; i < PROVIDER; ++i) {
            VM.prank(owner);
            pool.register(owner, bytes32("key"));
        }
        VM.deal(owner, 1000 ether);
        VM.prank(owner);
        pool.stake{value: 1000 ether}(ProviderId.wrap(uint32(PROVIDER)), 1000 ether);
        VM.prank(owner);
        pool.joinPool(ProviderId.wrap(uint32(PROVIDER)), SOURCE, 1, 1, 1, 0);
    }

    function testFuzz_settlementSplitsThePrice(Draw memory draw) external {
        _bound(draw);
        PackedOrder memory order = _post(draw);
        uint256 opened = time();
        VM.warp(opened + draw.elapsed);
        address owner = ownerOf(PROVIDER);
        VM.prank(owner);
        taskManager.deliver(order, ProviderId.wrap(uint32(PROVIDER)), bytes32("seal"));
        uint256 price = taskManager.priceOf(order);
        _checkPrice(draw, price);
        // What is fixed at the delivery stays, however long the client takes.
        VM.warp(time() + draw.ramp);
        VM.prank(client(0));
        taskManager.accept(order);

        IEscrow.Account memory payer = escrow.accountOf(client(0));
        uint256 payment = escrow.accountOf(owner).free;
        uint256 royalty = escrow.accountOf(PUBLISHER).free;
        require(payer.held == 0 && payer.free == draw.cap - price, Wrong("change"));
        uint256 fee = uint256(payer.fees) + escrow.accountOf(address(taskManager)).free;
        require(fee == (price * draw.feeBps) / 10_000, Wrong("fee"));
        require(royalty == (price * draw.royaltyBps) / 10_000, Wrong("royalty"));
        require(fee + royalty + payment == price, Wrong("sum"));
        require(pool.getProvider(ProviderId.wrap(uint32(PROVIDER))).free == 1000 ether - 0.1 ether, Wrong("bond"));
    }

    function testFuzz_refundReturnsAllButFeeAndTip(Draw memory draw, bool byStranger) external {
        _bound(draw);
        PackedOrder memory order = _post(draw);
        uint256 start = taskManager.priceOf(order);
        if (draw.ramp == 0) start = draw.floor;
        VM.warp(time() + LIFETIME + 1);
        VM.prank(byStranger ? STRANGER : client(0));
        taskManager.refund(order);

        IEscrow.Account memory payer = escrow.accountOf(client(0));
        uint256 tip = escrow.accountOf(STRANGER).free;
        require(tip == (byStranger ? (uint256(draw.cap) * 50) / 10_000 : 0), Wrong("tip"));
        uint256 unit = draw.cap / type(uint32).max + 1;
        require(payer.fees >= (uint256(draw.floor) * draw.feeBps) / 10_000, Wrong("fee too low"));
        require(payer.fees <= ((start + unit) * draw.feeBps) / 10_000, Wrong("fee too high"));
        require(payer.held == 0 && uint256(payer.free) + payer.fees + tip == draw.cap, Wrong("sum"));
    }

    /// @dev Fees that outgrow 64 bits go to TaskManager's account, all of them, and none is lost.
    function testFuzz_feesOutgrowTheirField(uint96[4] calldata caps) external {
        uint256 resting;
        uint256 passedOn;
        uint256 total;
        for (uint256 i; i < caps.length; ++i) {
            uint96 cap = uint96(MAX_ROUND - (caps[i] % (MAX_ROUND / 2)));
            PackedOrder memory order = _post(Draw(cap, cap, 0, 0, 1000, 0));
            address owner = ownerOf(PROVIDER);
            VM.prank(owner);
            taskManager.deliver(order, ProviderId.wrap(uint32(PROVIDER)), bytes32("seal"));
            VM.prank(client(0));
            taskManager.accept(order);
            total += cap;
            resting += cap / 10;
            if (resting > type(uint64).max) (passedOn, resting) = (passedOn + resting, 0);
            require(escrow.accountOf(client(0)).fees == resting, Wrong("resting"));
            require(escrow.accountOf(address(taskManager)).free == passedOn, Wrong("passed on"));
            require(escrow.accountOf(owner).free == total - resting - passedOn, Wrong("payment"));
            VM.warp(time() + 1);
        }
        require(passedOn != 0, Wrong("no overflow"));
    }

    function _bound(Draw memory draw) private pure {
        draw.cap = uint96((draw.cap % MAX_ROUND) + 1);
        draw.floor = uint96((draw.floor % draw.cap) + 1);
        draw.ramp = uint24(draw.ramp % (LIFETIME + 1));
        draw.elapsed = uint24(draw.elapsed % (LIFETIME + 1));
        draw.feeBps = uint16(10 + (draw.feeBps % 991));
        draw.royaltyBps = uint16(draw.royaltyBps % 2001);
    }

    function _checkPrice(Draw memory draw, uint256 price) private pure {
        require(price >= draw.floor && price <= draw.cap, Wrong("price out of range"));
        if (draw.elapsed >= draw.ramp) {
            require(price == draw.cap, Wrong("price at the end"));
            return;
        }
        // The line from floor to cap, met within two units of a fraction and a wei.
        uint256 line = draw.floor + (uint256(draw.cap - draw.floor) * draw.elapsed) / draw.ramp;
        uint256 unit = 2 * (draw.cap / type(uint32).max) + 2;
        require(price + unit >= line && price <= line + unit, Wrong("price off the line"));
    }

    function _post(Draw memory draw) private returns (PackedOrder memory packed) {
        VM.prank(PUBLISHER);
        registry.setFloorPrice(SOURCE, draw.floor);
        VM.prank(PUBLISHER);
        registry.setRoyalty(SOURCE, draw.royaltyBps);
        VM.prank(GOVERNOR);
        taskManager.setFee(draw.feeBps);
        Order memory order;
        order.client = client(0);
        order.source = SOURCE;
        order.version = 1;
        order.maxReward = draw.cap;
        order.rampDuration = draw.ramp;
        order.deadline = uint40(time() + LIFETIME);
        order.bond = draw.cap;
        order.environments = 1;
        order.maxRoyaltyBps = draw.royaltyBps;
        order.maxFeeBps = draw.feeBps;
        order.inputDigest = bytes32("input");
        order.clientKey = bytes32("key");
        packed = OrderLib.pack(order);
        VM.deal(order.client, draw.cap);
        VM.prank(order.client);
        taskManager.submit{value: draw.cap}(packed);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Price} from "../../contracts/libraries/Price.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Orders} from "./Orders.sol";
import {time} from "./Vm.sol";

/// @title Settlements
/// @notice What paying and refunding does to balances, stakes and records.
abstract contract Settlements is Orders {
    /// @dev What a provider must have on record.
    struct Standing {
        uint256 stake;
        uint256 unbonding;
        uint256 maturesAt;
        uint256 settled;
        uint256 faults;
        uint256 frauds;
        uint256 jailedUntil;
        /// Gwei.
        uint256 earned;
        /// Fees paid on its tasks, wei.
        uint256 fees;
        /// Sum of the largest gain of each client bucket and day, score × 1e6.
        uint256 gains;
    }

    mapping(uint256 provider => Standing) internal _standings;
    mapping(uint256 provider => mapping(uint256 epoch => mapping(uint256 bucket => uint256))) private _bestGains;

    function standing(uint256 provider) external view returns (Standing memory) {
        return _standings[provider];
    }

    /// @dev Price, protocol fee and royalty of a task that has just cleared.
    function _saleOf(uint256 index) internal returns (uint256 price, uint256 fee, uint256 royalty) {
        Ghost storage g = _ghosts[index];
        price = (uint256(g.order.maxReward) * _fractionOf(g)) / type(uint32).max;
        fee = (price * g.feeBps) / 10_000;
        royalty = (price * g.royaltyBps) / 10_000;
        uint256 cap = g.order.maxReward;
        _must(7, price >= (g.marketPrice < cap ? g.marketPrice : cap) && price <= cap);
    }

    /// @dev Pays a task from what its client held for it.
    function _pay(uint256 index, uint256 held) internal {
        (uint256 price, uint256 fee, uint256 royalty) = _saleOf(index);
        Ghost storage g = _ghosts[index];
        Balance storage payer = _balances[g.order.client];
        payer.held -= held;
        payer.free = payer.free + held - price;
        _oweFee(payer, fee);
        _balances[payoutOf(g.provider)].free += price - fee - royalty;
        _balances[_publisherOf(g)].free += royalty;
        _record(index, fee);
        _standings[g.provider].earned += (price - fee - royalty) / 1 gwei;
    }

    /// @dev Notes a payment; `fee` is what it brought the protocol.
    function _record(uint256 index, uint256 fee) internal {
        Ghost storage g = _ghosts[index];
        g.state = TaskState.Settled;
        ++g.payments;
        _credit(g.provider, g.order.client, fee);
    }

    /// @dev Notes a payment on a provider's record.
    function _credit(uint256 provider, address client_, uint256 fee) internal {
        Standing storage s = _standings[provider];
        ++s.settled;
        s.fees += fee;
        uint256 bucket = uint160(client_) % 88;
        mapping(uint256 => uint256) storage best = _bestGains[provider][time() / 1 days];
        uint256 gain = (1e6 * fee) / (fee + FEE_SCALE);
        if (gain <= best[bucket]) return;
        s.gains += gain - best[bucket];
        best[bucket] = gain;
    }

    /// @dev Ends a task without a result.
    function _return(uint256 index, address caller, uint256 fee, uint256 tip) internal {
        Ghost storage g = _ghosts[index];
        g.state = TaskState.Refunded;
        ++g.refunds;
        Balance storage payer = _balances[g.order.client];
        payer.held -= _heldBy(g);
        payer.free += _heldBy(g) - fee - tip;
        _oweFee(payer, fee);
        _balances[caller].free += tip;
    }

    /// @dev Protocol fee of a task that counted as demand and came to nothing.
    function _feeOfNothing(Ghost storage g) internal view returns (uint256) {
        if (!g.counted) return 0;
        return _executionsOf(g) * ((Price.amountOf(g.start, g.order.maxReward) * g.feeBps) / 10_000);
    }

    /// @dev What a third party gets for a refund.
    function _tipFor(Ghost storage g, address caller) internal view returns (uint256) {
        return _speaksFor(g.order.client, caller) ? 0 : (uint256(g.order.maxReward) * 50) / 10_000;
    }

    function _speaksFor(address principal, address caller) internal view returns (bool) {
        return caller == principal || (caller == AGENT && principal == client(0));
    }

    /// @dev Takes the lapse's price from the holder of a task and opens the task again.
    function _lapse(uint256 index) internal {
        Ghost storage g = _ghosts[index];
        uint256 climb = g.order.maxReward - Price.amountOf(g.start, g.order.maxReward);
        uint256 slashed = climb > g.order.bond / 2 ? climb : g.order.bond / 2;
        _slash(g.provider, slashed);
        ++_standings[g.provider].faults;
        uint256 moment = time() < g.deadline ? time() : g.deadline;
        g.openedAt = uint40(moment - (g.clearedAt - g.openedAt));
        (g.state, g.provider, g.clearedAt, g.markedAt, g.seal) = (TaskState.Open, 0, 0, 0, 0);
        ++g.lapses;
    }

    /// @dev Takes stake from a provider, all of it for TaskManager's account.
    function _slash(uint256 provider, uint256 amount) internal {
        _standings[provider].stake -= amount;
        _mayPay(address(pool));
        _balances[address(pool)].free -= amount;
        _earnForManager(amount);
    }

    /// @dev Fees rest with their payer in 64 bits; where they outgrow them, all go to TaskManager's account.
    function _oweFee(Balance storage payer, uint256 fee) internal {
        payer.fees += fee;
        if (payer.fees <= type(uint64).max) return;
        ++_flows.overflows;
        _earnForManager(payer.fees);
        payer.fees = 0;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ProviderId} from "../../contracts/types/Ids.sol";
import {SeatOutcome} from "../../contracts/types/Round.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {Panels} from "./Panels.sol";
import {time} from "./Vm.sol";

/// @title Endings
/// @notice What the end of a round does to balances, stakes and records, and what anybody can see of it.
abstract contract Endings is Panels {
    /// @dev Where the money of a round went, wei.
    struct Ending {
        uint256 index;
        /// Seats that were paid.
        uint256 winners;
        uint256 held;
        uint256 returned;
        /// To each that was paid.
        uint256 payment;
        uint256 fees;
        uint256 royalties;
        uint256 tip;
        uint256 slashed;
    }

    /// @dev What shows of money before and after an end.
    struct Purse {
        /// Of the client's balance, wei.
        uint256 held;
        /// ProviderPool's account, wei.
        uint256 pooled;
        /// By provider: stake, wei, and what the record says it has earned, gwei.
        uint256[] stakes;
        uint256[] earned;
    }

    Ending[] internal _endings;
    /// @dev How seats of rounds and of panels ended, for those who want to know whether a campaign gets anywhere.
    mapping(bool disputed => mapping(SeatOutcome outcome => uint256)) public outcomes;
    mapping(uint256 provider => uint256[]) private _frauds;

    function endings() external view returns (Ending[] memory) {
        return _endings;
    }

    /// @dev Calls a function that ends a round if `ends`, with payment of the seats in `paid`.
    function _callRound(
        uint256 index,
        address caller,
        bytes memory data,
        bool ends,
        uint256 paid
    ) internal virtual returns (bool done) {
        if (!ends) return _call(caller, 0, address(taskManager), data);
        Ghost storage g = _ghosts[index];
        Purse memory before = _purse(g);
        done = _call(caller, 0, address(taskManager), data);
        Ending memory ending = _conclude(index, caller, paid);
        _endings.push(ending);
        if (done) _checkPurse(g, paid, ending, before, _purse(g));
    }

    /// @dev Ends the round in the model.
    function _conclude(uint256 index, address caller, uint256 paid) private returns (Ending memory ending) {
        Ghost storage g = _ghosts[index];
        (ending.index, ending.held) = (index, _heldBy(g));
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            bool wins = (paid >> i) & 1 == 1;
            if (wins) (++ending.winners, ++outcomes[false][SeatOutcome.Paid]);
            else ending.slashed += _punish(g, i);
        }
        if (ending.winners != 0) _payAll(index, paid, ending);
        else _giveBack(index, caller, ending);
    }

    /// @dev A refund; what closed early counts no more, and where stake was lost, the client pays nothing.
    function _giveBack(uint256 index, address caller, Ending memory ending) private {
        Ghost storage g = _ghosts[index];
        if (g.opened) g.counted = false;
        _exitMarket(g);
        ending.fees = ending.slashed == 0 ? _feeOfNothing(g) : 0;
        ending.tip = _tipFor(g, caller);
        ending.returned = ending.held - ending.fees - ending.tip;
        _return(index, caller, ending.fees, ending.tip);
    }

    /// @dev Pays the seats in `paid` alike.
    function _payAll(uint256 index, uint256 paid, Ending memory ending) private {
        Ghost storage g = _ghosts[index];
        if (!g.opened) {
            _exitMarket(g);
            (g.opened, g.clearedAt) = (true, g.deadline);
        }
        (uint256 price, uint256 fee, uint256 royalty) = _saleOf(index);
        uint256 count = ending.winners;
        ending.payment = price - fee - royalty;
        (ending.fees, ending.royalties) = (fee * count, royalty * count);
        ending.returned = ending.held - price * count;
        (g.state, g.payments) = (TaskState.Settled, g.payments + 1);

        Balance storage payer = _balances[g.order.client];
        payer.held -= ending.held;
        payer.free += ending.returned;
        _oweFee(payer, ending.fees);
        _balances[_publisherOf(g)].free += ending.royalties;
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if ((paid >> i) & 1 == 0) continue;
            uint256 provider = seats[i].provider;
            _balances[payoutOf(provider)].free += ending.payment;
            _standings[provider].earned += ending.payment / 1 gwei;
            _credit(provider, g.order.client, fee);
        }
    }

    /// @dev Takes from a seat that is not paid what it loses.
    function _punish(Ghost storage g, uint256 seat) internal returns (uint256 lost) {
        Seat storage s = _rounds[g.id].seats[seat];
        SeatOutcome outcome = _outcomeOf(g, seat);
        ++outcomes[g.disputed][outcome];
        if (outcome == SeatOutcome.Idle) return 0;
        lost = outcome == SeatOutcome.Disputed ? s.lock / 20 : s.lock;
        _slash(s.provider, lost);
        if (outcome == SeatOutcome.Unclaimed) ++_standings[s.provider].faults;
        else if (outcome != SeatOutcome.Disputed) _defraud(s.provider);
    }

    function _outcomeOf(Ghost storage g, uint256 seat) private view returns (SeatOutcome) {
        Seat[] storage seats = _rounds[g.id].seats;
        if (seats.length == 1) return SeatOutcome.Idle;
        if (!seats[seat].opened) return SeatOutcome.Unopened;
        (uint256 winners, bool contradicted) = _verdictOf(g);
        if (winners == 0) return contradicted ? SeatOutcome.Disputed : SeatOutcome.Idle;
        return (winners >> seat) & 1 == 1 ? SeatOutcome.Unclaimed : SeatOutcome.Wrong;
    }

    /// @dev The third fraud within 30 days jails for as long.
    function _defraud(uint256 provider) internal {
        uint256[] storage frauds = _frauds[provider];
        frauds.push(time());
        ++_standings[provider].frauds;
        uint256 count = frauds.length;
        if (count < 3 || frauds[count - 3] + 30 days < time()) return;
        _standings[provider].jailedUntil = time() + 30 days;
    }

    // ------------------------------------------------------------------------------------------- the sight

    function _purse(Ghost storage g) internal view returns (Purse memory purse) {
        purse.held = escrow.accountOf(g.order.client).held;
        purse.pooled = escrow.accountOf(address(pool)).free;
        (purse.stakes, purse.earned) = (new uint256[](PROVIDERS + 1), new uint256[](PROVIDERS + 1));
        for (uint256 i = 1; i <= PROVIDERS; ++i) {
            ProviderId id = ProviderId.wrap(uint32(i));
            purse.stakes[i] = pool.getProvider(id).stake;
            purse.earned[i] = reputation.getRecord(id).earned;
        }
    }

    /// @dev Compares what the end did with what any round may do: pay those that won alike, take at most their locks from
    /// others, and touch nobody that did not sit.
    function _checkPurse(
        Ghost storage g,
        uint256 paid,
        Ending memory ending,
        Purse memory before,
        Purse memory after_
    ) private {
        _must(22, before.held - after_.held == _heldBy(g));
        uint256 taken = before.pooled - after_.pooled;
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            uint256 provider = seats[i].provider;
            bool wins = (paid >> i) & 1 == 1;
            uint256 lost = before.stakes[provider] - after_.stakes[provider];
            uint256 earned = after_.earned[provider] - before.earned[provider];
            _must(22, lost <= (wins ? 0 : seats[i].lock) && earned == (wins ? ending.payment / 1 gwei : 0));
            taken -= lost;
            (before.stakes[provider], before.earned[provider]) = (after_.stakes[provider], after_.earned[provider]);
        }
        // Nobody but seats has lost anything, and nobody else's account shows anything.
        _must(22, taken == 0 && ending.slashed == before.pooled - after_.pooled);
        _must(
            22,
            keccak256(abi.encode(before.stakes, before.earned)) == keccak256(abi.encode(after_.stakes, after_.earned))
        );
    }
}

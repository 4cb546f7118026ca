// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "../../contracts/interfaces/IEscrow.sol";
import {DisputeOutcome} from "../../contracts/types/Dispute.sol";
import {ProviderId} from "../../contracts/types/Ids.sol";
import {Endings} from "./Endings.sol";

/// @title PanelSights
/// @notice What anybody can see of the end of a dispute, and what it may be at all, whatever the model says of it.
abstract contract PanelSights is Endings {
    /// @dev How a dispute ended, and where its money went, wei.
    struct Ruling {
        uint256 index;
        DisputeOutcome outcome;
        bool settled;
        uint256 price;
        /// Seats that were paid, seat 0 the lowest bit, and what each got.
        uint256 paid;
        uint256 each;
        /// Of the client's balance for it, and how much of that it spent.
        uint256 held;
        uint256 cost;
        /// For the provider's result, if that stands.
        uint256 payment;
        uint256 fee;
        uint256 royalty;
        /// Of the provider's stake, and how much of that the panel got.
        uint256 slashed;
        uint256 ofBond;
    }

    /// @dev What shows before and after an end.
    struct Books {
        Purse purse;
        /// Free and held of the client, wei.
        uint256 own;
        /// Of all accounts, wei.
        uint256 total;
        /// What the disputed provider was paid for so far.
        uint256 settled;
    }

    function _books(Ghost storage g) internal view returns (Books memory books) {
        books.purse = _purse(g);
        books.settled = reputation.getRecord(ProviderId.wrap(g.provider)).settled;
        address[] memory list = accounts();
        for (uint256 i; i < list.length; ++i) {
            IEscrow.Account memory account = escrow.accountOf(list[i]);
            books.total += uint256(account.free) + account.held + account.fees;
            if (list[i] == g.order.client) books.own = uint256(account.free) + account.held;
        }
    }

    /// @dev Compares what the end did with what any end may do.
    function _checkBooks(Ghost storage g, Ruling memory r, Books memory before, Books memory after_) internal {
        _must(27, before.total == after_.total && before.purse.held - after_.purse.held == r.held);
        _checkProvider(g, before, after_);
        _checkClient(g, r, before, after_);
        _checkStakes(g, r, before.purse, after_.purse);
    }

    /// @dev Who opens what nobody contradicts is paid, unless those that say so are too few to be believed; who does not
    /// open is not.
    function _checkProvider(Ghost storage g, Books memory before, Books memory after_) private {
        uint256 lost = before.purse.stakes[g.provider] - after_.purse.stakes[g.provider];
        bool paid = after_.settled == before.settled + 1;
        _must(24, paid || after_.settled == before.settled);
        if (_disputes[g.id].revealedAt == 0) {
            _must(24, !paid && lost == g.order.bond);
            return;
        }
        Seat[] storage seats = _rounds[g.id].seats;
        (uint256 count, uint256 odds) = (0, 1);
        for (uint256 i; i < seats.length; ++i) {
            if (!seats[i].opened) continue;
            if (seats[i].unavailable || !_agree(g, 1 << i)) return;
            ++count;
            odds *= seats[i].weight;
        }
        bool few = seats.length > 1 && count != 0 && (count == 1 || odds < g.order.trust);
        _must(24, lost == 0 && paid == !few);
    }

    /// @dev A client pays one price for a result, and a panel only if it was wrong to ask it, or it came to nothing.
    function _checkClient(Ghost storage g, Ruling memory r, Books memory before, Books memory after_) private {
        uint256 spent = before.own + _dueTo(g, r) - after_.own;
        bool ofProvider = after_.settled != before.settled;
        bool punished = after_.purse.stakes[g.provider] != before.purse.stakes[g.provider];
        Seat[] storage seats = _rounds[g.id].seats;
        uint256 panel;
        for (uint256 i; i < seats.length; ++i) {
            if ((r.paid >> i) & 1 == 1) panel += r.each;
        }
        _must(26, !(ofProvider && punished) && r.settled == (ofProvider || (punished && spent != 0)));
        _must(26, spent == (punished ? 0 : panel) + (r.settled ? r.price : 0));
        _must(26, spent <= r.held && (r.settled || 2 * spent <= _disputes[g.id].fee));
    }

    /// @dev What the client gets in other roles: as payout account or publisher.
    function _dueTo(Ghost storage g, Ruling memory r) private view returns (uint256 sum) {
        address client_ = g.order.client;
        if (payoutOf(g.provider) == client_) sum += r.payment;
        if (_publisherOf(g) == client_) sum += r.royalty;
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if ((r.paid >> i) & 1 == 1 && payoutOf(seats[i].provider) == client_) sum += r.each;
        }
    }

    /// @dev Who is paid loses nothing, who is silent or alone in what it says all of its lock, and nobody else anything.
    function _checkStakes(Ghost storage g, Ruling memory r, Purse memory before, Purse memory after_) private {
        uint256 lost = before.stakes[g.provider] - after_.stakes[g.provider];
        _must(25, lost == 0 || lost == g.order.bond);
        _must(27, after_.earned[g.provider] - before.earned[g.provider] == r.payment / 1 gwei);
        uint256 taken = before.pooled - after_.pooled - lost;
        _match(before, after_, g.provider);
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            uint256 provider = seats[i].provider;
            bool paid = (r.paid >> i) & 1 == 1;
            lost = before.stakes[provider] - after_.stakes[provider];
            // One seat alone has nobody to agree with, and need not be opened.
            _must(25, lost == (paid || seats.length == 1 ? 0 : seats[i].lock));
            _must(25, seats[i].opened || !paid);
            _must(27, after_.earned[provider] - before.earned[provider] == (paid ? r.each / 1 gwei : 0));
            taken -= lost;
            _match(before, after_, provider);
        }
        _must(25, taken == 0);
        _must(25, keccak256(abi.encode(before.stakes)) == keccak256(abi.encode(after_.stakes)));
        _must(27, keccak256(abi.encode(before.earned)) == keccak256(abi.encode(after_.earned)));
    }

    function _match(Purse memory before, Purse memory after_, uint256 provider) private pure {
        (before.stakes[provider], before.earned[provider]) = (after_.stakes[provider], after_.earned[provider]);
    }
}

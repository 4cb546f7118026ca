// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ITaskManager} from "../../contracts/interfaces/ITaskManager.sol";
import {DisputeOutcome} from "../../contracts/types/Dispute.sol";
import {ProviderId, SourceId, TaskId} from "../../contracts/types/Ids.sol";
import {SeatOutcome} from "../../contracts/types/Round.sol";
import {TaskState} from "../../contracts/types/Task.sol";
import {PanelSights} from "./PanelSights.sol";
import {Log, VM} from "./Vm.sol";

/// @title PanelEndings
/// @notice What the end of a dispute does to balances, stakes and records: the table in the README, row by row.
abstract contract PanelEndings is PanelSights {
    Ruling[] internal _rulings;
    /// @dev How disputes ended, for those who want to know whether a campaign gets anywhere.
    mapping(bool judged => mapping(DisputeOutcome outcome => uint256)) public ended;
    /// @dev Right results that could not be read; verdicts whose winners all kept theirs; votes of one seat alone.
    uint256 public unreadable;
    uint256 public unclaimed;
    uint256 public alone;

    function rulings() external view returns (Ruling[] memory) {
        return _rulings;
    }

    /// @dev The same for a dispute; `paid` are the seats that are paid if somebody has won.
    function _callRound(
        uint256 index,
        address caller,
        bytes memory data,
        bool ends,
        uint256 paid
    ) internal override returns (bool done) {
        Ghost storage g = _ghosts[index];
        if (!g.disputed) return super._callRound(index, caller, data, ends, paid);
        if (!ends) return _callDispute(caller, 0, data);
        Books memory before = _books(g);
        VM.recordLogs();
        done = _callDispute(caller, 0, data);
        Log[] memory logs = VM.getRecordedLogs();
        Ruling memory ruling = _rule(index, paid);
        _rulings.push(ruling);
        if (!done) return false;
        _checkBooks(g, ruling, before, _books(g));
        _must(27, _isTold(g, ruling, logs));
    }

    /// @dev Ends the dispute in the model.
    function _rule(uint256 index, uint256 paid) private returns (Ruling memory r) {
        Ghost storage g = _ghosts[index];
        Dispute storage d = _disputes[g.id];
        DisputeOutcome outcome = _rulingOf(g);
        bool stands = outcome == DisputeOutcome.Standing || outcome == DisputeOutcome.Upheld;
        bool vain = outcome == DisputeOutcome.Standing || outcome == DisputeOutcome.Undecided;
        bool votes = vain || outcome == DisputeOutcome.Unanswered;
        (r.index, r.outcome, r.price, r.paid) = (index, outcome, d.price, votes ? _openedOf(g) : paid);
        r.each = vain ? d.price / 2 : d.price;
        r.settled = stands || (outcome == DisputeOutcome.Overturned && r.paid != 0);
        _countReach(g, r);

        if (stands) _payProvider(index, r);
        else if (outcome != DisputeOutcome.Undecided) r.slashed = g.order.bond;
        if (r.slashed != 0) {
            _slash(g.provider, r.slashed);
            _defraud(g.provider);
        }
        uint256 count = _payPanel(g, r);
        if (outcome == DisputeOutcome.Upheld || vain) r.cost = count * r.each;
        if (r.settled) r.cost += r.price;
        uint256 ofPrice = outcome == DisputeOutcome.Overturned && r.settled ? r.price : 0;
        if (r.slashed != 0) r.ofBond = count * r.each - ofPrice;
        _spendOfManager(r.ofBond);

        Balance storage payer = _balances[g.order.client];
        r.held = g.order.maxReward + d.fee;
        payer.held -= r.held;
        payer.free += r.held - r.cost;
        g.state = r.settled ? TaskState.Settled : TaskState.Refunded;
        if (r.settled) ++g.payments;
        else ++g.refunds;
        g.seal = 0;
    }

    /// @dev Pays the provider as if nobody had disputed.
    function _payProvider(uint256 index, Ruling memory r) private {
        Ghost storage g = _ghosts[index];
        (uint256 price, uint256 fee, uint256 royalty) = _saleOf(index);
        (r.fee, r.royalty, r.payment) = (fee, royalty, price - fee - royalty);
        _oweFee(_balances[g.order.client], fee);
        _balances[_publisherOf(g)].free += royalty;
        _balances[payoutOf(g.provider)].free += r.payment;
        _standings[g.provider].earned += r.payment / 1 gwei;
        _credit(g.provider, g.order.client, fee);
    }

    /// @dev Pays or punishes each seat; tells how many it paid.
    function _payPanel(Ghost storage g, Ruling memory r) private returns (uint256 count) {
        Seat[] storage seats = _rounds[g.id].seats;
        for (uint256 i; i < seats.length; ++i) {
            if ((r.paid >> i) & 1 == 0) {
                _punish(g, i);
                continue;
            }
            ++count;
            ++outcomes[true][SeatOutcome.Paid];
            uint256 provider = seats[i].provider;
            _balances[payoutOf(provider)].free += r.each;
            _standings[provider].earned += r.each / 1 gwei;
            _credit(provider, g.order.client, 0);
        }
    }

    function _countReach(Ghost storage g, Ruling memory r) private {
        Dispute storage d = _disputes[g.id];
        ++ended[d.judged][r.outcome];
        if (_rounds[g.id].seats.length == 1 && r.paid != 0) ++alone;
        if (r.outcome != DisputeOutcome.Overturned) return;
        (uint256 winners, ) = _verdictOf(g);
        if (d.revealedAt != 0 && _agree(g, winners)) ++unreadable;
        if (r.paid == 0) ++unclaimed;
    }

    /// @dev Calls TaskManager with what concerns a dispute, which no market notices.
    function _callDispute(address caller, uint256 value, bytes memory data) internal returns (bool done) {
        bytes32 before = _marketsNow();
        done = _call(caller, value, address(taskManager), data);
        _must(28, before == _marketsNow());
    }

    function _marketsNow() private view returns (bytes32 digest) {
        for (uint256 i = 1; i <= SOURCES; ++i) {
            digest = keccak256(abi.encode(digest, pool.getMarket(SourceId.wrap(uint32(i)))));
        }
    }

    /// @dev Whether the log tells the end, once and as it was.
    function _isTold(Ghost storage g, Ruling memory r, Log[] memory logs) private view returns (bool) {
        uint256 count;
        bytes32 wanted = keccak256(abi.encode(r.outcome, r.settled ? r.price : 0, r.slashed));
        for (uint256 i; i < logs.length; ++i) {
            Log memory log = logs[i];
            if (log.topics[0] != ITaskManager.DisputeEnded.selector) continue;
            ++count;
            bool same = log.topics[1] == TaskId.unwrap(g.id) && log.topics[2] == bytes32(uint256(g.provider));
            if (!same || log.emitter != address(taskManager) || keccak256(log.data) != wanted) return false;
        }
        return count == 1;
    }
}

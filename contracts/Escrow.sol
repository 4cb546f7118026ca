// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";

/// @title Escrow
/// @notice See IEscrow, which is the specification.
contract Escrow is IEscrow {
    using SafeCast for uint256;

    /// @inheritdoc IEscrow
    address public immutable TASK_MANAGER;
    /// @inheritdoc IEscrow
    address public immutable PROVIDER_POOL;

    mapping(address account => Account) private _accounts;

    modifier onlyTaskManager() {
        require(msg.sender == TASK_MANAGER, NotAuthorised(msg.sender));
        _;
    }

    constructor(address taskManager, address providerPool) {
        require(taskManager != address(0) && providerPool != address(0), ZeroAddress());
        TASK_MANAGER = taskManager;
        PROVIDER_POOL = providerPool;
    }

    /// @inheritdoc IEscrow
    function accountOf(address account) external view returns (Account memory) {
        return _accounts[account];
    }

    /// @inheritdoc IEscrow
    function deposit() external payable {
        _deposit(msg.sender);
    }

    /// @inheritdoc IEscrow
    function depositFor(address account) external payable {
        _deposit(account);
    }

    /// @inheritdoc IEscrow
    function withdraw(uint256 amount) external {
        _withdraw(msg.sender, amount);
    }

    /// @inheritdoc IEscrow
    function withdrawTo(address to, uint256 amount) external {
        _withdraw(to, amount);
    }

    /// @inheritdoc IEscrow
    function transfer(address to, uint256 amount) external {
        require(to != address(0), ZeroAddress());
        require(amount != 0, ZeroAmount());
        _debit(msg.sender, amount);
        _credit(to, amount);
        emit Transferred(msg.sender, to, amount);
    }

    /// @inheritdoc IEscrow
    function hold(address client, uint256 amount) external onlyTaskManager {
        Account storage account = _accounts[client];
        (uint256 free, uint256 held) = (account.free, account.held);
        require(free >= amount, InsufficientBalance(client, free, amount));
        unchecked {
            // Just compared; and the sum of all balances is coin that exists, below 2^96 wei.
            account.free = uint96(free - amount);
            account.held = uint96(held + amount);
        }
    }

    /// @inheritdoc IEscrow
    function depositAndHold(address client) external payable onlyTaskManager {
        _accounts[client].held += msg.value.toUint96();
        emit Deposited(client, client, msg.value);
    }

    /// @inheritdoc IEscrow
    function settle(
        address client,
        uint256 held,
        address payee,
        uint256 payment,
        address publisher,
        uint256 royalty,
        uint256 fee
    ) external onlyTaskManager {
        uint256 overflow = _endHold(client, held, payment + royalty, fee);
        _credit(payee, payment);
        _credit(publisher, royalty);
        _credit(TASK_MANAGER, overflow);
    }

    /// @inheritdoc IEscrow
    function settleRound(address client, uint256 held, Entry[] calldata credits, uint256 fee) external onlyTaskManager {
        uint256 total;
        for (uint256 i; i < credits.length; ++i) total += credits[i].amount;
        require(held >= total + fee, UnbalancedBatch(held, total + fee));
        uint256 overflow = _endHold(client, held, total, fee);
        for (uint256 i; i < credits.length; ++i) _credit(credits[i].account, credits[i].amount);
        _credit(TASK_MANAGER, overflow);
    }

    /// @inheritdoc IEscrow
    function settleBatch(Entry[] calldata debits, Entry[] calldata credits) external onlyTaskManager {
        uint256 debited;
        uint256 credited;
        for (uint256 i; i < debits.length; ++i) {
            debited += debits[i].amount;
            _debit(debits[i].account, debits[i].amount);
        }
        for (uint256 i; i < credits.length; ++i) {
            credited += credits[i].amount;
            _credit(credits[i].account, credits[i].amount);
        }
        require(debited == credited, UnbalancedBatch(debited, credited));
    }

    /// @inheritdoc IEscrow
    function collectFees(address[] calldata payers, address to) external onlyTaskManager returns (uint256 amount) {
        for (uint256 i; i < payers.length; ++i) {
            amount += _accounts[payers[i]].fees;
            _accounts[payers[i]].fees = 0;
        }
        _credit(to, amount);
    }

    /// @inheritdoc IEscrow
    function collectStake(address from, uint256 amount) external {
        require(msg.sender == PROVIDER_POOL, NotAuthorised(msg.sender));
        _debit(from, amount);
        _credit(PROVIDER_POOL, amount);
    }

    function _deposit(address account) private {
        require(account != address(0), ZeroAddress());
        require(msg.value != 0, ZeroAmount());
        _credit(account, msg.value);
        emit Deposited(account, msg.sender, msg.value);
    }

    function _withdraw(address to, uint256 amount) private {
        require(to != address(0), ZeroAddress());
        require(amount != 0, ZeroAmount());
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        // The balance is written before the call, so a recipient that calls back finds nothing to take twice. No
        // return data is copied: a hostile recipient cannot make the caller pay for it.
        bool success;
        assembly ("memory-safe") {
            success := call(gas(), to, amount, 0, 0, 0, 0)
        }
        require(success, WithdrawalFailed(to, amount));
    }

    /// @dev Turns `held` wei of a client into a payment of `total` and a fee, the rest into free balance.
    /// @return overflow Fees that outgrew their field, all of them; they are to be credited to TaskManager.
    function _endHold(address client, uint256 held, uint256 total, uint256 fee) private returns (uint256 overflow) {
        Account memory account = _accounts[client];
        require(account.held >= held, InsufficientHeld(client, account.held, held));
        uint256 spendable = account.free + held;
        require(spendable >= total + fee, InsufficientBalance(client, spendable, total + fee));
        uint256 fees = account.fees + fee;
        if (fees > type(uint64).max) (overflow, fees) = (fees, 0);
        unchecked {
            // Both were just compared, and no account can hold more than all coin.
            account.held = uint96(account.held - held);
            account.free = uint96(spendable - total - fee);
            account.fees = uint64(fees);
        }
        _accounts[client] = account;
    }

    function _debit(address account, uint256 amount) private {
        uint256 free = _accounts[account].free;
        require(free >= amount, InsufficientBalance(account, free, amount));
        unchecked {
            // Just compared.
            _accounts[account].free = uint96(free - amount);
        }
    }

    function _credit(address account, uint256 amount) private {
        if (amount == 0) return;
        _accounts[account].free = (_accounts[account].free + amount).toUint96();
    }
}

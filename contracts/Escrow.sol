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
        Account memory account = _accounts[client];
        require(account.free >= amount, InsufficientBalance(client, account.free, amount));
        account.free -= uint128(amount);
        account.held += uint128(amount);
        _accounts[client] = account;
    }

    /// @inheritdoc IEscrow
    function depositAndHold(address client) external payable onlyTaskManager {
        _accounts[client].held += msg.value.toUint128();
        emit Deposited(client, client, msg.value);
    }

    /// @inheritdoc IEscrow
    function settle(Settlement calldata settlement) external onlyTaskManager {
        uint256 held = settlement.held;
        uint256 total = settlement.payment + settlement.royalty + settlement.fee;

        Account memory client = _accounts[settlement.client];
        require(client.held >= held, InsufficientHeld(settlement.client, client.held, held));
        uint256 spendable = client.free + held;
        require(spendable >= total, InsufficientBalance(settlement.client, spendable, total));
        client.held -= uint128(held);
        client.free = (spendable - total).toUint128();
        _accounts[settlement.client] = client;

        _credit(settlement.payee, settlement.payment);
        _credit(settlement.publisher, settlement.royalty);
        _credit(TASK_MANAGER, settlement.fee);
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

    function _debit(address account, uint256 amount) private {
        uint256 free = _accounts[account].free;
        require(free >= amount, InsufficientBalance(account, free, amount));
        // The new balance is below the old one, which fits.
        _accounts[account].free = uint128(free - amount);
    }

    function _credit(address account, uint256 amount) private {
        if (amount == 0) return;
        _accounts[account].free = (_accounts[account].free + amount).toUint128();
    }
}

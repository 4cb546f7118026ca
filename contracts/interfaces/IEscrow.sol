// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @title IEscrow
/// @notice Holds every coin of the protocol. An account has a free balance, which its owner may spend or withdraw,
/// a held balance, which backs its open tasks, and fees that it has paid and that wait to be collected. Escrow knows
/// nothing of tasks or stakes.
/// @dev Sum of all balances and fees = deposits − withdrawals ≤ coin balance of this contract (coin can be forced in).
/// Payments between accounts are credits; only an account's owner moves coin out. Nobody can change the two
/// contracts that may move balances. Movements that they order are told by their own events.
interface IEscrow {
    /// @notice `caller` is not the contract that may do this.
    error NotAuthorised(address caller);
    /// @notice An account, recipient or contract of zero.
    error ZeroAddress();
    /// @notice Nothing to move.
    error ZeroAmount();
    /// @notice `account` has `free` wei to spend, not `needed`.
    error InsufficientBalance(address account, uint256 free, uint256 needed);
    /// @notice `account` has `held` wei in open tasks, not `needed`.
    error InsufficientHeld(address account, uint256 held, uint256 needed);
    /// @notice `to` refused `amount` wei.
    error WithdrawalFailed(address to, uint256 amount);
    /// @notice Debits and credits of a batch differ.
    error UnbalancedBatch(uint256 debits, uint256 credits);

    event Deposited(address indexed account, address indexed from, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event Transferred(address indexed from, address indexed to, uint256 amount);

    /// @dev Balances in wei, one slot. All coin of a chain fits 96 bits (7.9e10 coins of 18 decimals).
    struct Account {
        uint96 free;
        uint96 held;
        /// Protocol fees that the account has paid and nobody has collected yet. They rest here because a
        /// settlement writes this slot anyway.
        uint64 fees;
    }

    /// @dev One account's part of a batch, wei.
    struct Entry {
        address account;
        uint256 amount;
    }

    /// @notice Orchestrator of all tasks; may hold, settle and spend for clients.
    function TASK_MANAGER() external view returns (address);

    /// @notice Keeper of all stakes; may collect a stake from its owner's free balance.
    function PROVIDER_POOL() external view returns (address);

    /// @notice Balances of `account`, wei.
    function accountOf(address account) external view returns (Account memory);

    /// @notice Adds the attached coin to the caller's free balance.
    function deposit() external payable;

    /// @notice Adds the attached coin to the free balance of `account`.
    function depositFor(address account) external payable;

    /// @notice Sends `amount` wei of the caller's free balance to the caller.
    function withdraw(uint256 amount) external;

    /// @notice Sends `amount` wei of the caller's free balance to `to`.
    /// @dev A recipient that rejects the coin makes the call revert with WithdrawalFailed; the balance stays.
    function withdrawTo(address to, uint256 amount) external;

    /// @notice Moves `amount` wei of the caller's free balance to the free balance of `to`.
    function transfer(address to, uint256 amount) external;

    /// @notice Moves `amount` wei of `client` from free to held. TaskManager only.
    function hold(address client, uint256 amount) external;

    /// @notice Adds the attached coin to the held balance of `client`. TaskManager only.
    function depositAndHold(address client) external payable;

    /// @notice Ends a hold of `held` wei of a client and pays from it: `payment` to the payee, `royalty` to the
    /// publisher, `fee` to the fees that rest with the client, or, where they outgrow their field, with all of them
    /// to TaskManager's free balance. What remains returns to the client's
    /// free balance; what is missing comes from there, all of it if nothing was held. TaskManager only.
    function settle(
        address client,
        uint256 held,
        address payee,
        uint256 payment,
        address publisher,
        uint256 royalty,
        uint256 fee
    ) external;

    /// @notice Ends a hold of `held` wei of a client and pays `credits` and `fee` from it. The fee rests with the client as
    /// in `settle`; what remains returns to the client's free balance. TaskManager only.
    function settleRound(address client, uint256 held, Entry[] calldata credits, uint256 fee) external;

    /// @notice Takes `debits` from free balances and adds `credits` to free balances; the sums are equal.
    /// TaskManager only.
    function settleBatch(Entry[] calldata debits, Entry[] calldata credits) external;

    /// @notice Credits `to` with all fees that rest with `payers`. TaskManager only.
    /// @return amount Sum, wei.
    function collectFees(address[] calldata payers, address to) external returns (uint256 amount);

    /// @notice Moves `amount` wei of the free balance of `from` to ProviderPool's. ProviderPool only.
    function collectStake(address from, uint256 amount) external;
}

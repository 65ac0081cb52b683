// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Prepaid OPEN of payers, each part of it for one host.
/// @notice A payer lays OPEN by for a host, and signs vouchers (EIP-712) over the sum of all that the host may have taken so far. Only
/// the largest counts. The host holds it before it answers, so it risks nothing; the payer risks what it signed above what it was answered
/// for: one answer where it signs for each, a limit where it signs that for a key. A purse returns after a delay in which a host whose
/// transactions are censored still gets what it holds through L1. Wei and seconds.
interface IPurses {
    /// @param cumulative Wei that the host may have taken in all.
    /// @param validUntil Second until which the host can use it.
    struct Voucher {
        address payer;
        address host;
        uint128 cumulative;
        uint64 validUntil;
    }

    /// @param balance Wei that vouchers can still take, what is leaving among them.
    /// @param leaving Wei that the payer takes back after `leavesAt`.
    /// @param spent Wei that the host has taken in all; what a refuted epoch gives back stays counted.
    struct Purse {
        uint128 balance;
        uint128 leaving;
        uint128 spent;
        uint64 leavesAt;
    }

    event PurseFilled(address indexed payer, address indexed host, uint256 amount);
    event PurseLeaving(address indexed payer, address indexed host, uint256 amount, uint64 at);
    event PurseReturned(address indexed payer, address indexed host, uint256 amount);
    event PurseSpent(address indexed payer, address indexed host, uint256 amount, uint256 spent);

    error NothingToFill();
    error PurseTooLarge(uint256 amount);
    error LeavingAbovePurse(uint256 amount, uint256 balance);
    error PurseStays(uint256 until);
    error WithdrawDelay(uint256 delay, uint256 least);
    error VoucherTooOld(address payer, uint256 until);
    error VoucherTooSmall(address payer, uint256 cumulative, uint256 spent);
    error VoucherAbovePurse(address payer, uint256 amount, uint256 balance);
    error VoucherSignature(address payer);

    /// @notice Lays the value sent by for a host, out of which `payer` signs vouchers. Anybody may fill.
    function fill(address payer, address host) external payable;

    /// @notice Begins to take `amount` back, in place of what was leaving before; vouchers take out of it meanwhile. For the payer.
    function startWithdraw(address host, uint128 amount) external;

    /// @notice Moves what has waited, or what is still there of it, to the payer's RewardBalances. Anybody may call.
    function withdraw(address payer, address host) external;

    function purseOf(address payer, address host) external view returns (Purse memory);

    /// @notice What a payer signs.
    function digestOf(Voucher calldata voucher) external view returns (bytes32);

    /// @notice Wei that this contract owes.
    function held() external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title L1 end of the OPEN bridge.
/// @notice Locks OPEN that L2 mints as its native coin, and gives it out when it comes home. Always: `escrow` - (OpenMinter's
/// `withdrawn` - `released`) >= 10^27 wei - balance of NativeAssetLiquidity on L2; equal where no deposit is under way. Wei.
interface IOpenBridge {
    /// @notice OPEN was locked, and as much native coin will be minted on L2.
    event DepositInitiated(address indexed from, address indexed to, uint256 amount);
    /// @notice OPEN was locked for the coins of L2's genesis.
    event PrefundsLocked(uint256 amount);
    /// @notice OPEN came home.
    /// @param from Who burnt it on L2.
    /// @param to   Who received it here.
    event WithdrawalFinalized(address indexed from, address indexed to, uint256 amount);

    error AlreadyLocked();
    error NotDeployer();
    error ZeroAmount();
    error ZeroRecipient();
    /// @notice The message does not come from OpenMinter on L2 through the messenger.
    error NotMinter();
    /// @notice SuperchainConfig's guardian has stopped withdrawals; the message can be replayed later.
    error Paused();
    error EscrowTooSmall(uint256 amount, uint256 escrow);

    /// @notice Locks OPEN for the coins that L2's genesis gives out; once, by the deployer.
    /// @param amount Sum of all balances in L2's genesis outside NativeAssetLiquidity.
    function lockPrefunds(uint256 amount) external;

    /// @notice Locks OPEN of the caller and mints as much native coin on L2. Needs an allowance.
    /// @param to Receives the coins on L2.
    function deposit(address to, uint256 amount) external;

    /// @notice Gives out OPEN for coins that were burnt on L2; only OpenMinter's messages may call it. Where it fails, anybody
    /// can replay the message at the messenger.
    function finalizeWithdrawal(address from, address to, uint256 amount) external;

    /// @notice OPEN locked for coins on L2 and for withdrawals under way. Transfers straight to this contract do not count.
    function escrow() external view returns (uint256);

    /// @notice Sum of all OPEN that came home so far.
    function released() external view returns (uint256);
}

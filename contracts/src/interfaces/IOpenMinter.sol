// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title L2 end of the OPEN bridge.
/// @notice For OPEN that OpenBridge locked on L1 it mints as much native coin, and burns what goes home. Wei.
interface IOpenMinter {
    /// @notice OPEN arrived from L1.
    /// @param from Who locked it on L1.
    /// @param to   Who received it here.
    event DepositFinalized(address indexed from, address indexed to, uint256 amount);

    /// @notice Coins were burnt; L1 gives them out once this block's output is proved and final.
    /// @param from Who burnt them here.
    /// @param to   Who gets them on L1.
    event WithdrawalInitiated(address indexed from, address indexed to, uint256 amount);

    /// @notice The message does not come from the bridge on L1 through the messenger.
    error NotBridge();
    error ZeroAmount();
    error ZeroRecipient();

    /// @notice Mints what the bridge on L1 has locked; only the bridge's messages may call it.
    function finalizeDeposit(address from, address to, uint256 amount) external;

    /// @notice Burns the coins that come with the call and sends a message to L1 that gives out as much OPEN there.
    /// @param to Receives OPEN on L1.
    function withdraw(address to) external payable;

    /// @notice OpenBridge on L1.
    function bridge() external view returns (address);

    /// @notice Sum of all withdrawals so far. Less OpenBridge's `released` it is what waits to be given out on L1.
    function withdrawn() external view returns (uint256);
}

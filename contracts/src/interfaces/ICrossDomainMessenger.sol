// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What our contracts use of the stock messengers, the same on both chains.
interface ICrossDomainMessenger {
    /// @notice Sends a call of `target` to the other chain.
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;

    /// @notice Who sent the message that runs now, on the other chain; reverts where none runs.
    function xDomainMessageSender() external view returns (address);
}

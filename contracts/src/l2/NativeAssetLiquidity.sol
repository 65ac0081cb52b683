// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Predeploys} from "./Predeploys.sol";

/// @title NativeAssetLiquidity
/// @notice Holds the native coin that is not in circulation on L2. Its balance is 10^27 wei less what the bridge on L1 holds
///         in escrow.
contract NativeAssetLiquidity {
    event LiquidityDeposited(address indexed caller, uint256 value);
    event LiquidityWithdrawn(address indexed caller, uint256 value);

    error Unauthorized();
    error InvalidAmount();

    modifier onlyController() {
        if (msg.sender != Predeploys.LIQUIDITY_CONTROLLER) revert Unauthorized();
        _;
    }

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "1.0.0+openledger";
    }

    /// @notice Takes coins out of circulation.
    function deposit() external payable onlyController {
        if (msg.value == 0) revert InvalidAmount();
        emit LiquidityDeposited(msg.sender, msg.value);
    }

    /// @notice Gives coins to the controller, to bring them into circulation.
    /// @param amount Wei.
    function withdraw(uint256 amount) external onlyController {
        if (amount == 0) revert InvalidAmount();
        (bool sent,) = msg.sender.call{value: amount}("");
        if (!sent) revert InvalidAmount();
        emit LiquidityWithdrawn(msg.sender, amount);
    }
}

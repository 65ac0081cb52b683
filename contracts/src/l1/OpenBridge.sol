// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

interface IL1CrossDomainMessenger {
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;
}

interface IOpenMinter {
    function finalizeDeposit(address from, address to, uint256 amount) external;
}

/// @title OpenBridge
/// @notice L1 end of the OPEN bridge. OPEN goes from L1 to L2 only: locked here, minted there as the native coin.
///         Always (but for messages under way): `escrow` = 10^27 wei - balance of NativeAssetLiquidity on L2.
contract OpenBridge {
    using SafeERC20 for IERC20;

    /// @notice Gas that the mint on L2 gets at least.
    uint32 public constant MINT_GAS = 200_000;

    /// @notice OPEN on L1.
    IERC20 public immutable OPEN;
    /// @notice Carries the messages to L2.
    IL1CrossDomainMessenger public immutable MESSENGER;
    /// @notice OpenMinter on L2.
    address public immutable MINTER;
    /// @notice May lock the coins that L2's genesis gives out.
    address public immutable DEPLOYER;
    /// @notice OPEN locked for coins on L2, wei. Transfers straight to this contract do not count.
    uint256 public escrow;
    /// @notice Whether the coins of L2's genesis are locked.
    bool public prefundsLocked;

    /// @notice OPEN was locked, and as much native coin will be minted on L2.
    event DepositInitiated(address indexed from, address indexed to, uint256 amount);
    /// @notice OPEN was locked for the coins of L2's genesis.
    event PrefundsLocked(uint256 amount);

    error AlreadyLocked();
    error NotDeployer();
    error ZeroAmount();
    error ZeroRecipient();

    constructor(IERC20 open, IL1CrossDomainMessenger messenger, address minter) {
        OPEN = open;
        MESSENGER = messenger;
        MINTER = minter;
        DEPLOYER = msg.sender;
    }

    /// @notice Locks OPEN for the coins that L2's genesis gives out; once.
    /// @param amount Sum of all balances in L2's genesis outside NativeAssetLiquidity, wei.
    function lockPrefunds(uint256 amount) external {
        if (msg.sender != DEPLOYER) revert NotDeployer();
        if (prefundsLocked) revert AlreadyLocked();
        prefundsLocked = true;
        escrow += amount;
        OPEN.safeTransferFrom(msg.sender, address(this), amount);
        emit PrefundsLocked(amount);
    }

    /// @notice Locks OPEN of the caller and mints as much native coin on L2. Needs an allowance.
    /// @param to     Receives the coins on L2.
    /// @param amount Wei.
    function deposit(address to, uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroRecipient();
        escrow += amount;
        OPEN.safeTransferFrom(msg.sender, address(this), amount);
        MESSENGER.sendMessage(
            MINTER, abi.encodeCall(IOpenMinter.finalizeDeposit, (msg.sender, to, amount)), MINT_GAS
        );
        emit DepositInitiated(msg.sender, to, amount);
    }
}

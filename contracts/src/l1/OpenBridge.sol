// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ICrossDomainMessenger} from "../interfaces/ICrossDomainMessenger.sol";
import {IOpenBridge} from "../interfaces/IOpenBridge.sol";
import {IOpenMinter} from "../interfaces/IOpenMinter.sol";

interface ISuperchainConfig {
    function paused() external view returns (bool);
}

/// @title OpenBridge
/// @notice See IOpenBridge. It lies behind a proxy, whose admin is the ProxyAdmin of L1.
contract OpenBridge is IOpenBridge, Initializable {
    using SafeERC20 for IERC20;

    /// @notice Gas that the mint on L2 gets at least.
    uint32 public constant MINT_GAS = 200_000;

    /// @notice OPEN on L1.
    IERC20 public open;
    /// @notice Carries the messages between the chains.
    ICrossDomainMessenger public messenger;
    /// @notice OpenMinter on L2.
    address public minter;
    /// @notice Says whether withdrawals are stopped.
    ISuperchainConfig public superchainConfig;
    /// @notice May lock the coins that L2's genesis gives out.
    address public deployer;
    /// @notice Whether the coins of L2's genesis are locked.
    bool public prefundsLocked;
    /// @inheritdoc IOpenBridge
    uint256 public escrow;
    /// @inheritdoc IOpenBridge
    uint256 public released;

    constructor() {
        _disableInitializers();
    }

    function initialize(
        IERC20 open_,
        ICrossDomainMessenger messenger_,
        address minter_,
        ISuperchainConfig superchainConfig_,
        address deployer_
    ) external initializer {
        open = open_;
        messenger = messenger_;
        minter = minter_;
        superchainConfig = superchainConfig_;
        deployer = deployer_;
    }

    /// @inheritdoc IOpenBridge
    function lockPrefunds(uint256 amount) external {
        if (msg.sender != deployer) revert NotDeployer();
        if (prefundsLocked) revert AlreadyLocked();
        prefundsLocked = true;
        escrow += amount;
        open.safeTransferFrom(msg.sender, address(this), amount);
        emit PrefundsLocked(amount);
    }

    /// @inheritdoc IOpenBridge
    function deposit(address to, uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroRecipient();
        escrow += amount;
        open.safeTransferFrom(msg.sender, address(this), amount);
        messenger.sendMessage(
            minter, abi.encodeCall(IOpenMinter.finalizeDeposit, (msg.sender, to, amount)), MINT_GAS
        );
        emit DepositInitiated(msg.sender, to, amount);
    }

    /// @inheritdoc IOpenBridge
    function finalizeWithdrawal(address from, address to, uint256 amount) external {
        if (msg.sender != address(messenger)) revert NotMinter();
        if (messenger.xDomainMessageSender() != minter) revert NotMinter();
        if (superchainConfig.paused()) revert Paused();
        if (amount > escrow) revert EscrowTooSmall(amount, escrow);
        escrow -= amount;
        released += amount;
        open.safeTransfer(to, amount);
        emit WithdrawalFinalized(from, to, amount);
    }
}

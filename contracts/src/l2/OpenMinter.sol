// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ICrossDomainMessenger} from "../interfaces/ICrossDomainMessenger.sol";
import {IOpenBridge} from "../interfaces/IOpenBridge.sol";
import {IOpenMinter} from "../interfaces/IOpenMinter.sol";
import {LiquidityController} from "./LiquidityController.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title OpenMinter
/// @notice See IOpenMinter.
contract OpenMinter is IOpenMinter, Initializable {
    /// @notice Gas that the transfer on L1 gets at least. It runs no code of the recipient, so no one needs another amount.
    uint32 public constant RELEASE_GAS = 200_000;

    /// @inheritdoc IOpenMinter
    address public bridge;
    /// @inheritdoc IOpenMinter
    uint256 public withdrawn;

    constructor() {
        _disableInitializers();
    }

    /// @param bridge_ OpenBridge on L1.
    function initialize(address bridge_) external initializer {
        bridge = bridge_;
    }

    /// @inheritdoc IOpenMinter
    function finalizeDeposit(address from, address to, uint256 amount) external {
        ICrossDomainMessenger messenger = ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
        if (msg.sender != address(messenger)) revert NotBridge();
        if (messenger.xDomainMessageSender() != bridge) revert NotBridge();
        LiquidityController(payable(Predeploys.LIQUIDITY_CONTROLLER)).mint(to, amount);
        emit DepositFinalized(from, to, amount);
    }

    /// @inheritdoc IOpenMinter
    function withdraw(address to) external payable {
        if (msg.value == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroRecipient();
        withdrawn += msg.value;
        LiquidityController(payable(Predeploys.LIQUIDITY_CONTROLLER)).burn{value: msg.value}();
        ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER)
            .sendMessage(
                bridge,
                abi.encodeCall(IOpenBridge.finalizeWithdrawal, (msg.sender, to, msg.value)),
                RELEASE_GAS
            );
        emit WithdrawalInitiated(msg.sender, to, msg.value);
    }
}

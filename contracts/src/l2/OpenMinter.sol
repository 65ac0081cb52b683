// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {LiquidityController} from "./LiquidityController.sol";
import {Predeploys} from "./Predeploys.sol";

interface ICrossDomainMessenger {
    function xDomainMessageSender() external view returns (address);
}

/// @title OpenMinter
/// @notice L2 end of the OPEN bridge: for OPEN that OpenBridge locked on L1 it mints as much native coin.
contract OpenMinter is Initializable {
    /// @notice OpenBridge on L1.
    address public bridge;

    /// @notice OPEN arrived from L1.
    /// @param from   Who locked it on L1.
    /// @param to     Who received it here.
    /// @param amount Wei.
    event DepositFinalized(address indexed from, address indexed to, uint256 amount);

    /// @notice The message does not come from the bridge on L1 through the messenger.
    error NotBridge();

    constructor() {
        _disableInitializers();
    }

    /// @param bridge_ OpenBridge on L1.
    function initialize(address bridge_) external initializer {
        bridge = bridge_;
    }

    /// @notice Mints what the bridge on L1 has locked; only the bridge's messages may call it.
    function finalizeDeposit(address from, address to, uint256 amount) external {
        address messenger = Predeploys.L2_CROSS_DOMAIN_MESSENGER;
        if (msg.sender != messenger) revert NotBridge();
        if (ICrossDomainMessenger(messenger).xDomainMessageSender() != bridge) revert NotBridge();
        LiquidityController(payable(Predeploys.LIQUIDITY_CONTROLLER)).mint(to, amount);
        emit DepositFinalized(from, to, amount);
    }
}

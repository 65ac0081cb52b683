// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "../../src/interfaces/ICrossDomainMessenger.sol";
import {ISuperchainConfig, OpenBridge} from "../../src/l1/OpenBridge.sol";
import {SystemConfig} from "../../src/l1/SystemConfig.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {LiquidityController} from "../../src/l2/LiquidityController.sol";
import {NativeAssetLiquidity} from "../../src/l2/NativeAssetLiquidity.sol";
import {OpenMinter} from "../../src/l2/OpenMinter.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Open} from "../../src/token/Open.sol";
import {Artifacts} from "../lib/Artifacts.sol";
import {Test} from "../lib/Test.sol";
import {Vm} from "../lib/Vm.sol";

interface IStock {
    function initialize(address l2Oracle, address systemConfig, address superchainConfig) external;
    function initialize(address otherMessenger) external;
    function depositTransaction(
        address to,
        uint256 value,
        uint64 gasLimit,
        bool isCreation,
        bytes memory data
    ) external payable;
    function depositERC20Transaction(
        address to,
        uint256 mint,
        uint256 value,
        uint64 gasLimit,
        bool isCreation,
        bytes memory data
    ) external;
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable;
}

/// @notice Both ends of the bridge in one EVM, with the stock portal and messengers between them. What the portal announces is
///         carried over as derivation does it: one call from the aliased sender.
abstract contract BridgeFixture is Test {
    bytes32 internal constant TRANSACTION_DEPOSITED =
        keccak256("TransactionDeposited(address,address,uint256,bytes)");
    uint160 internal constant ALIAS = uint160(0x1111000000000000000000000000000000001111);
    uint256 internal constant SUPPLY = 1e27;
    uint256 internal constant PREFUNDS = 1000 ether;

    Open internal open;
    OpenBridge internal bridge;
    IStock internal portal = IStock(address(0xB001));
    IStock internal l1Messenger = IStock(address(0xB002));
    address internal systemConfig = address(0xB003);
    address internal superchainConfig = address(0xB004);
    address internal user = address(0xC0FFEE);

    /// @dev Fresh storage behind the code, as behind a proxy.
    function _place(address account, string memory name) internal {
        vm.etch(account, vm.getDeployedCode(Artifacts.stock(name)));
    }

    function setUp() public virtual {
        open = new Open(address(this));
        vm.etch(systemConfig, address(new SystemConfig()).code);
        _place(superchainConfig, "SuperchainConfig");
        _place(address(portal), "OptimismPortal");
        _place(address(l1Messenger), "L1CrossDomainMessenger");
        portal.initialize(address(0), systemConfig, superchainConfig);
        l1Messenger.initialize(superchainConfig, address(portal), systemConfig);
        vm.etch(address(0xB005), address(new OpenBridge()).code);
        bridge = OpenBridge(address(0xB005));
        bridge.initialize(
            open,
            ICrossDomainMessenger(address(l1Messenger)),
            Predeploys.OPEN_MINTER,
            ISuperchainConfig(superchainConfig),
            address(this)
        );

        vm.etch(Predeploys.L1_BLOCK, address(new L1Block()).code);
        vm.etch(Predeploys.NATIVE_ASSET_LIQUIDITY, address(new NativeAssetLiquidity()).code);
        vm.etch(Predeploys.LIQUIDITY_CONTROLLER, address(new LiquidityController()).code);
        vm.etch(Predeploys.OPEN_MINTER, address(new OpenMinter()).code);
        _place(Predeploys.L2_CROSS_DOMAIN_MESSENGER, "L2CrossDomainMessenger");
        IStock(Predeploys.L2_CROSS_DOMAIN_MESSENGER).initialize(address(l1Messenger));
        _controller().initialize(address(this), "OPEN", "OPEN", Predeploys.OPEN_MINTER);
        OpenMinter(Predeploys.OPEN_MINTER).initialize(address(bridge));
        vm.deal(Predeploys.NATIVE_ASSET_LIQUIDITY, SUPPLY - PREFUNDS);

        open.approve(address(bridge), PREFUNDS);
        bridge.lockPrefunds(PREFUNDS);
        open.transfer(user, 10_000 ether);
    }

    function _controller() internal pure returns (LiquidityController) {
        return LiquidityController(payable(Predeploys.LIQUIDITY_CONTROLLER));
    }

    function _assertInvariant() internal view {
        vm.assertEq(bridge.escrow(), SUPPLY - Predeploys.NATIVE_ASSET_LIQUIDITY.balance, "escrow");
        vm.assertGe(open.balanceOf(address(bridge)), bridge.escrow(), "locked");
    }

    /// @dev Runs the one deposit that was recorded, as L2 would.
    function _relay() internal returns (bool success) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != TRANSACTION_DEPOSITED) continue;
            address from = address(uint160(uint256(logs[i].topics[1])));
            address to = address(uint160(uint256(logs[i].topics[2])));
            vm.assertEq(from, address(uint160(address(l1Messenger)) + ALIAS));
            return _runDeposit(from, to, abi.decode(logs[i].data, (bytes)));
        }
        revert("nothing was deposited");
    }

    /// @dev mint u256, value u256, gas u64, isCreation u8, data.
    function _runDeposit(address from, address to, bytes memory opaque) internal returns (bool success) {
        uint256 mint;
        uint256 value;
        uint64 gasLimit;
        assembly {
            mint := mload(add(opaque, 32))
            value := mload(add(opaque, 64))
            gasLimit := shr(192, mload(add(opaque, 96)))
        }
        vm.assertEq(mint, 0);
        vm.assertEq(value, 0);
        bytes memory data = new bytes(opaque.length - 73);
        for (uint256 i = 0; i < data.length; i++) {
            data[i] = opaque[73 + i];
        }
        vm.prank(from, from);
        (success,) = to.call{gas: gasLimit}(data);
    }

    function _deposit(address to, uint256 amount) internal {
        vm.startPrank(user);
        open.approve(address(bridge), amount);
        vm.recordLogs();
        bridge.deposit(to, amount);
        vm.stopPrank();
    }
}

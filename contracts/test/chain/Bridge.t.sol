// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {OpenBridge, IL1CrossDomainMessenger} from "../../src/l1/OpenBridge.sol";
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

/// @notice Refuses coins in every way that a contract can.
contract Refuser {
    receive() external payable {
        revert("no");
    }
}

/// @notice Both ends of the bridge in one EVM, with the stock portal and messengers between them. What the portal announces is
///         carried over as derivation does it: one call from the aliased sender.
contract BridgeTest is Test {
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

    function setUp() public {
        open = new Open(address(this));
        vm.etch(systemConfig, address(new SystemConfig()).code);
        _place(superchainConfig, "SuperchainConfig");
        _place(address(portal), "OptimismPortal");
        _place(address(l1Messenger), "L1CrossDomainMessenger");
        portal.initialize(address(0), systemConfig, superchainConfig);
        l1Messenger.initialize(superchainConfig, address(portal), systemConfig);
        bridge = new OpenBridge(open, IL1CrossDomainMessenger(address(l1Messenger)), Predeploys.OPEN_MINTER);

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

    function testFuzz_depositMintsAsMuch(uint256 amount) public {
        amount = bound(amount, 1, 10_000 ether);
        address to = makeAddr("recipient");
        _deposit(to, amount);
        vm.assertTrue(_relay());
        vm.assertEq(to.balance, amount);
        vm.assertEq(open.balanceOf(user), 10_000 ether - amount);
        _assertInvariant();
    }

    function test_mintReachesAContractThatRefuses() public {
        address to = address(new Refuser());
        _deposit(to, 5 ether);
        vm.assertTrue(_relay());
        vm.assertEq(to.balance, 5 ether);
        _assertInvariant();
    }

    function test_sameMessageMintsOnce() public {
        _deposit(user, 5 ether);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes memory opaque;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == TRANSACTION_DEPOSITED) opaque = abi.decode(logs[i].data, (bytes));
        }
        address from = address(uint160(address(l1Messenger)) + ALIAS);
        vm.assertTrue(_runDeposit(from, Predeploys.L2_CROSS_DOMAIN_MESSENGER, opaque));
        vm.assertFalse(_runDeposit(from, Predeploys.L2_CROSS_DOMAIN_MESSENGER, opaque));
        vm.assertEq(user.balance, 5 ether);
        _assertInvariant();
    }

    function test_messageOfAnotherL1ContractMintsNothing() public {
        vm.recordLogs();
        vm.prank(user);
        l1Messenger.sendMessage(
            Predeploys.OPEN_MINTER, abi.encodeCall(OpenMinter.finalizeDeposit, (user, user, 1 ether)), 200_000
        );
        // The messenger keeps the failed message for a replay; the call itself succeeds.
        _relay();
        vm.assertEq(user.balance, 0);
        _assertInvariant();
    }

    function test_directCallsMintNothing() public {
        vm.expectRevert(OpenMinter.NotBridge.selector);
        OpenMinter(Predeploys.OPEN_MINTER).finalizeDeposit(user, user, 1);
        vm.expectRevert(
            abi.encodeWithSelector(LiquidityController.UnauthorizedMinter.selector, address(this))
        );
        _controller().mint(user, 1);
        vm.expectRevert(NativeAssetLiquidity.Unauthorized.selector);
        NativeAssetLiquidity(Predeploys.NATIVE_ASSET_LIQUIDITY).withdraw(1);
        vm.deal(address(this), 1);
        vm.expectRevert(NativeAssetLiquidity.Unauthorized.selector);
        NativeAssetLiquidity(Predeploys.NATIVE_ASSET_LIQUIDITY).deposit{value: 1}();
        vm.expectRevert(LiquidityController.UnexpectedValue.selector);
        (bool sent,) = Predeploys.LIQUIDITY_CONTROLLER.call{value: 1}("");
        vm.assertTrue(sent);
    }

    function test_ownerAuthorisesMinters() public {
        vm.prank(user);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, user));
        _controller().authorizeMinter(user);

        _controller().authorizeMinter(user);
        vm.startPrank(user);
        _controller().mint(user, 3);
        _controller().burn{value: 3}();
        vm.stopPrank();
        _assertInvariant();

        _controller().deauthorizeMinter(user);
        vm.prank(user);
        vm.expectRevert(abi.encodeWithSelector(LiquidityController.UnauthorizedMinter.selector, user));
        _controller().mint(user, 3);
    }

    function test_refusesWhatCannotBeMinted() public {
        vm.startPrank(user);
        vm.expectRevert(OpenBridge.ZeroAmount.selector);
        bridge.deposit(user, 0);
        vm.expectRevert(OpenBridge.ZeroRecipient.selector);
        bridge.deposit(address(0), 1);
        vm.expectRevert();
        bridge.deposit(user, 1);
        vm.stopPrank();
    }

    function test_prefundsAreLockedOnceByTheDeployer() public {
        vm.expectRevert(OpenBridge.AlreadyLocked.selector);
        bridge.lockPrefunds(1);
        vm.prank(user);
        vm.expectRevert(OpenBridge.NotDeployer.selector);
        bridge.lockPrefunds(1);
    }

    function test_strayTransfersDoNotCountAsEscrow() public {
        vm.prank(user);
        open.transfer(address(bridge), 9);
        _assertInvariant();
    }

    function test_etherIsRefused() public {
        vm.deal(user, 10 ether);
        vm.startPrank(user);
        bytes4 noValue = bytes4(keccak256("NoValue()"));
        vm.expectRevert(noValue);
        portal.depositTransaction{value: 1}(user, 0, 100_000, false, "");
        (bool sent,) = address(portal).call{value: 1}("");
        vm.assertFalse(sent);
        vm.expectRevert("CrossDomainMessenger: cannot send value with custom gas token");
        l1Messenger.sendMessage{value: 1}(user, "", 100_000);
        vm.expectRevert("CrossDomainMessenger: cannot send value with custom gas token");
        IStock(Predeploys.L2_CROSS_DOMAIN_MESSENGER).sendMessage{value: 1}(user, "", 100_000);
        vm.stopPrank();
    }

    function test_portalTakesNoOpen() public {
        vm.startPrank(user);
        open.approve(address(portal), 1 ether);
        vm.expectRevert();
        portal.depositERC20Transaction(user, 1 ether, 1 ether, 100_000, false, "");
        vm.expectRevert();
        portal.depositERC20Transaction(user, 0, 0, 100_000, false, "");
        portal.depositTransaction(user, 0, 100_000, false, "");
        vm.stopPrank();
    }
}

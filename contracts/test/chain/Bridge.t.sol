// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IOpenBridge} from "../../src/interfaces/IOpenBridge.sol";
import {IOpenMinter} from "../../src/interfaces/IOpenMinter.sol";
import {LiquidityController} from "../../src/l2/LiquidityController.sol";
import {NativeAssetLiquidity} from "../../src/l2/NativeAssetLiquidity.sol";
import {OpenMinter} from "../../src/l2/OpenMinter.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Vm} from "../lib/Vm.sol";
import {BridgeFixture, IStock} from "./BridgeFixture.sol";

/// @notice Refuses coins in every way that a contract can.
contract Refuser {
    receive() external payable {
        revert("no");
    }
}

/// @notice OPEN on its way to L2, and what is refused.
contract BridgeTest is BridgeFixture {
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
        vm.expectRevert(IOpenMinter.NotBridge.selector);
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
        vm.expectRevert(IOpenBridge.ZeroAmount.selector);
        bridge.deposit(user, 0);
        vm.expectRevert(IOpenBridge.ZeroRecipient.selector);
        bridge.deposit(address(0), 1);
        vm.expectRevert();
        bridge.deposit(user, 1);
        vm.stopPrank();
    }

    function test_prefundsAreLockedOnceByTheDeployer() public {
        vm.expectRevert(IOpenBridge.AlreadyLocked.selector);
        bridge.lockPrefunds(1);
        vm.prank(user);
        vm.expectRevert(IOpenBridge.NotDeployer.selector);
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

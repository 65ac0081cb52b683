// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "../../src/interfaces/ICrossDomainMessenger.sol";
import {IOpenBridge} from "../../src/interfaces/IOpenBridge.sol";
import {IOpenMinter} from "../../src/interfaces/IOpenMinter.sol";
import {ISuperchainConfig, OpenBridge} from "../../src/l1/OpenBridge.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {OpenMinter} from "../../src/l2/OpenMinter.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Vm} from "../lib/Vm.sol";
import {BridgeFixture, IStock} from "./BridgeFixture.sol";

interface IRelay {
    function failedMessages(bytes32 hash) external view returns (bool);
    function l2Sender() external view returns (address);
    function pause(string memory identifier) external;
    function unpause() external;
}

/// @notice Carries what the message passer on L2 announced to the messenger on L1, as the portal does once it is proved.
abstract contract WithdrawalFixture is BridgeFixture {
    bytes32 internal constant MESSAGE_PASSED =
        keccak256("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)");
    IOpenMinter internal minter = IOpenMinter(Predeploys.OPEN_MINTER);

    function setUp() public virtual override {
        super.setUp();
        vm.etch(Predeploys.L2_TO_L1_MESSAGE_PASSER, address(new L2ToL1MessagePasser()).code);
        // The portal sets it while a proved withdrawal runs.
        vm.mockCall(
            address(portal),
            abi.encodeCall(IRelay.l2Sender, ()),
            abi.encode(Predeploys.L2_CROSS_DOMAIN_MESSENGER)
        );
    }

    /// @dev Burns on L2; gives the call of the messenger on L1.
    function _withdraw(address from, address to, uint256 amount) internal returns (bytes memory call) {
        vm.recordLogs();
        vm.prank(from);
        minter.withdraw{value: amount}(to);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != MESSAGE_PASSED) continue;
            vm.assertEq(address(uint160(uint256(logs[i].topics[2]))), Predeploys.L2_CROSS_DOMAIN_MESSENGER);
            vm.assertEq(address(uint160(uint256(logs[i].topics[3]))), address(l1Messenger));
            uint256 value;
            (value,, call,) = abi.decode(logs[i].data, (uint256, uint256, bytes, bytes32));
            vm.assertEq(value, 0);
        }
    }

    function _relay(bytes memory call) internal returns (bool success) {
        vm.prank(address(portal));
        (success,) = address(l1Messenger).call(call);
    }

    /// @dev No deposit is under way here, so both sides are equal.
    function _assertConserved() internal view {
        uint256 pending = minter.withdrawn() - bridge.released();
        vm.assertEq(bridge.escrow() - pending, SUPPLY - Predeploys.NATIVE_ASSET_LIQUIDITY.balance, "escrow");
        vm.assertGe(open.balanceOf(address(bridge)), bridge.escrow(), "locked");
    }
}

contract WithdrawalsTest is WithdrawalFixture {
    address internal home = address(0x40E);

    function setUp() public override {
        super.setUp();
        vm.deal(user, PREFUNDS);
    }

    function testFuzz_whatIsBurntComesHome(uint256 amount) public {
        amount = bound(amount, 1, PREFUNDS);
        bytes memory call = _withdraw(user, home, amount);
        vm.assertEq(user.balance, PREFUNDS - amount);
        _assertConserved();
        vm.expectEmit(address(bridge));
        emit IOpenBridge.WithdrawalFinalized(user, home, amount);
        vm.assertTrue(_relay(call));
        vm.assertEq(open.balanceOf(home), amount);
        vm.assertEq(minter.withdrawn(), bridge.released());
        _assertConserved();
    }

    function test_eventsNameBothEnds() public {
        vm.expectEmit(Predeploys.OPEN_MINTER);
        emit IOpenMinter.WithdrawalInitiated(user, home, 5);
        vm.prank(user);
        minter.withdraw{value: 5}(home);
    }

    function test_sameMessagePaysOnce() public {
        bytes memory call = _withdraw(user, home, 5 ether);
        vm.assertTrue(_relay(call));
        vm.assertFalse(_relay(call));
        (bool again,) = address(l1Messenger).call(call);
        vm.assertFalse(again);
        vm.assertEq(open.balanceOf(home), 5 ether);
        _assertConserved();
    }

    function test_failedTransferIsReplayedByAnybody() public {
        // A bridge without tokens stands for every failure of the transfer.
        bytes memory call = _withdraw(user, home, 5 ether);
        uint256 held = open.balanceOf(address(bridge));
        vm.prank(address(bridge));
        open.transfer(address(this), held);
        vm.assertTrue(_relay(call));
        vm.assertEq(open.balanceOf(home), 0);
        vm.assertEq(bridge.released(), 0);
        _assertPending(5 ether);

        open.transfer(address(bridge), held);
        (bool success,) = address(l1Messenger).call(call);
        vm.assertTrue(success);
        vm.assertEq(open.balanceOf(home), 5 ether);
        _assertConserved();
    }

    function _assertPending(uint256 amount) internal view {
        vm.assertEq(minter.withdrawn() - bridge.released(), amount);
    }

    function test_pauseStopsItUntilItIsLifted() public {
        IRelay config = IRelay(superchainConfig);
        bytes memory call = _withdraw(user, home, 5 ether);
        vm.prank(_guardian());
        config.pause("test");
        vm.assertFalse(_relay(call));
        vm.mockCall(
            address(l1Messenger),
            abi.encodeCall(ICrossDomainMessenger.xDomainMessageSender, ()),
            abi.encode(Predeploys.OPEN_MINTER)
        );
        vm.expectRevert(IOpenBridge.Paused.selector);
        vm.prank(address(l1Messenger));
        bridge.finalizeWithdrawal(user, home, 5 ether);
        vm.prank(_guardian());
        config.unpause();
        vm.assertTrue(_relay(call));
    }

    /// @dev SuperchainConfig is not initialised here.
    function _guardian() internal pure returns (address) {
        return address(0);
    }

    function test_onlyTheMintersMessagesPay() public {
        vm.expectRevert(IOpenBridge.NotMinter.selector);
        bridge.finalizeWithdrawal(user, user, 1);
        vm.recordLogs();
        vm.prank(user);
        ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER)
            .sendMessage(
                address(bridge), abi.encodeCall(IOpenBridge.finalizeWithdrawal, (user, user, 1)), 200_000
            );
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes memory call;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == MESSAGE_PASSED) {
                (,, call,) = abi.decode(logs[i].data, (uint256, uint256, bytes, bytes32));
            }
        }
        // Relayed, but the call inside fails.
        vm.assertTrue(_relay(call));
        vm.assertEq(bridge.released(), 0);
    }

    function test_moreThanTheEscrowIsRefused() public {
        vm.mockCall(
            address(l1Messenger),
            abi.encodeCall(ICrossDomainMessenger.xDomainMessageSender, ()),
            abi.encode(Predeploys.OPEN_MINTER)
        );
        vm.prank(address(l1Messenger));
        vm.expectRevert(abi.encodeWithSelector(IOpenBridge.EscrowTooSmall.selector, PREFUNDS + 1, PREFUNDS));
        bridge.finalizeWithdrawal(user, home, PREFUNDS + 1);
    }

    function test_nothingAndNobodyAreRefused() public {
        vm.startPrank(user);
        vm.expectRevert(IOpenMinter.ZeroAmount.selector);
        minter.withdraw(home);
        vm.expectRevert(IOpenMinter.ZeroRecipient.selector);
        minter.withdraw{value: 1}(address(0));
        vm.stopPrank();
    }

    function test_theCodeBehindTheProxyTakesNothing() public {
        OpenBridge code = new OpenBridge();
        vm.expectRevert();
        code.initialize(
            open, ICrossDomainMessenger(address(l1Messenger)), user, ISuperchainConfig(superchainConfig), user
        );
        vm.expectRevert();
        code.deposit(user, 1);
        vm.expectRevert();
        bridge.initialize(
            open, ICrossDomainMessenger(address(l1Messenger)), user, ISuperchainConfig(superchainConfig), user
        );
    }
}

/// @notice Deposits, withdrawals, messages that come late, twice or never.
contract BridgeActor is WithdrawalFixture {
    bytes[] internal home;
    bytes[] internal outward;
    uint256 public depositsUnderWay;

    constructor() {
        super.setUp();
        vm.deal(user, PREFUNDS);
    }

    /// @dev The fuzzer calls whatever is public.
    function setUp() public override {}

    function deposit(uint256 amount) external {
        amount = bound(amount, 1, 100 ether);
        if (open.balanceOf(user) < amount) return;
        _deposit(user, amount);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == TRANSACTION_DEPOSITED) outward.push(abi.decode(logs[i].data, (bytes)));
        }
        depositsUnderWay += amount;
    }

    function arrive(uint256 which) external {
        if (outward.length == 0) return;
        uint256 before = Predeploys.NATIVE_ASSET_LIQUIDITY.balance;
        address from = address(uint160(address(l1Messenger)) + ALIAS);
        _runDeposit(from, Predeploys.L2_CROSS_DOMAIN_MESSENGER, outward[which % outward.length]);
        depositsUnderWay -= before - Predeploys.NATIVE_ASSET_LIQUIDITY.balance;
    }

    function withdraw(uint256 amount) external {
        if (user.balance == 0) return;
        home.push(_withdraw(user, user, bound(amount, 1, user.balance)));
    }

    function comeHome(uint256 which) external {
        if (home.length > 0) _relay(home[which % home.length]);
    }

    function stray(uint256 amount) external {
        if (open.balanceOf(user) == 0) return;
        vm.prank(user);
        open.transfer(address(bridge), bound(amount, 1, 1 ether));
    }

    /// @return covered Escrow less what waits to be given out.
    /// @return circulating Coins outside NativeAssetLiquidity.
    function sides() external view returns (uint256 covered, uint256 circulating) {
        covered = bridge.escrow() - (minter.withdrawn() - bridge.released());
        circulating = SUPPLY - Predeploys.NATIVE_ASSET_LIQUIDITY.balance;
        vm.assertGe(open.balanceOf(address(bridge)), bridge.escrow());
    }
}

contract BridgeInvariantTest is WithdrawalFixture {
    BridgeActor internal actor;

    function setUp() public override {
        actor = new BridgeActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    function invariant_escrowCoversWhatCirculates() public view {
        (uint256 covered, uint256 circulating) = actor.sides();
        vm.assertGe(covered, circulating);
        vm.assertEq(covered, circulating + actor.depositsUnderWay());
    }
}

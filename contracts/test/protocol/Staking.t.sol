// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelStaking} from "../../src/protocol/ModelStaking.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract StakingTest is ProtocolTest {
    uint256 internal modelId;

    function setUp() public {
        deployProtocol();
        modelId = registerModel(new IndexFixture(3, 4, 2, 0, owners(), 1));
    }

    function stake(address staker, uint256 amount) internal {
        vm.deal(staker, amount);
        vm.prank(staker);
        staking.stake{value: amount}(modelId);
    }

    function testFuzz_rewards_follow_stakes_and_no_wei_is_made(
        uint96 a,
        uint96 b,
        uint96 first,
        uint96 second
    ) public {
        (uint256 x, uint256 y) = (bound(a, 1, type(uint96).max), bound(b, 1, type(uint96).max));
        stake(alice, x);
        vm.deal(payer, uint256(first) + second);
        vm.startPrank(payer);
        staking.reward{value: first}(modelId);
        vm.stopPrank();
        stake(bob, y);
        vm.prank(payer);
        staking.reward{value: second}(modelId);
        uint256 toBob = uint256(second) * y / (x + y);
        vm.assertLe(staking.earnedOf(modelId, bob), toBob + 1);
        vm.assertGe(staking.earnedOf(modelId, bob) + 1, toBob);
        uint256 earned = staking.earnedOf(modelId, alice) + staking.earnedOf(modelId, bob);
        vm.assertLe(earned, uint256(first) + second);
        vm.assertGe(earned + 3, uint256(first) + second);
    }

    function test_unstaked_wei_earn_no_more_and_wait() public {
        stake(alice, 4 ether);
        stake(bob, 4 ether);
        vm.startPrank(alice);
        staking.unstake(modelId, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(ModelStaking.TooEarly.selector, block.timestamp + 100));
        staking.withdraw(modelId);
        vm.stopPrank();
        vm.prank(payer);
        staking.reward{value: 1 ether}(modelId);
        vm.assertEq(staking.earnedOf(modelId, alice), 0);
        vm.assertEq(staking.earnedOf(modelId, bob), 1 ether);
        vm.warp(block.timestamp + 100);
        vm.startPrank(alice);
        staking.withdraw(modelId);
        vm.expectRevert(ModelStaking.NothingLeaving.selector);
        staking.withdraw(modelId);
        balances.withdraw(payable(alice));
        vm.assertEq(alice.balance, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(RewardBalances.NothingToWithdraw.selector, alice));
        balances.withdraw(payable(alice));
        vm.stopPrank();
        vm.prank(bob);
        vm.assertEq(staking.claimRewards(modelId), 1 ether);
        vm.assertEq(balances.balanceOf(bob), 1 ether);
    }

    function test_bounds() public {
        vm.expectRevert(abi.encodeWithSelector(ModelStaking.NoStakers.selector, modelId));
        staking.reward{value: 1}(modelId);
        vm.expectRevert(ModelStaking.AmountZero.selector);
        staking.stake(modelId);
        stake(alice, 5);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ModelStaking.StakeTooSmall.selector, 5, 6));
        staking.unstake(modelId, 6);
    }

    /// @dev A recipient that calls back finds its balance gone.
    function test_withdraw_is_safe_from_reentry() public {
        Reentrant thief = new Reentrant(balances);
        balances.credit{value: 1 ether}(address(thief));
        balances.credit{value: 5 ether}(bob);
        thief.start();
        vm.assertEq(address(thief).balance, 1 ether);
        vm.assertEq(address(balances).balance, 5 ether);
    }
}

contract Reentrant {
    RewardBalances private immutable BALANCES;

    constructor(RewardBalances balances) {
        BALANCES = balances;
    }

    function start() external {
        BALANCES.withdraw(payable(address(this)));
    }

    receive() external payable {
        try BALANCES.withdraw(payable(address(this))) {
            revert("drawn twice");
        } catch {}
    }
}

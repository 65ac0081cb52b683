// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRewardBalances} from "../../src/interfaces/protocol/IRewardBalances.sol";
import {IModelStaking} from "../../src/interfaces/protocol/IModelStaking.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";
import {ModelId, SnapshotRef} from "../../src/protocol/Types.sol";

contract StakingTest is ProtocolTest {
    uint64 internal constant EPOCH = 10;
    uint256 internal constant PERIOD = 100;
    ModelId internal modelId;

    function setUp() public {
        deployProtocol();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        modelId = serveModel(snapshot, new IndexFixture(rows, 4, 2, 0, 1));
        vm.warp((block.timestamp / EPOCH + 1) * EPOCH);
    }

    function stake(address staker, uint256 amount) internal {
        vm.deal(staker, amount);
        vm.prank(staker);
        staking.stake{value: amount}(modelId);
    }

    function reward(uint256 amount) internal {
        vm.deal(payer, amount);
        vm.prank(payer);
        staking.reward{value: amount}(modelId);
    }

    /// @dev What the staker gets if it claims now; 0 if there is nothing.
    function claimed(address staker) internal returns (uint256 amount) {
        vm.prank(staker);
        try staking.claimRewards(modelId) returns (uint256 given) {
            return given;
        } catch {}
    }

    function testFuzz_rewards_follow_stakes_and_no_wei_is_made(
        uint96 a,
        uint96 b,
        uint96 first,
        uint96 second
    ) public {
        (uint256 x, uint256 y) = (bound(a, 1, type(uint96).max), bound(b, 1, type(uint96).max));
        stake(alice, x);
        vm.warp(block.timestamp + EPOCH);
        reward(first);
        vm.warp(block.timestamp + PERIOD);
        stake(bob, y);
        vm.warp(block.timestamp + EPOCH);
        reward(second);
        vm.warp(block.timestamp + PERIOD);
        uint256 toBob = claimed(bob);
        uint256 exact = uint256(second) * y / (x + y);
        vm.assertLe(toBob, exact + 1, "bob, most");
        vm.assertGe(toBob + 2, exact, "bob, least");
        uint256 all = toBob + claimed(alice);
        vm.assertLe(all, uint256(first) + second, "no wei is made");
        vm.assertGe(all + 4, uint256(first) + second, "nothing is kept");
        vm.assertEq(address(staking).balance, staking.held());
    }

    /// @dev The attack: a great stake that is there for one call beside a small honest one.
    function test_a_stake_for_one_call_earns_nothing() public {
        stake(alice, 10 ether);
        vm.warp(block.timestamp + EPOCH);
        stake(bob, 10_000 ether);
        reward(1 ether);
        vm.assertEq(claimed(bob), 0);
        vm.prank(bob);
        staking.unstake(modelId, 10_000 ether);
        vm.warp(block.timestamp + PERIOD);
        vm.assertEq(claimed(bob), 0);
        vm.assertGe(claimed(alice) + 1, 1 ether);
    }

    function test_rewards_are_streamed() public {
        stake(alice, 1 ether);
        vm.warp(block.timestamp + EPOCH);
        reward(1 ether);
        vm.assertEq(claimed(alice), 0);
        vm.warp(block.timestamp + PERIOD / 4);
        vm.assertEq((claimed(alice) + 5) / 10, 0.25 ether / 10);
    }

    function test_the_stream_waits_while_nobody_earns() public {
        stake(alice, 1 ether);
        // Alice earns from the next epoch on, the reward comes before it.
        reward(1 ether);
        vm.warp(block.timestamp + PERIOD + EPOCH);
        vm.assertGe(claimed(alice) + 1, 1 ether);
    }

    function test_unstaked_wei_earn_no_more_and_wait() public {
        stake(alice, 4 ether);
        stake(bob, 4 ether);
        vm.warp(block.timestamp + EPOCH);
        vm.startPrank(alice);
        staking.unstake(modelId, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(IModelStaking.TooEarly.selector, block.timestamp + 100));
        staking.withdraw(modelId);
        vm.stopPrank();
        reward(1 ether);
        vm.warp(block.timestamp + 100);
        vm.assertEq(claimed(alice), 0);
        vm.assertGe(claimed(bob) + 1, 1 ether);
        vm.startPrank(alice);
        staking.withdraw(modelId);
        vm.expectRevert(IModelStaking.NothingLeaving.selector);
        staking.withdraw(modelId);
        balances.withdraw(payable(alice));
        vm.assertEq(alice.balance, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(IRewardBalances.NothingToWithdraw.selector, alice));
        balances.withdraw(payable(alice));
        vm.stopPrank();
    }

    function test_bounds() public {
        vm.expectRevert(abi.encodeWithSelector(IModelStaking.NoStakers.selector, modelId));
        staking.reward{value: 1}(modelId);
        vm.expectRevert(IModelStaking.AmountZero.selector);
        staking.stake(modelId);
        stake(alice, 5);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IModelStaking.StakeTooSmall.selector, 5, 6));
        staking.unstake(modelId, 6);
    }

    /// @dev A recipient that calls back finds its balance gone.
    function test_withdraw_is_safe_from_reentry() public {
        Reentrant thief = new Reentrant(balances);
        balances.credit{value: 1 ether}(address(thief));
        balances.credit{value: 5 ether}(bob);
        uint256 rest = address(balances).balance - 1 ether;
        thief.start();
        vm.assertEq(address(thief).balance, 1 ether);
        vm.assertEq(address(balances).balance, rest);
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRewardBalances} from "../../src/interfaces/protocol/IRewardBalances.sol";
import {IModelStaking} from "../../src/interfaces/protocol/IModelStaking.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";
import {ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";

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
        staking.reward{value: amount}(modelId, RequestId.wrap(0));
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
        staking.reward{value: 1}(modelId, RequestId.wrap(0));
        vm.expectRevert(IModelStaking.AmountZero.selector);
        staking.stake(modelId);
        stake(alice, 5);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IModelStaking.StakeTooSmall.selector, 5, 6));
        staking.unstake(modelId, 6);
    }

    function slash(uint256 amount) internal returns (uint256 taken) {
        vm.prank(address(market));
        return staking.slash(modelId, RequestId.wrap(1), amount);
    }

    function test_only_the_market_slashes() public {
        vm.expectRevert(abi.encodeWithSelector(IModelStaking.NotMarket.selector, address(this)));
        staking.slash(modelId, RequestId.wrap(1), 1);
    }

    function test_earning_waiting_and_leaving_stakes_pay_alike() public {
        stake(alice, 4 ether);
        stake(watcher, 4 ether);
        vm.warp(block.timestamp + EPOCH);
        vm.prank(watcher);
        staking.unstake(modelId, 4 ether);
        stake(bob, 8 ether);
        vm.assertEq(slash(4 ether), 4 ether);
        vm.assertEq(staking.positionOf(modelId, alice).waiting, 3 ether, "as of its last change");
        vm.assertEq(staking.positionOf(modelId, watcher).leaving, 3 ether);
        vm.assertEq(staking.positionOf(modelId, bob).waiting, 6 ether);
        // Who comes later pays nothing of it.
        stake(payer, 2 ether);
        vm.assertGe(staking.positionOf(modelId, payer).waiting + 1, 2 ether, "less what a division leaves");
        // At most half for one lie.
        vm.assertEq(slash(100 ether), 7 ether);
    }

    function test_the_delay_is_that_of_the_stake() public {
        stake(alice, 1 ether);
        Parameters memory next = defaultParameters();
        next.unstakeDelay = 90 days;
        vm.prank(governor);
        parameters.setParameters(next);
        vm.startPrank(alice);
        staking.unstake(modelId, 1 ether);
        vm.assertEq(staking.positionOf(modelId, alice).leavesAt, block.timestamp + 100);
        vm.stopPrank();
    }

    function testFuzz_a_slash_makes_no_wei_and_leaves_every_staker_its_part(
        uint96 a,
        uint96 b,
        uint96 first,
        uint96 second,
        uint96 out
    ) public {
        (uint256 x, uint256 y) = (bound(a, 1, type(uint96).max), bound(b, 1, type(uint96).max));
        stake(alice, x);
        uint256 taken = slash(first);
        stake(bob, y);
        vm.assertGe(staking.positionOf(modelId, bob).waiting + 1, y);
        uint256 worth = staking.positionOf(modelId, alice).waiting;
        vm.assertGe(worth, x - taken - (x - taken > 0 ? 1 : 0));
        if (worth > 0) {
            vm.prank(alice);
            staking.unstake(modelId, bound(out, 1, worth));
        }
        taken += slash(second);
        vm.warp(block.timestamp + PERIOD);
        vm.prank(alice);
        if (worth > 0) try staking.withdraw(modelId) {} catch {}
        IModelStaking.Position memory ofAlice = staking.positionOf(modelId, alice);
        uint256 whole = ofAlice.waiting + ofAlice.leaving + staking.positionOf(modelId, bob).waiting;
        vm.assertLe(whole, staking.held());
        vm.assertGe(whole + 3, staking.held());
        vm.assertEq(address(staking).balance, staking.held());
        vm.assertEq(staking.held() + balances.balanceOf(alice) + taken, x + y);
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeTreasury} from "../../src/governance/FeeTreasury.sol";
import {IStakedOpen} from "../../src/interfaces/governance/IStakedOpen.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";

contract StakedOpenTest is GovernanceFixture {
    function setUp() public {
        _deployGovernance();
    }

    function _collect(uint256 fees) internal {
        vm.deal(address(this), fees);
        balances.credit{value: fees}(address(treasury));
        treasury.collect();
    }

    function test_votesAreTheAmountByTheLock() public {
        uint64[5] memory locks = [uint64(0), 182 days - 1, 182 days, 365 days, 4 * 365 days];
        uint16[5] memory expected = [uint16(10_000), 10_000, 15_000, 20_000, 30_000];
        for (uint256 i = 0; i < locks.length; i++) {
            address who = address(uint160(0x1000 + i));
            _stake(who, 10 ether, locks[i]);
            vm.assertEq(staked.getVotes(who), 10 ether * uint256(expected[i]) / 10_000);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IStakedOpen.LockTooLong.selector, 4 * 365 days + 1, uint64(4 * 365 days))
        );
        staked.stake{value: 1}(4 * 365 days + 1);
    }

    function test_lateCoinsDoNotGetTheVotesOfAnOldLock() public {
        _stake(alice, 1 ether, 4 * 365 days);
        vm.warp(START + 4 * 365 days - 1 days);
        vm.deal(alice, 100 ether);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IStakedOpen.LockShorter.selector, uint16(10_000), uint16(30_000))
        );
        staked.stake{value: 100 ether}(0);
    }

    function test_pokeTakesTheMultiplierAfterTheLock() public {
        _stake(alice, 2 ether, 365 days);
        vm.expectRevert(abi.encodeWithSelector(IStakedOpen.NotOver.selector, START + 365 days));
        staked.poke(alice);
        vm.warp(START + 365 days);
        staked.poke(alice);
        vm.assertEq(staked.getVotes(alice), 2 ether);
    }

    function test_coinsLeaveAfterLockAndDelay() public {
        _stake(alice, 2 ether, 182 days);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakedOpen.Locked.selector, START + 182 days));
        staked.unstake(1 ether);
        vm.warp(START + 182 days);
        staked.unstake(2 ether);
        vm.assertEq(staked.getVotes(alice), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IStakedOpen.TooEarly.selector, START + 182 days + UNSTAKE_DELAY)
        );
        staked.withdraw();
        vm.warp(START + 182 days + UNSTAKE_DELAY);
        staked.withdraw();
        vm.assertEq(_drawn(alice), 2 ether);
        vm.expectRevert(IStakedOpen.NothingLeaving.selector);
        staked.withdraw();
        vm.stopPrank();
        vm.assertEq(staked.held(), 0);
    }

    function test_votesCanBeGivenToAnotherButNotTheCoins() public {
        _stake(alice, 5 ether, 0);
        vm.prank(alice);
        staked.delegate(bob);
        vm.assertEq(staked.getVotes(bob), 5 ether);
        vm.assertEq(staked.getVotes(alice), 0);
        (bool success,) = address(staked).call(abi.encodeWithSignature("transfer(address,uint256)", bob, 1));
        vm.assertFalse(success);
    }

    function test_feesAreStreamedByVotes() public {
        _stake(alice, 1 ether, 4 * 365 days);
        _stake(bob, 1 ether, 0);
        _collect(80 ether);
        vm.assertEq(address(treasury).balance, 40 ether);
        vm.warp(START + REWARD_PERIOD / 2);
        vm.assertEq(staked.rewardsOf(alice), 15 ether);
        vm.assertEq(staked.rewardsOf(bob), 5 ether);
        vm.warp(START + 2 * REWARD_PERIOD);
        vm.prank(alice);
        vm.assertEq(staked.claimRewards(), 30 ether);
        vm.assertEq(_drawn(alice), 30 ether);
        vm.assertEq(staked.held(), 2 ether + 10 ether);
    }

    /// @dev The RewardSplitter pays by the journal: no code of the recipient runs.
    function test_feesThatCameWithoutACallAreStreamedToo() public {
        _stake(alice, 1 ether, 0);
        vm.deal(address(treasury), 30 ether);
        treasury.collect();
        vm.assertEq(treasury.rest(), 15 ether);
        vm.expectRevert(FeeTreasury.NothingToCollect.selector);
        treasury.collect();
        vm.deal(address(treasury), address(treasury).balance + 2 ether);
        _collect(8 ether);
        vm.assertEq(treasury.rest(), 20 ether);
        vm.assertEq(address(treasury).balance, 20 ether);
        vm.warp(START + 2 * REWARD_PERIOD);
        vm.assertEq(staked.rewardsOf(alice), 20 ether);
    }

    function test_aVoteSpendsOnlyWhatStakersDontGet() public {
        vm.deal(address(treasury), 10 ether);
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(FeeTreasury.AboveRest.selector, 1, 0));
        treasury.spend(bob, 1);
        treasury.collect();
        treasury.spend(bob, 5 ether);
        vm.stopPrank();
        vm.assertEq(_drawn(bob), 5 ether);
        vm.assertEq(treasury.rest(), 0);
        vm.assertEq(address(treasury).balance, 0);
    }

    function test_whoComesForAMomentGetsNothing() public {
        _stake(alice, 1 ether, 0);
        _collect(80 ether);
        _stake(bob, 1_000_000 ether, 0);
        vm.prank(bob);
        staked.unstake(1_000_000 ether);
        vm.assertEq(staked.rewardsOf(bob), 0);
        vm.warp(START + REWARD_PERIOD);
        vm.assertEq(staked.rewardsOf(alice), 40 ether);
    }

    function test_whatStreamsToNobodyComesWithTheNextFees() public {
        _collect(20 ether);
        vm.warp(START + REWARD_PERIOD);
        _stake(alice, 1 ether, 0);
        _collect(20 ether);
        vm.warp(START + 2 * REWARD_PERIOD);
        vm.assertEq(staked.rewardsOf(alice), 20 ether);
    }

    function test_onlyTheTreasuryFunds() public {
        vm.deal(alice, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakedOpen.NotFunder.selector, alice));
        staked.fund{value: 1}();
    }
}

/// @notice Stakers who come, go, extend and claim at any time, while fees come in.
contract StakerActor is GovernanceFixture {
    address[4] internal accounts = [address(0x51), address(0x52), address(0x53), address(0x54)];
    uint64 internal time = START;

    constructor() {
        _deployGovernance();
    }

    function stake(uint256 who, uint256 amount, uint256 lockFor) external {
        address account = accounts[who % 4];
        amount = bound(amount, 1, 10 ** 26);
        vm.deal(account, amount);
        vm.prank(account);
        try staked.stake{value: amount}(uint64(bound(lockFor, 0, 4 * 365 days))) {} catch {}
    }

    function unstake(uint256 who, uint128 amount) external {
        vm.prank(accounts[who % 4]);
        try staked.unstake(amount) {} catch {}
    }

    function withdraw(uint256 who) external {
        vm.prank(accounts[who % 4]);
        try staked.withdraw() {} catch {}
    }

    function claim(uint256 who) external {
        vm.prank(accounts[who % 4]);
        try staked.claimRewards() {} catch {}
    }

    function poke(uint256 who) external {
        try staked.poke(accounts[who % 4]) {} catch {}
    }

    function fees(uint256 amount) external {
        amount = bound(amount, 2, 10 ** 24);
        vm.deal(address(this), amount);
        balances.credit{value: amount}(address(treasury));
        treasury.collect();
    }

    function pass(uint256 seconds_) external {
        time += uint64(bound(seconds_, 1, 400 days));
        vm.warp(time);
    }

    /// @return have What the contract holds and says that it owes.
    /// @return owed What its stakers could take now.
    function books() external returns (uint256 have, uint256 owed) {
        vm.warp(time);
        vm.assertEq(address(staked).balance, staked.held());
        uint256 votes;
        for (uint256 i = 0; i < 4; i++) {
            owed += staked.positionOf(accounts[i]).amount + staked.leavingOf(accounts[i]).amount;
            owed += staked.rewardsOf(accounts[i]);
            votes += staked.getVotes(accounts[i]);
        }
        uint256 units;
        for (uint256 i = 0; i < 4; i++) {
            IStakedOpen.Position memory position = staked.positionOf(accounts[i]);
            units += uint256(position.amount) * position.multiplierBps / 10_000;
        }
        vm.assertEq(votes, units);
        have = staked.held();
    }
}

contract StakedOpenInvariantTest is GovernanceFixture {
    StakerActor internal actor;

    function setUp() public {
        actor = new StakerActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    function invariant_itHoldsWhatItOwes() public {
        (uint256 have, uint256 owed) = actor.books();
        vm.assertGe(have, owed);
    }
}

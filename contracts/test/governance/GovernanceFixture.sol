// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {FeeTreasury} from "../../src/governance/FeeTreasury.sol";
import {GovernorRules, OpenGovernor} from "../../src/governance/OpenGovernor.sol";
import {StakedOpen} from "../../src/governance/StakedOpen.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {Test} from "../lib/Test.sol";

/// @notice Staked OPEN, governor, timelock of the parameters and treasury, as a chain has them.
abstract contract GovernanceFixture is Test {
    uint64 internal constant UNSTAKE_DELAY = 14 days;
    uint64 internal constant REWARD_PERIOD = 7 days;
    uint256 internal constant QUORUM_LEAST = 10_000_000 ether;
    uint256 internal constant THRESHOLD = 100_000 ether;
    uint64 internal constant START = 1_700_000_000;

    RewardBalances internal balances;
    StakedOpen internal staked;
    TimelockController internal timelock;
    OpenGovernor internal governor;
    FeeTreasury internal treasury;
    address internal alice = address(0xA11CE);
    address internal bob = address(0xB0B);
    address internal guardian = address(0x6A4D);

    function _deployGovernance() internal {
        vm.warp(START);
        balances = new RewardBalances();
        uint64 nonce = vm.getNonce(address(this));
        address treasuryAt = vm.computeCreateAddress(address(this), nonce + 3);
        address governorAt = vm.computeCreateAddress(address(this), nonce + 2);
        staked = new StakedOpen(balances, treasuryAt, UNSTAKE_DELAY, REWARD_PERIOD);
        address[] memory proposers = new address[](1);
        proposers[0] = governorAt;
        timelock = new TimelockController(3 days, proposers, new address[](1), address(0));
        governor = new OpenGovernor(
            staked,
            timelock,
            GovernorRules({
                votingDelay: 1 days,
                votingPeriod: 7 days,
                lateExtension: 2 days,
                guardianUntil: START + 730 days,
                guardian: guardian,
                threshold: THRESHOLD,
                quorumPercent: 20,
                quorumLeast: QUORUM_LEAST
            })
        );
        treasury = new FeeTreasury(address(timelock), balances, staked, 5_000);
    }

    function _stake(address who, uint256 amount, uint64 lockFor) internal {
        vm.deal(who, who.balance + amount);
        vm.prank(who);
        staked.stake{value: amount}(lockFor);
    }

    function _drawn(address who) internal view returns (uint256) {
        return balances.balanceOf(who);
    }
}

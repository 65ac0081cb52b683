// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerifierPool} from "../../src/interfaces/protocol/IVerifierPool.sol";
import {RequestId} from "../../src/protocol/Types.sol";
import {WholeAudits} from "./WholeAudits.sol";

/// @notice Stakes of every kind, what is drawn, and the way over the bridge and back.
abstract contract WholeStakes is WholeAudits {
    /// @notice Wei that people have on L1.
    uint256 public onL1;

    function stakeOn(uint256 who, uint256 amount, uint8 kind) external step("stakeOn") {
        amount = bound(amount, 1, 5 ether);
        if (kind % 5 == 4) {
            by(payer, amount);
            staking.reward{value: amount}(modelId, RequestId.wrap(0));
            return;
        }
        vm.startPrank(person(who));
        if (kind % 5 == 0) staking.stake{value: amount}(modelId);
        if (kind % 5 == 1) staking.unstake(modelId, amount);
        if (kind % 5 == 2) staking.withdraw(modelId);
        if (kind % 5 == 3) staking.claimRewards(modelId);
        vm.stopPrank();
    }

    function hostStake(uint256 amount, uint8 kind) external step("hostStake") {
        amount = bound(amount, 1, 50 ether);
        vm.startPrank(host);
        if (kind % 3 == 0) hosts.stake{value: amount}();
        if (kind % 3 == 1) hosts.unstake(uint128(amount));
        if (kind % 3 == 2) hosts.withdraw();
        vm.stopPrank();
    }

    /// @dev Some of the panel, too: who leaves still answers for what it said.
    function verify(uint256 who, uint256 amount, uint8 kind) external step("verify") {
        address verifier = who % 2 == 0 ? panel[who % 3] : person(who);
        (address[] memory members,) = verifiers.stakesAt(uint64(block.timestamp));
        IVerifierPool.Verifier memory state = verifiers.verifierOf(verifier);
        (uint256 leaving, uint256 at) = (state.leaving, state.leavesAt);
        if (kind % 4 == 3 && leaving > 0 && who % 4 < 2 && block.timestamp < at) vm.warp(at);
        vm.startPrank(verifier);
        if (kind % 4 < 2) {
            verifiers.stake{value: bound(amount, LEAST_STAKE, 2 * LEAST_STAKE)}(members.length);
        }
        if (kind % 4 == 2) verifiers.startLeaving(uint128(bound(amount, 1, 2 * LEAST_STAKE)));
        if (kind % 4 == 3 && leaving > 0) verifiers.withdraw();
        vm.stopPrank();
    }

    function stakeVotes(uint256 who, uint256 amount, uint8 kind) external step("stakeVotes") {
        amount = bound(amount, 1, 100 ether);
        address staker = person(who);
        if (kind % 6 == 5) return staked.poke(staker);
        vm.startPrank(staker);
        if (kind % 6 == 0) staked.stake{value: amount}(uint64(amount % 4) * 50);
        if (kind % 6 == 1) staked.unstake(uint128(amount));
        if (kind % 6 == 2) staked.withdraw();
        if (kind % 6 == 3) staked.claimRewards();
        if (kind % 6 == 4) staked.extend(200);
        vm.stopPrank();
    }

    /// @dev Fees come in, and a staker draws of their stream before it has ended, or after; then it may leave.
    function carryStream(uint256 who, uint256 amount) external step("carryStream") {
        amount = bound(amount, 1_000, 5 ether);
        address staker = person(who);
        vm.prank(staker);
        staked.stake{value: amount}(0);
        by(payer, amount);
        balances.credit{value: amount}(address(feeTreasury));
        feeTreasury.collect();
        vm.warp(block.timestamp + 1 + (who >> 8) % 150);
        vm.startPrank(staker);
        staked.claimRewards();
        if ((who >> 16) % 2 == 0 && block.timestamp >= staked.positionOf(staker).until) {
            staked.unstake(uint128(amount));
            vm.warp(staked.leavingOf(staker).at);
            staked.withdraw();
        }
        vm.stopPrank();
    }

    function treasuryFlows(uint256 amount, uint8 kind) external step("treasuryFlows") {
        if (kind % 2 == 0) return feeTreasury.collect();
        amount = bound(amount, 0, feeTreasury.rest());
        vm.prank(governor);
        feeTreasury.spend(alice, amount);
    }

    function drawRewards(uint256 who) external step("drawRewards") {
        address drawer = people[who % people.length];
        vm.prank(drawer);
        balances.withdraw(payable(drawer));
    }

    function leaveForL1(uint256 who, uint256 amount) external step("leaveForL1") {
        amount = bound(amount, 1, 10 ether);
        by(person(who), amount);
        MINTER.withdraw{value: amount}(person(who));
        onL1 += amount;
    }

    function comeFromL1(uint256 who, uint256 amount) external step("comeFromL1") {
        if (onL1 == 0) return;
        amount = bound(amount, 1, onL1);
        MESSENGER.relay(MINTER, person(who), amount);
        onL1 -= amount;
    }

    /// @dev What no bridge brought is never minted.
    function forgeDeposit(uint256 who, uint256 amount) external step("forgeDeposit") {
        vm.startPrank(person(who));
        try MINTER.finalizeDeposit(person(who), person(who), amount) {
            expect(false, "OPEN was minted for a stranger");
        } catch {}
        vm.stopPrank();
    }

    function wait_(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1, seed % 12 == 0 ? 6_000 : 60));
        vm.roll(block.number + 1);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerifierPool} from "../../src/interfaces/protocol/IVerifierPool.sol";
import {DisputeId} from "../../src/protocol/Types.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @notice Stakes that come, leave and are taken over while disputes go on.
contract VerifierStakesTest is DisputeTest {
    function test_a_stake_made_for_a_dispute_is_not_drawn() public {
        vm.deal(bob, 1_000_000 ether);
        vm.prank(bob);
        verifiers.stake{value: 1_000_000 ether}(VERIFIERS);
        DisputeId id = dispute();
        draw(id);
        vm.assertEq(weightOf(id, 0, bob), 0);
    }

    function test_a_verifier_that_leaves_can_be_slashed_until_it_is_gone() public {
        DisputeId id = dispute();
        bytes32[VERIFIERS] memory silent;
        draw(id);
        vote(id, silent);
        draw(id);
        vote(id, silent);
        draw(id);
        vm.prank(people[3]);
        verifiers.startLeaving(uint128(VERIFIER_STAKE));
        vote(id, [OTHER, OTHER, OTHER, audits.valueOf(claim), bytes32(0)]);
        collectAll(id, 2);
        vm.startPrank(people[3]);
        vm.expectPartialRevert(IVerifierPool.TooEarly.selector);
        verifiers.withdraw();
        vm.warp(block.timestamp + 10_000);
        verifiers.withdraw();
        vm.stopPrank();
        vm.assertEq(balances.balanceOf(people[3]), 95 ether);
    }

    function test_seats_are_taken_over_only_when_nothing_rests_on_them() public {
        vm.deal(bob, 100 ether);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IVerifierPool.SeatTaken.selector, 2));
        verifiers.stake{value: 10 ether}(2);
        vm.expectRevert(abi.encodeWithSelector(IVerifierPool.SeatOutOfRange.selector, 6, 128));
        verifiers.stake{value: 10 ether}(6);
        vm.expectRevert(abi.encodeWithSelector(IVerifierPool.StakeBelowLeast.selector, 9 ether, 10 ether));
        verifiers.stake{value: 9 ether}(5);
        vm.stopPrank();
        vm.prank(people[2]);
        verifiers.startLeaving(uint128(VERIFIER_STAKE));
        vm.warp(block.timestamp + 10_001);
        vm.prank(bob);
        verifiers.stake{value: 10 ether}(2);
        vm.prank(people[2]);
        verifiers.withdraw();
        vm.assertEq(balances.balanceOf(people[2]), VERIFIER_STAKE);
    }
}

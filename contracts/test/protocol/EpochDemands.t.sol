// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochDemands} from "../../src/interfaces/protocol/IEpochDemands.sol";
import {IInferenceEpochs, ShownLeaf} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {SumTrees} from "../../src/protocol/SumTrees.sol";
import {EpochFixture} from "./EpochFixture.sol";

contract EpochDemandsTest is EpochFixture {
    function setUp() public {
        deployEpochs();
        fillPurse(0, 100 ether);
        fillPurse(1, 100 ether);
        draft(two());
        closeEpoch();
    }

    function _demand(bool isPayout, uint32 position) private {
        vm.prank(watcher);
        epochDemands.demandLeaf{value: DEPOSIT}(epochId, isPayout, position);
    }

    function test_silence_refutes_the_epoch() public {
        for (uint256 i = 0; i < 2; i++) {
            uint256 clean = vm.snapshotState();
            _demand(i == 1, 3);
            uint256 deadline = block.timestamp + WINDOW;
            vm.warp(deadline);
            vm.expectRevert(abi.encodeWithSelector(IEpochDemands.NotYet.selector, deadline));
            epochDemands.endSilent(epochId, i == 1, 3);
            vm.warp(deadline + 1);
            // Its first window is over, but a demand is open.
            vm.expectPartialRevert(IInferenceEpochs.NotYet.selector);
            epochs.settle(epochId);
            epochDemands.endSilent(epochId, i == 1, 3);
            vm.assertTrue(statusOf(epochId) == IInferenceEpochs.Status.Refuted);
            vm.assertEq(balances.balanceOf(watcher), DEPOSIT);
            vm.roll(block.number + 4);
            epochs.collect(epochId);
            vm.assertEq(balances.balanceOf(watcher), DEPOSIT + epochs.epochOf(epochId).bond / 2);
            vm.revertToState(clean);
        }
    }

    function test_who_answers_earns_the_deposit_and_opens_a_window() public {
        _demand(false, 3);
        ShownLeaf memory leaf = leafAt(3);
        bytes memory query = fixture.query();
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.QueryMismatch.selector, leaf.claim.queryHash));
        epochDemands.answerLeaf(epochId, leaf, "another");
        leaf.claim.tokensOut++;
        vm.expectRevert(abi.encodeWithSelector(SumTrees.NotInTree.selector, 3));
        epochDemands.answerLeaf(epochId, leaf, query);
        leaf = leafAt(2);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.NoSuchDemand.selector, epochId, false, 2));
        epochDemands.answerLeaf(epochId, leaf, query);
        leaf = leafAt(3);
        vm.prank(host);
        epochDemands.answerLeaf(epochId, leaf, query);
        vm.assertEq(balances.balanceOf(host), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.NoSuchDemand.selector, epochId, false, 3));
        epochDemands.endSilent(epochId, false, 3);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.DemandedBefore.selector, epochId, false, 3));
        epochDemands.demandLeaf{value: DEPOSIT}(epochId, false, 3);
        vm.assertEq(epochs.epochOf(epochId).deadline, block.timestamp + 2 * WINDOW);
        settleEpoch();
    }

    function test_a_payout_is_answered_in_time() public {
        _demand(true, 4);
        uint256 deadline = block.timestamp + WINDOW;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.TooLate.selector, deadline));
        epochDemands.answerPayout(epochId, payoutAt(4));
        vm.warp(deadline);
        vm.prank(host);
        epochDemands.answerPayout(epochId, payoutAt(4));
        vm.assertEq(balances.balanceOf(host), DEPOSIT);
    }

    function test_a_payer_demands_its_own_without_a_deposit() public {
        vm.prank(signerOf(1));
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.DepositMismatch.selector, 0, DEPOSIT));
        epochDemands.demandOwnLeaf(epochId, 2, ranges);
        vm.prank(signerOf(0));
        epochDemands.demandOwnLeaf(epochId, 2, ranges);
        vm.prank(signerOf(1));
        epochDemands.demandOwnLeaf(epochId, 4, ranges);
        epochDemands.answerLeaf(epochId, leafAt(2), fixture.query());
        vm.assertEq(balances.balanceOf(address(this)), 0);
        vm.warp(block.timestamp + WINDOW + 1);
        epochDemands.endSilent(epochId, false, 4);
        vm.assertEq(epochs.refutationOf(epochId).challenger, signerOf(1));
    }

    function test_a_demand_has_its_bounds() public {
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.DepositMismatch.selector, 0, DEPOSIT));
        epochDemands.demandLeaf(epochId, false, 0);
        vm.startPrank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.PositionOutOfEpoch.selector, 5, 5));
        epochDemands.demandLeaf{value: DEPOSIT}(epochId, false, 5);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.PositionOutOfEpoch.selector, 10, 10));
        epochDemands.demandLeaf{value: DEPOSIT}(epochId, true, 10);
        epochDemands.demandLeaf{value: DEPOSIT}(epochId, false, 0);
        uint64 until = epochs.epochOf(epochId).demandsUntil;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(IEpochDemands.TooLate.selector, until));
        epochDemands.demandLeaf{value: DEPOSIT}(epochId, false, 1);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.NotJudge.selector, address(this)));
        epochs.extend(epochId, type(uint64).max);
    }

    function test_the_deposit_of_a_demand_that_another_overtook_returns() public {
        _demand(false, 0);
        _demand(false, 1);
        vm.expectPartialRevert(IEpochDemands.NotYet.selector);
        epochDemands.returnDeposit(epochId, false, 1);
        vm.warp(block.timestamp + WINDOW + 1);
        epochDemands.endSilent(epochId, false, 0);
        epochDemands.returnDeposit(epochId, false, 1);
        vm.assertEq(balances.balanceOf(watcher), 2 * DEPOSIT);
        vm.assertEq(address(epochDemands).balance, 0);
    }
}

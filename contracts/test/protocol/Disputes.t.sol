// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {Claim, IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {ISeeds} from "../../src/interfaces/protocol/ISeeds.sol";
import {DisputeId} from "../../src/protocol/Types.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @notice Five verifiers of equal stake, and what arithmetic can't decide.
contract DisputesTest is DisputeTest {
    function test_a_panel_of_seven_upholds_a_true_claim_and_earns_the_fee() public {
        DisputeId id = dispute();
        vm.expectRevert(
            abi.encodeWithSelector(ISeeds.SeedMissing.selector, disputes.getDispute(id).seedBlock)
        );
        disputes.draw(id);
        draw(id);
        evidence();
        uint256 seats = 0;
        for (uint256 i = 0; i < VERIFIERS; i++) {
            seats += weightOf(id, 0, people[i]);
        }
        vm.assertEq(seats, 7);
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.VerdictMissing.selector, id));
        audits.conclude(claim);
        vote(id, all(audits.valueOf(claim)));
        audits.conclude(claim);
        vm.assertTrue(audits.caseOf(requestId).isUpheld);
        collectAll(id, 0);
        uint256 paid = 0;
        for (uint256 i = 0; i < VERIFIERS; i++) {
            paid += balances.balanceOf(people[i]);
        }
        vm.assertEq(paid, PANEL_FEE);
        vm.assertEq(disputes.held(), 0);
        settle(claim);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.RequestStatus.selector, requestId, 3));
        audits.conclude(claim);
    }

    function test_a_panel_refutes_a_lie_of_the_answer() public {
        DisputeId id = dispute();
        draw(id);
        evidence();
        vote(id, all(OTHER));
        uint256 had = payer.balance;
        uint256 stake = hosts.hostOf(host).amount;
        audits.conclude(claim);
        vm.assertEq(payer.balance - had, ESCROW);
        vm.assertTrue(market.getRequest(requestId).status == IInferenceMarket.Status.Refuted);
        uint256 lost = BOND + stake - hosts.hostOf(host).amount;
        vm.roll(block.number + 1);
        market.collect(requestId);
        vm.assertEq(balances.balanceOf(watcher), lost / 2);
        vm.assertGt(lost / 2, market.getRequest(requestId).fee * 100);
    }

    function test_a_claim_under_dispute_is_not_settled() public {
        dispute();
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.UnderDispute.selector, requestId));
        this.settleNow();
        vm.prank(watcher);
        vm.expectPartialRevert(IAuditCases.TooLate.selector);
        audits.dispute{value: PANEL_FEE}(claim);
    }

    function test_a_claim_waits_for_the_block_that_may_draw_it() public {
        vm.warp(block.timestamp + WINDOW + 1);
        Claim[] memory list = new Claim[](1);
        list[0] = claim;
        uint64 seedBlock = market.getRequest(requestId).seedBlock;
        vm.expectRevert(abi.encodeWithSelector(ISeeds.SeedMissing.selector, seedBlock));
        market.settle(list);
        settle(claim);
    }

    function test_a_copied_commitment_opens_for_nobody_else() public {
        DisputeId id = dispute();
        draw(id);
        address a;
        address b;
        for (uint256 i = 0; i < VERIFIERS; i++) {
            if (weightOf(id, 0, people[i]) == 0) continue;
            (a, b) = (b, people[i]);
        }
        bytes32 hash = disputes.commitmentOf(id, a, OTHER, DIGEST, "salt");
        vm.prank(a);
        disputes.commit(id, hash);
        vm.prank(b);
        disputes.commit(id, hash);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotOnPanel.selector, watcher));
        vm.prank(watcher);
        disputes.commit(id, hash);
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        vm.prank(b);
        vm.expectPartialRevert(IDisputes.RevealMismatch.selector);
        disputes.reveal(id, OTHER, DIGEST, "salt");
        vm.prank(a);
        disputes.reveal(id, OTHER, DIGEST, "salt");
        vm.prank(a);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.AlreadyRevealed.selector, a));
        disputes.reveal(id, OTHER, DIGEST, "salt");
    }

    function test_windows_are_kept() public {
        DisputeId id = dispute();
        draw(id);
        address a = people[0];
        for (uint256 i = 0; i < VERIFIERS; i++) {
            if (weightOf(id, 0, people[i]) > 0) a = people[i];
        }
        uint256 begun = block.timestamp;
        vm.startPrank(a);
        disputes.commit(id, "hash");
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.NotNow.selector, begun + 2 * WINDOW + 1, begun + 3 * WINDOW)
        );
        disputes.reveal(id, OTHER, DIGEST, "salt");
        vm.expectPartialRevert(IDisputes.NotNow.selector);
        disputes.decide(id);
        vm.warp(begun + 2 * WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NotNow.selector, begun, begun + 2 * WINDOW));
        disputes.commit(id, "hash");
        vm.stopPrank();
    }

    /// @dev No two thirds, twice; then all verifiers, three against two.
    function test_a_split_goes_up_to_all_and_only_that_verdict_slashes() public {
        DisputeId id = dispute();
        bytes32 right = audits.valueOf(claim);
        bytes32[VERIFIERS] memory silent;
        draw(id);
        vote(id, silent);
        vm.assertEq(disputes.getDispute(id).round, 1);
        draw(id);
        vm.assertEq(disputes.roundOf(id, 1).drawn, 21);
        vote(id, silent);
        draw(id);
        vm.assertEq(disputes.roundOf(id, 2).drawn, VERIFIERS * VERIFIER_STAKE);
        vote(id, [right, right, right, OTHER, bytes32(0)]);
        (bool isOver, bool isUpheld) = disputes.verdictOf(id);
        vm.assertTrue(isOver && isUpheld);
        uint256 treasuryHad = balances.balanceOf(treasury);
        collectAll(id, 2);
        vm.assertEq(balances.balanceOf(people[0]), uint256(PANEL_FEE) / 3);
        vm.assertEq(verifiers.stakeAt(people[3], uint64(block.timestamp)), 95 ether, "minority");
        vm.assertEq(verifiers.stakeAt(people[4], uint64(block.timestamp)), 99 ether, "silence");
        vm.assertEq(balances.balanceOf(treasury) - treasuryHad, 6 ether);
        collectAll(id, 0);
        vm.assertEq(
            verifiers.stakeAt(people[4], uint64(block.timestamp)), 99 ether, "earlier silence is free"
        );
        vm.expectRevert(abi.encodeWithSelector(IDisputes.NothingToCollect.selector, people[3]));
        disputes.collect(id, 2, people[3]);
        vm.assertEq(address(verifiers).balance, verifiers.held());
    }

    function test_liars_of_an_earlier_round_lose_by_the_last_verdict() public {
        DisputeId id = dispute();
        bytes32 right = audits.valueOf(claim);
        draw(id);
        // A third each way, at most: no two thirds.
        vote(id, [OTHER, right, keccak256("x"), keccak256("y"), keccak256("z")]);
        if (disputes.getDispute(id).round == 0) return;
        draw(id);
        bytes32[VERIFIERS] memory silent;
        vote(id, silent);
        draw(id);
        vote(id, all(right));
        collectAll(id, 0);
        uint256 expected = weightOf(id, 0, people[0]) > 0 ? 95 ether : 100 ether;
        vm.assertEq(verifiers.stakeAt(people[0], uint64(block.timestamp)), expected);
        vm.assertEq(verifiers.stakeAt(people[1], uint64(block.timestamp)), 100 ether);
    }

    function test_where_nobody_reveals_the_claim_stands_and_nobody_is_slashed() public {
        DisputeId id = dispute();
        bytes32[VERIFIERS] memory silent;
        for (uint8 round = 0; round < 3; round++) {
            draw(id);
            evidence();
            vote(id, silent);
        }
        vm.assertTrue(disputes.getDispute(id).status == IDisputes.Status.Undecided);
        vm.assertEq(balances.balanceOf(treasury), PANEL_FEE);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.DisputeStatus.selector, id, IDisputes.Status.Undecided)
        );
        disputes.collect(id, 2, people[0]);
        audits.conclude(claim);
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
    }

    function test_half_of_the_revealed_stake_is_not_more_than_half() public {
        DisputeId id = dispute();
        bytes32[VERIFIERS] memory silent;
        draw(id);
        vote(id, silent);
        draw(id);
        vote(id, silent);
        draw(id);
        vote(id, [OTHER, OTHER, audits.valueOf(claim), audits.valueOf(claim), bytes32(0)]);
        (bool isOver, bool isUpheld) = disputes.verdictOf(id);
        vm.assertTrue(isOver && isUpheld);
    }

    function test_withheld_evidence_refutes_and_returns_the_fee() public {
        DisputeId id = dispute();
        draw(id);
        vm.expectPartialRevert(IAuditCases.NotYet.selector);
        audits.endSilent(claim);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.prank(host);
        vm.expectPartialRevert(IAuditCases.TooLate.selector);
        audits.giveEvidence(claim, "late");
        audits.endSilent(claim);
        vm.assertTrue(market.getRequest(requestId).status == IInferenceMarket.Status.Refuted);
        vm.assertEq(balances.balanceOf(watcher), PANEL_FEE);
        vm.assertEq(disputes.held(), 0);
    }

    function test_given_evidence_can_not_be_called_withheld() public {
        DisputeId id = dispute();
        draw(id);
        evidence();
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.EvidenceThere.selector, requestId));
        audits.endSilent(claim);
    }
}

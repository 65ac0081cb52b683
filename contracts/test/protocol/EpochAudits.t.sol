// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {IEpochAudits} from "../../src/interfaces/protocol/IEpochAudits.sol";
import {IEpochLeaves} from "../../src/interfaces/protocol/IEpochLeaves.sol";
import {IInferenceEpochs} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId} from "../../src/protocol/Types.sol";
import {EpochFixture} from "./EpochFixture.sol";

contract EpochAuditsTest is EpochFixture {
    function setUp() public {
        hasAudits = true;
        deployEpochs();
        seatVerifiers();
        fillPurse(0, 100 ether);
        fillPurse(1, 100 ether);
        draft(two());
        closeEpoch();
        epochAudits.fill{value: 100 ether}();
    }

    /// @dev A panel finds `value` for an inference whose host gave evidence.
    function _judged(uint32 at, bytes32 value) private {
        Claim memory claim = drafts[at].claim;
        DisputeId id = epochAudits.caseOf(claim.requestId).disputeId;
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        vm.prank(host);
        epochAudits.giveEvidence(claim, "evidence");
        decided(id, value);
        epochAudits.conclude(claim);
    }

    function test_an_epoch_is_settled_when_all_that_was_drawn_is_upheld() public {
        recordSeed(epochs.epochOf(epochId).seedBlock);
        vm.warp(epochs.epochOf(epochId).deadline + 1);
        uint256 audited = 0;
        for (uint256 i = 0; i < 4; i++) {
            uint32 at = epochAudits.drawnAt(epochId, i);
            Claim memory claim = drafts[at].claim;
            if (epochAudits.caseOf(claim.requestId).isUpheld) continue;
            vm.expectRevert(abi.encodeWithSelector(IEpochAudits.LeafAuditDue.selector, claim.requestId));
            epochs.settle(epochId);
            vm.expectRevert(abi.encodeWithSelector(IEpochLeaves.LeafNotOpened.selector, claim.requestId));
            epochAudits.audit(claim);
            epochLeaves.open(epochId, leafAt(at));
            epochAudits.audit(claim);
            vm.expectRevert(abi.encodeWithSelector(IEpochAudits.LeafUnderDispute.selector, epochId, 1));
            epochs.settle(epochId);
            _judged(at, epochAudits.valueOf(claim));
            audited++;
        }
        epochs.settle(epochId);
        vm.assertEq(epochAudits.fund(), 100 ether - audited * PANEL_FEE);
        vm.assertTrue(statusOf(epochId) == IInferenceEpochs.Status.Settled);
    }

    function test_what_is_not_drawn_has_no_audit() public {
        recordSeed(epochs.epochOf(epochId).seedBlock);
        // Four draws of five inferences leave one.
        uint256 drawn = 0;
        for (uint256 i = 0; i < 4; i++) {
            drawn |= 1 << epochAudits.drawnAt(epochId, i);
        }
        uint32 at = 0;
        while ((drawn >> at) & 1 == 1) at++;
        epochLeaves.open(epochId, leafAt(at));
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.NoCause.selector, drafts[at].claim.requestId));
        epochAudits.audit(drafts[at].claim);
    }

    function test_a_verdict_refutes_the_epoch_after_its_window() public {
        Claim memory claim = drafts[3].claim;
        epochLeaves.open(epochId, leafAt(3));
        vm.prank(watcher);
        epochAudits.dispute{value: PANEL_FEE}(claim);
        vm.warp(epochs.epochOf(epochId).deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IEpochAudits.LeafUnderDispute.selector, epochId, 1));
        epochs.settle(epochId);
        _judged(3, "another answer");
        vm.assertTrue(statusOf(epochId) == IInferenceEpochs.Status.Refuted);
        vm.assertEq(epochs.refutationOf(epochId).challenger, watcher);
        vm.assertEq(epochAudits.openCases(epochId), 0);
        epochs.returnFees(epochId, ranges);
        vm.assertEq(epochs.purseOf(signerOf(0), host).balance, 100 ether);
    }

    function test_evidence_withheld_refutes_the_epoch() public {
        epochLeaves.open(epochId, leafAt(3));
        Claim memory claim = drafts[3].claim;
        vm.prank(watcher);
        epochAudits.dispute{value: PANEL_FEE}(claim);
        DisputeId id = epochAudits.caseOf(claim.requestId).disputeId;
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        vm.warp(block.timestamp + WINDOW + 1);
        epochAudits.endSilent(claim);
        vm.assertTrue(statusOf(epochId) == IInferenceEpochs.Status.Refuted);
    }

    function test_a_dispute_is_for_its_window() public {
        epochLeaves.open(epochId, leafAt(3));
        uint64 deadline = epochs.epochOf(epochId).deadline;
        vm.warp(deadline + 1);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IAuditCases.TooLate.selector, deadline));
        epochAudits.dispute{value: PANEL_FEE}(drafts[3].claim);
    }
}

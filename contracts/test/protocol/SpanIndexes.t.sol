// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OpenedRecord} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IModelChallenges} from "../../src/interfaces/protocol/IModelChallenges.sol";
import {IModelDisputes} from "../../src/interfaces/protocol/IModelDisputes.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {SpanIndex} from "../../src/interfaces/protocol/ISpanChallenges.sol";
import {ContributionId, DisputeId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {SpanVerifierTwin} from "../../src/twin/SpanVerifierTwin.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {PanelTest} from "./PanelTest.sol";
import {SpanFixture} from "./SpanFixture.sol";

/// @notice What a pending index commits of spans: shown on demand, computed again by a panel.
contract SpanIndexesTest is PanelTest {
    address internal constant SPANS = 0x0000000000000000000000000000000000000a02;
    uint32 internal constant SPANS_ROW = type(uint32).max;
    SpanFixture internal fixture;
    ModelId internal modelId;
    SnapshotRef internal snapshot;

    function setUp() public {
        deployProtocol();
        seatVerifiers();
        vm.etch(SPANS, address(new SpanVerifierTwin()).code);
        (SnapshotRef memory made, FixtureRow[] memory rows) = createSnapshot();
        snapshot = made;
        uint32[][] memory documents = new uint32[][](rows.length);
        for (uint32 i = 0; i < rows.length; i++) {
            documents[i] = new uint32[](2);
            documents[i][0] = i;
        }
        fixture = new SpanFixture(rows, documents, 16, 4, 1000, 7);
        modelId = registerPending(snapshot, fixture);
    }

    function demand() internal {
        vm.prank(watcher);
        modelChallenges.demandSpans{value: DEPOSIT}(modelId);
    }

    function isFailed() internal view returns (bool) {
        return models.getModel(modelId).status == IModelLedger.Status.Failed;
    }

    function dispute() internal returns (DisputeId) {
        vm.prank(watcher);
        return modelDisputes.disputeSpans{value: PANEL_FEE}(modelId);
    }

    function test_silence_about_spans_fails_the_registration() public {
        demand();
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.DemandOpen.selector, SPANS_ROW));
        modelChallenges.demandSpans{value: DEPOSIT}(modelId);
        vm.warp(block.timestamp + WINDOW + 1);
        modelChallenges.failSilent(modelId, SPANS_ROW);
        vm.assertTrue(isFailed());
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + REGISTRATION_BOND / 2);
    }

    function test_answer_earns_the_deposit_and_has_to_be_what_is_committed() public {
        demand();
        SpanIndex memory index = fixture.spanIndex();
        index.ids += 1;
        bytes32 committed = fixture.index().spans;
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.WrongSpans.selector, committed));
        modelChallenges.answerSpans(modelId, index);
        index.ids -= 1;
        vm.prank(alice);
        modelChallenges.answerSpans(modelId, index);
        vm.assertEq(balances.balanceOf(alice), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.NoDemand.selector, SPANS_ROW));
        modelChallenges.answerSpans(modelId, index);
        vm.warp(block.timestamp + 3 * WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.NoDemand.selector, SPANS_ROW));
        modelChallenges.failSilent(modelId, SPANS_ROW);
        vm.assertFalse(isFailed());
    }

    function test_a_record_is_no_answer() public {
        demand();
        OpenedRecord memory opened = fixture.open(3);
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.NoDemand.selector, 3));
        modelChallenges.answerRecord(modelId, 3, opened);
    }

    function test_false_spans_fail_the_registration() public {
        DisputeId id = dispute();
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.AlreadyDisputed.selector, modelId, SPANS_ROW));
        modelDisputes.disputeSpans{value: PANEL_FEE}(modelId);
        vm.warp(block.timestamp + WINDOW + 1);
        (, bool serves,) = models.termsOf(modelId);
        vm.assertFalse(serves);
        verdict(id, modelDisputes.spansValueOf(modelId, keccak256("others")));
        modelDisputes.conclude(modelId, SPANS_ROW);
        vm.assertTrue(isFailed());
        vm.assertEq(balances.balanceOf(watcher), REGISTRATION_BOND / 2);
    }

    function test_true_spans_stand() public {
        DisputeId id = dispute();
        verdict(id, modelDisputes.spansValueOf(modelId, fixture.index().spans));
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.TextThere.selector, ContributionId.wrap(0)));
        modelDisputes.endGone(modelId, SPANS_ROW);
        modelDisputes.conclude(modelId, SPANS_ROW);
        (, bool serves,) = models.termsOf(modelId);
        vm.assertTrue(serves);
    }

    function test_model_without_spans_has_none_to_show() public {
        (SnapshotRef memory other, FixtureRow[] memory rows) = createSnapshot();
        ModelId plain = registerPending(other, new IndexFixture(rows, 16, 4, 1000, 7));
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.WrongSpans.selector, bytes32(0)));
        modelChallenges.demandSpans{value: DEPOSIT}(plain);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NoSpans.selector, plain));
        modelDisputes.disputeSpans{value: PANEL_FEE}(plain);
    }
}

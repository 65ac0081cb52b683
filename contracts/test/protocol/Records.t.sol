// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OpenedRecord} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IModelDisputes} from "../../src/interfaces/protocol/IModelDisputes.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {ContributionId, DisputeId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {PanelTest} from "./PanelTest.sol";

/// @notice Stored sketches and marks of a pending index, decided by panels.
contract RecordsTest is PanelTest {
    IndexFixture internal fixture;
    ModelId internal modelId;
    uint32 internal constant REPEAT = 10;
    uint32 internal constant SKIP = 9;

    function setUp() public {
        deployProtocol();
        seatVerifiers();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        (rows[REPEAT].first, rows[SKIP].first) = (0, type(uint32).max);
        fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        modelId = registerPending(snapshot, fixture);
    }

    function dispute(uint32 row, IModelDisputes.Kind kind) internal returns (DisputeId) {
        OpenedRecord memory opened = fixture.open(row);
        vm.prank(watcher);
        return modelDisputes.dispute{value: PANEL_FEE}(modelId, kind, opened);
    }

    function serves() internal view returns (bool is_) {
        (, is_,) = models.termsOf(modelId);
    }

    function test_a_false_sketch_fails_the_registration() public {
        DisputeId id = dispute(3, IModelDisputes.Kind.Sketch);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.assertFalse(serves());
        vm.expectRevert(abi.encodeWithSelector(IModelLedger.UnderDispute.selector, modelId));
        models.returnBond(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.VerdictMissing.selector, id));
        modelDisputes.conclude(modelId, 3);
        verdict(id, keccak256("another record"));
        modelDisputes.conclude(modelId, 3);
        vm.assertEq(uint8(models.getModel(modelId).status), uint8(IModelLedger.Status.Failed));
        vm.assertEq(balances.balanceOf(watcher), REGISTRATION_BOND / 2);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NoDispute.selector, modelId, 3));
        modelDisputes.conclude(modelId, 3);
    }

    function test_a_true_record_stands_and_the_model_serves() public {
        DisputeId id = dispute(3, IModelDisputes.Kind.Sketch);
        verdict(id, modelDisputes.valueOf(modelId, 3, fixture.open(3).record));
        modelDisputes.conclude(modelId, 3);
        vm.assertTrue(serves());
        models.returnBond(modelId);
        vm.assertEq(balances.balanceOf(builder), REGISTRATION_BOND);
    }

    function test_a_false_repeat_or_skip_mark_fails_the_registration() public {
        DisputeId first = dispute(REPEAT, IModelDisputes.Kind.RepeatMark);
        DisputeId second = dispute(SKIP, IModelDisputes.Kind.SkipMark);
        verdict(first, keccak256("not a repeat"));
        modelDisputes.conclude(modelId, REPEAT);
        vm.assertEq(uint8(models.getModel(modelId).status), uint8(IModelLedger.Status.Failed));
        // The other dispute ends after that without a second loss.
        verdict(second, keccak256("not to be skipped"));
        modelDisputes.conclude(modelId, SKIP);
        vm.assertEq(balances.balanceOf(watcher), REGISTRATION_BOND / 2);
        vm.assertEq(models.getModel(modelId).disputes, 0);
    }

    function test_where_nobody_reveals_the_record_stands() public {
        DisputeId id = dispute(3, IModelDisputes.Kind.Sketch);
        verdict(id, 0);
        modelDisputes.conclude(modelId, 3);
        vm.assertTrue(serves());
    }

    function test_a_text_that_is_gone_ends_the_dispute_and_slashes_nobody() public {
        dispute(0, IModelDisputes.Kind.Sketch);
        ContributionId ofAlice = ContributionId.wrap(1);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.TextThere.selector, ofAlice));
        modelDisputes.endGone(modelId, 0);
        vm.prank(alice);
        datanets.retire(ofAlice);
        modelDisputes.endGone(modelId, 0);
        vm.assertEq(balances.balanceOf(watcher), PANEL_FEE);
        vm.assertEq(balances.balanceOf(builder), REGISTRATION_BOND);
        vm.assertFalse(serves());
        vm.assertEq(disputes.held(), 0);
    }

    /// @dev Otherwise a text that was gone long before would end every later registration for nothing.
    function test_a_text_that_was_gone_before_is_no_way_out() public {
        ContributionId ofAlice = ContributionId.wrap(1);
        vm.prank(alice);
        datanets.retire(ofAlice);
        dispute(0, IModelDisputes.Kind.Sketch);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.TextThere.selector, ofAlice));
        modelDisputes.endGone(modelId, 0);
    }

    function test_bounds() public {
        OpenedRecord memory opened = fixture.open(3);
        vm.expectRevert(
            abi.encodeWithSelector(IModelDisputes.NotOfKind.selector, 3, IModelDisputes.Kind.RepeatMark)
        );
        modelDisputes.dispute{value: PANEL_FEE}(modelId, IModelDisputes.Kind.RepeatMark, opened);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.FeeMismatch.selector, 1, PANEL_FEE));
        modelDisputes.dispute{value: 1}(modelId, IModelDisputes.Kind.Sketch, opened);
        for (uint32 row = 0; row < 8; row++) {
            dispute(row, IModelDisputes.Kind.Sketch);
        }
        opened = fixture.open(2);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.AlreadyDisputed.selector, modelId, 2));
        modelDisputes.dispute{value: PANEL_FEE}(modelId, IModelDisputes.Kind.Sketch, opened);
        opened = fixture.open(8);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.TooManyDisputes.selector, 8));
        modelDisputes.dispute{value: PANEL_FEE}(modelId, IModelDisputes.Kind.Sketch, opened);
    }

    function test_a_serving_model_is_disputed_no_more() public {
        vm.warp(block.timestamp + WINDOW + 1);
        OpenedRecord memory opened = fixture.open(3);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NotPending.selector, modelId));
        modelDisputes.dispute{value: PANEL_FEE}(modelId, IModelDisputes.Kind.Sketch, opened);
        vm.expectRevert(abi.encodeWithSelector(IModelLedger.NotDisputes.selector, address(this)));
        models.beginDispute(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelLedger.NotDisputes.selector, address(this)));
        models.endDispute(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelLedger.NotDisputes.selector, address(this)));
        models.retract(modelId, "");
    }

    /// @dev Whatever a panel finds, the bond goes somewhere whole, and only its own record saves the model.
    function testFuzz_only_the_record_itself_upholds(uint8 row_, bytes32 found) public {
        uint32 row = row_ % SKIP;
        bytes32 right = modelDisputes.valueOf(modelId, row, fixture.open(row).record);
        if (found == 0 || row_ % 3 == 0) found = right;
        verdict(dispute(row, IModelDisputes.Kind.Sketch), found);
        modelDisputes.conclude(modelId, row);
        vm.assertEq(serves(), found == right);
        uint256 gone = balances.balanceOf(watcher) + balances.balanceOf(treasury);
        vm.assertEq(gone, found == right ? 0 : REGISTRATION_BOND);
    }
}

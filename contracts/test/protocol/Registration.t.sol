// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProtocolParameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {IModelRegistry} from "../../src/interfaces/protocol/IModelRegistry.sol";
import {IModelChallenges} from "../../src/interfaces/protocol/IModelChallenges.sol";
import {OpenedRecord} from "../../src/protocol/ClaimChallenges.sol";
import {ModelChallenges} from "../../src/protocol/ModelChallenges.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {ContributionId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract RegistrationTest is ProtocolTest {
    bytes32 internal constant SALT = bytes32("a secret");
    SnapshotRef internal snapshot;

    function setUp() public {
        deployProtocol();
    }

    function rowsOf() internal returns (FixtureRow[] memory rows) {
        SnapshotRef memory made;
        (made, rows) = createSnapshot();
        snapshot = made;
    }

    function fixtureOf(FixtureRow[] memory rows) internal returns (IndexFixture) {
        return new IndexFixture(rows, 8, 4, 0, 3);
    }

    function recordCall(ModelId modelId, IndexFixture fixture, uint256 row)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(ModelChallenges.challengeRecord, (modelId, fixture.open(row), SALT));
    }

    function test_true_registration_serves_after_its_window() public {
        IndexFixture fixture = fixtureOf(rowsOf());
        ModelId modelId = registerPending(snapshot, fixture);
        (, bool serves,) = models.termsOf(modelId);
        vm.assertFalse(serves);
        for (uint256 row = 0; row < 11; row++) {
            refused(
                watcher,
                address(modelChallenges),
                recordCall(modelId, fixture, row),
                abi.encodeWithSelector(IModelChallenges.RegistrationStands.selector)
            );
        }
        vm.warp(block.timestamp + WINDOW + 1);
        (, serves,) = models.termsOf(modelId);
        vm.assertTrue(serves);
        models.returnBond(modelId);
        vm.assertEq(balances.balanceOf(builder), REGISTRATION_BOND);
        models.returnBond(modelId);
        vm.assertEq(balances.balanceOf(builder), REGISTRATION_BOND, "once");
    }

    function test_records_of_other_wallets_fail_the_registration() public {
        FixtureRow[] memory rows = rowsOf();
        // The builder's own contribution to another datanet, named in place of alice's.
        ContributionId own = accepted(createDatanet(), builder, keccak256("own"), 6);
        rows[2].contributionId = ContributionId.unwrap(own);
        IndexFixture fixture = fixtureOf(rows);
        ModelId modelId = registerPending(snapshot, fixture);
        shown(watcher, address(modelChallenges), recordCall(modelId, fixture, 2));
        vm.assertTrue(models.getModel(modelId).status == IModelLedger.Status.Failed);
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + REGISTRATION_BOND / 2);
        vm.assertEq(balances.balanceOf(treasury), REGISTRATION_BOND - REGISTRATION_BOND / 2);
        vm.warp(block.timestamp + WINDOW + 1);
        (, bool serves,) = models.termsOf(modelId);
        vm.assertFalse(serves);
    }

    function test_exchanged_rows_fail_the_registration() public {
        FixtureRow[] memory rows = rowsOf();
        (rows[7], rows[8]) = (rows[8], rows[7]);
        (rows[7].first, rows[8].first) = (7, 8);
        IndexFixture fixture = fixtureOf(rows);
        ModelId modelId = registerPending(snapshot, fixture);
        shown(watcher, address(modelChallenges), recordCall(modelId, fixture, 8));
    }

    function test_repeat_of_a_row_outside_the_index_fails_the_registration() public {
        FixtureRow[] memory rows = rowsOf();
        rows[4].first = 11;
        IndexFixture fixture = fixtureOf(rows);
        ModelId modelId = registerPending(snapshot, fixture);
        shown(watcher, address(modelChallenges), recordCall(modelId, fixture, 4));
    }

    function test_root_of_nothing_fails_by_silence() public {
        IndexFixture fixture = fixtureOf(rowsOf());
        ModelDocument memory document = documentOf(snapshot, fixture.index());
        document.index.root = keccak256("nothing");
        vm.prank(builder);
        ModelId modelId = modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        vm.prank(watcher);
        modelChallenges.demandRecord{value: DEPOSIT}(modelId, 3);
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.NotYet.selector, block.timestamp + WINDOW));
        modelChallenges.failSilent(modelId, 3);
        vm.warp(block.timestamp + WINDOW + 1);
        (, bool serves,) = models.termsOf(modelId);
        vm.assertFalse(serves, "a demand keeps it pending");
        modelChallenges.failSilent(modelId, 3);
        vm.assertTrue(models.getModel(modelId).status == IModelLedger.Status.Failed);
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + REGISTRATION_BOND / 2);
    }

    function test_answered_demand_earns_the_deposit_and_leaves_time_to_look() public {
        IndexFixture fixture = fixtureOf(rowsOf());
        ModelId modelId = registerPending(snapshot, fixture);
        vm.startPrank(watcher);
        for (uint32 row = 0; row < 4; row++) {
            modelChallenges.demandRecord{value: DEPOSIT}(modelId, row);
        }
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.TooManyDemands.selector, 4));
        modelChallenges.demandRecord{value: DEPOSIT}(modelId, 4);
        vm.stopPrank();
        OpenedRecord memory record = fixture.open(2);
        vm.prank(builder);
        modelChallenges.answerRecord(modelId, 2, record);
        record = fixture.open(1);
        vm.assertEq(balances.balanceOf(builder), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IModelChallenges.WrongRow.selector, 1, 3));
        modelChallenges.answerRecord(modelId, 3, record);
        vm.assertEq(models.getModel(modelId).pendingUntil, block.timestamp + 2 * WINDOW);
    }

    function test_a_record_of_skipped_rows_takes_no_part() public {
        FixtureRow[] memory rows = rowsOf();
        vm.prank(alice);
        datanets.retire(ContributionId.wrap(rows[2].contributionId));
        vm.prank(builder);
        snapshot.number = datanets.freeze(snapshot.datanetId);
        IndexFixture fixture = fixtureOf(rows);
        ModelId modelId = registerPending(snapshot, fixture);
        bytes memory stands = abi.encodeWithSelector(IModelChallenges.RegistrationStands.selector);
        refused(watcher, address(modelChallenges), recordCall(modelId, fixture, 7), stands);
        shown(watcher, address(modelChallenges), recordCall(modelId, fixture, 2));
        for (uint256 i = 0; i < ALICE_ROWS; i++) {
            rows[i].first = type(uint32).max;
        }
        fixture = fixtureOf(rows);
        modelId = registerPending(snapshot, fixture);
        refused(watcher, address(modelChallenges), recordCall(modelId, fixture, 2), stands);
    }

    function test_rows_must_be_the_snapshots() public {
        FixtureRow[] memory rows = rowsOf();
        FixtureRow[] memory fewer = new FixtureRow[](10);
        for (uint256 i = 0; i < 10; i++) {
            fewer[i] = rows[i];
        }
        ModelDocument memory document = documentOf(snapshot, fixtureOf(fewer).index());
        vm.startPrank(builder);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RowCountMismatch.selector, 10, 11));
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        SnapshotRef[] memory twice = new SnapshotRef[](2);
        (twice[0], twice[1]) = (snapshot, snapshot);
        document.snapshots = twice;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.DatanetRepeated.selector, snapshot.datanetId));
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        vm.stopPrank();
    }

    function test_nobody_registers_anothers_adapter() public {
        IndexFixture fixture = fixtureOf(rowsOf());
        ModelId modelId = registerPending(snapshot, fixture);
        ModelDocument memory document = documentOf(snapshot, fixture.index());
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.AdapterRegistered.selector, modelId));
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
    }

    function test_index_keeps_governances_bounds() public {
        IndexFixture fixture = fixtureOf(rowsOf());
        ModelDocument memory document = documentOf(snapshot, fixture.index());
        vm.startPrank(builder);
        document.index.floor = type(uint64).max;
        vm.expectPartialRevert(IProtocolParameters.IndexOutOfBounds.selector);
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        document.index.floor = 0;
        document.index.e0 = 65;
        vm.expectPartialRevert(IProtocolParameters.IndexOutOfBounds.selector);
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        vm.stopPrank();
    }
}

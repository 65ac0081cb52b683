// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OpenedRecord} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IModelChallenges, ShownRow} from "../../src/interfaces/protocol/IModelChallenges.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {ISnapshotPools} from "../../src/interfaces/protocol/ISnapshotPools.sol";
import {ModelChallenges} from "../../src/protocol/ModelChallenges.sol";
import {MerkleFrontier} from "../../src/protocol/MerkleFrontier.sol";
import {RowProof, RowProofs} from "../../src/protocol/RowProofs.sol";
import {ContributionId, DatanetId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Examples shown by their paths: repeats in a pool, and repeats that an index does not mark. Bob's row 2 is alice's row 1.
contract ProvenanceTest is ProtocolTest {
    SnapshotRef internal snapshot;
    ContributionId internal ofAlice;
    ContributionId internal ofBob;
    bytes32[] internal aliceRows;
    bytes32[] internal bobRows;

    function setUp() public {
        deployProtocol();
        for (uint256 i = 0; i < ALICE_ROWS; i++) {
            aliceRows.push(keccak256(abi.encode("alice", i)));
        }
        for (uint256 i = 0; i < BOB_ROWS; i++) {
            bobRows.push(i == 2 ? aliceRows[1] : keccak256(abi.encode("bob", i)));
        }
        DatanetId datanetId = createDatanet();
        ofAlice = accepted(datanetId, alice, subtree(aliceRows, 0, 8), ALICE_ROWS);
        ofBob = accepted(datanetId, bob, subtree(bobRows, 0, 8), BOB_ROWS);
        vm.prank(builder);
        snapshot = SnapshotRef(datanetId, datanets.freeze(datanetId));
    }

    function subtree(bytes32[] memory leaves, uint256 start, uint256 width) internal pure returns (bytes32) {
        if (width == 1) return start < leaves.length ? leaves[start] : bytes32(0);
        bytes32 left = subtree(leaves, start, width / 2);
        return keccak256(abi.encodePacked(bytes1(0x01), left, subtree(leaves, start + width / 2, width / 2)));
    }

    function proofOf(ContributionId id, uint32 row) internal view returns (RowProof memory proof) {
        bytes32[] memory leaves = id == ofAlice ? aliceRows : bobRows;
        proof.contributionId = id;
        proof.row = row;
        proof.exampleHash = leaves[row];
        proof.path = new bytes32[](3);
        for (uint256 level = 0; level < 3; level++) {
            proof.path[level] = subtree(leaves, ((row >> level) ^ 1) << level, 1 << level);
        }
    }

    function takeOff(RowProof memory earlier, RowProof memory later) internal {
        pools.takeOff(snapshot.datanetId, snapshot.number, earlier, later);
    }

    function fund(uint256 amount) internal {
        vm.prank(payer);
        pools.fund{value: amount}(snapshot.datanetId, snapshot.number, "test");
    }

    function draw(ContributionId id) internal returns (uint256) {
        return pools.claim(snapshot.datanetId, snapshot.number, id);
    }

    function test_a_repeated_row_is_taken_off_and_its_part_divided_again() public {
        fund(110 ether);
        RowProof memory later = proofOf(ofBob, 2);
        takeOff(proofOf(ofAlice, 1), later);
        vm.assertEq(pools.poolOf(snapshot.datanetId, snapshot.number).rows, 10);
        fund(10 ether);
        vm.assertEq(draw(ofAlice), 72 ether, "6 of 10 rows");
        vm.assertEq(draw(ofBob), 48 ether, "4 of 10 rows");
        vm.assertLe(pools.held(), 1);
    }

    function test_what_was_drawn_before_stays_drawn() public {
        fund(110 ether);
        vm.assertEq(draw(ofBob), 50 ether);
        takeOff(proofOf(ofAlice, 1), proofOf(ofBob, 2));
        vm.assertEq(draw(ofAlice), 60 ether);
        vm.assertEq(address(pools).balance, pools.held());
    }

    function test_only_a_true_repeat_comes_off_once() public {
        RowProof memory first = proofOf(ofAlice, 1);
        RowProof memory second = proofOf(ofBob, 2);
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.NoRepeat.selector, ofAlice, 1));
        takeOff(second, first);
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.NoRepeat.selector, ofBob, 3));
        takeOff(first, proofOf(ofBob, 3));
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.NoRepeat.selector, ofAlice, 1));
        takeOff(first, first);
        RowProof memory forged = proofOf(ofBob, 3);
        forged.exampleHash = first.exampleHash;
        vm.expectRevert(abi.encodeWithSelector(RowProofs.RowNotThere.selector, ofBob, 3));
        takeOff(first, forged);
        forged.row = 5;
        vm.expectRevert(abi.encodeWithSelector(RowProofs.RowOutOfContribution.selector, 5, 5));
        takeOff(first, forged);
        forged = proofOf(ofBob, 2);
        forged.path = new bytes32[](2);
        vm.expectRevert(abi.encodeWithSelector(MerkleFrontier.PathLength.selector, 2, 3));
        takeOff(first, forged);
        takeOff(first, second);
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.AlreadyOff.selector, ofBob, 2));
        takeOff(first, second);
    }

    function test_rows_of_later_snapshots_do_not_come_off_earlier_ones() public {
        ContributionId id = accepted(snapshot.datanetId, watcher, subtree(bobRows, 1, 1), 1);
        RowProof memory shown;
        (shown.contributionId, shown.exampleHash) = (id, bobRows[1]);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISnapshotPools.NotInSnapshot.selector, id, snapshot.datanetId, snapshot.number
            )
        );
        takeOff(proofOf(ofBob, 1), shown);
    }

    function fixtureWith(uint32 firstOfSeven, uint32 firstOfEight)
        internal
        returns (ModelId modelId, IndexFixture fixture)
    {
        FixtureRow[] memory rows = new FixtureRow[](11);
        for (uint32 i = 0; i < 11; i++) {
            rows[i] = i < ALICE_ROWS
                ? FixtureRow(ContributionId.unwrap(ofAlice), i, i)
                : FixtureRow(ContributionId.unwrap(ofBob), i - ALICE_ROWS, i);
        }
        (rows[7].first, rows[8].first) = (firstOfSeven, firstOfEight);
        fixture = new IndexFixture(rows, 8, 4, 0, 3);
        modelId = registerPending(snapshot, fixture);
    }

    function provenanceCall(ModelId modelId, IndexFixture fixture, uint32 earlier)
        internal
        view
        returns (bytes memory)
    {
        RowProof memory shown = proofOf(ofAlice, earlier);
        return abi.encodeCall(
            ModelChallenges.challengeProvenance,
            (
                modelId,
                ShownRow(fixture.open(8), proofOf(ofBob, 2)),
                ShownRow(fixture.open(earlier), shown),
                bytes32("salt")
            )
        );
    }

    function test_a_repeat_that_is_not_marked_fails_the_registration() public {
        (ModelId modelId, IndexFixture fixture) = fixtureWith(7, 8);
        bytes memory stands = abi.encodeWithSelector(IModelChallenges.RegistrationStands.selector);
        refused(watcher, address(modelChallenges), provenanceCall(modelId, fixture, 2), stands);
        shown(watcher, address(modelChallenges), provenanceCall(modelId, fixture, 1));
        vm.assertTrue(models.getModel(modelId).status == IModelLedger.Status.Failed);
    }

    function test_a_marked_repeat_stands() public {
        (ModelId modelId, IndexFixture fixture) = fixtureWith(7, 1);
        bytes memory stands = abi.encodeWithSelector(IModelChallenges.RegistrationStands.selector);
        refused(watcher, address(modelChallenges), provenanceCall(modelId, fixture, 1), stands);
        bytes memory call = abi.encodeCall(
            ModelChallenges.challengeFirst, (modelId, fixture.open(8), fixture.open(1), bytes32("salt"))
        );
        refused(watcher, address(modelChallenges), call, stands);
    }

    function test_an_example_of_another_place_proves_nothing() public {
        (ModelId modelId, IndexFixture fixture) = fixtureWith(7, 8);
        bytes memory call = abi.encodeCall(
            ModelChallenges.challengeProvenance,
            (
                modelId,
                ShownRow(fixture.open(9), proofOf(ofBob, 2)),
                ShownRow(fixture.open(1), proofOf(ofAlice, 1)),
                bytes32("salt")
            )
        );
        bytes memory reason = abi.encodeWithSelector(IModelChallenges.ExampleOfAnother.selector, 9);
        refused(watcher, address(modelChallenges), call, reason);
    }

    function test_a_repeat_of_a_repeat_fails_the_registration() public {
        (ModelId modelId, IndexFixture fixture) = fixtureWith(1, 7);
        bytes memory call = abi.encodeCall(
            ModelChallenges.challengeFirst, (modelId, fixture.open(8), fixture.open(7), bytes32("salt"))
        );
        shown(watcher, address(modelChallenges), call);
        vm.assertTrue(models.getModel(modelId).status == IModelLedger.Status.Failed);
    }

    function test_a_repeat_of_a_later_row_fails_the_registration() public {
        (ModelId modelId, IndexFixture fixture) = fixtureWith(8, 8);
        bytes memory call = abi.encodeCall(
            ModelChallenges.challengeFirst, (modelId, fixture.open(7), fixture.open(8), bytes32("salt"))
        );
        shown(watcher, address(modelChallenges), call);
    }
}

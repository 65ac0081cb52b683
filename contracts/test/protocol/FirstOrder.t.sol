// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OpenedRecord} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IModelChallenges, ShownRow} from "../../src/interfaces/protocol/IModelChallenges.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {ISnapshotPools} from "../../src/interfaces/protocol/ISnapshotPools.sol";
import {ModelChallenges} from "../../src/protocol/ModelChallenges.sol";
import {RowProof} from "../../src/protocol/RowProofs.sol";
import {ContributionId, DatanetId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Alice committed first, bob was accepted first; both contributions have the row x. So rows 0 and 1 of the snapshot are bob's, and
/// the first of the two that hold x is alice's row 2.
contract FirstOrderTest is ProtocolTest {
    bytes32 internal constant X = keccak256("x");
    bytes32 internal constant Y = keccak256("y");
    bytes32 internal constant Z = keccak256("z");
    SnapshotRef internal snapshot;
    ContributionId internal ofAlice;
    ContributionId internal ofBob;

    function setUp() public {
        deployProtocol();
        DatanetId datanetId = createDatanet();
        ofAlice = contribute(datanetId, alice, node(X, Y), 2);
        ofBob = contribute(datanetId, bob, node(X, Z), 2);
        vm.warp(block.timestamp + 31);
        approve(ofBob);
        approve(ofAlice);
        vm.assertEq(datanets.getContribution(ofBob).position, 0);
        vm.prank(builder);
        snapshot = SnapshotRef(datanetId, datanets.freeze(datanetId));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function approve(ContributionId id) internal {
        commitVote(id, reviewer, true);
        revealVote(id, reviewer, true);
    }

    function proofOf(ContributionId id) internal view returns (RowProof memory proof) {
        (proof.contributionId, proof.exampleHash) = (id, X);
        proof.path = new bytes32[](1);
        proof.path[0] = id == ofAlice ? Y : Z;
    }

    /// @dev An index with these marks at bob's and alice's row x.
    function pending(uint32 firstOfBob, uint32 firstOfAlice)
        internal
        returns (ModelId modelId, IndexFixture fixture)
    {
        (uint64 a, uint64 b) = (ContributionId.unwrap(ofAlice), ContributionId.unwrap(ofBob));
        FixtureRow[] memory rows = new FixtureRow[](4);
        (rows[0], rows[1]) = (FixtureRow(b, 0, firstOfBob), FixtureRow(b, 1, 1));
        (rows[2], rows[3]) = (FixtureRow(a, 0, firstOfAlice), FixtureRow(a, 1, 3));
        fixture = new IndexFixture(rows, 8, 4, 0, 3);
        modelId = registerPending(snapshot, fixture);
    }

    function recordCall(ModelId modelId, IndexFixture fixture, uint256 row)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(ModelChallenges.challengeRecord, (modelId, fixture.open(row), bytes32("salt")));
    }

    function firstCall(ModelId modelId, IndexFixture fixture, uint256 repeat, uint256 named)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(
            ModelChallenges.challengeFirst,
            (modelId, fixture.open(repeat), fixture.open(named), bytes32("salt"))
        );
    }

    function provenanceCall(ModelId modelId, IndexFixture fixture, bool aliceIsLater)
        internal
        view
        returns (bytes memory)
    {
        ShownRow memory bobs = ShownRow(fixture.open(0), proofOf(ofBob));
        ShownRow memory alices = ShownRow(fixture.open(2), proofOf(ofAlice));
        return abi.encodeCall(
            ModelChallenges.challengeProvenance,
            (modelId, aliceIsLater ? alices : bobs, aliceIsLater ? bobs : alices, bytes32("salt"))
        );
    }

    function test_who_committed_first_is_first_though_accepted_later() public {
        (ModelId modelId, IndexFixture fixture) = pending(2, 2);
        bytes memory stands = abi.encodeWithSelector(IModelChallenges.RegistrationStands.selector);
        refused(watcher, address(modelChallenges), recordCall(modelId, fixture, 0), stands);
        refused(watcher, address(modelChallenges), firstCall(modelId, fixture, 0, 2), stands);
        refused(watcher, address(modelChallenges), provenanceCall(modelId, fixture, false), stands);
    }

    function test_the_row_that_was_accepted_first_is_not_the_first() public {
        (ModelId modelId, IndexFixture fixture) = pending(0, 0);
        shown(watcher, address(modelChallenges), firstCall(modelId, fixture, 2, 0));
        vm.assertTrue(models.getModel(modelId).status == IModelLedger.Status.Failed);
    }

    function test_a_later_commitment_that_is_not_marked_is_shown_in_that_order_only() public {
        (ModelId modelId, IndexFixture fixture) = pending(0, 2);
        bytes memory stands = abi.encodeWithSelector(IModelChallenges.RegistrationStands.selector);
        refused(watcher, address(modelChallenges), provenanceCall(modelId, fixture, true), stands);
        shown(watcher, address(modelChallenges), provenanceCall(modelId, fixture, false));
        vm.assertTrue(models.getModel(modelId).status == IModelLedger.Status.Failed);
    }

    function test_a_row_that_an_index_marks_shares_no_more() public {
        (ModelId modelId, IndexFixture fixture) = pending(2, 2);
        (OpenedRecord memory bobs, OpenedRecord memory alices) = (fixture.open(0), fixture.open(2));
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.MarkNotSettled.selector, modelId));
        pools.takeOffMarked(modelId, 0, bobs, alices);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.prank(payer);
        pools.fund{value: 12 ether}(snapshot.datanetId, snapshot.number, "test");
        pools.takeOffMarked(modelId, 0, bobs, alices);
        vm.assertEq(pools.claim(snapshot.datanetId, snapshot.number, ofAlice), 8 ether, "2 of 3 rows");
        vm.assertEq(pools.claim(snapshot.datanetId, snapshot.number, ofBob), 4 ether, "1 of 3 rows");
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.AlreadyOff.selector, ofBob, 0));
        pools.takeOffMarked(modelId, 0, bobs, alices);
        (RowProof memory first, RowProof memory repeat) = (proofOf(ofAlice), proofOf(ofBob));
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.AlreadyOff.selector, ofBob, 0));
        pools.takeOff(snapshot.datanetId, snapshot.number, first, repeat);
    }

    function test_no_mark_takes_the_earliest_row_off() public {
        (ModelId modelId, IndexFixture fixture) = pending(0, 0);
        // Nobody looked in time.
        vm.warp(block.timestamp + WINDOW + 1);
        (OpenedRecord memory bobs, OpenedRecord memory alices) = (fixture.open(0), fixture.open(2));
        OpenedRecord memory unmarked = fixture.open(1);
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.NoRepeat.selector, ofAlice, 0));
        pools.takeOffMarked(modelId, 0, alices, bobs);
        vm.expectRevert(abi.encodeWithSelector(ISnapshotPools.NoRepeat.selector, ofBob, 1));
        pools.takeOffMarked(modelId, 0, unmarked, bobs);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessTerms} from "../../src/interfaces/protocol/IDataAccess.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {DatanetId, ModelId, Parent, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice A model, one made from it, and one made from that, each over data of its own.
abstract contract FamilyTest is ProtocolTest {
    address internal grandOwner = makeAddr("grandparent's owner");
    address internal parentOwner = makeAddr("parent's owner");
    SnapshotRef internal grandData;
    FixtureRow[] internal grandRows;
    IndexFixture internal grandFixture;
    IndexFixture internal childFixture;
    ModelId internal grand;
    ModelId internal parent;
    ModelId internal child;
    uint256 private _fresh;

    function deployFamily() internal {
        deployProtocol();
        vm.deal(grandOwner, 100 ether);
        vm.deal(parentOwner, 100 ether);
        FixtureRow[] memory rows;
        (grandData, rows) = createSnapshot();
        for (uint256 i = 0; i < rows.length; i++) {
            grandRows.push(rows[i]);
        }
        grandFixture = new IndexFixture(rows, 16, 4, 1000, 7);
        ModelDocument memory document = documentOf(grandData, grandFixture.index());
        vm.prank(grandOwner);
        grand = modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        serve(grand);
        parent = derive(parentOwner, freshDocument(), one(grand, 4_000), 4_000);
        serve(parent);
        SnapshotRef memory snapshot;
        (snapshot, rows) = createSnapshot();
        childFixture = new IndexFixture(rows, 16, 4, 1000, 7);
        child = derive(builder, documentOf(snapshot, childFixture.index()), one(parent, 5_000), 5_000);
        serve(child);
    }

    function one(ModelId id, uint16 bps) internal pure returns (Parent[] memory parents) {
        parents = new Parent[](1);
        parents[0] = Parent(id, bps);
    }

    function three(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory weights) {
        weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (a, b, c);
    }

    function splitOf(uint256 amount, uint256[] memory weights) internal view returns (uint256[] memory) {
        (bool ok, bytes memory answer) =
            SPLITTER.staticcall(abi.encodeWithSignature("split(uint256,uint256[])", amount, weights));
        vm.assertTrue(ok);
        return abi.decode(answer, (uint256[]));
    }

    /// @dev A document over new data that nobody has registered.
    function freshDocument() internal returns (ModelDocument memory) {
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        return documentOf(snapshot, new IndexFixture(rows, 4, 2, 0, 100 + ++_fresh).index());
    }

    function derive(address owner, ModelDocument memory document, Parent[] memory parents, uint256 most)
        internal
        returns (ModelId)
    {
        vm.prank(owner);
        return
            modelRegistry.registerDerived{value: REGISTRATION_BOND}(document, defaultTerms(), parents, most);
    }

    function refuse(ModelDocument memory document, Parent[] memory parents, bytes memory reason) internal {
        vm.prank(builder);
        vm.expectRevert(reason);
        modelRegistry.registerDerived{value: REGISTRATION_BOND}(document, defaultTerms(), parents, 10_000);
    }

    function serve(ModelId id) internal {
        vm.warp(block.timestamp + WINDOW + 1);
        vm.prank(host);
        hosts.take(id, 0, 1000, 1000);
    }

    function answerOf(ModelId id, IndexFixture fixture) internal returns (Claim memory claim) {
        claim = claimOf(id, requestInference(id), fixture);
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
    }

    /// @dev An answer of the child whose window is over.
    function answered() internal returns (Claim memory) {
        return answerOf(child, childFixture);
    }

    /// @dev A model over so many datanets, each with a royalty; pending.
    function overManyDatanets(uint256 count, string memory name) internal returns (ModelId) {
        FixtureRow[] memory rows = new FixtureRow[](count);
        SnapshotRef[] memory snapshots = new SnapshotRef[](count);
        AccessTerms memory terms;
        terms.royaltyBps = 100;
        for (uint32 i = 0; i < count; i++) {
            DatanetId id = createDatanet();
            rows[i] = FixtureRow(0, 0, i);
            accepted(id, alice, keccak256(abi.encode(name, i)), 1);
            vm.startPrank(builder);
            snapshots[i] = SnapshotRef(id, datanets.freeze(id));
            access.setAccess(id, terms, "");
            vm.stopPrank();
        }
        ModelDocument memory document = documentOf(snapshots[0], new IndexFixture(rows, 4, 2, 0, 1).index());
        document.snapshots = snapshots;
        document.adapterHash = keccak256(bytes(name));
        return derive(builder, document, new Parent[](0), 10_000);
    }
}

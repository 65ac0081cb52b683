// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../../src/interfaces/IInfluenceVerifier.sol";
import {ICuration} from "../../src/interfaces/protocol/ICuration.sol";
import {AccessTerms, IDataAccess} from "../../src/interfaces/protocol/IDataAccess.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {ContributionId, DatanetId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract AccessTest is ProtocolTest {
    uint128 internal constant PER_SNAPSHOT = 3 ether + 1;
    uint128 internal constant PER_ROW = 0.1 ether + 7;
    uint256 internal constant PRICE = PER_SNAPSHOT + 11 * uint256(PER_ROW);
    string internal constant LICENCE = "LicenseRef-notes-1";

    SnapshotRef internal snapshot;
    ContributionId internal ofAlice;
    ContributionId internal ofBob;
    IndexCommitment internal index;
    /// @dev Another model over the same data has another adapter.
    bytes32 internal adapterHash = "adapter";

    function setUp() public {
        deployProtocol();
        FixtureRow[] memory rows;
        (snapshot, rows) = createSnapshot();
        (ofAlice, ofBob) =
        (ContributionId.wrap(rows[0].contributionId), ContributionId.wrap(rows[10].contributionId));
        index = new IndexFixture(rows, 8, 4, 0, 3).index();
    }

    function document() internal view returns (ModelDocument memory made) {
        made = documentOf(snapshot, index);
        made.adapterHash = adapterHash;
    }

    function paid() internal pure returns (AccessTerms memory) {
        return AccessTerms(PER_SNAPSHOT, PER_ROW, 0, 2_500, false, keccak256(bytes(LICENCE)));
    }

    function setTerms(AccessTerms memory terms) internal {
        vm.prank(builder);
        access.setAccess(snapshot.datanetId, terms, terms.licence == 0 ? "" : LICENCE);
    }

    function register(uint256 value) internal returns (ModelId) {
        ModelDocument memory made = document();
        vm.prank(builder);
        return modelRegistry.register{value: value}(made, defaultTerms());
    }

    function buy(AccessTerms memory expected, uint256 value) internal {
        vm.prank(builder);
        access.buy{value: value}(snapshot.datanetId, snapshot.number, expected);
    }

    function test_a_datanet_begins_free() public {
        register(REGISTRATION_BOND);
        vm.assertEq(address(models).balance, REGISTRATION_BOND);
        vm.assertEq(access.saleOf(snapshot.datanetId, snapshot.number, builder).soldAt, 0);
        vm.assertEq(pools.held(), 0);
    }

    function test_registering_pays_contributors_and_reviewers() public {
        curation.countVote(ofAlice, reviewer);
        setTerms(paid());
        vm.assertEq(access.priceOf(snapshot.datanetId, snapshot.number), PRICE);
        vm.assertEq(access.feeOf(builder, document().snapshots), PRICE);
        register(REGISTRATION_BOND + PRICE);
        uint256 part = PRICE * 2_500 / 10_000;
        vm.assertEq(curation.draw(snapshot.datanetId, reviewer), part);
        vm.assertEq(balances.balanceOf(reviewer), part);
        vm.assertEq(pools.held(), PRICE - part);
        pools.claim(snapshot.datanetId, snapshot.number, ofAlice);
        pools.claim(snapshot.datanetId, snapshot.number, ofBob);
        vm.assertEq(balances.balanceOf(alice), (PRICE - part) * ALICE_ROWS / 11);
        vm.assertEq(balances.balanceOf(bob), (PRICE - part) * BOB_ROWS / 11);
        vm.assertEq(address(access).balance, 0, "nothing stays");
        vm.assertEq(address(models).balance, REGISTRATION_BOND);
    }

    function test_another_model_over_the_same_snapshot_pays_no_more() public {
        setTerms(paid());
        register(REGISTRATION_BOND + PRICE);
        adapterHash = "another";
        register(REGISTRATION_BOND);
        vm.assertEq(pools.held(), PRICE, "no vote was counted: the contributors have all of it");
        adapterHash = "a stranger's";
        ModelDocument memory made = document();
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessPriceMismatch.selector, 0, PRICE));
        modelRegistry.register{value: REGISTRATION_BOND}(made, defaultTerms());
    }

    function test_the_value_is_exact() public {
        setTerms(paid());
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessPriceMismatch.selector, PRICE - 1, PRICE));
        register(REGISTRATION_BOND + PRICE - 1);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessPriceMismatch.selector, PRICE + 1, PRICE));
        register(REGISTRATION_BOND + PRICE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelLedger.BondMismatch.selector, REGISTRATION_BOND - 1, REGISTRATION_BOND
            )
        );
        register(REGISTRATION_BOND - 1);
    }

    function test_what_is_sold_keeps_its_terms() public {
        setTerms(paid());
        buy(paid(), PRICE);
        AccessTerms memory dearer = AccessTerms(500 ether, 9 ether, 1_000, 0, true, 0);
        setTerms(dearer);
        register(REGISTRATION_BOND);
        IDataAccess.Sale memory sale = access.saleOf(snapshot.datanetId, snapshot.number, builder);
        vm.assertEq(sale.royaltyBps, 0);
        vm.assertEq(sale.licence, keccak256(bytes(LICENCE)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IDataAccess.AccessHeld.selector, snapshot.datanetId, snapshot.number, builder
            )
        );
        buy(dearer, 0);
    }

    function test_a_buyer_agrees_to_the_terms_of_now() public {
        setTerms(paid());
        AccessTerms memory next = paid();
        next.licence = 0;
        setTerms(next);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessTermsChanged.selector, snapshot.datanetId));
        buy(paid(), PRICE);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessPriceMismatch.selector, PRICE - 1, PRICE));
        buy(next, PRICE - 1);
        buy(next, PRICE);
    }

    function test_closed_data_is_for_those_who_have_access() public {
        AccessTerms memory closed;
        closed.closed = true;
        setTerms(closed);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessClosed.selector, snapshot.datanetId));
        register(REGISTRATION_BOND);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.AccessClosed.selector, snapshot.datanetId));
        buy(closed, 0);
    }

    function test_the_owner_sets_terms_within_bounds() public {
        AccessTerms memory terms = paid();
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.NotAccessOwner.selector, payer));
        access.setAccess(snapshot.datanetId, terms, LICENCE);
        vm.expectRevert(
            abi.encodeWithSelector(IDataAccess.LicenceMismatch.selector, terms.licence, keccak256("MIT"))
        );
        vm.prank(builder);
        access.setAccess(snapshot.datanetId, terms, "MIT");
        (terms.licence, terms.perSnapshot) = (0, 10 ** 24 + 1);
        vm.expectRevert(outOfRange("perSnapshot", terms.perSnapshot, 10 ** 24));
        setTerms(terms);
        (terms.perSnapshot, terms.perRow) = (0, 10 ** 24 + 1);
        vm.expectRevert(outOfRange("perRow", terms.perRow, 10 ** 24));
        setTerms(terms);
        (terms.perRow, terms.curationBps) = (0, 5_001);
        vm.expectRevert(outOfRange("curationBps", 5_001, 5_000));
        setTerms(terms);
        (terms.curationBps, terms.royaltyBps) = (0, 1_001);
        vm.expectRevert(outOfRange("royaltyBps", 1_001, 1_000));
        setTerms(terms);
    }

    function outOfRange(bytes32 field, uint256 value, uint256 most) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDataAccess.AccessTermOutOfRange.selector, field, value, most);
    }

    function test_only_the_registry_admits() public {
        SnapshotRef[] memory snapshots = document().snapshots;
        vm.expectRevert(abi.encodeWithSelector(IDataAccess.NotModels.selector, address(this)));
        access.admit(builder, snapshots);
    }

    function test_a_vote_is_counted_once_when_it_was_opened_and_decided() public {
        curation.countVote(ofAlice, reviewer);
        vm.expectRevert(abi.encodeWithSelector(ICuration.VoteCountedAlready.selector, ofAlice, reviewer));
        curation.countVote(ofAlice, reviewer);
        vm.expectRevert(abi.encodeWithSelector(ICuration.VoteNotOpened.selector, ofAlice, bob));
        curation.countVote(ofAlice, bob);
        // Committed to and never opened: forfeited, and still no share.
        ContributionId id = contribute(snapshot.datanetId, bob, keccak256("later"), 2);
        commitVote(id, reviewer, true);
        vm.warp(block.timestamp + 31);
        datanets.forfeitVote(id, reviewer);
        datanets.expire(id);
        vm.expectRevert(abi.encodeWithSelector(ICuration.VoteNotOpened.selector, id, reviewer));
        curation.countVote(id, reviewer);
        vm.expectRevert(
            abi.encodeWithSelector(ICuration.NothingCurated.selector, snapshot.datanetId, reviewer)
        );
        curation.draw(snapshot.datanetId, reviewer);
        DatanetId other = createDatanet();
        vm.expectRevert(abi.encodeWithSelector(ICuration.NobodyCurates.selector, other));
        curation.fund{value: 1}(other);
    }

    function test_a_forfeited_vote_has_no_share_where_others_decided() public {
        address[] memory two = new address[](2);
        (two[0], two[1]) = (reviewer, watcher);
        vm.prank(builder);
        DatanetId datanetId = datanets.create("two", "MIT", "", STAKE, two, 1);
        bondReviewer(datanetId, reviewer);
        bondReviewer(datanetId, watcher);
        ContributionId id = contribute(datanetId, alice, keccak256("of two"), 2);
        commitVote(id, reviewer, true);
        commitVote(id, watcher, true);
        revealVote(id, reviewer, true);
        vm.warp(block.timestamp + 31);
        datanets.accept(id);
        datanets.forfeitVote(id, watcher);
        vm.assertTrue(boards.openedIn(id, reviewer) == datanetId);
        vm.assertTrue(boards.openedIn(id, watcher) == DatanetId.wrap(0));
        curation.countVote(id, reviewer);
        vm.expectRevert(abi.encodeWithSelector(ICuration.VoteNotOpened.selector, id, watcher));
        curation.countVote(id, watcher);
    }

    /// @dev Two reviewers with votes that are counted at different times share what came since, and never more than came.
    function testFuzz_votes_share_what_came_after_them(uint96 first, uint96 second) public {
        (uint256 a, uint256 b) = (bound(first, 3, 10 ether), bound(second, 3, 10 ether));
        curation.countVote(ofAlice, reviewer);
        curation.fund{value: a}(snapshot.datanetId);
        address[] memory two = new address[](1);
        two[0] = watcher;
        vm.startPrank(reviewer);
        boards.voteReplace(snapshot.datanetId, reviewer, watcher, "reason");
        vm.stopPrank();
        bondReviewer(snapshot.datanetId, watcher);
        ContributionId id = contribute(snapshot.datanetId, bob, keccak256("later"), 2);
        commitVote(id, watcher, true);
        revealVote(id, watcher, true);
        vm.warp(block.timestamp + 31);
        datanets.accept(id);
        curation.countVote(id, watcher);
        curation.countVote(ofBob, reviewer);
        curation.fund{value: b}(snapshot.datanetId);
        uint256 ofReviewer = curation.draw(snapshot.datanetId, reviewer);
        uint256 ofWatcher = curation.draw(snapshot.datanetId, watcher);
        vm.assertEq(ofWatcher, b / 3);
        vm.assertGe(ofReviewer + 1, a + 2 * b / 3);
        vm.assertLe(ofReviewer + ofWatcher, a + b);
        vm.assertEq(curation.held(), a + b - ofReviewer - ofWatcher);
        vm.assertEq(address(curation).balance, curation.held());
    }
}

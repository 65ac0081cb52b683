// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger, Snapshot} from "../../src/interfaces/protocol/IAttributionLedger.sol";
import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {IDatanets} from "../../src/interfaces/protocol/IDatanets.sol";
import {IReviewers} from "../../src/interfaces/protocol/IReviewers.sol";
import {Parameters} from "../../src/protocol/ProtocolParameters.sol";
import {ProtocolTest} from "./ProtocolTest.sol";
import {ContributionId, DatanetId} from "../../src/protocol/Types.sol";

contract DatanetTest is ProtocolTest {
    bytes32 internal constant ROWS = keccak256("rows");
    DatanetId internal datanetId;

    function setUp() public {
        deployProtocol();
        datanetId = createDatanet();
    }

    function expectStatus(ContributionId id, IDatanetRegistry.Status status) internal view {
        vm.assertTrue(datanets.getContribution(id).status == status);
    }

    function review(ContributionId id, bool approve) internal {
        commitVote(id, reviewer, approve);
        revealVote(id, reviewer, approve);
    }

    function createOfThree(address a, address b, address c) internal returns (DatanetId) {
        address[] memory reviewers = new address[](3);
        (reviewers[0], reviewers[1], reviewers[2]) = (a, b, c);
        return datanets.create("three", "MIT", "", STAKE, reviewers, 2);
    }

    function test_accepted_stake_returns_after_its_period() public {
        ContributionId id = accepted(datanetId, alice, ROWS, 8);
        expectStatus(id, IDatanetRegistry.Status.Accepted);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.TooEarly.selector, block.timestamp + 500));
        datanets.releaseStake(id);
        vm.warp(block.timestamp + 500);
        datanets.releaseStake(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        vm.expectRevert();
        datanets.releaseStake(id);
        vm.assertEq(address(boards).balance, STAKE, "the reviewer's bond");
        vm.assertEq(address(contributorStakes).balance, 0);
    }

    function test_rejected_stake_is_slashed_and_its_rows_are_free() public {
        ContributionId id = contribute(datanetId, alice, ROWS, 8);
        review(id, false);
        expectStatus(id, IDatanetRegistry.Status.Rejected);
        vm.assertEq(losses.lossOf(id).amount, STAKE);
        vm.assertEq(balances.balanceOf(alice), 0);
        vm.expectRevert();
        datanets.releaseStake(id);
        expectStatus(contribute(datanetId, bob, ROWS, 8), IDatanetRegistry.Status.Revealed);
    }

    function test_nobody_reveals_what_another_committed() public {
        bytes32 hash = datanets.commitmentOf(datanetId, alice, "document", ROWS, 8, "salt");
        vm.prank(alice);
        datanets.commit{value: STAKE}(datanetId, hash);
        // Bob copies the hash, then the opened values.
        vm.prank(bob);
        ContributionId copy = datanets.commit{value: STAKE}(datanetId, hash);
        vm.roll(block.number + 1);
        vm.startPrank(bob);
        bytes32 opened = datanets.commitmentOf(datanetId, bob, "document", ROWS, 8, "salt");
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.RevealMismatch.selector, hash, opened));
        datanets.reveal(copy, "document", ROWS, 8, "salt");
        vm.stopPrank();
    }

    function test_reveal_has_a_first_block_and_a_deadline() public {
        ContributionId id = commitRows(datanetId, alice, ROWS, 8);
        bytes32 content = keccak256(abi.encode(ROWS));
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.RevealTooEarly.selector, block.number));
        datanets.reveal(id, content, ROWS, 8, "salt");
        vm.roll(block.number + 1);
        uint256 deadline = datanets.getContribution(id).revealDeadline;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.RevealOver.selector, deadline));
        datanets.reveal(id, content, ROWS, 8, "salt");
        vm.stopPrank();
        vm.prank(watcher);
        datanets.cancel(id);
        vm.assertEq(balances.balanceOf(alice), STAKE, "anybody ends it for its contributor");
    }

    /// @dev The copier reveals first, under another document name; who committed first has the rows.
    function test_who_committed_first_displaces_a_faster_reveal() public {
        ContributionId first = commitRows(datanetId, alice, ROWS, 8);
        vm.roll(block.number + 1);
        bytes32 hash = datanets.commitmentOf(datanetId, bob, "renamed", ROWS, 8, "salt");
        vm.prank(bob);
        ContributionId copy = datanets.commit{value: STAKE}(datanetId, hash);
        vm.roll(block.number + 1);
        vm.prank(bob);
        datanets.reveal(copy, "renamed", ROWS, 8, "salt");
        review(copy, true);
        expectStatus(copy, IDatanetRegistry.Status.Approved);
        vm.expectPartialRevert(IReviewers.TooEarly.selector);
        datanets.accept(copy);
        revealRows(first, ROWS, 8);
        expectStatus(copy, IDatanetRegistry.Status.Withdrawn);
        vm.assertEq(balances.balanceOf(bob), STAKE);
        vm.assertTrue(datanets.contributionOfRows(datanetId, ROWS) == first);
    }

    function test_a_later_commitment_never_takes_the_rows() public {
        ContributionId first = contribute(datanetId, alice, ROWS, 8);
        ContributionId copy = commitRows(datanetId, bob, ROWS, 8);
        vm.roll(block.number + 1);
        bytes32 content = keccak256(abi.encode(ROWS));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.RowsRepeated.selector, ROWS, first));
        datanets.reveal(copy, content, ROWS, 8, "salt");
    }

    /// @dev A later commitment of a shorter period can't be accepted while an older one may still reveal.
    function test_no_acceptance_while_an_older_commitment_may_reveal() public {
        ContributionId older = commitRows(datanetId, alice, ROWS, 8);
        setRevealPeriod(WINDOW);
        ContributionId later = contribute(datanetId, bob, keccak256("other"), 8);
        vm.assertGe(
            datanets.getContribution(later).revealDeadline, datanets.getContribution(older).revealDeadline
        );
    }

    function setRevealPeriod(uint32 period) internal {
        Parameters memory next = parameters.parameters();
        next.revealPeriod = period;
        vm.prank(governor);
        parameters.setParameters(next);
    }

    function test_undecided_contribution_expires_and_its_rows_are_free() public {
        ContributionId id = contribute(datanetId, alice, ROWS, 8);
        uint256 deadline = datanets.getContribution(id).deadline;
        vm.warp(deadline + 1);
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.ReviewOver.selector, deadline));
        datanets.commitVote(id, "hash");
        vm.expectRevert(abi.encodeWithSelector(IReviewers.TooEarly.selector, deadline + 30));
        datanets.expire(id);
        vm.warp(deadline + 31);
        datanets.expire(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        contribute(datanetId, alice, ROWS, 8);
    }

    function test_votes_are_of_other_bonded_reviewers_once_each() public {
        DatanetId three = createOfThree(reviewer, alice, bob);
        ContributionId id = contribute(three, alice, ROWS, 8);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.OwnContribution.selector, id));
        datanets.commitVote(id, "hash");
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.NotReviewer.selector, watcher));
        datanets.commitVote(id, "hash");
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.NotBonded.selector, reviewer));
        datanets.commitVote(id, "hash");
        bondReviewer(three, reviewer);
        bondReviewer(three, bob);
        commitVote(id, reviewer, true);
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.AlreadyVoted.selector, reviewer));
        datanets.commitVote(id, "hash");
        vm.prank(reviewer);
        vm.expectPartialRevert(IDatanetRegistry.NotRevealTime.selector);
        datanets.revealVote(id, true, "reason", "salt");
        commitVote(id, bob, true);
        // All that can vote have committed: votes open at once.
        revealVote(id, reviewer, true);
        expectStatus(id, IDatanetRegistry.Status.Revealed);
        revealVote(id, bob, true);
        expectStatus(id, IDatanetRegistry.Status.Approved);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.AlreadyVoted.selector, bob));
        datanets.revealVote(id, true, "reason", "salt");
    }

    function bondThree(DatanetId three) internal {
        bondReviewer(three, reviewer);
        bondReviewer(three, watcher);
        bondReviewer(three, bob);
    }

    function test_rejected_as_soon_as_the_quorum_is_out_of_reach() public {
        DatanetId three = createOfThree(reviewer, watcher, bob);
        bondThree(three);
        ContributionId id = contribute(three, alice, ROWS, 8);
        commitVote(id, reviewer, false);
        commitVote(id, watcher, false);
        commitVote(id, bob, true);
        revealVote(id, reviewer, false);
        expectStatus(id, IDatanetRegistry.Status.Revealed);
        revealVote(id, watcher, false);
        expectStatus(id, IDatanetRegistry.Status.Rejected);
    }

    function test_a_copied_vote_opens_for_nobody_else_and_costs_the_bond() public {
        DatanetId three = createOfThree(reviewer, watcher, bob);
        bondThree(three);
        vm.startPrank(address(this));
        boards.setReviewFee(three, 1 ether);
        boards.fundReviews{value: 10 ether}(three);
        vm.stopPrank();
        ContributionId id = contribute(three, alice, ROWS, 8);
        commitVote(id, reviewer, true);
        bytes32 copied = datanets.voteHashOf(id, reviewer, true, "reason", "salt");
        vm.prank(watcher);
        datanets.commitVote(id, copied);
        uint256 deadline = datanets.getContribution(id).voteDeadline;
        vm.warp(deadline + 1);
        revealVote(id, reviewer, true);
        vm.assertEq(balances.balanceOf(reviewer), 1 ether, "a revealed vote is paid");
        vm.prank(watcher);
        vm.expectPartialRevert(IDatanetRegistry.VoteMismatch.selector);
        datanets.revealVote(id, true, "reason", "salt");
        vm.expectRevert(abi.encodeWithSelector(IReviewers.TooEarly.selector, deadline + 30));
        datanets.forfeitVote(id, watcher);
        vm.warp(deadline + 31);
        datanets.forfeitVote(id, watcher);
        vm.assertEq(balances.balanceOf(treasury), STAKE / 10);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.VoteMissing.selector, watcher));
        datanets.forfeitVote(id, watcher);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.VoteMissing.selector, reviewer));
        datanets.forfeitVote(id, reviewer);
        datanets.expire(id);
        id = contribute(three, alice, ROWS, 8);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.NotBonded.selector, watcher));
        datanets.commitVote(id, "hash");
        vm.prank(watcher);
        boards.bondReviewer{value: STAKE / 10}(three);
        commitVote(id, watcher, true);
    }

    function test_a_reviewers_own_contribution_waits_for_others_and_loses_no_stake() public {
        address[] memory one = new address[](1);
        one[0] = alice;
        DatanetId id = datanets.create("one", "MIT", "", STAKE, one, 1);
        ContributionId own = contribute(id, alice, ROWS, 8);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.OwnContribution.selector, own));
        datanets.commitVote(own, "hash");
        vm.warp(block.timestamp + 10_000);
        datanets.expire(own);
        expectStatus(own, IDatanetRegistry.Status.Withdrawn);
        vm.assertEq(balances.balanceOf(alice), STAKE);
    }

    function test_the_quorum_replaces_a_reviewer_whose_bond_returns() public {
        DatanetId three = createOfThree(reviewer, watcher, bob);
        bondThree(three);
        vm.prank(reviewer);
        boards.voteReplace(three, bob, alice, "reason");
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.AlreadyVoted.selector, reviewer));
        boards.voteReplace(three, bob, alice, "reason");
        vm.assertTrue(boards.isReviewer(three, bob));
        vm.prank(watcher);
        boards.voteReplace(three, bob, alice, "reason");
        vm.assertFalse(boards.isReviewer(three, bob));
        vm.assertTrue(boards.isReviewer(three, alice));
        vm.expectPartialRevert(IReviewers.TooEarly.selector);
        boards.withdrawBond(three, bob);
        vm.warp(block.timestamp + 1031);
        boards.withdrawBond(three, bob);
        vm.assertEq(balances.balanceOf(bob), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.NothingBonded.selector, bob));
        boards.withdrawBond(three, bob);
        vm.prank(watcher);
        boards.resign(three);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IReviewers.NotBonded.selector, watcher));
        boards.voteReplace(three, reviewer, bob, "reason");
    }

    function test_an_excluded_contribution_loses_its_stake_and_is_skipped_later() public {
        ContributionId id = accepted(datanetId, alice, ROWS, 8);
        ContributionId good = accepted(datanetId, bob, keccak256("good"), 2);
        vm.prank(builder);
        uint32 before = datanets.freeze(datanetId);
        vm.prank(reviewer);
        datanets.voteExclude(id, "reason");
        vm.assertEq(losses.lossOf(id).amount, STAKE);
        vm.prank(builder);
        uint32 number = datanets.freeze(datanetId);
        Snapshot memory snapshot = datanets.getSnapshot(datanetId, number);
        vm.assertEq(snapshot.rows, 10, "positions never move");
        vm.assertEq(snapshot.skipped, 8);
        vm.assertTrue(ledger.isSkipped(id, number) && !ledger.isSkipped(id, before));
        vm.startPrank(payer);
        pools.fund{value: 10 ether}(datanetId, number, "test");
        pools.fund{value: 10 ether}(datanetId, before, "test");
        vm.stopPrank();
        vm.assertEq(pools.claim(datanetId, number, good), 10 ether);
        vm.expectRevert();
        pools.claim(datanetId, number, id);
        vm.assertEq(pools.claim(datanetId, before, id), 8 ether, "what it earns in an older snapshot stays");
        vm.prank(builder);
        vm.expectRevert(IAttributionLedger.NothingNew.selector);
        datanets.freeze(datanetId);
        vm.warp(block.timestamp + 500);
        vm.expectRevert();
        datanets.releaseStake(id);
    }

    function test_a_contributor_retires_its_own_and_keeps_its_stake() public {
        ContributionId id = accepted(datanetId, alice, ROWS, 8);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.NotContributor.selector, bob));
        datanets.retire(id);
        vm.startPrank(alice);
        datanets.retire(id);
        vm.expectRevert(abi.encodeWithSelector(IAttributionLedger.AlreadySkipped.selector, id));
        datanets.retire(id);
        vm.stopPrank();
        vm.prank(builder);
        vm.expectRevert(IAttributionLedger.NothingShared.selector);
        datanets.freeze(datanetId);
        vm.warp(block.timestamp + 500);
        datanets.releaseStake(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
    }

    function test_stake_must_be_exact() public {
        DatanetId unknown = DatanetId.wrap(77);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.StakeMismatch.selector, STAKE - 1, STAKE));
        datanets.commit{value: STAKE - 1}(datanetId, "hash");
        vm.expectRevert(abi.encodeWithSelector(IDatanets.DatanetUnknown.selector, unknown));
        datanets.commit{value: STAKE}(unknown, "hash");
        vm.expectRevert(IDatanetRegistry.CommitmentEmpty.selector);
        datanets.commit{value: STAKE}(datanetId, 0);
        vm.stopPrank();
    }

    function test_freeze_is_for_the_owner_and_for_something_new() public {
        vm.prank(builder);
        vm.expectRevert(IAttributionLedger.NothingNew.selector);
        datanets.freeze(datanetId);
        accepted(datanetId, alice, ROWS, 8);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanets.NotDatanetOwner.selector, alice));
        datanets.freeze(datanetId);
        vm.startPrank(builder);
        vm.assertEq(datanets.freeze(datanetId), 1);
        vm.expectRevert(IAttributionLedger.NothingNew.selector);
        datanets.freeze(datanetId);
        vm.stopPrank();
    }

    /// @dev The root kept by its edge alone equals the root over all leaves, at every size; rows follow one another.
    function testFuzz_snapshot_root(uint8 size) public {
        uint256 count = bound(size, 1, 20);
        bytes32[] memory leaves = new bytes32[](32);
        for (uint256 i = 0; i < count; i++) {
            bytes32 root = keccak256(abi.encode(i));
            address by = i % 2 == 0 ? alice : bob;
            ContributionId id = accepted(datanetId, by, root, 8);
            vm.assertEq(datanets.getContribution(id).firstRow, 8 * i);
            leaves[i] = ledger.leafOf(id, by, keccak256(abi.encode(root)), root, 8);
        }
        vm.prank(builder);
        uint32 number = datanets.freeze(datanetId);
        Snapshot memory snapshot = datanets.getSnapshot(datanetId, number);
        uint256 width = 1;
        while (width < count) width *= 2;
        vm.assertEq(snapshot.root, rootOf(leaves, 0, width));
        vm.assertEq(snapshot.contributions, count);
        vm.assertEq(snapshot.rows, count * 8);
        vm.assertEq(datanets.acceptedContributions(datanetId, 0, 100).length, count);
    }

    function rootOf(bytes32[] memory leaves, uint256 start, uint256 width) internal pure returns (bytes32) {
        if (width == 1) return leaves[start];
        bytes32 left = rootOf(leaves, start, width / 2);
        return keccak256(abi.encodePacked(bytes1(0x01), left, rootOf(leaves, start + width / 2, width / 2)));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {Snapshot} from "../../src/protocol/Datanets.sol";
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
        vm.prank(reviewer);
        datanets.review(id, approve);
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
        vm.assertEq(address(datanets).balance, 0);
    }

    function test_rejected_stake_is_slashed_and_its_rows_are_free() public {
        ContributionId id = contribute(datanetId, alice, ROWS, 8);
        review(id, false);
        expectStatus(id, IDatanetRegistry.Status.Rejected);
        vm.assertEq(balances.balanceOf(treasury), STAKE);
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
        vm.expectPartialRevert(IDatanetRegistry.TooEarly.selector);
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
        setRevealPeriod(1);
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
        vm.warp(block.timestamp + 1001);
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.ReviewOver.selector, block.timestamp - 1));
        datanets.review(id, true);
        datanets.expire(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        contribute(datanetId, alice, ROWS, 8);
    }

    function test_votes_are_of_other_reviewers_once_each() public {
        ContributionId id = contribute(createOfThree(reviewer, alice, bob), alice, ROWS, 8);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.OwnContribution.selector, id));
        datanets.review(id, true);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.NotReviewer.selector, watcher));
        datanets.review(id, true);
        review(id, true);
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.AlreadyReviewed.selector, reviewer));
        datanets.review(id, true);
        expectStatus(id, IDatanetRegistry.Status.Revealed);
        vm.prank(bob);
        datanets.review(id, true);
        expectStatus(id, IDatanetRegistry.Status.Approved);
    }

    function test_rejected_as_soon_as_the_quorum_is_out_of_reach() public {
        ContributionId id = contribute(createOfThree(reviewer, watcher, bob), alice, ROWS, 8);
        review(id, false);
        expectStatus(id, IDatanetRegistry.Status.Revealed);
        vm.prank(watcher);
        datanets.review(id, false);
        expectStatus(id, IDatanetRegistry.Status.Rejected);
    }

    function test_stake_must_be_exact() public {
        DatanetId unknown = DatanetId.wrap(77);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.StakeMismatch.selector, STAKE - 1, STAKE));
        datanets.commit{value: STAKE - 1}(datanetId, "hash");
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.DatanetUnknown.selector, unknown));
        datanets.commit{value: STAKE}(unknown, "hash");
        vm.expectRevert(IDatanetRegistry.CommitmentEmpty.selector);
        datanets.commit{value: STAKE}(datanetId, 0);
        vm.stopPrank();
    }

    function test_freeze_is_for_the_owner_and_for_something_new() public {
        vm.prank(builder);
        vm.expectRevert(IDatanetRegistry.NothingNew.selector);
        datanets.freeze(datanetId);
        accepted(datanetId, alice, ROWS, 8);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.NotDatanetOwner.selector, alice));
        datanets.freeze(datanetId);
        vm.startPrank(builder);
        vm.assertEq(datanets.freeze(datanetId), 1);
        vm.expectRevert(IDatanetRegistry.NothingNew.selector);
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
            leaves[i] = datanets.leafOf(id, by, keccak256(abi.encode(root)), root, 8);
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

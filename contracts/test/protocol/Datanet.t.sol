// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DatanetRegistry} from "../../src/protocol/DatanetRegistry.sol";
import {Datanets} from "../../src/protocol/Datanets.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract DatanetTest is ProtocolTest {
    uint256 internal datanetId;

    function setUp() public {
        deployProtocol();
        datanetId = createDatanet();
    }

    function expectStatus(uint256 id, DatanetRegistry.Status status) internal view {
        vm.assertTrue(datanets.getContribution(id).status == status);
    }

    function review(uint256 id, bool approve) internal {
        vm.prank(reviewer);
        datanets.review(id, approve);
    }

    function test_accepted_stake_returns_after_its_period() public {
        uint256 id = contribute(datanetId, alice, "document");
        review(id, true);
        expectStatus(id, DatanetRegistry.Status.Accepted);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.TooEarly.selector, block.timestamp + 500));
        datanets.releaseStake(id);
        vm.warp(block.timestamp + 500);
        datanets.releaseStake(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        vm.expectRevert();
        datanets.releaseStake(id);
        vm.assertEq(address(datanets).balance, 0);
    }

    function test_rejected_stake_is_slashed_to_the_treasury() public {
        uint256 id = contribute(datanetId, alice, "document");
        review(id, false);
        expectStatus(id, DatanetRegistry.Status.Rejected);
        vm.assertEq(balances.balanceOf(treasury), STAKE);
        vm.assertEq(balances.balanceOf(alice), 0);
        vm.expectRevert();
        datanets.releaseStake(id);
    }

    function test_nobody_reveals_what_another_committed() public {
        bytes32 hash = datanets.commitmentOf(datanetId, alice, "document", "rows", 8, "salt");
        vm.prank(alice);
        datanets.commit{value: STAKE}(datanetId, hash);
        // Bob copies the hash, then the opened values.
        vm.prank(bob);
        uint256 copy = datanets.commit{value: STAKE}(datanetId, hash);
        vm.roll(block.number + 1);
        vm.startPrank(bob);
        bytes32 opened = datanets.commitmentOf(datanetId, bob, "document", "rows", 8, "salt");
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.RevealMismatch.selector, hash, opened));
        datanets.reveal(copy, "document", "rows", 8, "salt");
        vm.stopPrank();
    }

    function test_reveal_waits_for_the_next_block_and_content_is_new() public {
        bytes32 hash = datanets.commitmentOf(datanetId, bob, "document", "rows", 8, "salt");
        vm.prank(bob);
        uint256 id = datanets.commit{value: STAKE}(datanetId, hash);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.RevealTooEarly.selector, block.number));
        datanets.reveal(id, "document", "rows", 8, "salt");
        uint256 first = contribute(datanetId, alice, "document");
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(DatanetRegistry.ContentRepeated.selector, bytes32("document"), first)
        );
        datanets.reveal(id, "document", "rows", 8, "salt");
        vm.prank(bob);
        datanets.cancel(id);
        vm.assertEq(balances.balanceOf(bob), STAKE);
    }

    function test_undecided_contribution_expires() public {
        uint256 id = contribute(datanetId, alice, "document");
        vm.warp(block.timestamp + 1001);
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.ReviewOver.selector, block.timestamp - 1));
        datanets.review(id, true);
        datanets.expire(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        contribute(datanetId, alice, "document");
    }

    function test_votes() public {
        address[] memory reviewers = new address[](3);
        (reviewers[0], reviewers[1], reviewers[2]) = (reviewer, alice, bob);
        uint256 other = datanets.create("three", "MIT", "", STAKE, reviewers, 2);
        uint256 id = contribute(other, alice, "document");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.OwnContribution.selector, id));
        datanets.review(id, true);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.NotReviewer.selector, watcher));
        datanets.review(id, true);
        review(id, true);
        vm.prank(reviewer);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.AlreadyReviewed.selector, reviewer));
        datanets.review(id, true);
        expectStatus(id, DatanetRegistry.Status.Revealed);
        vm.prank(bob);
        datanets.review(id, true);
        expectStatus(id, DatanetRegistry.Status.Accepted);
    }

    function test_rejected_as_soon_as_the_quorum_is_out_of_reach() public {
        address[] memory reviewers = new address[](3);
        (reviewers[0], reviewers[1], reviewers[2]) = (reviewer, watcher, bob);
        uint256 id = contribute(datanets.create("three", "MIT", "", STAKE, reviewers, 2), alice, "document");
        review(id, false);
        expectStatus(id, DatanetRegistry.Status.Revealed);
        vm.prank(watcher);
        datanets.review(id, false);
        expectStatus(id, DatanetRegistry.Status.Rejected);
    }

    function test_stake_must_be_exact() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(DatanetRegistry.StakeMismatch.selector, STAKE - 1, STAKE));
        datanets.commit{value: STAKE - 1}(datanetId, "hash");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Datanets.DatanetUnknown.selector, 77));
        datanets.commit{value: STAKE}(77, "hash");
    }

    function test_freeze_is_for_the_owner_and_for_something_new() public {
        vm.prank(builder);
        vm.expectRevert(Datanets.NothingNew.selector);
        datanets.freeze(datanetId);
        review(contribute(datanetId, alice, "document"), true);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Datanets.NotDatanetOwner.selector, alice));
        datanets.freeze(datanetId);
        vm.startPrank(builder);
        vm.assertEq(datanets.freeze(datanetId), 1);
        vm.expectRevert(Datanets.NothingNew.selector);
        datanets.freeze(datanetId);
        vm.stopPrank();
    }

    /// @dev The root kept by its edge alone equals the root over all leaves, at every size.
    function testFuzz_snapshot_root(uint8 size) public {
        uint256 count = bound(size, 1, 20);
        bytes32[] memory leaves = new bytes32[](32);
        for (uint256 i = 0; i < count; i++) {
            bytes32 content = keccak256(abi.encode(i));
            uint256 id = contribute(datanetId, i % 2 == 0 ? alice : bob, content);
            review(id, true);
            leaves[i] = datanets.leafOf(id, i % 2 == 0 ? alice : bob, content, "rows", 8);
        }
        vm.prank(builder);
        uint32 number = datanets.freeze(datanetId);
        Datanets.Snapshot memory snapshot = datanets.getSnapshot(datanetId, number);
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IContributionStakes} from "../../src/interfaces/protocol/IContributionStakes.sol";
import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {IAnnouncements} from "../../src/interfaces/protocol/IAnnouncements.sol";
import {IPlagiarismProofs} from "../../src/interfaces/protocol/IPlagiarismProofs.sol";
import {RowProof} from "../../src/protocol/RowProofs.sol";
import {ContributionId, DatanetId} from "../../src/protocol/Types.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract PlagiarismTest is ProtocolTest {
    DatanetId internal datanetId;
    bytes32[3] internal hashes = [keccak256("1"), keccak256("2"), keccak256("3")];
    ContributionId internal original;
    ContributionId internal copy;

    function setUp() public {
        deployProtocol();
        datanetId = createDatanet();
        original = accepted(datanetId, alice, node(hashes[0], hashes[1]), 2);
        copy = accepted(datanetId, bob, node(hashes[1], hashes[0]), 2);
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function proof(ContributionId id, uint32 row, bytes32 hash, bytes32 sibling)
        internal
        pure
        returns (RowProof memory made)
    {
        (made.contributionId, made.row, made.exampleHash) = (id, row, hash);
        made.path = new bytes32[](1);
        made.path[0] = sibling;
    }

    function callOf(ContributionId id, RowProof[] memory copies, RowProof[] memory originals)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(plagiarism.provePlagiarism, (id, copies, originals, bytes32("salt")));
    }

    function both() internal view returns (RowProof[] memory copies, RowProof[] memory originals) {
        (copies, originals) = (new RowProof[](2), new RowProof[](2));
        (copies[0], originals[0]) =
        (proof(copy, 0, hashes[1], hashes[0]), proof(original, 1, hashes[1], hashes[0]));
        (copies[1], originals[1]) =
        (proof(copy, 1, hashes[0], hashes[1]), proof(original, 0, hashes[0], hashes[1]));
    }

    function none(ContributionId id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IPlagiarismProofs.NoPlagiarism.selector, id);
    }

    function test_plagiarism_costs_the_stake() public {
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        shown(watcher, address(plagiarism), callOf(copy, copies, originals));
        vm.assertEq(losses.lossOf(copy).finder, watcher);
        vm.warp(losses.lossOf(copy).deadline + 1);
        losses.end(copy);
        // The announcement's deposit comes back as well.
        vm.assertEq(balances.balanceOf(watcher), STAKE / 2 + DEPOSIT);
        vm.assertEq(balances.balanceOf(treasury), STAKE / 2);
        vm.assertTrue(ledger.isSkipped(copy, 1));
        refused(
            watcher,
            address(plagiarism),
            abi.encodeCall(plagiarism.provePlagiarism, (copy, copies, originals, bytes32("again"))),
            abi.encodeWithSelector(
                IDatanetRegistry.StatusMismatch.selector, copy, IDatanetRegistry.Status.Accepted
            )
        );
    }

    function test_half_of_the_rows_is_not_enough() public {
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        assembly ("memory-safe") {
            mstore(copies, 1)
            mstore(originals, 1)
        }
        refused(watcher, address(plagiarism), callOf(copy, copies, originals), none(copy));
    }

    function test_no_row_counts_twice() public {
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        (copies[1], originals[1]) = (copies[0], originals[0]);
        refused(watcher, address(plagiarism), callOf(copy, copies, originals), none(copy));
    }

    function test_who_was_first_copied_nobody() public {
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        (originals[0], originals[1]) = (originals[1], originals[0]);
        (copies[0], copies[1]) = (copies[1], copies[0]);
        refused(watcher, address(plagiarism), callOf(original, originals, copies), none(original));
    }

    function test_a_different_example_is_no_copy() public {
        ContributionId own = accepted(datanetId, watcher, node(hashes[1], hashes[2]), 2);
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        (copies[0], copies[1]) = (proof(own, 0, hashes[1], hashes[2]), proof(own, 1, hashes[2], hashes[1]));
        refused(payer, address(plagiarism), callOf(own, copies, originals), none(own));
    }

    function test_repeating_oneself_is_no_plagiarism() public {
        ContributionId again = accepted(datanetId, alice, node(hashes[0], hashes[0]), 2);
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        (copies[0], copies[1]) =
        (proof(again, 0, hashes[0], hashes[0]), proof(again, 1, hashes[0], hashes[0]));
        originals[0] = originals[1];
        refused(payer, address(plagiarism), callOf(again, copies, originals), none(again));
    }

    function test_a_proof_is_announced_first() public {
        (RowProof[] memory copies, RowProof[] memory originals) = both();
        bytes memory call = callOf(copy, copies, originals);
        vm.prank(watcher);
        vm.expectRevert(
            abi.encodeWithSelector(IAnnouncements.NotAnnounced.selector, watcher, keccak256(call))
        );
        plagiarism.provePlagiarism(copy, copies, originals, "salt");
    }

    function testFuzz_only_the_proofs_contract_takes_a_stake(address caller) public {
        vm.assume(caller != address(plagiarism));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.NotPlagiarism.selector, caller));
        datanets.skipPlagiarism(copy);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IContributionStakes.NotPlagiarism.selector, caller));
        contributorStakes.loseTo(copy, caller);
    }
}

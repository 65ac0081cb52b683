// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaimChallenges} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IEpochLeaves} from "../../src/interfaces/protocol/IEpochLeaves.sol";
import {IInferenceEpochs, ShownLeaf} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ContextShares} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {RequestId} from "../../src/protocol/Types.sol";
import {EpochLiesTest} from "./EpochLiesTest.sol";

/// @notice Epochs of which an inference is false, and when anything is shown.
contract EpochLeafLiesTest is EpochLiesTest {
    function test_a_true_epoch_withstands_every_challenge() public {
        closeEpoch();
        address to = address(epochChallenges);
        refused(watcher, to, _sumCall(false, 1, 0), STANDS);
        refused(watcher, to, _sumCall(true, 4, 0), STANDS);
        refused(watcher, to, _rangeCall(0), STANDS);
        refused(watcher, to, _rangeCall(1), STANDS);
        refused(watcher, to, _totalCall(), STANDS);
        for (uint32 i = 0; i < 4; i++) {
            refused(watcher, to, _orderCall(i), STANDS);
            refused(watcher, to, _leafCall(i, fixture.query()), STANDS);
            refused(watcher, to, _payoutCall(i, dues[i].inference), STANDS);
            refused(watcher, to, _missingCall(dues[i].inference, dues[i].contributionId, i), STANDS);
        }
        vm.assertTrue(statusOf(epochId) == IInferenceEpochs.Status.Closed);
    }

    function test_an_inference_of_another_payer() public {
        drafts[1].payer = makeAddr("nobody signed");
        closeEpoch();
        _refutes(_leafCall(1, ""));
    }

    function test_an_inference_with_another_name() public {
        drafts[1].claim.requestId = RequestId.wrap(RequestId.unwrap(drafts[1].claim.requestId) + 1);
        closeEpoch();
        ShownLeaf memory leaf = leafAt(1);
        vm.expectPartialRevert(IEpochLeaves.LeafMisnamed.selector);
        epochLeaves.open(epochId, leaf);
        _refutes(_leafCall(1, ""));
    }

    function test_a_fee_that_does_not_follow() public {
        drafts[4].net += 1;
        owe();
        measure();
        closeEpoch();
        _refutes(_leafCall(4, ""));
    }

    function test_an_earned_part_above_all() public {
        drafts[4].claim.earnedBps = 10_001;
        owe();
        closeEpoch();
        _refutes(_leafCall(4, ""));
    }

    function test_a_fee_above_the_largest() public {
        vm.assertLt(drafts[3].net, drafts[4].net);
        _closeWithLargest(drafts[3].net);
        _refutes(_leafCall(4, ""));
    }

    function test_a_list_without_form() public {
        drafts[2].claim.list.floor += 1;
        closeEpoch();
        _refutes(_leafCall(2, ""));
    }

    function test_a_context_without_form() public {
        ContextShares memory right = drafts[2].claim.context;
        vm.assertGt(right.partBps, 0);
        uint256 clean = vm.snapshotState();
        for (uint256 lie = 0; lie < CONTEXT_LIES; lie++) {
            drafts[2].claim.context = deformedContext(right, lie);
            closeEpoch();
            _refutes(_leafCall(2, ""));
            vm.revertToState(clean);
        }
    }

    function test_a_payout_that_a_context_earned() public {
        uint64 id = drafts[2].claim.context.contributionIds[0];
        drafts[2].claim.list = fixture.listOf(new uint32[](0));
        owe();
        uint256 at = 0;
        while (dues[at].inference != 2 || dues[at].contributionId != id) at++;
        dues[at].amount -= 1;
        closeEpoch();
        _refutes(_payoutCall(at, 2));
    }

    function test_a_payout_missing_that_a_context_earned() public {
        uint64 id = drafts[2].claim.context.contributionIds[0];
        drafts[2].claim.list = fixture.listOf(new uint32[](0));
        delete dues;
        closeEpoch();
        refused(watcher, address(epochChallenges), _missingCall(2, 77, 0), STANDS);
        _refutes(_missingCall(2, id, 0));
    }

    function test_a_query_without_form() public {
        bytes memory query = hex"0102";
        drafts[2].claim.queryHash = keccak256(query);
        closeEpoch();
        refused(watcher, address(epochChallenges), _leafCall(2, fixture.query()), STANDS);
        _refutes(_leafCall(2, query));
    }

    function test_an_empty_query() public {
        drafts[2].claim.queryHash = keccak256("");
        closeEpoch();
        _refutes(_leafCall(2, ""));
    }

    function test_a_false_score() public {
        drafts[3].claim.list.scores[3] -= 1;
        closeEpoch();
        Claim memory claim = drafts[3].claim;
        bytes memory call = abi.encodeCall(
            ClaimChallenges.challengeScore,
            (claim, fixture.query(), 3, fixture.open(claim.list.rowIds[3]), SALT)
        );
        refused(
            watcher,
            address(leafChallenges),
            call,
            abi.encodeWithSelector(IEpochLeaves.LeafNotOpened.selector, claim.requestId)
        );
        epochLeaves.open(epochId, leafAt(3));
        vm.roll(block.number + 4);
        leafChallenges.forfeit(watcher, keccak256(call));
        vm.prank(treasury);
        balances.withdraw(payable(treasury));
        _refutes(address(leafChallenges), call);
    }

    function test_an_omitted_row() public {
        uint32[] memory ranking = fixture.ranking();
        uint32[] memory rest = new uint32[](ranking.length - 1);
        for (uint256 i = 0; i < rest.length; i++) {
            rest[i] = ranking[i + 1];
        }
        drafts[0].claim.list = fixture.listOf(rest);
        closeEpoch();
        epochLeaves.open(epochId, leafAt(0));
        _refutes(
            address(leafChallenges),
            abi.encodeCall(
                ClaimChallenges.challengeOmitted,
                (drafts[0].claim, fixture.query(), fixture.open(ranking[0]), SALT)
            )
        );
    }

    function test_a_false_weight() public {
        drafts[0].claim.list.weights[0] += 1;
        owe();
        closeEpoch();
        epochLeaves.open(epochId, leafAt(0));
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(drafts[0].claim.list.rowIds);
        _refutes(
            address(leafChallenges),
            abi.encodeCall(ClaimChallenges.challengeWeights, (drafts[0].claim, records, paths, SALT))
        );
    }

    function test_a_true_leaf_withstands_claim_challenges() public {
        closeEpoch();
        epochLeaves.open(epochId, leafAt(0));
        Claim memory claim = drafts[0].claim;
        bytes memory call = abi.encodeCall(
            ClaimChallenges.challengeScore,
            (claim, fixture.query(), 0, fixture.open(claim.list.rowIds[0]), SALT)
        );
        refused(
            watcher,
            address(leafChallenges),
            call,
            abi.encodeWithSelector(IClaimChallenges.ClaimStands.selector)
        );
        vm.expectRevert(abi.encodeWithSelector(IEpochLeaves.NotClaimChallenges.selector, address(this)));
        epochLeaves.refute(claim, address(this), 0, "");
    }

    function test_who_announced_first_gets_the_reward() public {
        bump = Bump(1, 1, 3);
        ranges[1].net += 3;
        closeEpoch();
        bytes memory call = _sumCall(false, 1, 1);
        vm.prank(watcher);
        epochChallenges.announce{value: DEPOSIT}(keccak256(call));
        vm.roll(block.number + 1);
        shown(alice, address(epochChallenges), call);
        vm.assertEq(epochs.refutationOf(epochId).challenger, alice);
        vm.prank(watcher);
        (bool ok,) = address(epochChallenges).call(call);
        vm.assertTrue(ok);
        vm.assertEq(epochs.refutationOf(epochId).challenger, watcher);
        vm.roll(block.number + 4);
        epochs.collect(epochId);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.NothingToCollect.selector, epochId));
        epochs.collect(epochId);
    }

    function test_nothing_is_refuted_after_the_window_or_by_others() public {
        bump = Bump(1, 1, 3);
        ranges[1].net += 3;
        closeEpoch();
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.NotJudge.selector, address(this)));
        epochs.refuteEpoch(epochId, address(this), 0, "");
        uint64 deadline = epochs.epochOf(epochId).deadline;
        vm.warp(deadline + 1);
        refused(
            watcher,
            address(epochChallenges),
            _sumCall(false, 1, 1),
            abi.encodeWithSelector(IInferenceEpochs.TooLate.selector, deadline)
        );
    }
}

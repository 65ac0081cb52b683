// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInfluenceVerifier} from "../../src/interfaces/IInfluenceVerifier.sol";
import {Claim, InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {InferenceRequests} from "../../src/protocol/InferenceRequests.sol";
import {ModelDocument} from "../../src/protocol/ModelRegistry.sol";
import {Parameters} from "../../src/protocol/ProtocolParameters.sol";
import {IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract MarketTest is ProtocolTest {
    uint256 internal constant ESCROW = 10 ether;
    IndexFixture internal fixture;
    uint256 internal modelId;
    uint256 internal requestId;

    function setUp() public {
        deployProtocol();
        fixture = new IndexFixture(11, 16, 4, 1000, owners(), 7);
        modelId = registerModel(fixture);
        requestId = requestInference(modelId, ESCROW);
    }

    /// @dev What everybody holds that the market can pay, and what it still holds itself.
    function worth() internal view returns (uint256) {
        return address(market).balance + address(balances).balance + address(staking).balance + payer.balance
            + host.balance + builder.balance + treasury.balance + alice.balance + bob.balance
            + watcher.balance;
    }

    function test_proved_claim_settles_to_the_wei() public {
        Claim memory claim = claimOf(fixture);
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.influence.rowIds);
        uint256 before = worth();
        uint256[5] memory had =
            [payer.balance, builder.balance, host.balance, treasury.balance, alice.balance];
        vm.prank(host);
        market.claimProved{value: BOND}(requestId, claim, records, paths);
        vm.warp(block.timestamp + 21);
        market.settle(requestId, claim);

        uint256 net = (uint256(90) * RATE_IN + uint256(33) * RATE_OUT) / 1000;
        uint256 platform = net * 1000 / 9000;
        vm.assertEq(payer.balance - had[0], ESCROW - net - platform, "unspent escrow");
        // Nobody stakes on the model: the owner has that part too.
        vm.assertEq(builder.balance - had[1], net * 2000 / 10_000 + net * 1000 / 10_000, "owner");
        vm.assertEq(host.balance + BOND - had[2], net * 2000 / 10_000, "host");
        vm.assertEq(treasury.balance - had[3], platform, "platform");
        vm.assertEq(balances.balanceOf(host), BOND, "bond");
        vm.assertEq(address(market).balance, 0, "nothing stays");
        vm.assertEq(SPLITTER.balance, 0, "nothing stays in the splitter");
        vm.assertEq(worth(), before, "no wei lost");
        vm.assertGt(alice.balance + bob.balance, had[4]);
    }

    function test_stakers_share_goes_to_staking() public {
        vm.prank(watcher);
        staking.stake{value: 1 ether}(modelId);
        Claim memory claim = claimOf(fixture);
        postClaim(requestId, claim);
        vm.warp(block.timestamp + 21);
        market.settle(requestId, claim);
        uint256 net = (uint256(90) * RATE_IN + uint256(33) * RATE_OUT) / 1000;
        vm.assertEq(address(staking).balance, 1 ether + net * 1000 / 10_000);
        // A fraction of a wei may wait for the next reward.
        vm.assertGe(staking.earnedOf(modelId, watcher) + 1, net * 1000 / 10_000);
        vm.assertLe(staking.earnedOf(modelId, watcher), net * 1000 / 10_000);
    }

    function test_no_positive_weight_returns_the_share_to_the_payer() public {
        fixture = new IndexFixture(5, 4, 3, type(uint64).max, owners(), 3);
        uint256 other = requestInference(registerModel(fixture), ESCROW);
        Claim memory claim = claimOf(fixture);
        vm.assertEq(claim.influence.contributors.length, 0);
        postClaim(other, claim);
        uint256 had = payer.balance;
        vm.warp(block.timestamp + 21);
        market.settle(other, claim);
        uint256 net = (uint256(90) * RATE_IN + uint256(33) * RATE_OUT) / 1000;
        uint256 contributors = net - net * 2000 / 10_000 * 2 - net * 1000 / 10_000;
        vm.assertEq(payer.balance - had, ESCROW - net - net * 1000 / 9000 + contributors);
    }

    function test_wrong_score_loses_the_bond_to_the_watcher() public {
        Claim memory claim = claimOf(fixture);
        claim.influence.scores[0] += 1;
        postClaim(requestId, claim);
        uint32 row = claim.influence.rowIds[0];
        (bytes memory record, bytes32[] memory path) = (fixture.record(row), fixture.path(row));
        uint256 had = payer.balance;
        vm.prank(watcher);
        market.challengeScore(requestId, claim, 0, record, path);
        vm.assertEq(balances.balanceOf(watcher), BOND);
        vm.assertEq(payer.balance - had, ESCROW);
        vm.assertTrue(market.getRequest(requestId).status == InferenceRequests.Status.Refuted);
        vm.expectRevert(
            abi.encodeWithSelector(
                InferenceRequests.StatusMismatch.selector, requestId, InferenceRequests.Status.Refuted
            )
        );
        market.settle(requestId, claim);
        vm.prank(watcher);
        balances.withdraw(payable(watcher));
        vm.assertEq(watcher.balance, 1000 ether + BOND);
    }

    function test_omitted_row_refutes() public {
        Claim memory claim = claimOf(fixture);
        uint32[] memory ranking = fixture.ranking();
        // Leaves out the best row and takes the fifth in.
        for (uint256 i = 0; i < 4; i++) {
            claim.influence.rowIds[i] = ranking[i + 1];
            claim.influence.scores[i] = fixture.score(ranking[i + 1]);
        }
        postClaim(requestId, claim);
        (bytes memory record, bytes32[] memory path) = (fixture.record(ranking[0]), fixture.path(ranking[0]));
        vm.prank(alice);
        market.challengeOmitted(requestId, claim, record, path);
        vm.assertEq(balances.balanceOf(alice), BOND);
    }

    function test_wrong_weight_refutes() public {
        Claim memory claim = claimOf(fixture);
        claim.influence.weights[0] += 1;
        postClaim(requestId, claim);
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.influence.rowIds);
        vm.prank(watcher);
        market.challengeWeights(requestId, claim, records, paths);
        vm.assertEq(balances.balanceOf(watcher), BOND);
    }

    function test_stranger_among_contributors_refutes() public {
        Claim memory claim = claimOf(fixture);
        claim.influence.contributors[0] = host;
        postClaim(requestId, claim);
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.influence.rowIds);
        vm.prank(watcher);
        market.challengeWeights(requestId, claim, records, paths);
        vm.assertEq(balances.balanceOf(watcher), BOND);
    }

    function test_true_claim_withstands_every_challenge() public {
        Claim memory claim = claimOf(fixture);
        postClaim(requestId, claim);
        for (uint256 i = 0; i < 4; i++) {
            uint32 row = claim.influence.rowIds[i];
            (bytes memory record, bytes32[] memory path) = (fixture.record(row), fixture.path(row));
            vm.expectRevert(InferenceMarket.ClaimStands.selector);
            market.challengeScore(requestId, claim, i, record, path);
            vm.expectRevert(abi.encodeWithSelector(InferenceMarket.RowListed.selector, row));
            market.challengeOmitted(requestId, claim, record, path);
        }
        uint32[] memory ranking = fixture.ranking();
        for (uint256 i = 4; i < 11; i++) {
            (bytes memory record, bytes32[] memory path) =
                (fixture.record(ranking[i]), fixture.path(ranking[i]));
            vm.expectRevert(InferenceMarket.ClaimStands.selector);
            market.challengeOmitted(requestId, claim, record, path);
            uint32 listed = claim.influence.rowIds[1];
            vm.expectRevert(abi.encodeWithSelector(InferenceMarket.WrongRow.selector, ranking[i], listed));
            market.challengeScore(requestId, claim, 1, record, path);
        }
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.influence.rowIds);
        vm.expectRevert(InferenceMarket.ClaimStands.selector);
        market.challengeWeights(requestId, claim, records, paths);
    }

    function test_forged_evidence_is_refused() public {
        Claim memory claim = claimOf(fixture);
        postClaim(requestId, claim);
        uint32 row = claim.influence.rowIds[0];
        (bytes memory record, bytes32[] memory path) = (fixture.record(row), fixture.path(row));
        record[60] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.NotCommitted.selector, 0));
        market.challengeScore(requestId, claim, 0, record, path);
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.NotCommitted.selector, 0));
        market.challengeOmitted(requestId, claim, record, path);
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.RecordLength.selector, 0, 0, 73));
        market.challengeScore(requestId, claim, 0, "", path);
        vm.expectRevert(abi.encodeWithSelector(InferenceMarket.PositionOutOfRange.selector, 4));
        market.challengeScore(requestId, claim, 4, record, path);
    }

    /// @dev A query whose exponent no row can be scored with must not hide a listed row from its challenge.
    function test_listed_row_without_a_score_refutes() public {
        Claim memory claim = claimOf(fixture);
        claim.influence.query[0] = 0x7f;
        postClaim(requestId, claim);
        uint32 row = claim.influence.rowIds[2];
        (bytes memory record, bytes32[] memory path) = (fixture.record(row), fixture.path(row));
        vm.expectRevert(
            abi.encodeWithSelector(InferenceMarket.WrongRow.selector, row, claim.influence.rowIds[1])
        );
        market.challengeScore(requestId, claim, 1, record, path);
        vm.prank(watcher);
        market.challengeScore(requestId, claim, 2, record, path);
        vm.assertEq(balances.balanceOf(watcher), BOND);
    }

    function test_proved_claim_with_a_wrong_score_is_refused() public {
        Claim memory claim = claimOf(fixture);
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.influence.rowIds);
        int64 actual = claim.influence.scores[0];
        claim.influence.scores[0] = actual + 5;
        vm.prank(host);
        vm.expectRevert(
            abi.encodeWithSelector(IInfluenceVerifier.ScoreMismatch.selector, 0, actual + 5, actual)
        );
        market.claimProved{value: BOND}(requestId, claim, records, paths);
    }

    function test_only_the_host_claims_once_in_time_with_the_bond() public {
        Claim memory claim = claimOf(fixture);
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.NotHost.selector, watcher));
        market.claim{value: BOND}(requestId, claim);
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(InferenceMarket.BondMismatch.selector, BOND - 1, BOND));
        market.claim{value: BOND - 1}(requestId, claim);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.RequestUnknown.selector, 99));
        market.claim{value: BOND}(99, claim);
        claim.tokensOut = 51;
        vm.expectRevert(abi.encodeWithSelector(InferenceMarket.TokensOverMaximum.selector, 90, 51));
        market.claim{value: BOND}(requestId, claim);
        claim.tokensOut = 50;
        market.claim{value: BOND}(requestId, claim);
        vm.expectRevert(
            abi.encodeWithSelector(
                InferenceRequests.StatusMismatch.selector, requestId, InferenceRequests.Status.Claimed
            )
        );
        market.claim{value: BOND}(requestId, claim);
        vm.stopPrank();
        uint256 late = requestInference(modelId, ESCROW);
        vm.warp(block.timestamp + 61);
        vm.prank(host);
        vm.expectRevert(abi.encodeWithSelector(InferenceMarket.TooLate.selector, block.timestamp - 1));
        market.claim{value: BOND}(late, claim);
    }

    function test_misformed_claims_are_refused() public {
        Claim memory claim = claimOf(fixture);
        (claim.influence.rowIds[0], claim.influence.rowIds[1]) =
        (claim.influence.rowIds[1], claim.influence.rowIds[0]);
        (claim.influence.scores[0], claim.influence.scores[1]) =
        (claim.influence.scores[1], claim.influence.scores[0]);
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.OrderViolation.selector, 1));
        market.claim{value: BOND}(requestId, claim);
        claim = claimOf(fixture);
        claim.influence.rowIds[3] = claim.influence.rowIds[0];
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.DuplicateRow.selector, 3));
        market.claim{value: BOND}(requestId, claim);
        claim = claimOf(fixture);
        claim.influence.rowIds[3] = 11;
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.RowIdRange.selector, 3, 11));
        market.claim{value: BOND}(requestId, claim);
        claim = claimOf(fixture);
        claim.influence.scores = new int64[](3);
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.ListLength.selector, 3, 4));
        market.claim{value: BOND}(requestId, claim);
        claim = claimOf(fixture);
        claim.influence.query = "";
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.QueryLength.selector, 0, 33));
        market.claim{value: BOND}(requestId, claim);
        vm.stopPrank();
    }

    function test_windows() public {
        Claim memory claim = claimOf(fixture);
        claim.influence.scores[3] -= 1;
        postClaim(requestId, claim);
        uint256 deadline = block.timestamp + 20;
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.TooEarly.selector, deadline));
        market.settle(requestId, claim);
        vm.warp(deadline + 1);
        uint32 row = claim.influence.rowIds[3];
        (bytes memory record, bytes32[] memory path) = (fixture.record(row), fixture.path(row));
        vm.expectRevert(abi.encodeWithSelector(InferenceMarket.TooLate.selector, deadline));
        market.challengeScore(requestId, claim, 3, record, path);
        Claim memory other = claimOf(fixture);
        vm.expectRevert(
            abi.encodeWithSelector(
                InferenceMarket.ClaimMismatch.selector, market.hashOf(claim), market.hashOf(other)
            )
        );
        market.settle(requestId, other);
        market.settle(requestId, claim);
    }

    function test_payer_cancels_after_the_hosts_time() public {
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.TooEarly.selector, block.timestamp + 60));
        market.cancel(requestId);
        vm.warp(block.timestamp + 61);
        vm.prank(host);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.NotPayer.selector, host));
        market.cancel(requestId);
        uint256 had = payer.balance;
        vm.prank(payer);
        market.cancel(requestId);
        vm.assertEq(payer.balance - had, ESCROW);
        vm.assertEq(address(market).balance, 0);
    }

    function test_request_bounds() public {
        uint256 fee = market.quote(modelId, 100, 50);
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.EscrowTooSmall.selector, fee - 1, fee));
        market.request{value: fee - 1}(modelId, host, 0, 100, 50);
        market.request{value: fee}(modelId, host, 0, 100, 50);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.NotHost.selector, watcher));
        market.request{value: fee}(modelId, watcher, 0, 100, 50);
        vm.stopPrank();
        vm.prank(builder);
        models.setActive(modelId, false);
        vm.expectRevert(abi.encodeWithSelector(InferenceRequests.ModelInactive.selector, modelId));
        vm.prank(payer);
        market.request{value: fee}(modelId, host, 0, 100, 50);
    }

    /// @dev A request keeps the rates and the platform's part of its time.
    function test_later_changes_do_not_touch_a_request() public {
        Claim memory claim = claimOf(fixture);
        postClaim(requestId, claim);
        InferenceMarket.Payout memory before = market.payoutOf(requestId, claim);
        vm.prank(builder);
        models.setRates(modelId, 1 ether, 1 ether);
        Parameters memory next = defaultParameters();
        next.platformBps = 3000;
        vm.prank(governor);
        parameters.setParameters(next);
        vm.assertEq(keccak256(abi.encode(before)), keccak256(abi.encode(market.payoutOf(requestId, claim))));
    }

    function testFuzz_payouts_sum_to_the_escrow(
        uint32 tokensIn,
        uint32 tokensOut,
        uint96 rateIn,
        uint96 rateOut,
        uint16 platformBps
    ) public {
        Parameters memory next = defaultParameters();
        next.platformBps = uint16(bound(platformBps, 0, 3000));
        vm.prank(governor);
        parameters.setParameters(next);
        vm.prank(builder);
        models.setRates(modelId, rateIn, rateOut);
        uint256 fee = market.quote(modelId, tokensIn, tokensOut);
        vm.deal(payer, fee + 12_345);
        vm.prank(payer);
        uint256 id = market.request{value: fee + 12_345}(modelId, host, 0, tokensIn, tokensOut);
        Claim memory claim = claimOf(fixture);
        claim.tokensIn = uint32(bound(tokensOut, 0, tokensIn));
        claim.tokensOut = uint32(bound(tokensIn, 0, tokensOut));
        InferenceMarket.Payout memory payout = market.payoutOf(id, claim);
        uint256 sum = payout.contributors + payout.owner + payout.host + payout.stakers + payout.platform
            + payout.refund;
        vm.assertEq(sum, fee + 12_345);
        postClaim(id, claim);
        vm.warp(block.timestamp + 21);
        uint256 before = worth();
        market.settle(id, claim);
        vm.assertEq(worth(), before);
        vm.assertEq(payer.balance, payout.refund);
    }

    function test_registry_refuses_what_cannot_work() public {
        ModelDocument memory document = documentOf(fixture.index());
        document.index.topK = 17;
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.InvalidIndex.selector, 6));
        models.register(document, defaultTerms(), new address[](0));
    }
}

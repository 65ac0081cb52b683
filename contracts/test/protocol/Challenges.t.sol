// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaimDemands} from "../../src/interfaces/protocol/IClaimDemands.sol";
import {IAnnouncements} from "../../src/interfaces/protocol/IAnnouncements.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {IClaimChallenges} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IInfluenceVerifier} from "../../src/interfaces/IInfluenceVerifier.sol";
import {ClaimChallenges, OpenedRecord} from "../../src/protocol/ClaimChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract ChallengesTest is ProtocolTest {
    bytes32 internal constant SALT = bytes32("a secret");
    IndexFixture internal fixture;
    ModelId internal modelId;
    RequestId internal requestId;
    Claim internal claim;

    function setUp() public {
        deployProtocol();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        // The last row repeats the first, the one before it is skipped.
        (rows[10].first, rows[9].first) = (0, type(uint32).max);
        fixture = fullFixture(rows);
        modelId = serveModel(snapshot, fixture);
        requestId = requestInference(modelId);
        claim = claimOf(modelId, requestId, fixture);
        vm.assertEq(claim.list.rowIds.length, 4, "the fixture fills its list");
    }

    /// @dev One whose list is full, with a row left over, and whose repeated row has a positive score.
    function fullFixture(FixtureRow[] memory rows) internal returns (IndexFixture found) {
        for (uint256 seed = 1; seed < 100; seed++) {
            found = new IndexFixture(rows, 16, 4, 1000, seed);
            if (found.ranking().length > 4 && found.score(10) > 0) return found;
        }
        vm.assertTrue(false, "no seed gives such a fixture");
    }

    function scoreCall(uint256 position, uint256 row) internal view returns (bytes memory) {
        return abi.encodeCall(
            ClaimChallenges.challengeScore, (claim, fixture.query(), position, fixture.open(row), SALT)
        );
    }

    function omittedCall(uint256 row) internal view returns (bytes memory) {
        return
            abi.encodeCall(
                ClaimChallenges.challengeOmitted, (claim, fixture.query(), fixture.open(row), SALT)
            );
    }

    function weightsCall() internal view returns (bytes memory) {
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.list.rowIds);
        return abi.encodeCall(ClaimChallenges.challengeWeights, (claim, records, paths, SALT));
    }

    /// @dev Bond and slashed stake: 2.2 * (fee + fee / 1 %).
    function lost() internal view returns (uint256) {
        uint256 fee = market.getRequest(requestId).fee;
        return BOND + (fee + fee * 100) * 22 / 10;
    }

    function test_wrong_score_costs_the_host_its_bond_and_stake() public {
        claim.list.scores[3] -= 1;
        claim.list.weights[claim.list.weights.length - 1] = 1;
        postClaim(claim, fixture.query());
        uint256 had = payer.balance;
        uint256 stake = hosts.hostOf(host).amount;
        shown(watcher, address(challenges), scoreCall(3, claim.list.rowIds[3]));
        vm.assertTrue(market.getRequest(requestId).status == IInferenceMarket.Status.Refuted);
        vm.assertEq(payer.balance - had, ESCROW, "the payer has the escrow back");
        uint256 all = lost();
        vm.assertEq(stake - hosts.hostOf(host).amount, all - BOND, "slashed");
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT, "the deposit is back");
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.NotYet.selector, block.number + 3));
        market.collect(requestId);
        vm.roll(block.number + 4);
        market.collect(requestId);
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + all / 2, "half to who showed it");
        vm.assertEq(pools.held(), (all - all / 2) / 2, "a quarter to the harmed pool");
        vm.assertEq(balances.balanceOf(treasury), all - all / 2 - (all - all / 2) / 2);
        vm.assertEq(address(market).balance, 0);
    }

    function test_refuting_oneself_costs_more_than_half() public {
        claim.list.scores[3] -= 1;
        postClaim(claim, fixture.query());
        vm.deal(host, 100 ether);
        uint256 before = host.balance + hosts.hostOf(host).amount + BOND;
        shown(host, address(challenges), scoreCall(3, claim.list.rowIds[3]));
        vm.roll(block.number + 4);
        market.collect(requestId);
        vm.prank(host);
        balances.withdraw(payable(host));
        uint256 fee = market.getRequest(requestId).fee;
        uint256 loss = before - host.balance - hosts.hostOf(host).amount;
        vm.assertEq(loss, lost() - lost() / 2);
        // More than a hundred fees at an audit chance of 1 %.
        vm.assertGt(loss, fee * 100);
    }

    function test_who_announced_first_gets_the_reward() public {
        claim.list.scores[3] -= 1;
        postClaim(claim, fixture.query());
        bytes memory call = scoreCall(3, claim.list.rowIds[3]);
        vm.prank(watcher);
        challenges.announce{value: DEPOSIT}(keccak256(call));
        vm.roll(block.number + 1);
        // Somebody saw it, announces a block later and is heard first.
        vm.prank(alice);
        challenges.announce{value: DEPOSIT}(keccak256(call));
        vm.roll(block.number + 1);
        vm.prank(alice);
        (bool ok,) = address(challenges).call(call);
        vm.assertTrue(ok);
        vm.prank(watcher);
        (ok,) = address(challenges).call(call);
        vm.assertTrue(ok);
        vm.roll(block.number + 4);
        market.collect(requestId);
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + lost() / 2);
        vm.assertEq(balances.balanceOf(alice), 0 + DEPOSIT);
    }

    function test_announcements_bind_their_time_and_deposit() public {
        postClaim(claim, fixture.query());
        bytes memory call = scoreCall(0, claim.list.rowIds[0]);
        bytes32 hash = keccak256(call);
        vm.startPrank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IAnnouncements.DepositMismatch.selector, DEPOSIT - 1, DEPOSIT));
        challenges.announce{value: DEPOSIT - 1}(hash);
        (bool ok, bytes memory answer) = address(challenges).call(call);
        vm.assertFalse(ok);
        vm.assertEq(answer, abi.encodeWithSelector(IAnnouncements.NotAnnounced.selector, watcher, hash));
        challenges.announce{value: DEPOSIT}(hash);
        (ok, answer) = address(challenges).call(call);
        vm.assertFalse(ok);
        uint256 from = block.number;
        bytes memory early =
            abi.encodeWithSelector(IAnnouncements.NotOpeningTime.selector, from + 1, from + 3);
        vm.assertEq(answer, early);
        vm.roll(from + 4);
        (ok, answer) = address(challenges).call(call);
        vm.assertEq(answer, early);
        vm.stopPrank();
        challenges.forfeit(watcher, hash);
        vm.assertEq(balances.balanceOf(treasury), DEPOSIT);
    }

    function test_omitted_row_refutes() public {
        uint32[] memory ranking = fixture.ranking();
        uint32[] memory rest = new uint32[](ranking.length - 1);
        for (uint256 i = 0; i < rest.length; i++) {
            rest[i] = ranking[i + 1];
        }
        claim.list = fixture.listOf(rest);
        postClaim(claim, fixture.query());
        shown(watcher, address(challenges), omittedCall(ranking[0]));
    }

    function test_short_list_is_refuted_by_any_row_that_earns() public {
        uint32[] memory ranking = fixture.ranking();
        uint32[] memory one = new uint32[](1);
        one[0] = ranking[0];
        claim.list = fixture.listOf(one);
        postClaim(claim, fixture.query());
        shown(watcher, address(challenges), omittedCall(ranking[ranking.length - 1]));
    }

    function test_empty_list_is_refuted_by_any_row_that_earns() public {
        claim.list = fixture.listOf(new uint32[](0));
        postClaim(claim, fixture.query());
        shown(watcher, address(challenges), omittedCall(fixture.ranking()[0]));
    }

    function test_wrong_weight_refutes() public {
        claim.list.weights[0] += 1;
        postClaim(claim, fixture.query());
        shown(watcher, address(challenges), weightsCall());
    }

    function test_stranger_among_contributions_refutes() public {
        claim.list.contributionIds[0] = 77;
        postClaim(claim, fixture.query());
        shown(watcher, address(challenges), weightsCall());
    }

    function test_listed_repeat_refutes() public {
        uint32[] memory one = new uint32[](1);
        one[0] = 10;
        claim.list = fixture.listOf(one);
        postClaim(claim, fixture.query());
        shown(watcher, address(challenges), scoreCall(0, 10));
    }

    function test_true_claim_withstands_every_challenge() public {
        postClaim(claim, fixture.query());
        bytes memory stands = abi.encodeWithSelector(IClaimChallenges.ClaimStands.selector);
        uint32[] memory ranking = fixture.ranking();
        for (uint256 i = 0; i < 4; i++) {
            uint32 row = claim.list.rowIds[i];
            refused(watcher, address(challenges), scoreCall(i, row), stands);
            refused(
                watcher,
                address(challenges),
                omittedCall(row),
                abi.encodeWithSelector(IClaimChallenges.RowListed.selector, row)
            );
        }
        for (uint256 row = 0; row < 11; row++) {
            bool listed = false;
            for (uint256 i = 0; i < 4; i++) {
                listed = listed || claim.list.rowIds[i] == row;
            }
            if (!listed) refused(watcher, address(challenges), omittedCall(row), stands);
        }
        refused(watcher, address(challenges), weightsCall(), stands);
        vm.assertGe(ranking.length, 4);
    }

    function test_forged_evidence_is_refused() public {
        postClaim(claim, fixture.query());
        refused(
            watcher,
            address(challenges),
            scoreCall(1, claim.list.rowIds[0]),
            abi.encodeWithSelector(
                IClaimChallenges.WrongRow.selector, claim.list.rowIds[0], claim.list.rowIds[1]
            )
        );
        refused(
            watcher,
            address(challenges),
            scoreCall(4, 0),
            abi.encodeWithSelector(IClaimChallenges.PositionOutOfRange.selector, 4)
        );
    }

    /// @dev A query whose exponent no row can be scored with must not hide a listed row from its challenge.
    function test_listed_row_without_a_score_refutes() public {
        bytes memory query = fixture.query();
        query[0] = 0x7f;
        claim.queryHash = keccak256(query);
        postClaim(claim, query);
        bytes memory call = abi.encodeCall(
            ClaimChallenges.challengeScore, (claim, query, 2, fixture.open(claim.list.rowIds[2]), SALT)
        );
        shown(watcher, address(challenges), call);
    }

    function test_withheld_query_is_a_lie() public {
        postClaim(claim, "");
        vm.prank(watcher);
        demands.demandQuery{value: DEPOSIT}(claim);
        vm.warp(block.timestamp + WINDOW + 1);
        demands.endSilent(claim);
        vm.assertTrue(market.getRequest(requestId).status == IInferenceMarket.Status.Refuted);
        vm.roll(block.number + 1);
        market.collect(requestId);
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + lost() / 2);
    }

    function settleNow() external {
        settle(claim);
    }

    function test_published_query_opens_a_new_window() public {
        postClaim(claim, "");
        vm.prank(watcher);
        demands.demandQuery{value: DEPOSIT}(claim);
        bytes memory query = fixture.query();
        vm.warp(block.timestamp + WINDOW);
        vm.prank(host);
        demands.publishQuery(claim, query);
        vm.assertEq(balances.balanceOf(host), DEPOSIT, "who answers earns the deposit");
        vm.expectPartialRevert(IInferenceMarket.NotYet.selector);
        this.settleNow();
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IClaimDemands.NothingToDemand.selector, requestId));
        demands.demandQuery{value: DEPOSIT}(claim);
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        settle(claim);
    }

    function test_undelivered_answer_costs_what_others_would_have_had_and_refunds() public {
        postClaim(claim, fixture.query());
        uint256 had = payer.balance;
        uint256 stake = hosts.hostOf(host).amount;
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IClaimDemands.NotPayer.selector, watcher));
        demands.demandDelivery{value: DEPOSIT}(claim, hex"04");
        vm.prank(payer);
        demands.demandDelivery{value: DEPOSIT}(claim, hex"04");
        vm.warp(block.timestamp + WINDOW + 1);
        IInferenceMarket.Payout memory payout = market.payoutOf(claim);
        demands.endSilent(claim);
        vm.assertEq(payer.balance - had, ESCROW - DEPOSIT);
        vm.assertEq(balances.balanceOf(payer), DEPOSIT);
        // Payer and host may be one, and have rows: twice what others would have had of the fee.
        uint256 part =
            2 * (payout.contributors + payout.context + payout.pools + payout.stakers + payout.platform);
        vm.assertEq(stake - hosts.hostOf(host).amount, part);
        vm.assertEq(hosts.hostOf(host).convictedAt, 0, "no lie was shown");
        vm.assertEq(pools.held(), BOND + part);
    }

    function test_delivery_cures() public {
        postClaim(claim, fixture.query());
        vm.prank(payer);
        demands.demandDelivery{value: DEPOSIT}(claim, hex"04");
        vm.prank(host);
        demands.deliver(claim, hex"c0ffee");
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IClaimDemands.NothingToDemand.selector, requestId));
        demands.demandDelivery{value: DEPOSIT}(claim, hex"04");
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        settle(claim);
    }

    function test_forged_record_is_not_committed() public {
        postClaim(claim, fixture.query());
        bytes memory call = scoreCall(0, claim.list.rowIds[0]);
        // The record's last byte is the last of its values.
        (bytes[] memory records,) = fixture.evidence(claim.list.rowIds);
        records[0][30] ^= 0x01;
        call = abi.encodeCall(
            ClaimChallenges.challengeScore,
            (claim, fixture.query(), 0, openedOf(records[0], claim.list.rowIds[0]), SALT)
        );
        refused(
            watcher,
            address(challenges),
            call,
            abi.encodeWithSelector(IInfluenceVerifier.NotCommitted.selector, 0)
        );
    }

    function openedOf(bytes memory record, uint256 row) internal view returns (OpenedRecord memory) {
        return OpenedRecord(record, fixture.path(row));
    }
}

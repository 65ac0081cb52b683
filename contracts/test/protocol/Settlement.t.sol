// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContextShares, IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {IHostStakes} from "../../src/interfaces/protocol/IHostStakes.sol";
import {IInfluenceVerifier} from "../../src/interfaces/IInfluenceVerifier.sol";
import {Earnings} from "../../src/protocol/Earnings.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ContributionId, ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract SettlementTest is ProtocolTest {
    IndexFixture internal fixture;
    SnapshotRef internal snapshot;
    FixtureRow[] internal rows;
    ModelId internal modelId;
    RequestId internal requestId;

    function setUp() public {
        deployProtocol();
        FixtureRow[] memory made;
        (snapshot, made) = createSnapshot();
        for (uint256 i = 0; i < made.length; i++) {
            rows.push(made[i]);
        }
        fixture = new IndexFixture(made, 16, 4, 1000, 7);
        modelId = serveModel(snapshot, fixture);
        requestId = requestInference(modelId);
    }

    /// @dev What everybody holds that the market can pay, and what the contracts still hold.
    function worth() internal view returns (uint256) {
        return address(market).balance + address(balances).balance + address(staking).balance
            + address(pools).balance + payer.balance + host.balance + builder.balance + treasury.balance
            + alice.balance + bob.balance + watcher.balance;
    }

    function test_proved_claim_settles_to_the_wei() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.list.rowIds);
        bytes memory query = fixture.query();
        uint256 before = worth();
        uint256[4] memory had = [payer.balance, builder.balance, host.balance, treasury.balance];
        uint256 contributors = alice.balance + bob.balance;
        vm.prank(host);
        market.claimProved{value: BOND}(claim, query, records, paths);
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
        uint256 net = netFee();
        uint256 platform = net * 1000 / 9000;
        vm.assertEq(payer.balance - had[0], ESCROW - net - platform, "unspent escrow");
        // Nobody stakes on the model: the owner has that part too.
        vm.assertEq(builder.balance - had[1], net * 2000 / 10_000 + net * 1000 / 10_000, "owner");
        vm.assertEq(host.balance + BOND - had[2], net * 2000 / 10_000, "host");
        vm.assertEq(treasury.balance - had[3], platform, "platform");
        vm.assertEq(balances.balanceOf(host), BOND, "bond");
        vm.assertEq(
            alice.balance + bob.balance - contributors,
            net - 2 * (net * 2000 / 10_000) - net * 1000 / 10_000,
            "contributors"
        );
        vm.assertEq(address(market).balance, 0, "nothing stays");
        vm.assertEq(worth(), before, "no wei lost");
        vm.assertEq(hosts.hostOf(host).openFees, 0);
    }

    function test_payees_are_the_registrys() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        claim.list.contributionIds[0] = 777;
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
        // An unknown contribution has no payee: nobody can be paid in its place, and the claim was there to be refuted.
        uint256 had = address(0).balance;
        settle(claim);
        vm.assertGe(address(0).balance, had);
    }

    function test_what_no_row_earned_goes_to_the_pool() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        uint32[] memory none = new uint32[](0);
        claim.list = fixture.listOf(none);
        postClaim(claim, fixture.query());
        uint256 payerHad = payer.balance;
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
        uint256 net = netFee();
        uint256 part = net - 2 * (net * 2000 / 10_000) - net * 1000 / 10_000;
        vm.assertEq(pools.held(), part);
        vm.assertEq(payer.balance - payerHad, ESCROW - net - net * 1000 / 9000, "never back to the payer");
        pools.claim(snapshot.datanetId, snapshot.number, ContributionId.wrap(rows[0].contributionId));
        pools.claim(snapshot.datanetId, snapshot.number, ContributionId.wrap(rows[10].contributionId));
        vm.assertEq(balances.balanceOf(alice), part * ALICE_ROWS / 11);
        vm.assertEq(balances.balanceOf(bob), part * BOB_ROWS / 11);
        vm.expectRevert();
        pools.claim(snapshot.datanetId, snapshot.number, ContributionId.wrap(rows[0].contributionId));
    }

    function test_earned_part_is_split_with_the_pool() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        claim.earnedBps = 2500;
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
        uint256 had = alice.balance + bob.balance;
        settle(claim);
        uint256 net = netFee();
        uint256 part = net - 2 * (net * 2000 / 10_000) - net * 1000 / 10_000;
        vm.assertEq(alice.balance + bob.balance - had, part / 4);
        vm.assertEq(pools.held(), part - part / 4);
    }

    function test_rows_in_the_prompt_are_paid_apart() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        (uint64 ofAlice, uint64 ofBob) = (rows[0].contributionId, rows[10].contributionId);
        claim.list = fixture.listOf(new uint32[](0));
        claim.context = ContextShares(4000, new uint64[](2), new uint256[](2));
        (claim.context.contributionIds[0], claim.context.contributionIds[1]) =
            ofAlice < ofBob ? (ofAlice, ofBob) : (ofBob, ofAlice);
        uint256 alices = ofAlice < ofBob ? 0 : 1;
        (claim.context.weights[alices], claim.context.weights[1 - alices]) = (3, 1);
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
        (uint256 before, uint256 alice_, uint256 bob_) = (worth(), alice.balance, bob.balance);
        settle(claim);
        uint256 net = netFee();
        uint256 part = net - 2 * (net * 2000 / 10_000) - net * 1000 / 10_000;
        uint256 shown = part * 4000 / 10_000;
        vm.assertEq(alice.balance - alice_ + bob.balance - bob_, shown, "the context's part");
        uint256 alices_ = alice.balance - alice_;
        vm.assertTrue(alices_ == shown * 3 / 4 || alices_ == shown * 3 / 4 + 1, "by its weights");
        vm.assertEq(pools.held(), part - shown, "no listed row earned the rest");
        vm.assertEq(worth(), before, "no wei lost");
    }

    function test_list_and_context_each_divide_their_own_part() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        (claim.earnedBps, claim.context) = (2500, contextOf(claim, 0));
        claim.context.partBps = 4000;
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
        uint256 had = alice.balance + bob.balance;
        IInferenceMarket.Payout memory payout = market.payoutOf(claim);
        settle(claim);
        uint256 net = netFee();
        uint256 part = net - 2 * (net * 2000 / 10_000) - net * 1000 / 10_000;
        uint256 shown = part * 4000 / 10_000;
        vm.assertEq(payout.context, shown);
        vm.assertEq(payout.contributors, (part - shown) * 2500 / 10_000);
        vm.assertEq(alice.balance + bob.balance - had, payout.context + payout.contributors);
        vm.assertEq(pools.held(), part - payout.context - payout.contributors);
    }

    function test_a_context_has_its_form() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        ContextShares memory right = contextOf(claim, 1);
        bytes memory query = fixture.query();
        vm.startPrank(host);
        for (uint256 lie = 0; lie < CONTEXT_LIES; lie++) {
            claim.context = deformedContext(right, lie);
            vm.expectRevert(Earnings.ContextForm.selector);
            market.claim{value: BOND}(claim, query);
        }
        vm.stopPrank();
        claim.context = right;
        postClaim(claim, query);
    }

    function test_a_claim_serves_one_request_only() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        postClaim(claim, fixture.query());
        RequestId second = requestInference(modelId);
        bytes memory query = fixture.query();
        vm.startPrank(host);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceMarket.RequestStatus.selector, requestId, IInferenceMarket.Status.Claimed
            )
        );
        market.claim{value: BOND}(claim, query);
        claim.requestId = second;
        claim.requestHash = keccak256("another request");
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceMarket.ClaimOfAnother.selector, second, modelId, keccak256("request")
            )
        );
        market.claim{value: BOND}(claim, query);
        vm.stopPrank();
    }

    function test_only_the_host_claims_in_time_with_the_bond() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        bytes memory query = fixture.query();
        vm.prank(watcher);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.NotHost.selector, watcher));
        market.claim{value: BOND}(claim, query);
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.BondMismatch.selector, BOND - 1, BOND));
        market.claim{value: BOND - 1}(claim, query);
        claim.tokensOut = 51;
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.TokensOverMaximum.selector, 90, 51));
        market.claim{value: BOND}(claim, query);
        claim.tokensOut = 50;
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.QueryMismatch.selector, claim.queryHash));
        market.claim{value: BOND}(claim, hex"00");
        claim.queryHash = keccak256(hex"00");
        vm.expectRevert(abi.encodeWithSelector(IInfluenceVerifier.QueryLength.selector, 1, 33));
        market.claim{value: BOND}(claim, hex"00");
        claim.queryHash = keccak256(query);
        claim.earnedBps = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.EarnedOutOfRange.selector, 10_001));
        market.claim{value: BOND}(claim, query);
        claim.earnedBps = 0;
        vm.warp(block.timestamp + 61);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.TooLate.selector, block.timestamp - 1));
        market.claim{value: BOND}(claim, query);
        vm.stopPrank();
    }

    function test_anybody_cancels_for_the_payer_when_no_claim_came() public {
        uint256 had = payer.balance;
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.NotYet.selector, block.timestamp + 60));
        market.cancel(requestId);
        vm.warp(block.timestamp + 61);
        vm.prank(watcher);
        market.cancel(requestId);
        vm.assertEq(payer.balance - had, ESCROW);
    }

    function test_a_host_serves_what_it_took_and_what_its_stake_covers() public {
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInferenceMarket.HostNotTaking.selector, modelId, watcher));
        market.request{value: ESCROW}(modelId, watcher, keccak256("request"), 100, 50);
        vm.prank(host);
        hosts.take(modelId, 1 ether, 1000, 1000);
        vm.prank(payer);
        vm.expectPartialRevert(IInferenceMarket.FeeBelowHostLeast.selector);
        market.request{value: ESCROW}(modelId, host, keccak256("request"), 100, 50);
        // 2.2 * (0 + 1 ether / 1 %) = 220 ether.
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(IHostStakes.StakeTooSmall.selector, 5000 ether, 6600 ether));
        hosts.setLimits(30 ether, 100);
        vm.expectRevert(abi.encodeWithSelector(IHostStakes.StakeTooSmall.selector, 219 ether, 220 ether));
        hosts.unstake(4781 ether);
        vm.stopPrank();
        Claim memory claim = claimOf(modelId, requestId, fixture);
        bytes memory query = fixture.query();
        vm.startPrank(host);
        hosts.setLimits(1, 100);
        vm.expectPartialRevert(IHostStakes.FeeAboveMaximum.selector);
        market.claim{value: BOND}(claim, query);
        hosts.setLimits(1 ether, 0);
        vm.expectRevert(abi.encodeWithSelector(IHostStakes.TooManyOpenClaims.selector, 0, 0));
        market.claim{value: BOND}(claim, query);
        vm.stopPrank();
    }

    function test_what_a_host_covers_stays_covered_while_claims_are_open() public {
        Claim memory claim = claimOf(modelId, requestId, fixture);
        postClaim(claim, fixture.query());
        uint256 fees = hosts.hostOf(host).openFees;
        vm.startPrank(host);
        vm.expectRevert(abi.encodeWithSelector(IHostStakes.ClaimsOpen.selector, 1));
        hosts.setLimits(1 ether - 1, 100);
        // It may take no more, and leave what covers the claim.
        hosts.setLimits(1 ether, 0);
        uint128 free = uint128(5000 ether - hosts.coverOf(fees, 1 ether));
        vm.expectPartialRevert(IHostStakes.StakeTooSmall.selector);
        hosts.unstake(free + 1);
        hosts.unstake(free);
        vm.stopPrank();
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
        vm.prank(host);
        hosts.setLimits(0, 0);
    }
}

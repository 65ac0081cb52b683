// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger} from "../../src/interfaces/protocol/IAttributionLedger.sol";
import {IContributionIncome} from "../../src/interfaces/protocol/IContributionIncome.sol";
import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ContributionId, DatanetId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract IncomeTest is ProtocolTest {
    address internal buyer = makeAddr("buyer");
    IndexFixture internal fixture;
    SnapshotRef internal snapshot;
    ContributionId internal ofAlice;
    ModelId internal modelId;

    function setUp() public {
        deployProtocol();
        FixtureRow[] memory rows;
        (snapshot, rows) = createSnapshot();
        ofAlice = ContributionId.wrap(rows[0].contributionId);
        fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        modelId = serveModel(snapshot, fixture);
    }

    function transfer(address from, address to) internal {
        vm.prank(from);
        ledger.transferIncome(ofAlice, to);
    }

    /// @dev The claim of a new request, as posted.
    function answered(uint16 earnedBps) internal returns (Claim memory claim) {
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.earnedBps = earnedBps;
        postClaim(claim, fixture.query());
        vm.warp(block.timestamp + WINDOW + 1);
    }

    function test_the_payee_is_read_when_an_answer_is_settled() public {
        vm.assertEq(ledger.payeeOf(ofAlice), alice);
        Claim memory claim = answered(10_000);
        uint256 alicePart = 0;
        uint256[] memory parts = splitOf(market.payoutOf(claim).contributors, claim.list.weights);
        for (uint256 i = 0; i < parts.length; i++) {
            if (claim.list.contributionIds[i] == ContributionId.unwrap(ofAlice)) alicePart += parts[i];
        }
        vm.assertGt(alicePart, 0);
        // Posted while the rows were alice's to earn by, settled when they no longer are.
        transfer(alice, buyer);
        uint256[2] memory had = [alice.balance, buyer.balance];
        settle(claim);
        vm.assertEq(buyer.balance - had[1], alicePart);
        vm.assertEq(alice.balance, had[0]);
    }

    function splitOf(uint256 amount, uint256[] memory weights) internal view returns (uint256[] memory) {
        (bool ok, bytes memory answer) =
            SPLITTER.staticcall(abi.encodeWithSignature("split(uint256,uint256[])", amount, weights));
        vm.assertTrue(ok);
        return abi.decode(answer, (uint256[]));
    }

    function test_what_lies_in_a_pool_goes_with_the_income() public {
        settle(answered(0));
        transfer(alice, buyer);
        uint256 amount = pools.claim(snapshot.datanetId, snapshot.number, ofAlice);
        vm.assertGt(amount, 0);
        vm.assertEq(balances.balanceOf(buyer), amount);
        vm.assertEq(balances.balanceOf(alice), 0);
    }

    function test_the_present_payee_alone_gives_it_on() public {
        transfer(alice, buyer);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IContributionIncome.NotPayee.selector, alice));
        ledger.transferIncome(ofAlice, alice);
        transfer(buyer, bob);
        vm.assertEq(ledger.payeeOf(ofAlice), bob);
        transfer(bob, alice);
        vm.assertEq(ledger.payeeOf(ofAlice), alice);
    }

    function test_income_goes_to_an_account_that_can_have_it() public {
        address[3] memory invalid = [address(0), address(datanets), address(ledger)];
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(IContributionIncome.PayeeInvalid.selector, invalid[i]));
            ledger.transferIncome(ofAlice, invalid[i]);
        }
    }

    function test_what_is_not_accepted_has_no_income() public {
        DatanetId datanetId = createDatanet();
        ContributionId id = contribute(datanetId, alice, keccak256("new"), 3);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAttributionLedger.NotAccepted.selector, id));
        ledger.transferIncome(id, buyer);
    }

    function test_stake_and_the_right_to_retire_stay_with_the_contributor() public {
        transfer(alice, buyer);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.NotContributor.selector, buyer));
        datanets.retire(ofAlice);
        vm.warp(datanets.getContribution(ofAlice).deadline);
        datanets.releaseStake(ofAlice);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        vm.prank(alice);
        datanets.retire(ofAlice);
        vm.assertEq(datanets.getContribution(ofAlice).contributor, alice);
        vm.assertEq(ledger.payeeOf(ofAlice), buyer, "older snapshots go on paying");
    }

    /// @dev However often it changes hands between answers, each of them pays the payee of its settlement, and nobody else.
    function testFuzz_every_draw_pays_the_payee_of_its_time(address[4] calldata to, uint96[4] calldata money)
        public
    {
        address payee = alice;
        for (uint256 i = 0; i < 4; i++) {
            if (to[i] != address(0) && to[i] != address(datanets) && to[i] != address(ledger)) {
                transfer(payee, to[i]);
                payee = to[i];
            }
            uint256 amount = bound(money[i], 100, 10 ether);
            vm.prank(payer);
            pools.fund{value: amount}(snapshot.datanetId, snapshot.number, "test");
            uint256 had = balances.balanceOf(payee);
            uint256 drawn = pools.claim(snapshot.datanetId, snapshot.number, ofAlice);
            vm.assertGe(drawn + 1, amount * ALICE_ROWS / 11);
            vm.assertEq(balances.balanceOf(payee) - had, drawn);
        }
    }
}

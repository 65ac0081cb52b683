// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CircleApplications, CircleRules} from "../../src/circle/CircleApplications.sol";
import {CirclePrice} from "../../src/circle/CirclePrice.sol";
import {Focus, GrantId, PanelId, Tier} from "../../src/circle/CircleTypes.sol";
import {OpenCircle} from "../../src/circle/OpenCircle.sol";
import {ICircleFund} from "../../src/interfaces/circle/ICircleFund.sol";
import {ICirclePanels} from "../../src/interfaces/circle/ICirclePanels.sol";
import {IOpenCircle} from "../../src/interfaces/circle/IOpenCircle.sol";
import {CircleFixture} from "./CircleFixture.sol";

contract OpenCircleTest is CircleFixture {
    function setUp() public {
        _deployCircle();
        _fundAll();
    }

    function _assertStatus(GrantId id, IOpenCircle.Status expected) private view {
        vm.assertEq(uint256(circle.getGrant(id).status), uint256(expected));
    }

    function _expectStatus(GrantId id) private {
        vm.expectRevert(
            abi.encodeWithSelector(IOpenCircle.GrantStatus.selector, id, circle.getGrant(id).status)
        );
    }

    function test_aGrantFromApplicationToTheLastMilestone() public {
        GrantId id = _approved(Tier.Building, Focus.WalletAgents, 100_000);
        vm.assertEq(circle.getGrant(id).amount, 100_000 ether);
        // The deposit is back.
        vm.assertEq(balances.balanceOf(applicant), DEPOSIT);
        uint256[3] memory parts = [uint256(20_000 ether), 33_330 ether, 46_670 ether];
        uint256 paid = 0;
        for (uint256 i = 0; i < 3; i++) {
            _report(id);
            _judge(id, 60);
            paid += parts[i];
            vm.assertEq(balances.balanceOf(payee), paid);
            vm.assertEq(fund.released(), paid);
        }
        _assertStatus(id, IOpenCircle.Status.Done);
        vm.assertEq(fund.committed(), 0);
        ICircleFund.Budget memory budget = fund.budgetOf(0, Focus.WalletAgents);
        vm.assertEq(budget.released, 100_000 ether);
        vm.assertEq(budget.usdCommitted, 100_000);
        vm.assertEq(circle.held() + panels.held(), 0);
        _expectStatus(id);
        vm.prank(payee);
        circle.report(id, "more");
    }

    function test_theAmountIsFixedAtTheApproval() public {
        GrantId id = _submit(Tier.Building, Focus.WalletAgents, 100_000);
        _judge(id, 60);
        vm.prank(governance);
        fund.setPrice(DOLLAR * 4 / 5);
        circle.approve(id);
        vm.assertEq(circle.getGrant(id).amount, 125_000 ether);
        vm.warp(fund.pricedAt() + 7 days);
        vm.prank(governance);
        fund.setPrice(DOLLAR);
        _report(id);
        _judge(id, 60);
        vm.assertEq(balances.balanceOf(payee), 25_000 ether);
        vm.assertEq(circle.getGrant(id).usd, 100_000);
    }

    function test_anOldPriceStopsTheApprovalNotTheMilestones() public {
        GrantId running = _approved(Tier.Exploration, Focus.VerticalData, 25_000);
        GrantId id = _submit(Tier.Exploration, Focus.VerticalData, 25_000);
        _judge(id, 60);
        uint256 until = uint256(fund.pricedAt()) + 14 days;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(CirclePrice.PriceTooOld.selector, until));
        circle.approve(id);
        _report(running);
        _judge(running, 60);
        vm.assertEq(balances.balanceOf(payee), 5_000 ether);
    }

    function test_tiersHaveTheirBoundsInDollars() public {
        uint64[6] memory outside = [uint64(24_999), 50_001, 49_999, 150_001, 249_999, 500_001];
        vm.deal(address(this), 10_000 ether);
        for (uint256 i = 0; i < 6; i++) {
            Tier tier = Tier(i / 2);
            uint256 value = DEPOSIT + circle.panelPay(tier);
            (uint64 least, uint64 most) = circle.boundsOf(tier);
            vm.expectRevert(
                abi.encodeWithSelector(IOpenCircle.UsdOutOfTier.selector, outside[i], least, most)
            );
            circle.submit{value: value}(_application(tier, Focus.VerticalData, outside[i]));
            circle.submit{value: value}(_application(tier, Focus.VerticalData, i % 2 == 0 ? least : most));
        }
    }

    function _refused(IOpenCircle.Application memory application, bytes memory reason) private {
        vm.deal(address(this), DEPOSIT + 5 * FEE);
        vm.expectRevert(reason);
        circle.submit{value: DEPOSIT + 5 * FEE}(application);
    }

    function _invalid(uint256 milestone) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOpenCircle.MilestoneInvalid.selector, milestone);
    }

    function test_milestonesAreASplitWithDates() public {
        IOpenCircle.Application memory good = _application(Tier.Exploration, Focus.VerticalData, 25_000);
        good.milestones[0].bps = 2_501;
        good.milestones[1].bps = 2_832;
        _refused(good, _invalid(0));
        (good.milestones[0].bps, good.milestones[1].bps) = (0, 5_333);
        _refused(good, _invalid(0));
        (good.milestones[0].bps, good.milestones[1].bps) = (2_000, 3_332);
        _refused(good, _invalid(2));
        (good.milestones[1].bps, good.milestones[1].dueIn) = (3_333, 30 days);
        _refused(good, _invalid(1));
        (good.milestones[1].dueIn, good.milestones[2].dueIn) = (60 days, 730 days + 1);
        _refused(good, _invalid(2));
        good.milestones[2].dueIn = 730 days;
        good.payee = address(0);
        _refused(good, abi.encodeWithSelector(IOpenCircle.PayeeZero.selector));
        good.payee = payee;
        IOpenCircle.Milestone[] memory milestones = good.milestones;
        good.milestones = new IOpenCircle.Milestone[](1);
        _refused(good, abi.encodeWithSelector(IOpenCircle.MilestoneCount.selector, 1, 2, 8));
        good.milestones = new IOpenCircle.Milestone[](9);
        _refused(good, abi.encodeWithSelector(IOpenCircle.MilestoneCount.selector, 9, 2, 8));
        good.milestones = milestones;
        vm.deal(address(this), 10_000 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IOpenCircle.ValueMismatch.selector, DEPOSIT, uint256(DEPOSIT) + 5 * FEE)
        );
        circle.submit{value: DEPOSIT}(good);
        circle.submit{value: DEPOSIT + 5 * FEE}(good);
        vm.assertEq(circle.milestonesOf(GrantId.wrap(1)).length, 3);
    }

    function test_spamLosesItsDeposit() public {
        GrantId id = _submit(Tier.Building, Focus.WalletAgents, 100_000);
        _judge(id, 0);
        _assertStatus(id, IOpenCircle.Status.Refused);
        vm.assertEq(balances.balanceOf(treasury), DEPOSIT);
        vm.assertEq(balances.balanceOf(applicant), 0);
        GrantId other = _submit(Tier.Building, Focus.WalletAgents, 100_000);
        _judge(other, 59);
        _assertStatus(other, IOpenCircle.Status.Refused);
        vm.assertEq(balances.balanceOf(applicant), DEPOSIT);
        _expectStatus(other);
        circle.approve(other);
    }

    function test_theLargestTierAlsoNeedsAProposal() public {
        GrantId id = _submit(Tier.Expansion, Focus.GamingGeneration, 400_000);
        (PanelId panelId, address[] memory drawn) = _draw(id);
        vm.assertEq(drawn.length, 7);
        _vote(panelId, drawn, 7, 90);
        circle.decide(id);
        _confirmPrice();
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.NeedsProposal.selector, id));
        circle.approve(id);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        circle.endorse(id);
        vm.prank(governance);
        circle.endorse(id);
        circle.approve(id);
        // A proposal does not replace the panel, nor is one needed for others.
        GrantId small = _submit(Tier.Building, Focus.GamingGeneration, 100_000);
        _expectStatus(small);
        vm.prank(governance);
        circle.endorse(small);
        GrantId unjudged = _submit(Tier.Expansion, Focus.GamingGeneration, 250_000);
        vm.prank(governance);
        circle.endorse(unjudged);
        _expectStatus(unjudged);
        circle.approve(unjudged);
    }

    function test_aMilestoneIsReleasedByAVoteOnly() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.NotPayee.selector, address(this)));
        circle.report(id, "evidence");
        vm.prank(payee);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.ValueMismatch.selector, 0, 5 * uint256(FEE)));
        circle.report(id, "evidence");
        _report(id);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.PanelMissing.selector, id));
        circle.decide(id);
        _judge(id, 59);
        _assertStatus(id, IOpenCircle.Status.Active);
        vm.assertEq(fund.released(), 0);
        vm.assertEq(circle.getGrant(id).milestone, 0);
        // Better evidence is judged anew.
        _report(id);
        _judge(id, 61);
        vm.assertEq(fund.released(), 10_000 ether);
        vm.assertEq(circle.getGrant(id).milestone, 1);
    }

    function test_whatIsOverdueLapsesAndItsBudgetHasItAgain() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        uint256 until = uint256(circle.getGrant(id).since) + 60 days + GRACE;
        _report(id);
        _judge(id, 60);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.NotOverdue.selector, until));
        circle.lapse(id);
        vm.warp(until + 1);
        vm.deal(payee, 5 * FEE);
        vm.prank(payee);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.GrantTooLate.selector, until));
        circle.report{value: 5 * FEE}(id, "late");
        circle.lapse(id);
        _assertStatus(id, IOpenCircle.Status.Lapsed);
        ICircleFund.Budget memory budget = fund.budgetOf(0, Focus.VerticalData);
        vm.assertEq(budget.committed, 0);
        vm.assertEq(budget.released, 10_000 ether);
        vm.assertEq(budget.usdCommitted, 10_000);
        _expectStatus(id);
        circle.lapse(id);
    }

    function test_whatNobodyApprovesLapses() public {
        GrantId id = _submit(Tier.Expansion, Focus.VerticalData, 250_000);
        _judge(id, 60);
        uint256 until = uint256(circle.getGrant(id).since) + 60 days;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.GrantTooLate.selector, until));
        circle.approve(id);
        circle.lapse(id);
        _assertStatus(id, IOpenCircle.Status.Lapsed);
        vm.assertEq(fund.committed(), 0);
    }

    function test_aReportThatFindsNoReviewersLapsesAndItsPanelsPayReturns() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        _report(id);
        for (uint256 i = 0; i < 5; i++) {
            vm.prank(people[i]);
            reviewers.declareConflict(id, "my sister's");
        }
        uint256 until = uint256(circle.getGrant(id).askedAt) + 60 days;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.PanelTooSmall.selector, 4, 5));
        circle.callPanel(id);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.NotOverdue.selector, until));
        circle.lapse(id);
        vm.warp(until + 1);
        circle.lapse(id);
        _assertStatus(id, IOpenCircle.Status.Lapsed);
        vm.assertEq(balances.balanceOf(payee), 5 * FEE);
        vm.assertEq(circle.held(), 0);
        vm.assertEq(fund.committed(), 0);
        _expectStatus(id);
        circle.lapse(id);
    }

    function test_aReportWhosePanelDecidedNothingLapsesToo() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        _report(id);
        vm.warp(uint256(circle.getGrant(id).askedAt) + 60 days + 1);
        (PanelId panelId, address[] memory drawn) = _draw(id);
        _vote(panelId, drawn, 1, 90);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.PanelRuns.selector, id, panelId));
        circle.lapse(id);
        circle.decide(id);
        circle.lapse(id);
        _assertStatus(id, IOpenCircle.Status.Lapsed);
        // The one who revealed was paid.
        vm.assertEq(balances.balanceOf(payee), 4 * FEE);
        vm.assertEq(panels.held(), 0);
        vm.assertEq(fund.committed(), 0);
    }

    function test_onlyWhatIsNotReleasedIsClawedBack() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        _report(id);
        _judge(id, 60);
        _report(id);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        circle.clawBack(id, "fraud");
        vm.prank(governance);
        circle.clawBack(id, "fraud");
        vm.assertEq(fund.released(), 10_000 ether);
        vm.assertEq(fund.committed(), 0);
        // What was released stays, and the pay of a panel that is not needed returns.
        vm.assertEq(balances.balanceOf(payee), 10_000 ether + 5 * FEE);
        vm.assertEq(circle.held(), 0);
        _expectStatus(id);
        vm.prank(governance);
        circle.clawBack(id, "twice");
        vm.expectRevert();
        circle.decide(id);
    }

    function test_aPanelThatRunsAtAClawBackIsPaidAndReleasesNothing() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        _report(id);
        (PanelId panelId, address[] memory drawn) = _draw(id);
        vm.prank(governance);
        circle.clawBack(id, "fraud");
        _vote(panelId, drawn, 5, 90);
        uint256 before = balances.balanceOf(drawn[0]);
        circle.decide(id);
        vm.assertEq(balances.balanceOf(drawn[0]), before + FEE);
        vm.assertEq(fund.released(), 0);
        _assertStatus(id, IOpenCircle.Status.ClawedBack);
        vm.assertEq(panels.held(), 0);
    }

    function test_aClawBackReturnsThePotOfAPanelThatDecidedNothing() public {
        GrantId id = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        _report(id);
        (PanelId panelId, address[] memory drawn) = _draw(id);
        _vote(panelId, drawn, 1, 90);
        circle.decide(id);
        vm.prank(governance);
        circle.clawBack(id, "fraud");
        vm.assertEq(panels.held(), 0);
        vm.assertEq(balances.balanceOf(payee), 4 * FEE);
        GrantId other = _approved(Tier.Exploration, Focus.VerticalData, 50_000);
        _report(other);
        (panelId, drawn) = _draw(other);
        vm.prank(governance);
        circle.clawBack(other, "fraud");
        _vote(panelId, drawn, 1, 90);
        circle.decide(other);
        vm.assertEq(panels.held(), 0);
        vm.assertEq(balances.balanceOf(payee), 8 * FEE);
    }

    function test_anApplicationCanBeTakenBackBeforeItsPanel() public {
        GrantId id = _submit(Tier.Building, Focus.WalletAgents, 100_000);
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.NotApplicant.selector, address(this)));
        circle.withdraw(id);
        vm.prank(applicant);
        circle.withdraw(id);
        vm.assertEq(balances.balanceOf(applicant), DEPOSIT + 5 * FEE);
        vm.assertEq(circle.held(), 0);
        _expectStatus(id);
        circle.callPanel(id);
    }

    function test_panelsAreOdd() public {
        CircleRules memory rules = CircleRules({
            deposit: 1,
            reviewFee: 1,
            seats: 4,
            seatsLargest: 7,
            conflictPeriod: 1,
            approvalPeriod: 1,
            grace: 1
        });
        for (uint256 i = 0; i < 3; i++) {
            (rules.seats, rules.seatsLargest) = i == 0 ? (4, 7) : i == 1 ? (1, 7) : (7, 5);
            vm.expectRevert(
                abi.encodeWithSelector(
                    CircleApplications.SeatsInvalid.selector, rules.seats, rules.seatsLargest
                )
            );
            new OpenCircle(governance, fund, panels, rules);
        }
    }

    /// @dev The parts are the whole, whatever the split and the price.
    function testFuzz_milestonesPayTheWholeToTheWei(uint256 seed) public {
        uint64 usd = uint64(bound(seed, 25_000, 50_000));
        uint128 price = fund.price();
        vm.warp(START + 8 days);
        vm.prank(governance);
        fund.setPrice(uint128(bound(seed >> 64, price * 3 / 4, price * 5 / 4)));
        IOpenCircle.Application memory application = _application(Tier.Exploration, Focus.VerticalData, usd);
        uint256 first = bound(seed >> 80, 1, 2_500);
        uint256 second = bound(seed >> 96, 1, 9_999 - first);
        application.milestones[0].bps = uint16(first);
        application.milestones[1].bps = uint16(second);
        application.milestones[2].bps = uint16(10_000 - first - second);
        vm.deal(applicant, DEPOSIT + 5 * FEE);
        vm.prank(applicant);
        GrantId id = circle.submit{value: DEPOSIT + 5 * FEE}(application);
        _judge(id, 60);
        _confirmPrice();
        circle.approve(id);
        for (uint256 i = 0; i < 3; i++) {
            _report(id);
            _judge(id, 60);
        }
        IOpenCircle.Grant memory grant = circle.getGrant(id);
        vm.assertEq(grant.released, grant.amount);
        vm.assertEq(balances.balanceOf(payee), grant.amount);
        vm.assertEq(fund.committed(), 0);
    }
}

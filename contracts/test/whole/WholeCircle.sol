// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Focus, GrantId, PanelId, Tier} from "../../src/circle/CircleTypes.sol";
import {IOpenCircle} from "../../src/interfaces/circle/IOpenCircle.sol";
import {WholeStakes} from "./WholeStakes.sol";

/// @notice Grants from application to last milestone, and those who judge them.
abstract contract WholeCircle is WholeStakes {
    uint256 private constant MOST_GRANTS = 6;

    function fundCircle(uint256 amount) external step("fundCircle") {
        amount = bound(amount, 1, 50 ether);
        by(payer, amount);
        circleFund.fund{value: amount}();
    }

    function budget(uint256 seed) external step("budget") {
        uint32 quarter = uint32(circleFund.currentQuarter() + seed % 2);
        vm.prank(governor);
        circleFund.setBudget(quarter, Focus(seed % 4), 1_000_000, uint128(bound(seed >> 8, 0, 150 ether)));
    }

    function price() external step("price") {
        _price();
    }

    function _price() private {
        uint128 same = circleFund.price();
        vm.prank(governor);
        circleFund.setPrice(same);
    }

    function apply_(uint256 seed) external step("apply") {
        if (circle.grantCount() < MOST_GRANTS) _apply(seed);
    }

    function _apply(uint256 seed) private {
        Tier tier = Tier(seed % 3);
        (uint64 least, uint64 most) = circle.boundsOf(tier);
        IOpenCircle.Application memory application;
        application.milestones = new IOpenCircle.Milestone[](2);
        application.milestones[0] = IOpenCircle.Milestone(2_000, 100, "it runs");
        application.milestones[1] = IOpenCircle.Milestone(8_000, 300, "it lasts");
        (application.tier, application.focus) = (tier, Focus((seed >> 8) % 4));
        application.usd = uint64(bound(seed >> 16, least, most));
        (application.payee, application.document) = (applicant, "what we build");
        uint256 cost = circle.DEPOSIT() + circle.panelPay(tier);
        by(applicant, cost);
        circle.submit{value: cost}(application);
    }

    function judgeGrant(uint256 seed) external step("judgeGrant") {
        exact(true);
        if (circle.grantCount() == 0) _apply(seed);
        _judge(_grant(seed, IOpenCircle.Status.Applied, IOpenCircle.Status.Reported), seed);
    }

    function approveGrant(uint256 seed) external step("approveGrant") {
        exact(true);
        _approve(_grant(seed, IOpenCircle.Status.Judged, IOpenCircle.Status.Judged));
    }

    function report(uint256 seed) external step("report") {
        exact(true);
        _report(_grant(seed, IOpenCircle.Status.Active, IOpenCircle.Status.Active));
    }

    /// @dev A grant as far as its panels let it come: its last milestone, if they are content.
    function carryGrant(uint256 seed) external step("carryGrant") {
        exact(true);
        if (circle.grantCount() < MOST_GRANTS) _apply(seed);
        GrantId id = GrantId.wrap(seed % 4 == 0 ? 1 + (seed >> 4) % circle.grantCount() : circle.grantCount());
        for (uint256 i = 0; i < 6; i++) {
            IOpenCircle.Status status = circle.getGrant(id).status;
            bool isAsked = status == IOpenCircle.Status.Applied || status == IOpenCircle.Status.Reported;
            if (isAsked) _judge(id, seed >> (16 * i + 8));
            else if (status == IOpenCircle.Status.Judged) _approve(id);
            else if (status == IOpenCircle.Status.Active) _report(id);
            else break;
        }
    }

    /// @dev A panel of which some are silent, which costs them the rule's sum each; the others have equal parts of its pot.
    function _judge(GrantId id, uint256 seed) private {
        for (uint256 i = 0; i < CIRCLE_REVIEWERS && seed % 4 != 0; i++) {
            _seat(i, i);
        }
        uint256 from = uint256(circle.getGrant(id).askedAt) + 10;
        if (block.timestamp < from) vm.warp(from);
        PanelId panelId = circle.callPanel(id);
        recordSeed(circlePanels.panelOf(panelId).seedBlock);
        circlePanels.draw(panelId);
        address[] memory drawn = circlePanels.membersOf(panelId);
        uint256 voting = drawn.length - ((seed >> 8) % 4 == 0 ? 1 + (seed >> 10) % 2 : 0);
        uint8 score = seed % 5 == 0 ? 0 : 80;
        for (uint256 i = 0; i < voting; i++) {
            bytes32 hash = circlePanels.commitmentOf(panelId, drawn[i], score, "because", "salt");
            vm.prank(drawn[i]);
            circlePanels.commit(panelId, hash);
        }
        vm.warp(circlePanels.panelOf(panelId).drawnAt + 31);
        for (uint256 i = 0; i < voting; i++) {
            vm.prank(drawn[i]);
            circlePanels.reveal(panelId, score, "because", "salt");
        }
        vm.warp(circlePanels.panelOf(panelId).drawnAt + 61);
        _nameVerdict(id, panelId, drawn, voting, score);
        circle.decide(id);
    }

    /// @dev Half of the seats and more say the same, or nothing is decided. An applicant has its deposit again unless it was spam.
    function _nameVerdict(GrantId id, PanelId panelId, address[] memory drawn, uint256 voting, uint8 score)
        private
    {
        uint256 pot = circlePanels.panelOf(panelId).pot;
        for (uint256 i = 0; i < drawn.length; i++) {
            if (i < voting) {
                gains(drawn[i], pot / drawn.length);
                continue;
            }
            uint256 bond = circleReviewers.reviewerOf(drawn[i]).bond;
            if (bond > SILENCE) bond = SILENCE;
            loses(drawn[i], bond);
            gains(address(feeTreasury), bond);
        }
        if (voting * 2 <= drawn.length) return;
        gains(applicant, pot - pot / drawn.length * voting);
        IOpenCircle.Grant memory grant = circle.getGrant(id);
        if (grant.status == IOpenCircle.Status.Applied) {
            gains(score == 0 ? address(feeTreasury) : applicant, grant.escrow);
        } else if (score > 0) {
            uint256 first = uint256(grant.amount) / 5;
            gains(applicant, grant.milestone == 0 ? first : grant.amount - first);
        }
    }

    function _approve(GrantId id) private {
        if (block.timestamp >= circleFund.pricedAt() + circleFund.PRICE_PERIOD()) _price();
        if (circle.getGrant(id).tier == Tier.Expansion) {
            vm.prank(governor);
            circle.endorse(id);
        }
        circle.approve(id);
    }

    function _report(GrantId id) private {
        uint256 pay = circle.panelPay(circle.getGrant(id).tier);
        by(applicant, pay);
        circle.report{value: pay}(id, "evidence");
    }

    function endGrant(uint256 seed) external step("endGrant") {
        GrantId id = _grant(seed >> 8, IOpenCircle.Status.Active, IOpenCircle.Status.Reported);
        if (seed % 8 == 0) {
            vm.prank(governor);
            circle.clawBack(id, "fraud");
        } else if (seed % 8 == 1) {
            vm.prank(applicant);
            circle.withdraw(id);
        } else {
            circle.lapse(id);
        }
    }

    function circleSeat(uint256 seed) external step("circleSeat") {
        address who = circleReviewer(seed);
        vm.startPrank(who);
        if (seed % 16 == 7) circleReviewers.resign();
        if (seed % 16 == 8) circleReviewers.withdrawBond();
        vm.stopPrank();
        if (seed % 16 != 7 && seed % 16 != 8) _seat(seed, seed % CIRCLE_REVIEWERS);
    }

    /// @dev Who has less than the bond fills it up, and comes again if it has left.
    function _seat(uint256 who, uint256 seat) private {
        address filling = circleReviewer(who);
        uint256 missing = CIRCLE_BOND - circleReviewers.reviewerOf(filling).bond;
        if (missing == 0 || missing > filling.balance) return;
        vm.prank(governor);
        circleReviewers.admit(filling, seat);
        vm.prank(filling);
        circleReviewers.join{value: missing}();
        vm.warp(block.timestamp + 1);
    }

    /// @dev Mostly one in one of these states; now and then any.
    function _grant(uint256 seed, IOpenCircle.Status first, IOpenCircle.Status second)
        private
        view
        returns (GrantId id)
    {
        uint256 count = circle.grantCount();
        for (uint256 i = 0; i < count && seed % 8 != 0; i++) {
            id = GrantId.wrap(1 + (seed % count + i) % count);
            IOpenCircle.Status status = circle.getGrant(id).status;
            if (status == first || status == second) return id;
        }
        return GrantId.wrap(1 + seed % count);
    }
}

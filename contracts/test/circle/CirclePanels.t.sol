// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CircleDraw} from "../../src/circle/CircleDraw.sol";
import {CirclePanels, PanelRules} from "../../src/circle/CirclePanels.sol";
import {Focus, GrantId, PanelId, Tier} from "../../src/circle/CircleTypes.sol";
import {ICirclePanels} from "../../src/interfaces/circle/ICirclePanels.sol";
import {ICircleReviewers} from "../../src/interfaces/circle/ICircleReviewers.sol";
import {IOpenCircle} from "../../src/interfaces/circle/IOpenCircle.sol";
import {ISeeds} from "../../src/interfaces/protocol/ISeeds.sol";
import {CircleFixture} from "./CircleFixture.sol";

contract CirclePanelsTest is CircleFixture {
    GrantId private grantId;

    function setUp() public {
        _deployCircle();
        grantId = _submit(Tier.Building, Focus.WalletAgents, 100_000);
    }

    function _statusOf(PanelId id) private view returns (ICirclePanels.Status) {
        return panels.panelOf(id).status;
    }

    function _assertStatus(PanelId id, ICirclePanels.Status expected) private view {
        vm.assertEq(uint256(_statusOf(id)), uint256(expected));
    }

    function test_aPanelIsDrawnByABlockThatNobodyKnew() public {
        vm.expectRevert(abi.encodeWithSelector(IOpenCircle.GrantTooEarly.selector, START + 1 + CONFLICTS));
        circle.callPanel(grantId);
        vm.warp(START + 1 + CONFLICTS);
        PanelId id = circle.callPanel(grantId);
        vm.expectRevert(abi.encodeWithSelector(ISeeds.SeedMissing.selector, uint64(1_000 + SEED_DELAY)));
        panels.draw(id);
        _recordSeed(1_000 + SEED_DELAY);
        panels.draw(id);
        address[] memory drawn = panels.membersOf(id);
        vm.assertEq(drawn.length, 5);
        for (uint256 i = 0; i < 5; i++) {
            vm.assertTrue(panels.voteOf(id, drawn[i]).isSeated);
            for (uint256 j = 0; j < i; j++) {
                vm.assertTrue(drawn[i] != drawn[j]);
            }
        }
        vm.expectRevert(
            abi.encodeWithSelector(ICirclePanels.PanelStatus.selector, id, ICirclePanels.Status.Drawn)
        );
        panels.draw(id);
    }

    function test_whoDeclaredAConflictIsNotDrawn() public {
        vm.prank(people[0]);
        reviewers.declareConflict(grantId, "my brother's");
        vm.prank(people[1]);
        reviewers.declareInterest(applicant, true);
        vm.prank(people[2]);
        reviewers.declareInterest(payee, true);
        vm.prank(people[3]);
        reviewers.declareInterest(payee, true);
        vm.prank(people[3]);
        reviewers.declareInterest(payee, false);
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), 0x1f8);
        vm.assertEq(reviewers.eligible(GrantId.wrap(9), people[4], people[5]), 0x1cf);
        vm.prank(people[4]);
        reviewers.declareInterest(payee, true);
        vm.prank(people[5]);
        reviewers.resign();
        vm.warp(START + 1 + CONFLICTS);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.PanelTooSmall.selector, 4, 5));
        circle.callPanel(grantId);
    }

    function test_whoComesAfterThePanelIsCalledIsNotDrawn() public {
        vm.warp(START + 1 + CONFLICTS);
        PanelId id = circle.callPanel(grantId);
        uint256 before = panels.panelOf(id).eligible;
        vm.assertEq(before, 0x1ff);
        _addReviewer(address(0xA00), 9);
        vm.prank(people[0]);
        reviewers.declareConflict(grantId, "late");
        vm.assertEq(panels.panelOf(id).eligible, before);
        // Nor in the block in which it bonds.
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), 0x1fe);
        vm.warp(block.timestamp + 1);
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), 0x3fe);
    }

    function test_theMedianOfTheScoresDecides() public {
        (PanelId id, address[] memory drawn) = _draw(grantId);
        uint8[5] memory scores = [100, 60, 59, 60, 1];
        for (uint256 i = 0; i < 5; i++) {
            _commit(id, drawn[i], scores[i]);
        }
        vm.warp(panels.panelOf(id).drawnAt + COMMIT + 1);
        for (uint256 i = 0; i < 5; i++) {
            _reveal(id, drawn[i], scores[i]);
        }
        vm.expectRevert();
        circle.decide(grantId);
        vm.warp(panels.panelOf(id).drawnAt + COMMIT + REVEAL + 1);
        circle.decide(grantId);
        _assertStatus(id, ICirclePanels.Status.Passed);
        vm.assertEq(panels.panelOf(id).scoreSum, 280);
        for (uint256 i = 0; i < 5; i++) {
            vm.assertEq(balances.balanceOf(drawn[i]), FEE);
        }
        vm.assertEq(panels.held(), 0);
    }

    function test_votesAreSecretUntilAllHaveCommitted() public {
        (PanelId id, address[] memory drawn) = _draw(grantId);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.NotSeated.selector, address(this)));
        panels.commit(id, "x");
        vm.startPrank(drawn[0]);
        vm.expectRevert(ICirclePanels.CommitmentEmpty.selector);
        panels.commit(id, 0);
        bytes32 hash = panels.commitmentOf(id, drawn[0], 70, "good", "s");
        panels.commit(id, hash);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.AlreadyCommitted.selector, drawn[0]));
        panels.commit(id, hash);
        uint256 from = uint256(panels.panelOf(id).drawnAt) + COMMIT;
        bytes memory early =
            abi.encodeWithSelector(ICirclePanels.PanelNotNow.selector, from + 1, from + REVEAL);
        vm.expectRevert(early);
        panels.reveal(id, 70, "good", "s");
        vm.warp(from);
        vm.expectRevert(early);
        panels.reveal(id, 70, "good", "s");
        vm.warp(from + 1);
        bytes32 other = panels.commitmentOf(id, drawn[0], 71, "good", "s");
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.RevealMismatch.selector, hash, other));
        panels.reveal(id, 71, "good", "s");
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.ScoreTooHigh.selector, 101, 100));
        panels.reveal(id, 101, "good", "s");
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.ReasonLength.selector, 1_025, 1_024));
        panels.reveal(id, 70, string(new bytes(1_025)), "s");
        panels.reveal(id, 70, "good", "s");
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.AlreadyRevealed.selector, drawn[0]));
        panels.reveal(id, 70, "good", "s");
        vm.stopPrank();
        // Another reviewer's commitment is worth nothing to a copier.
        vm.assertNotEq(hash, panels.commitmentOf(id, drawn[1], 70, "good", "s"));
        vm.prank(drawn[1]);
        vm.expectRevert();
        panels.commit(id, hash);
    }

    function test_theSilentLoseAPartOfTheirBond() public {
        (PanelId id, address[] memory drawn) = _draw(grantId);
        _vote(id, drawn, 3, 80);
        circle.decide(grantId);
        _assertStatus(id, ICirclePanels.Status.Passed);
        for (uint256 i = 3; i < 5; i++) {
            vm.assertEq(reviewers.reviewerOf(drawn[i]).bond, BOND - SILENCE);
        }
        vm.assertEq(balances.balanceOf(treasury), 2 * SILENCE);
        // Their pay and the deposit return to who asked.
        vm.assertEq(balances.balanceOf(applicant), DEPOSIT + 2 * FEE);
        // Until the bond is whole they are not drawn.
        vm.deal(drawn[3], SILENCE);
        vm.prank(drawn[3]);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.CircleBondMismatch.selector, 1, SILENCE));
        reviewers.join{value: 1}();
        uint256 before = reviewers.eligible(grantId, applicant, payee);
        vm.prank(drawn[3]);
        reviewers.join{value: SILENCE}();
        vm.warp(block.timestamp + 1);
        uint256 seat = 1 << (reviewers.reviewerOf(drawn[3]).seat - 1);
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), before | seat);
    }

    function test_whoRecusesIsNeitherPaidNorSlashed() public {
        (PanelId id, address[] memory drawn) = _draw(grantId);
        vm.prank(drawn[4]);
        panels.recuse(id, "I know them");
        vm.prank(drawn[4]);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.NotSeated.selector, drawn[4]));
        panels.commit(id, "x");
        _commit(id, drawn[3], 80);
        vm.prank(drawn[3]);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.AlreadyCommitted.selector, drawn[3]));
        panels.recuse(id, "too late");
        _vote(id, drawn, 3, 80);
        circle.decide(grantId);
        vm.assertEq(reviewers.reviewerOf(drawn[4]).bond, BOND);
        vm.assertEq(reviewers.reviewerOf(drawn[3]).bond, BOND - SILENCE);
        vm.assertEq(balances.balanceOf(drawn[4]), 0);
    }

    function test_aPanelWithoutAQuorumIsFollowedByAnother() public {
        (PanelId id, address[] memory drawn) = _draw(grantId);
        _vote(id, drawn, 2, 80);
        vm.expectRevert(
            abi.encodeWithSelector(ICirclePanels.PanelStatus.selector, id, ICirclePanels.Status.Drawn)
        );
        circle.callPanel(grantId);
        circle.decide(grantId);
        _assertStatus(id, ICirclePanels.Status.Undecided);
        vm.assertEq(panels.held(), 3 * FEE);
        (PanelId next, address[] memory again) = _draw(grantId);
        _assertStatus(id, ICirclePanels.Status.Replaced);
        vm.assertEq(panels.panelOf(next).pot, 3 * FEE);
        _vote(next, again, 5, 10);
        circle.decide(grantId);
        _assertStatus(next, ICirclePanels.Status.Failed);
        vm.assertEq(panels.held(), 0);
    }

    function test_aPanelThatWasNotDrawnInTimeIsFollowedByAnother() public {
        vm.warp(START + 1 + CONFLICTS);
        PanelId id = circle.callPanel(grantId);
        vm.warp(START + 1 + CONFLICTS + DRAW);
        vm.expectRevert();
        circle.decide(grantId);
        vm.warp(START + 1 + CONFLICTS + DRAW + 1);
        _recordSeed(panels.panelOf(id).seedBlock);
        vm.expectRevert();
        panels.draw(id);
        circle.decide(grantId);
        vm.assertEq(panels.panelOf(circle.callPanel(grantId)).pot, 5 * FEE);
        vm.assertEq(panels.held(), 5 * FEE);
    }

    function test_anApplicantIsFreeWhenAPanelCameToNothing() public {
        (PanelId id, address[] memory drawn) = _draw(grantId);
        vm.prank(applicant);
        vm.expectRevert(
            abi.encodeWithSelector(ICirclePanels.PanelStatus.selector, id, ICirclePanels.Status.Drawn)
        );
        circle.withdraw(grantId);
        _vote(id, drawn, 0, 0);
        circle.decide(grantId);
        vm.prank(applicant);
        circle.withdraw(grantId);
        vm.assertEq(balances.balanceOf(applicant), DEPOSIT + 5 * FEE);
        vm.assertEq(panels.held() + circle.held(), 0);
    }

    function test_bondsReturnAfterTheDelayAndSeatsAreFreeThen() public {
        vm.prank(people[0]);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.StillServes.selector, people[0]));
        reviewers.withdrawBond();
        vm.prank(people[0]);
        reviewers.resign();
        uint256 at = block.timestamp + EXIT;
        vm.warp(at);
        vm.prank(people[0]);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.BondLeavesAt.selector, at));
        reviewers.withdrawBond();
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.SeatTakenUntil.selector, 0, at));
        reviewers.admit(address(0xA00), 0);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.SeatUnknown.selector, 10, 128));
        reviewers.admit(address(0xA00), 10);
        vm.warp(at + 1);
        reviewers.admit(address(0xA00), 0);
        vm.stopPrank();
        vm.assertEq(reviewers.members()[0], address(0xA00));
        vm.prank(people[0]);
        vm.assertEq(reviewers.withdrawBond(), BOND);
        vm.assertEq(balances.balanceOf(people[0]), BOND);
        vm.prank(people[0]);
        vm.expectRevert(ICircleReviewers.BondEmpty.selector);
        reviewers.withdrawBond();
    }

    function test_aTermEndsAndGovernanceAdmitsAgain() public {
        vm.warp(START + 182 days - 1);
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), 0x1ff);
        vm.warp(START + 182 days);
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), 0);
        vm.startPrank(governance);
        reviewers.admit(people[3], 0);
        vm.assertEq(reviewers.eligible(grantId, applicant, payee), 8);
        // Who never left loses the seat, not the bond.
        vm.warp(START + 182 days + EXIT + 1);
        reviewers.admit(address(0xA00), 5);
        vm.stopPrank();
        vm.prank(people[5]);
        vm.assertEq(reviewers.withdrawBond(), BOND);
    }

    function test_governanceDismissesAReviewerWithItsBond() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        reviewers.dismiss(people[2], "bribed");
        vm.prank(people[2]);
        reviewers.resign();
        vm.startPrank(governance);
        reviewers.dismiss(people[2], "bribed");
        vm.assertEq(balances.balanceOf(treasury), BOND);
        vm.assertEq(reviewers.reviewerOf(people[2]).bond, 0);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.NotAdmitted.selector, address(1)));
        reviewers.dismiss(address(1), "nobody");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.NotPanels.selector, address(this)));
        reviewers.slash(people[0], 1);
        vm.deal(address(this), BOND);
        vm.expectRevert(abi.encodeWithSelector(ICircleReviewers.NotAdmitted.selector, address(this)));
        reviewers.join{value: BOND}();
    }

    function test_onlyTheCircleOpensAndCloses() public {
        bytes memory refused = abi.encodeWithSelector(ICirclePanels.NotCircle.selector, address(this));
        vm.expectRevert(refused);
        panels.open(grantId, 5, applicant, payee);
        vm.expectRevert(refused);
        panels.reopen(PanelId.wrap(1), applicant, payee);
        vm.expectRevert(refused);
        panels.abandon(PanelId.wrap(1), payee);
        vm.expectRevert(refused);
        panels.close(PanelId.wrap(1), payee);
    }

    function test_refusesRulesThatMakeNoSense() public {
        PanelRules memory rules = PanelRules({drawPeriod: 36, commitPeriod: 1, revealPeriod: 1, silence: 1});
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.PanelDrawPeriod.selector, 36, 36));
        new CirclePanels(reviewers, balances, seeds, address(circle), rules);
        (rules.drawPeriod, rules.commitPeriod) = (15 days, 1 days);
        vm.expectRevert(abi.encodeWithSelector(ICirclePanels.PanelExitDelay.selector, EXIT, 32 days + 2));
        new CirclePanels(reviewers, balances, seeds, address(circle), rules);
        rules.revealPeriod = 0;
        vm.expectRevert(ICirclePanels.PanelPeriodZero.selector);
        new CirclePanels(reviewers, balances, seeds, address(circle), rules);
    }

    function testFuzz_aDrawTakesDifferentSeatsOfTheSet(uint256 set, bytes32 seed, uint256 number)
        public
        pure
    {
        uint256 count = CircleDraw.count(set);
        number = bound(number, 0, count < 12 ? count : 12);
        uint256[] memory drawn = CircleDraw.seats(set, seed, PanelId.wrap(1), number);
        vm.assertEq(drawn.length, number);
        uint256 left = set;
        for (uint256 i = 0; i < number; i++) {
            vm.assertEq(left >> drawn[i] & 1, 1);
            left ^= 1 << drawn[i];
        }
        vm.assertEq(CircleDraw.count(left), count - number);
    }

    /// @dev Over 2,000 seeds each of nine seats is drawn about as often as another.
    function test_seatsAreDrawnAlike() public pure {
        uint256[9] memory times;
        for (uint256 i = 0; i < 2_000; i++) {
            uint256[] memory drawn = CircleDraw.seats(0x1ff, bytes32(i), PanelId.wrap(1), 3);
            for (uint256 j = 0; j < 3; j++) {
                times[drawn[j]]++;
            }
        }
        for (uint256 i = 0; i < 9; i++) {
            vm.assertGe(times[i], 580);
            vm.assertLe(times[i], 760);
        }
    }
}

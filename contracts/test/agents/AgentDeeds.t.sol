// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentId, DeedId} from "../../src/agents/AgentTypes.sol";
import {AgentVerdicts} from "../../src/agents/AgentVerdicts.sol";
import {IAgentDeeds} from "../../src/interfaces/agents/IAgentDeeds.sol";
import {IAgentStakes} from "../../src/interfaces/agents/IAgentStakes.sol";
import {IAgentVerdicts} from "../../src/interfaces/agents/IAgentVerdicts.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ContributionId, DisputeId, ModelId, RequestId} from "../../src/protocol/Types.sol";
import {AgentFixture} from "./AgentFixture.sol";

contract AgentDeedsTest is AgentFixture {
    RequestId private requestId;
    Claim private claim;
    DeedId private deedId;

    function setUp() public {
        deployAgents();
        (requestId, claim) = _answered();
        deedId = _act(_buy(2 ether, _one(requestId)));
    }

    function _claims() private view returns (Claim[] memory claims) {
        claims = new Claim[](1);
        claims[0] = claim;
    }

    function _settled() private {
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
    }

    /// @dev The market refutes a claim of a deed: its host shows a panel no evidence.
    function _refute() private {
        vm.prank(watcher);
        DisputeId id = audits.dispute{value: PANEL_FEE}(claim);
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        vm.warp(block.timestamp + WINDOW + 1);
        audits.endSilent(claim);
    }

    function test_revenueFlowsBackByTheAnswersWeights() public {
        _settled();
        uint256[2] memory had = [alice.balance, bob.balance];
        uint256 earned = alice.balance + bob.balance;
        vm.deal(thief, 3 ether + 1);
        vm.prank(thief);
        deeds.reward{value: 3 ether + 1}(deedId, _claims());
        vm.assertEq(alice.balance + bob.balance - earned, 3 ether + 1, "to the wei");
        uint256[] memory weights = claim.list.weights;
        uint256 total = 0;
        for (uint256 i = 0; i < weights.length; i++) {
            total += weights[i];
        }
        // The first listed contribution's share, to the wei that rounding gives.
        address first = ledger.payeeOf(ContributionId.wrap(claim.list.contributionIds[0]));
        uint256 share = first.balance - (first == alice ? had[0] : had[1]);
        uint256 exact = (3 ether + 1) * weights[0] / total;
        vm.assertGe(share, exact);
        vm.assertLe(share, exact + 1);
        vm.assertEq(address(deeds).balance, 0);
    }

    function test_whatNoRowEarnedGoesToThePools() public {
        // The day of the first question is over.
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        claim.earnedBps = 2_500;
        requestId = _ask();
        claim.requestId = requestId;
        postClaim(claim, fixture.query());
        deedId = _act(_buy(0.1 ether, _one(requestId)));
        _settled();
        uint256 before = address(pools).balance;
        uint256 earned = alice.balance + bob.balance;
        vm.deal(address(this), 4 ether);
        deeds.reward{value: 4 ether}(deedId, _claims());
        vm.assertEq(address(pools).balance - before, 3 ether);
        vm.assertEq(alice.balance + bob.balance - earned, 1 ether);
    }

    function test_onlySettledAnswersArePaid() public {
        vm.deal(address(this), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.NotSettled.selector, requestId));
        deeds.reward{value: 1}(deedId, _claims());
        _settled();
        vm.expectRevert(IAgentDeeds.RewardZero.selector);
        deeds.reward(deedId, _claims());
        Claim[] memory claims = _claims();
        claims[0].list.weights[0]++;
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.ClaimsOther.selector, deedId));
        deeds.reward{value: 1}(deedId, claims);
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.ClaimsOther.selector, deedId));
        deeds.reward{value: 1}(deedId, new Claim[](0));
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.DeedUnknown.selector, DeedId.wrap(9)));
        deeds.reward{value: 1}(DeedId.wrap(9), claims);
    }

    function test_aRefutedAnswerTaintsItsDeeds() public {
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.AnswerStands.selector, requestId));
        deeds.taint(deedId, requestId);
        _refute();
        vm.assertEq(uint256(market.getRequest(requestId).status), uint256(IInferenceMarket.Status.Refuted));
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.NotBecause.selector, deedId, RequestId.wrap(99)));
        deeds.taint(deedId, RequestId.wrap(99));
        deeds.taint(deedId, requestId);
        vm.assertTrue(deeds.deedOf(deedId).isTainted);
        vm.deal(address(this), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.DeedIsTainted.selector, deedId));
        deeds.reward{value: 1 ether}(deedId, _claims());
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.DeedIsTainted.selector, deedId));
        deeds.taint(deedId, requestId);
        // Nor does a new deed follow from it; and the agent's stake is not touched by another's lie.
        _refused(
            _buy(1, _one(requestId)), abi.encodeWithSelector(IAgentDeeds.AnswerMissing.selector, requestId)
        );
        vm.assertEq(agentStakes.getAgent(agentId).stake, AGENT_STAKE);
    }

    function _accuse() private returns (DisputeId id) {
        vm.deal(watcher, PANEL_FEE);
        vm.prank(watcher);
        return verdicts.accuse{value: PANEL_FEE}(deedId, "the answer said sell");
    }

    function test_aVerdictTakesOfTheStake() public {
        DisputeId id = _accuse();
        vm.expectRevert(abi.encodeWithSelector(IAgentVerdicts.VerdictMissing.selector, id));
        verdicts.judge(deedId);
        // The owner can't get away meanwhile.
        vm.prank(owner);
        agentStakes.retire(agentId);
        verdict(id, verdicts.valueOf(deedId, false));
        uint256 before = balances.balanceOf(treasury);
        verdicts.judge(deedId);
        vm.assertEq(balances.balanceOf(watcher), AGENT_STAKE / 4);
        vm.assertEq(balances.balanceOf(treasury) - before, AGENT_STAKE / 4);
        vm.assertEq(agentStakes.held(), AGENT_STAKE / 2);
        vm.assertEq(address(agentStakes).balance, agentStakes.held());
        vm.assertTrue(deeds.deedOf(deedId).isTainted);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAgentVerdicts.CaseStatus.selector, deedId, IAgentVerdicts.Status.Condemned
            )
        );
        verdicts.judge(deedId);
    }

    function test_nothingButAVerdictTakesOfTheStake() public {
        DisputeId id = _accuse();
        verdict(id, verdicts.valueOf(deedId, true));
        verdicts.judge(deedId);
        vm.assertEq(agentStakes.getAgent(agentId).stake, AGENT_STAKE);
        vm.assertFalse(deeds.deedOf(deedId).isTainted);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.NotVerdicts.selector, address(this)));
        agentStakes.slash(agentId, 1);
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.NotVerdicts.selector, address(this)));
        deeds.taintByVerdict(deedId);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentVerdicts.CaseStatus.selector, deedId, IAgentVerdicts.Status.Upheld)
        );
        verdicts.accuse{value: 0}(deedId, "again");
    }

    function test_silenceUpholdsADeed() public {
        DisputeId id = _accuse();
        verdict(id, 0);
        verdicts.judge(deedId);
        vm.assertEq(agentStakes.getAgent(agentId).stake, AGENT_STAKE);
    }

    function test_aVerdictOfASmallPanelCanBeAppealed() public {
        DisputeId id = _accuse();
        recordSeed(disputes.getDispute(id).seedBlock);
        vm.deal(owner, PANEL_FEE);
        vm.prank(owner);
        vm.expectRevert();
        verdicts.appeal{value: PANEL_FEE}(deedId);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentVerdicts.PanelFeeMismatch.selector, 0, uint256(PANEL_FEE))
        );
        verdicts.appeal(deedId);
    }

    function test_accusationsHaveTheirTimeAndPrice() public {
        vm.deal(watcher, PANEL_FEE);
        vm.startPrank(watcher);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentVerdicts.PanelFeeMismatch.selector, 1, uint256(PANEL_FEE))
        );
        verdicts.accuse{value: 1}(deedId, "reason");
        vm.expectRevert(abi.encodeWithSelector(IAgentVerdicts.DeedNotThere.selector, DeedId.wrap(9)));
        verdicts.accuse{value: PANEL_FEE}(DeedId.wrap(9), "reason");
        uint256 until = uint256(deeds.deedOf(deedId).at) + ACCUSE;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(IAgentVerdicts.AccusedTooLate.selector, until));
        verdicts.accuse{value: PANEL_FEE}(deedId, "reason");
        vm.stopPrank();
        vm.expectRevert(IAgentVerdicts.VerdictRules.selector);
        new AgentVerdicts(agentStakes, deeds, disputes, PANEL_FEE, 10_001, ACCUSE);
        vm.expectRevert(IAgentVerdicts.VerdictRules.selector);
        new AgentVerdicts(agentStakes, deeds, disputes, PANEL_FEE, 5_000, 30 days);
        (bool ok,) = address(verdicts).call{value: 0}("");
        vm.assertFalse(ok);
    }

    function test_aRetiredAgentActsNoMoreAndGetsItsStake() public {
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.NotAgentOwner.selector, thief, owner));
        agentStakes.retire(agentId);
        vm.prank(owner);
        agentStakes.retire(agentId);
        _refused(
            _buy(1, _one(requestId)), abi.encodeWithSelector(IAgentDeeds.AgentNotActive.selector, agentId)
        );
        uint256 at = block.timestamp + 30 days;
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.AgentLeavesAt.selector, at));
        agentStakes.withdraw(agentId);
        vm.warp(at + 1);
        agentStakes.withdraw(agentId);
        vm.assertEq(balances.balanceOf(owner), AGENT_STAKE);
        vm.expectRevert(IAgentStakes.AgentNothingLeaving.selector);
        agentStakes.withdraw(agentId);
        vm.assertEq(agentStakes.held(), 0);
        vm.deal(address(this), AGENT_STAKE);
        agentStakes.stake{value: AGENT_STAKE}(agentId);
        vm.assertTrue(agentStakes.isActive(agentId));
    }

    function test_registeringHasItsBounds() public {
        ModelId[] memory asks = new ModelId[](17);
        vm.deal(address(this), 1_000 ether);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.AgentModels.selector, 17, 16));
        registry.register{value: AGENT_STAKE}("policy", asks);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.AgentModels.selector, 0, 16));
        registry.register{value: AGENT_STAKE}("policy", new ModelId[](0));
        vm.expectRevert(
            abi.encodeWithSelector(IAgentStakes.AgentStakeBelowLeast.selector, AGENT_STAKE - 1, AGENT_STAKE)
        );
        registry.register{value: AGENT_STAKE - 1}("policy", new ModelId[](1));
        (AgentId second, address made) = registry.register{value: AGENT_STAKE}("policy", new ModelId[](16));
        vm.assertTrue(made != address(account));
        vm.assertTrue(agentStakes.agentOf(made) == second);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.AgentUnknown.selector, AgentId.wrap(9)));
        agentStakes.getAgent(AgentId.wrap(9));
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.NotAgent.selector, address(this)));
        deeds.record(key, address(pool), 0, "", _one(requestId), "");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeedId} from "../../src/agents/AgentTypes.sol";
import {IAgentDeeds} from "../../src/interfaces/agents/IAgentDeeds.sol";
import {IAgentStakes} from "../../src/interfaces/agents/IAgentStakes.sol";
import {IAgentVerdicts} from "../../src/interfaces/agents/IAgentVerdicts.sol";
import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId, RequestId} from "../../src/protocol/Types.sol";
import {AgentFixture} from "./AgentFixture.sol";

contract AgentVerdictsTest is AgentFixture {
    RequestId private requestId;
    Claim private claim;
    DeedId private deedId;

    function setUp() public {
        deployAgents();
        (requestId, claim) = _answered();
        deedId = _act(_buy(2 ether, _one(requestId)));
    }

    function _accuse(DeedId id) private returns (DisputeId) {
        vm.deal(watcher, PANEL_FEE);
        vm.prank(watcher);
        return verdicts.accuse{value: PANEL_FEE}(id, "the answer said sell");
    }

    /// @dev A panel's round that finds `value`, with its windows, but not the time in which it can be appealed.
    function _round(DisputeId id, uint8 round, bytes32 value) private {
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        for (uint256 i = 0; i < 3; i++) {
            if (disputes.voteOf(id, round, panel[i]).weight == 0) continue;
            bytes32 hash = disputes.commitmentOf(id, panel[i], value, "digest", "salt");
            vm.prank(panel[i]);
            disputes.commit(id, hash);
        }
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        for (uint256 i = 0; i < 3; i++) {
            if (disputes.voteOf(id, round, panel[i]).weight == 0) continue;
            vm.prank(panel[i]);
            disputes.reveal(id, value, "digest", "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(id);
    }

    function test_anAppealAsksALargerPanelWhichMayFindOtherwise() public {
        DisputeId id = _accuse(deedId);
        _round(id, 0, verdicts.valueOf(deedId, false));
        vm.deal(owner, PANEL_FEE);
        vm.expectEmit(address(verdicts));
        emit IAgentVerdicts.DeedAppealed(deedId, owner);
        vm.prank(owner);
        verdicts.appeal{value: PANEL_FEE}(deedId);
        vm.expectRevert(abi.encodeWithSelector(IAgentVerdicts.VerdictMissing.selector, id));
        verdicts.judge(deedId);
        _round(id, 1, verdicts.valueOf(deedId, true));
        vm.warp(block.timestamp + WINDOW + 1);
        verdicts.judge(deedId);
        vm.assertEq(agentStakes.getAgent(agentId).stake, AGENT_STAKE);
        vm.assertFalse(deeds.deedOf(deedId).isTainted);
        vm.assertEq(uint256(verdicts.caseOf(deedId).status), uint256(IAgentVerdicts.Status.Upheld));
    }

    function test_anAppealHasItsTime() public {
        DisputeId id = _accuse(deedId);
        _round(id, 0, verdicts.valueOf(deedId, false));
        vm.warp(block.timestamp + WINDOW + 1);
        vm.deal(owner, PANEL_FEE);
        vm.prank(owner);
        vm.expectPartialRevert(IDisputes.NotNow.selector);
        verdicts.appeal{value: PANEL_FEE}(deedId);
        verdicts.judge(deedId);
        bytes memory over = abi.encodeWithSelector(
            IAgentVerdicts.CaseStatus.selector, deedId, IAgentVerdicts.Status.Condemned
        );
        vm.prank(owner);
        vm.expectRevert(over);
        verdicts.appeal{value: PANEL_FEE}(deedId);
    }

    /// @dev What panels reveal is bound to the deed, to the reason and to what they say of it.
    function test_aValueIsOfOneDeedAndReason() public {
        bytes32 before = verdicts.valueOf(deedId, true);
        _accuse(deedId);
        bytes32 value = verdicts.valueOf(deedId, true);
        vm.assertNotEq(before, value);
        vm.assertNotEq(value, verdicts.valueOf(deedId, false));
        vm.assertNotEq(value, verdicts.valueOf(DeedId.wrap(2), true));
        vm.assertEq(
            value,
            keccak256(
                abi.encode(bytes32("deed"), DeedId.unwrap(deedId), bytes32("the answer said sell"), true)
            )
        );
    }

    /// @dev A value that nobody may reveal condemns as well: it is not what was claimed.
    function test_nonsenseCondemnsNoLessThanAVerdict() public {
        DisputeId id = _accuse(deedId);
        verdict(id, "nonsense");
        verdicts.judge(deedId);
        vm.assertEq(agentStakes.held(), AGENT_STAKE / 2);
    }

    function test_aTaintedDeedCanStillBeCondemned() public {
        vm.prank(watcher);
        DisputeId audit = audits.dispute{value: PANEL_FEE}(claim);
        recordSeed(disputes.getDispute(audit).seedBlock);
        disputes.draw(audit);
        vm.warp(block.timestamp + WINDOW + 1);
        audits.endSilent(claim);
        deeds.taint(deedId, requestId);
        DisputeId id = _accuse(deedId);
        verdict(id, verdicts.valueOf(deedId, false));
        verdicts.judge(deedId);
        vm.assertEq(agentStakes.held(), AGENT_STAKE / 2);
    }

    function test_eachCondemnedDeedTakesItsPartOfWhatIsLeft() public {
        DeedId second = _act(_buy(1 ether, _one(requestId)));
        DisputeId one = _accuse(deedId);
        verdict(one, verdicts.valueOf(deedId, false));
        verdicts.judge(deedId);
        // It acts no more, but what it did before counts.
        vm.assertFalse(agentStakes.isActive(agentId));
        DisputeId two = _accuse(second);
        verdict(two, verdicts.valueOf(second, false));
        verdicts.judge(second);
        vm.assertEq(agentStakes.held(), AGENT_STAKE / 4);
        vm.assertEq(balances.balanceOf(watcher), AGENT_STAKE / 4 + AGENT_STAKE / 8);
        vm.assertEq(address(verdicts).balance, 0);
    }

    /// @dev Half of the part to the accuser, the rest to the treasury, to the wei; leaving coins go first.
    function testFuzz_aVerdictTakesItsPartToTheWei(uint256 more, bool retires) public {
        more = bound(more, 0, 1_000_000 ether);
        vm.deal(address(this), more);
        agentStakes.stake{value: more}(agentId);
        if (retires) {
            vm.prank(owner);
            agentStakes.retire(agentId);
        }
        uint256 whole = AGENT_STAKE + more;
        DisputeId id = _accuse(deedId);
        verdict(id, verdicts.valueOf(deedId, false));
        uint256 had = balances.balanceOf(treasury);
        verdicts.judge(deedId);
        uint256 lost = whole / 2;
        vm.assertEq(balances.balanceOf(watcher), lost / 2);
        vm.assertEq(balances.balanceOf(treasury) - had, lost - lost / 2);
        IAgentStakes.Agent memory agent = agentStakes.getAgent(agentId);
        vm.assertEq(uint256(agent.stake) + agent.leaving, whole - lost);
        vm.assertEq(address(agentStakes).balance, agentStakes.held());
        vm.assertEq(agentStakes.held(), whole - lost);
    }

    /// @dev Whoever asks: only the contract of verdicts takes of a stake or taints by verdict.
    function testFuzz_nobodyElseSlashes(address who, uint256 amount) public {
        if (who == address(verdicts)) return;
        vm.startPrank(who);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.NotVerdicts.selector, who));
        agentStakes.slash(agentId, amount);
        vm.expectRevert(abi.encodeWithSelector(IAgentDeeds.NotVerdicts.selector, who));
        deeds.taintByVerdict(deedId);
        vm.stopPrank();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {AgentId, DeedId} from "../../src/agents/AgentTypes.sol";
import {IAgentAccount} from "../../src/interfaces/agents/IAgentAccount.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId, ModelId, RequestId} from "../../src/protocol/Types.sol";
import {EvilRegistry} from "../protocol/EvilRegistry.sol";
import {AgentFixture} from "./AgentFixture.sol";

/// @notice The registry of agents is upgraded to code that does whatever it likes, while an agent has a stake, a session and a deed.
contract AgentEvilUpgradesTest is AgentFixture {
    EvilRegistry internal registryNow;
    address internal codeOfAccounts;
    RequestId internal requestId;
    DeedId internal deedId;
    ModelId[] internal asks;

    function setUp() public {
        deployAgents();
        codeOfAccounts = registry.ACCOUNT();
        (requestId,) = _answered();
        deedId = _act(_buy(1 ether, _one(requestId)));
        asks.push(modelId);
        vm.deal(thief, 0);
    }

    function upgrade() internal {
        EvilRegistry code = new EvilRegistry();
        vm.prank(governor);
        registry.upgradeToAndCall(address(code), "");
        registryNow = EvilRegistry(payable(address(registry)));
        vm.deal(address(registryNow), 10_000 ether);
    }

    function refusedTo(address to, uint256 value, bytes memory call) internal {
        (bool ok,) = registryNow.run(to, value, call);
        vm.assertFalse(ok, "a registry must not be able to do this");
    }

    function admitted(address by, address at) internal returns (AgentId) {
        bytes memory call = abi.encodeCall(agentStakes.admit, (by, at, bytes32("mine"), asks));
        (bool ok, bytes memory answer) = registryNow.run(address(agentStakes), AGENT_STAKE, call);
        vm.assertTrue(ok, "the registry says who comes in");
        return abi.decode(answer, (AgentId));
    }

    /// @dev All that a stake, a verdict or an account goes by.
    function standing() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                agentStakes.getAgent(agentId),
                agentStakes.agentOf(address(account)),
                agentStakes.usesModel(agentId, modelId),
                agentStakes.isActive(agentId),
                deeds.deedOf(deedId)
            )
        );
    }

    /// @dev Every call that others may make of what concerns the agent, in the registry's name.
    function meddle() internal {
        address at = address(agentStakes);
        refusedTo(at, 0, abi.encodeCall(agentStakes.slash, (agentId, 1)));
        refusedTo(at, 0, abi.encodeCall(agentStakes.retire, (agentId)));
        refusedTo(at, 0, abi.encodeCall(agentStakes.withdraw, (agentId)));
        refusedTo(at, 0, abi.encodeCall(agentStakes.setPolicy, (agentId, "mine", asks)));
        // Its account for another agent, whose deeds would be the thief's; and agents of nobody.
        refusedTo(at, AGENT_STAKE, abi.encodeCall(agentStakes.admit, (thief, address(account), "mine", asks)));
        refusedTo(at, AGENT_STAKE, abi.encodeCall(agentStakes.admit, (address(0), thief, "mine", asks)));
        refusedTo(at, AGENT_STAKE, abi.encodeCall(agentStakes.admit, (thief, address(0), "mine", asks)));
        refusedTo(at, AGENT_STAKE - 1, abi.encodeCall(agentStakes.admit, (thief, thief, "mine", asks)));
        refusedTo(
            at, AGENT_STAKE, abi.encodeCall(agentStakes.admit, (thief, thief, "mine", new ModelId[](17)))
        );
        at = address(deeds);
        refusedTo(at, 0, abi.encodeCall(deeds.record, (key, address(pool), 0, "", _one(requestId), "")));
        refusedTo(at, 0, abi.encodeCall(deeds.taintByVerdict, (deedId)));
        at = address(account);
        IAgentAccount.Call memory all = IAgentAccount.Call(thief, uint128(at.balance), "");
        refusedTo(at, 0, abi.encodeCall(account.execute, (all)));
        refusedTo(at, 0, abi.encodeCall(account.revoke, (key)));
        IAgentAccount.Session memory session = IAgentAccount.Session(0, type(uint64).max, _root());
        IAgentAccount.Limit[] memory limits = _limits(1, 1, 1, 1);
        refusedTo(at, 0, abi.encodeCall(account.setSession, (thief, session, limits)));
        refusedTo(address(verdicts), 1, "");
        refusedTo(address(balances), 0, abi.encodeCall(balances.withdraw, (payable(thief))));
    }

    /// @dev What everybody has, and what waits for them.
    function wealth() internal view returns (uint256[] memory has) {
        address[8] memory all =
            [owner, watcher, treasury, thief, address(account), address(agentStakes), address(verdicts), bob];
        has = new uint256[](2 * all.length);
        for (uint256 i = 0; i < all.length; i++) {
            (has[2 * i], has[2 * i + 1]) = (all[i].balance, balances.balanceOf(all[i]));
        }
    }

    function accused() internal returns (DisputeId id) {
        vm.deal(watcher, PANEL_FEE);
        vm.prank(watcher);
        return verdicts.accuse{value: PANEL_FEE}(deedId, "the answer said sell");
    }

    /// @dev A condemned deed, and the rest of the stake on its way home.
    function judgeAndLeave() internal {
        vm.prank(owner);
        agentStakes.retire(agentId);
        DisputeId id = accused();
        verdict(id, verdicts.valueOf(deedId, false));
        verdicts.judge(deedId);
        vm.warp(agentStakes.getAgent(agentId).leavesAt + 1);
        agentStakes.withdraw(agentId);
    }

    function test_an_upgraded_registry_changes_nothing_that_a_stake_goes_by() public {
        bytes32 before = standing();
        upgrade();
        meddle();
        vm.assertEq(standing(), before);
        // The agent goes on, and its owner with it.
        _act(_buy(1 ether, _one(requestId)));
        vm.startPrank(owner);
        agentStakes.setPolicy(agentId, "another", asks);
        account.execute(IAgentAccount.Call(owner, 1 ether, ""));
        agentStakes.retire(agentId);
        vm.stopPrank();
        meddle();
        vm.warp(block.timestamp + 30 days + 1);
        agentStakes.withdraw(agentId);
        vm.assertEq(balances.balanceOf(owner), AGENT_STAKE);
        vm.assertEq(agentStakes.held(), 0);
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }

    function test_a_verdict_takes_and_pays_the_same_whatever_the_registry_is() public {
        uint256 start = vm.snapshotState();
        judgeAndLeave();
        uint256[] memory honest = wealth();
        vm.assertTrue(vm.revertToState(start));
        vm.assertTrue(keccak256(abi.encode(wealth())) != keccak256(abi.encode(honest)), "there is a stake");
        upgrade();
        meddle();
        judgeAndLeave();
        meddle();
        vm.assertEq(wealth(), honest);
        vm.assertEq(balances.balanceOf(owner), AGENT_STAKE / 2);
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }

    /// @dev A registry may call anything an account: what that does is its own agent's deed, for which its own stake stands.
    function test_an_agent_that_only_an_evil_registry_would_make_answers_for_itself_alone() public {
        upgrade();
        address image = Clones.cloneWithImmutableArgs(codeOfAccounts, abi.encode(agentId));
        AgentId own = admitted(thief, image);
        vm.assertTrue(own != agentId);
        vm.assertTrue(agentStakes.agentOf(image) == own);
        // An account that says it is the other agent's obeys that agent's owner, and its deeds are not the agent's.
        vm.deal(image, 1 ether);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.NotOwner.selector, thief, owner));
        IAgentAccount(image).execute(IAgentAccount.Call(thief, 1 ether, ""));
        AgentId naked = admitted(thief, thief);
        vm.deal(thief, ESCROW);
        vm.prank(thief);
        RequestId asked = market.request{value: ESCROW}(modelId, host, keccak256("request"), 100, 50);
        Claim memory claim = claimOf(modelId, asked, fixture);
        postClaim(claim, fixture.query());
        vm.prank(thief);
        deedId = deeds.record(thief, address(pool), 0, "", _one(asked), "");
        vm.assertTrue(deeds.deedOf(deedId).agentId == naked);
        DisputeId id = accused();
        verdict(id, verdicts.valueOf(deedId, false));
        verdicts.judge(deedId);
        vm.assertEq(agentStakes.getAgent(naked).stake, AGENT_STAKE / 2);
        vm.assertEq(agentStakes.getAgent(own).stake, AGENT_STAKE);
        vm.assertEq(agentStakes.getAgent(agentId).stake, AGENT_STAKE);
    }

    /// @dev At worst: registrations are worse or not to be had, and it keeps what is sent to it.
    function test_at_worst_it_keeps_what_those_send_who_register_under_it() public {
        upgrade();
        vm.deal(bob, AGENT_STAKE);
        vm.prank(bob);
        (bool ok,) =
            address(registry).call{value: AGENT_STAKE}(abi.encodeCall(registry.register, ("policy", asks)));
        vm.assertTrue(ok);
        vm.assertEq(agentStakes.agentCount(), 1);
        vm.assertEq(agentStakes.held(), AGENT_STAKE);
        vm.assertEq(bob.balance, 0);
    }

    /// @dev Calls that nobody thought of: any at all, and every one that there is about the agent with other words behind its number.
    function testFuzz_no_call_of_a_registry_takes_of_a_stake(
        uint8 which,
        bytes4 selector,
        bytes calldata tail
    ) public {
        upgrade();
        bytes32 before = standing();
        address[6] memory targets = [
            address(agentStakes),
            address(deeds),
            address(account),
            address(verdicts),
            address(balances),
            address(disputes)
        ];
        registryNow.run(targets[which % 6], 0, abi.encodePacked(selector, tail));
        bytes4[6] memory known = [
            agentStakes.slash.selector,
            agentStakes.retire.selector,
            agentStakes.withdraw.selector,
            agentStakes.setPolicy.selector,
            agentStakes.stake.selector,
            deeds.taintByVerdict.selector
        ];
        address to = which % 6 == 5 ? address(deeds) : address(agentStakes);
        registryNow.run(to, 0, abi.encodePacked(known[which % 6], abi.encode(agentId), tail));
        vm.assertEq(standing(), before);
        vm.assertEq(address(agentStakes).balance, AGENT_STAKE);
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }
}

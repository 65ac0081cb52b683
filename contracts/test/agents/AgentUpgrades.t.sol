// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {AgentAccount} from "../../src/agents/AgentAccount.sol";
import {AgentAdmissions} from "../../src/agents/AgentAdmissions.sol";
import {AgentRegistry} from "../../src/agents/AgentRegistry.sol";
import {AgentStakes} from "../../src/agents/AgentStakes.sol";
import {AgentId} from "../../src/agents/AgentTypes.sol";
import {IAgentStakes} from "../../src/interfaces/agents/IAgentStakes.sol";
import {UpgradeableRegistry} from "../../src/protocol/UpgradeableRegistry.sol";
import {ModelId} from "../../src/protocol/Types.sol";
import {AgentFixture} from "./AgentFixture.sol";

/// @notice Later code: one more variable, behind all others.
contract LaterAgentRegistry layout at erc7201("openledger.AgentRegistry")
    is
    UpgradeableRegistry,
    AgentAdmissions
{
    uint256 public mostModels;

    constructor(AgentStakes stakes, address account) AgentAdmissions(stakes, account) {}

    function setMostModels(uint256 most) external onlyOwner {
        mostModels = most;
    }
}

contract AgentUpgradesTest is AgentFixture {
    function setUp() public {
        deployAgents();
    }

    function register(address by) internal returns (AgentId id, address made) {
        ModelId[] memory asks = new ModelId[](1);
        asks[0] = modelId;
        vm.deal(by, AGENT_STAKE);
        vm.prank(by);
        return registry.register{value: AGENT_STAKE}("policy", asks);
    }

    function testFuzz_nobody_but_the_owner_upgrades(address caller) public {
        vm.assume(caller != governor);
        address code = address(new AgentRegistry(agentStakes, address(this)));
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
        registry.upgradeToAndCall(code, "");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
        registry.transferOwnership(caller);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        registry.initialize(caller);
        vm.stopPrank();
    }

    function test_an_upgrade_keeps_who_is_there_and_takes_in_others_with_other_accounts() public {
        IAgentStakes.Agent memory before = agentStakes.getAgent(agentId);
        address other = address(new AgentAccount(agentStakes, deeds, address(pool)));
        AgentRegistry code = new AgentRegistry(agentStakes, other);
        vm.prank(governor);
        registry.upgradeToAndCall(address(code), "");
        vm.assertEq(registry.ACCOUNT(), other, "the code is another");
        vm.assertEq(keccak256(abi.encode(agentStakes.getAgent(agentId))), keccak256(abi.encode(before)));
        vm.assertEq(account.MARKET(), address(market), "an account's code stays");
        (AgentId second, address made) = register(bob);
        vm.assertTrue(agentStakes.agentOf(made) == second);
        vm.assertEq(agentStakes.ownerOf(second), bob);
        vm.assertEq(AgentAccount(payable(made)).MARKET(), address(pool));
        vm.assertEq(agentStakes.held(), 2 * AGENT_STAKE);
    }

    function test_later_code_adds_behind_what_stands() public {
        LaterAgentRegistry code = new LaterAgentRegistry(agentStakes, registry.ACCOUNT());
        vm.startPrank(governor);
        registry.upgradeToAndCall(address(code), "");
        LaterAgentRegistry later = LaterAgentRegistry(address(registry));
        vm.assertEq(later.mostModels(), 0, "nothing stood there");
        later.setMostModels(type(uint256).max);
        vm.stopPrank();
        vm.assertEq(registry.owner(), governor, "nothing was written over");
        register(bob);
    }

    /// @dev ERC-7201: nothing lies where the code of a proxy, of another namespace or of no namespace would look.
    function test_it_keeps_to_its_namespace_and_holds_nothing() public {
        register(bob);
        bytes32 base = keccak256(abi.encode(uint256(keccak256("openledger.AgentRegistry")) - 1))
            & ~bytes32(uint256(255));
        vm.assertEq(
            vm.load(address(registry), base), bytes32(uint256(uint160(governor))), "the owner is first"
        );
        for (uint256 slot = 0; slot < 64; slot++) {
            vm.assertEq(vm.load(address(registry), bytes32(slot)), bytes32(0));
        }
        vm.assertEq(address(registry).balance, 0);
    }

    function testFuzz_nobody_but_the_registry_takes_agents_in(address caller) public {
        vm.assume(caller != address(registry));
        vm.deal(caller, AGENT_STAKE);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.NotAgentRegistry.selector, caller));
        agentStakes.admit{value: AGENT_STAKE}(caller, caller, "policy", new ModelId[](1));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentId} from "../../agents/AgentTypes.sol";
import {ModelId} from "../../protocol/Types.sol";

/// @title Agents' stakes, and what verdicts on agents go by.
/// @notice Who owns an agent, which account is its own, its policy and models, and its stake. The registry of agents says who comes
/// in; whatever its code is, it changes nothing of an agent that is here. A stake leaves to the owner when EXIT_DELAY is over, or is
/// lost by a verdict that a deed didn't follow from its answers. So the contract, which holds money, has no owner and can't be
/// upgraded. Wei and seconds.
interface IAgentStakes {
    /// @param account Its account: holds what it acts with.
    /// @param policy Hash of the policy's text.
    /// @param models Version of the list of its models.
    /// @param leaving Wei that wait to leave; they can still be lost.
    struct Agent {
        address owner;
        uint64 leavesAt;
        uint32 models;
        address account;
        uint128 stake;
        uint128 leaving;
        bytes32 policy;
    }

    event AgentRegistered(AgentId indexed agentId, address indexed owner, address indexed account);
    event AgentPolicySet(AgentId indexed agentId, bytes32 policy, ModelId[] models);
    event AgentStaked(AgentId indexed agentId, uint256 amount);
    event AgentLeaving(AgentId indexed agentId, uint256 amount, uint64 at);
    event AgentStakeReturned(AgentId indexed agentId, address indexed owner, uint256 amount);
    event AgentSlashed(AgentId indexed agentId, uint256 amount);

    error AgentUnknown(AgentId agentId);
    error NotAgentOwner(address caller, address owner);
    error AgentEmpty();
    error AgentAccountTaken(address account, AgentId agentId);
    error AgentStakeBelowLeast(uint256 stake, uint256 least);
    error AgentModels(uint256 count, uint256 most);
    error AgentNothingLeaving();
    error AgentLeavesAt(uint256 time);
    error AgentStakeTooLarge(uint256 stake);
    error NotAgentRegistry(address caller);
    error NotVerdicts(address caller);
    error AgentRules();

    /// @notice Takes an agent in for good; the value sent is its stake, LEAST_STAKE at least. For the registry.
    /// @param account No agent's yet.
    /// @param policy Hash of the text that says which deed follows from which answer.
    /// @param models It asks these: 1 to MAX_MODELS.
    /// @return agentId The next one, counted from 1.
    function admit(address owner, address account, bytes32 policy, ModelId[] calldata models)
        external
        payable
        returns (AgentId agentId);

    /// @notice Changes policy and models for deeds to come. For the owner.
    function setPolicy(AgentId agentId, bytes32 policy, ModelId[] calldata models) external;

    /// @notice Adds to an agent's stake. Anybody may call.
    function stake(AgentId agentId) external payable;

    /// @notice Takes the whole stake out: the agent acts no more, and the coins leave after EXIT_DELAY. For the owner.
    function retire(AgentId agentId) external;

    /// @notice Returns what has waited to the owner. Anybody may call.
    function withdraw(AgentId agentId) external;

    /// @notice Takes `amount`, or what is there, the leaving part first; the caller gets it. For AgentVerdicts.
    function slash(AgentId agentId, uint256 amount) external returns (uint256 taken);

    function getAgent(AgentId agentId) external view returns (Agent memory);
    /// @notice The agent whose account this is; 0: none.
    function agentOf(address account) external view returns (AgentId);
    function ownerOf(AgentId agentId) external view returns (address);
    /// @notice Whether it may act: its stake is LEAST_STAKE at least.
    function isActive(AgentId agentId) external view returns (bool);
    function usesModel(AgentId agentId, ModelId modelId) external view returns (bool);
    function agentCount() external view returns (uint256);
    /// @notice Wei of stakes; the balance is never less.
    function held() external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IAgentStakes} from "../interfaces/agents/IAgentStakes.sol";
import {RewardBalances} from "../protocol/RewardBalances.sol";
import {ModelId} from "../protocol/Types.sol";
import {AgentId} from "./AgentTypes.sol";

/// @title Agents' stakes, and what verdicts on agents go by.
/// @notice See IAgentStakes. It holds money, so it has no owner and can't be upgraded.
contract AgentStakes is IAgentStakes {
    /// @notice Models of an agent.
    uint256 public constant MAX_MODELS = 16;

    RewardBalances public immutable BALANCES;
    /// @notice The registry of agents, which alone takes them in.
    address public immutable REGISTRY;
    /// @notice Slashes.
    address public immutable VERDICTS;
    uint128 public immutable LEAST_STAKE;
    /// @notice Seconds until a stake is free; longer than an accusation and its panels.
    uint64 public immutable EXIT_DELAY;

    /// @inheritdoc IAgentStakes
    uint256 public agentCount;
    /// @inheritdoc IAgentStakes
    uint256 public held;
    /// @inheritdoc IAgentStakes
    mapping(address account => AgentId) public agentOf;
    mapping(AgentId agentId => Agent) private _agents;
    mapping(AgentId agentId => mapping(uint32 version => mapping(ModelId modelId => bool))) private _models;

    constructor(
        RewardBalances balances,
        address registry,
        address verdicts,
        uint128 leastStake,
        uint64 exitDelay
    ) {
        if (leastStake == 0) revert AgentRules();
        (BALANCES, REGISTRY, VERDICTS) = (balances, registry, verdicts);
        (LEAST_STAKE, EXIT_DELAY) = (leastStake, exitDelay);
    }

    /// @inheritdoc IAgentStakes
    function admit(address owner, address account, bytes32 policy, ModelId[] calldata models)
        external
        payable
        returns (AgentId agentId)
    {
        if (msg.sender != REGISTRY) revert NotAgentRegistry(msg.sender);
        if (msg.value < LEAST_STAKE) revert AgentStakeBelowLeast(msg.value, LEAST_STAKE);
        if (owner == address(0) || account == address(0)) revert AgentEmpty();
        // Whose deeds an account's are never changes: a stake is lost by them.
        if (agentOf[account].isAgent()) revert AgentAccountTaken(account, agentOf[account]);
        agentId = AgentId.wrap(++agentCount);
        agentOf[account] = agentId;
        Agent storage agent = _agents[agentId];
        (agent.owner, agent.account) = (owner, account);
        emit AgentRegistered(agentId, owner, account);
        _setPolicy(agentId, policy, models);
        _stake(agentId);
    }

    /// @inheritdoc IAgentStakes
    function setPolicy(AgentId agentId, bytes32 policy, ModelId[] calldata models) external {
        _own(agentId);
        _setPolicy(agentId, policy, models);
    }

    /// @inheritdoc IAgentStakes
    function stake(AgentId agentId) external payable {
        _known(agentId);
        _stake(agentId);
    }

    /// @inheritdoc IAgentStakes
    function retire(AgentId agentId) external {
        Agent storage agent = _own(agentId);
        if (agent.stake == 0) revert AgentNothingLeaving();
        agent.leaving += agent.stake;
        emit AgentLeaving(agentId, agent.stake, uint64(block.timestamp) + EXIT_DELAY);
        (agent.stake, agent.leavesAt) = (0, uint64(block.timestamp) + EXIT_DELAY);
    }

    /// @inheritdoc IAgentStakes
    function withdraw(AgentId agentId) external {
        Agent storage agent = _known(agentId);
        uint256 amount = agent.leaving;
        if (amount == 0) revert AgentNothingLeaving();
        if (block.timestamp <= agent.leavesAt) revert AgentLeavesAt(agent.leavesAt);
        agent.leaving = 0;
        held -= amount;
        emit AgentStakeReturned(agentId, agent.owner, amount);
        BALANCES.creditFor{value: amount}(agent.owner, "agent", AgentId.unwrap(agentId));
    }

    /// @inheritdoc IAgentStakes
    function slash(AgentId agentId, uint256 amount) external returns (uint256 taken) {
        if (msg.sender != VERDICTS) revert NotVerdicts(msg.sender);
        Agent storage agent = _known(agentId);
        uint256 fromLeaving = amount < agent.leaving ? amount : agent.leaving;
        uint256 rest = amount - fromLeaving < agent.stake ? amount - fromLeaving : agent.stake;
        agent.leaving -= uint128(fromLeaving);
        agent.stake -= uint128(rest);
        taken = fromLeaving + rest;
        held -= taken;
        emit AgentSlashed(agentId, taken);
        Address.sendValue(payable(VERDICTS), taken);
    }

    /// @inheritdoc IAgentStakes
    function getAgent(AgentId agentId) external view returns (Agent memory) {
        return _known(agentId);
    }

    /// @inheritdoc IAgentStakes
    function ownerOf(AgentId agentId) external view returns (address) {
        return _known(agentId).owner;
    }

    /// @inheritdoc IAgentStakes
    function isActive(AgentId agentId) external view returns (bool) {
        return _agents[agentId].stake >= LEAST_STAKE;
    }

    /// @inheritdoc IAgentStakes
    function usesModel(AgentId agentId, ModelId modelId) external view returns (bool) {
        return _models[agentId][_agents[agentId].models][modelId];
    }

    /// @dev A new list has a new version, so that none of the old one is left.
    function _setPolicy(AgentId agentId, bytes32 policy, ModelId[] calldata models) private {
        if (models.length == 0 || models.length > MAX_MODELS) {
            revert AgentModels(models.length, MAX_MODELS);
        }
        Agent storage agent = _agents[agentId];
        uint32 version = ++agent.models;
        agent.policy = policy;
        for (uint256 i = 0; i < models.length; i++) {
            _models[agentId][version][models[i]] = true;
        }
        emit AgentPolicySet(agentId, policy, models);
    }

    function _stake(AgentId agentId) private {
        Agent storage agent = _agents[agentId];
        uint256 amount = agent.stake + msg.value;
        if (amount > type(uint128).max) revert AgentStakeTooLarge(amount);
        agent.stake = uint128(amount);
        held += msg.value;
        emit AgentStaked(agentId, msg.value);
    }

    function _own(AgentId agentId) private view returns (Agent storage agent) {
        agent = _known(agentId);
        if (msg.sender != agent.owner) revert NotAgentOwner(msg.sender, agent.owner);
    }

    function _known(AgentId agentId) private view returns (Agent storage agent) {
        agent = _agents[agentId];
        if (agent.owner == address(0)) revert AgentUnknown(agentId);
    }
}

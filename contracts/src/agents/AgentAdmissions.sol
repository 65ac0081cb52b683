// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IAgentRegistry} from "../interfaces/agents/IAgentRegistry.sol";
import {ModelId} from "../protocol/Types.sol";
import {AgentStakes} from "./AgentStakes.sol";
import {AgentId} from "./AgentTypes.sol";

/// @title How an agent is registered, and what its account is.
abstract contract AgentAdmissions is IAgentRegistry {
    /// @notice Where agents stand.
    AgentStakes public immutable STAKES;
    /// @notice Code of the accounts of agents to come.
    address public immutable ACCOUNT;

    constructor(AgentStakes stakes, address account) {
        (STAKES, ACCOUNT) = (stakes, account);
    }

    /// @inheritdoc IAgentRegistry
    function register(bytes32 policy, ModelId[] calldata models)
        external
        payable
        returns (AgentId agentId, address account)
    {
        agentId = AgentId.wrap(STAKES.agentCount() + 1);
        bytes32 salt = bytes32(AgentId.unwrap(agentId));
        account = Clones.cloneDeterministicWithImmutableArgs(ACCOUNT, abi.encode(agentId), salt);
        STAKES.admit{value: msg.value}(msg.sender, account, policy, models);
    }
}

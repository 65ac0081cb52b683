// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentId} from "../../agents/AgentTypes.sol";
import {ModelId} from "../../protocol/Types.sol";

/// @title How agents are registered.
/// @notice An agent is an account of its own that acts by session keys within limits, for what models answered. The registry makes the
/// account and passes on: agents, their stakes and all that verdicts go by stand in IAgentStakes.
interface IAgentRegistry {
    /// @notice Makes an agent with an account of its own; the caller owns it, the value sent is its stake.
    /// @param policy Hash of the text that says which deed follows from which answer.
    /// @param models It asks these.
    function register(bytes32 policy, ModelId[] calldata models)
        external
        payable
        returns (AgentId agentId, address account);
}

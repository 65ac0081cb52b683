// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UpgradeableRegistry} from "../protocol/UpgradeableRegistry.sol";
import {AgentAdmissions} from "./AgentAdmissions.sol";
import {AgentStakes} from "./AgentStakes.sol";

/// @title How agents are registered.
/// @notice See IAgentRegistry. Its code can be upgraded (see UpgradeableRegistry).
/// @custom:storage-location erc7201:openledger.AgentRegistry
contract AgentRegistry layout at erc7201("openledger.AgentRegistry") is UpgradeableRegistry, AgentAdmissions {
    constructor(AgentStakes stakes, address account) AgentAdmissions(stakes, account) {}
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Each counts from 1 in the contract that gives it; 0 is none.
type AgentId is uint256;
type DeedId is uint256;

using {isAgent, sameAgent as ==, otherAgent as !=} for AgentId global;
using {isDeed} for DeedId global;

function isAgent(AgentId id) pure returns (bool) {
    return AgentId.unwrap(id) != 0;
}

function sameAgent(AgentId a, AgentId b) pure returns (bool) {
    return AgentId.unwrap(a) == AgentId.unwrap(b);
}

function otherAgent(AgentId a, AgentId b) pure returns (bool) {
    return AgentId.unwrap(a) != AgentId.unwrap(b);
}

function isDeed(DeedId id) pure returns (bool) {
    return DeedId.unwrap(id) != 0;
}

DeedId constant NO_DEED = DeedId.wrap(0);

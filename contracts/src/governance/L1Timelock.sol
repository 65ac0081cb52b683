// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title L1Timelock
/// @notice Owns the ProxyAdmin of L1, so that each upgrade of a contract there, the bridge with OPEN's escrow among them, lies open
/// for the delay before anybody can run it. It has no administrator: its roles change only through itself.
contract L1Timelock is TimelockController {
    /// @param delay    Seconds between proposal and execution.
    /// @param proposer May propose and cancel.
    /// @param council  May cancel, nothing else.
    constructor(uint256 delay, address proposer, address council)
        TimelockController(delay, _only(proposer), _only(address(0)), address(0))
    {
        _grantRole(CANCELLER_ROLE, council);
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ProtocolParameters} from "../protocol/ProtocolParameters.sol";

/// @title ParametersTimelock
/// @notice What a vote has passed waits here, and then it runs from here: it owns the protocol's parameters and the treasury, and speaks
/// for governance on L1. Its delay is never shorter than LEAST_WINDOW, in which a censored transaction still comes in through L1. It has no
/// administrator: its roles change only through itself.
contract ParametersTimelock is TimelockController {
    /// @notice Shortest delay, in seconds.
    uint256 public immutable DELAY_LEAST;

    error DelayTooShort(uint256 delay, uint256 required);

    /// @param delay    Seconds between proposal and execution, at least.
    /// @param governor May propose and cancel.
    /// @param founder  May too, until the hand-over takes it away.
    constructor(uint256 delay, address governor, address founder, ProtocolParameters parameters)
        TimelockController(delay, _both(governor, founder), new address[](1), address(0))
    {
        DELAY_LEAST = parameters.LEAST_WINDOW();
        if (delay < DELAY_LEAST) revert DelayTooShort(delay, DELAY_LEAST);
    }

    /// @notice The delay that was set, and DELAY_LEAST at least.
    function getMinDelay() public view override returns (uint256) {
        uint256 set = super.getMinDelay();
        return set > DELAY_LEAST ? set : DELAY_LEAST;
    }

    function _both(address governor, address founder) private pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (governor, founder);
    }
}

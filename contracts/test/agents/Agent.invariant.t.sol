// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../lib/Test.sol";
import {AgentActor} from "./AgentActor.sol";

contract AgentInvariantTest is Test {
    AgentActor private actor;

    function setUp() public {
        actor = new AgentActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev Whatever a stolen key does: nothing reaches the thief, and no more than a day's limit leaves the account on a day. Stakes fall by
    /// verdicts alone, tainted deeds are not paid, and the pool gives no more than it was given.
    function invariant_agents() public view {
        vm.assertEq(actor.wrong(), "");
    }
}

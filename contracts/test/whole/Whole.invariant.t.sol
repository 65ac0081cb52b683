// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../lib/Test.sol";
import {WholeActor} from "./WholeActor.sol";

contract WholeInvariantTest is Test {
    WholeActor private actor;

    function setUp() public {
        actor = new WholeActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev One who has nothing to do with the chain: who calls the actor pays nothing and gets nothing.
    function targetSenders() external pure returns (address[] memory senders) {
        senders = new address[](1);
        senders[0] = address(0x5E4DE2);
    }

    /// forge-config: default.invariant.runs = 4
    /// forge-config: default.invariant.depth = 100
    /// forge-config: histories.invariant.runs = 10000
    /// forge-config: histories.invariant.depth = 60
    /// @dev After each step of everybody: all OPEN adds up to the supply, each holder has what it owes, and nobody has lost anything but by
    /// what it did itself or by a rule that the step names.
    function invariant_books() public view {
        vm.assertEq(actor.wrong(), "");
    }
}

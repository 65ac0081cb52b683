// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../lib/Test.sol";
import {CircleActor} from "./CircleActor.sol";

contract CircleInvariantTest is Test {
    /// @dev Foundry's form.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    CircleActor private actor;

    function setUp() public {
        actor = new CircleActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev The end of a history is no step of it.
    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0].addr = address(actor);
        excluded[0].selectors = new bytes4[](1);
        excluded[0].selectors[0] = CircleActor.endReports.selector;
    }

    /// @dev What is committed and released is within what is funded, in each quarter and focus and in all; each contract has what it owes; no
    /// wei is lost or made; the grants' sums are the fund's.
    function invariant_books() public view {
        vm.assertEq(actor.broken(), "");
        vm.assertEq(actor.worth(), actor.brought(), "no wei is lost or made");
    }

    /// @dev No report waits for ever.
    function afterInvariant() public {
        actor.endReports();
        vm.assertEq(actor.broken(), "");
        vm.assertEq(actor.worth(), actor.brought(), "no wei is lost or made");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../lib/Test.sol";
import {EpochActor} from "./EpochActor.sol";

contract EpochsInvariantTest is Test {
    EpochActor private actor;

    function setUp() public {
        actor = new EpochActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev Whatever payers and host do: no wei is lost or made, payers lose the fees of epochs that stand alone, each lie is refuted.
    function invariant_epochs() public view {
        vm.assertEq(actor.wrong(), "");
    }
}

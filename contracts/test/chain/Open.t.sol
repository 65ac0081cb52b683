// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Open} from "../../src/token/Open.sol";
import {Test} from "../lib/Test.sol";

contract OpenTest is Test {
    function test_wholeSupplyGoesToTheHolder() public {
        address holder = makeAddr("holder");
        Open open = new Open(holder);
        vm.assertEq(open.totalSupply(), 1_000_000_000 ether);
        vm.assertEq(open.balanceOf(holder), open.SUPPLY());
        vm.assertEq(uint256(open.decimals()), 18);
        vm.assertEq(open.symbol(), "OPEN");
    }
}

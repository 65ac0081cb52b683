// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimDemands} from "../../src/protocol/ClaimDemands.sol";
import {InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {MarketActor} from "./MarketActor.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

contract EscrowInvariantTest is ProtocolTest {
    MarketActor internal actor;
    uint256 internal worthAtStart;

    function setUp() public {
        actor = new MarketActor();
        worthAtStart = actor.worth();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev The market holds the escrows and bonds of what is open and rewards that wait, no wei more or less; no wei is lost or made; every
    /// holder has what it owes; and what true claims promised their contributors is theirs, whatever payer, owner and host did. One
    /// campaign looks at all of it.
    function invariant_money() public view {
        (InferenceMarket market, ClaimDemands demands,) = actor.parts();
        vm.assertEq(address(market).balance, actor.owedByMarket(), "escrow");
        vm.assertEq(SPLITTER.balance, 0);
        vm.assertEq(actor.worth(), worthAtStart, "no wei is lost or made");
        vm.assertTrue(actor.holders());
        vm.assertEq(address(demands).balance, actor.openDeposits());
        vm.assertEq(actor.hostOpenFees(), actor.openFees());
        vm.assertEq(actor.broken(), "");
    }
}

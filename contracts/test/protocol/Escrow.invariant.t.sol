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

    /// @dev The market holds the escrows and bonds of what is open and rewards that wait, no wei more or less.
    function invariant_escrow_is_conserved() public view {
        (InferenceMarket market,,) = actor.parts();
        vm.assertEq(address(market).balance, actor.owedByMarket());
        vm.assertEq(SPLITTER.balance, 0);
    }

    function invariant_no_wei_is_lost_or_made() public view {
        vm.assertEq(actor.worth(), worthAtStart);
    }

    function invariant_every_holder_has_what_it_owes() public view {
        (, ClaimDemands demands,) = actor.parts();
        vm.assertTrue(actor.holders());
        vm.assertEq(address(demands).balance, actor.openDeposits());
        vm.assertEq(actor.hostOpenFees(), actor.openFees());
    }

    function invariant_no_step_went_wrong() public view {
        vm.assertEq(actor.broken(), "");
    }
}

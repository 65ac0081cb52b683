// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {Disputes} from "../../src/protocol/Disputes.sol";
import {DisputeId} from "../../src/protocol/Types.sol";
import {VerifierPool} from "../../src/protocol/VerifierPool.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice No verifier is gone before a dispute that it judged is over.
contract DisputeTimeTest is ProtocolTest {
    uint64 internal constant LEAST = 3 * 12 * SEED_DELAY + 14 * WINDOW;

    function setUp() public {
        deployProtocol();
    }

    function poolWith(uint64 exitDelay) internal returns (VerifierPool) {
        return new VerifierPool(parameters, balances, address(this), LEAST_STAKE, exitDelay);
    }

    function test_verifiers_that_could_leave_before_a_verdict_are_refused() public {
        VerifierPool pool = poolWith(LEAST - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.ExitDelayTooShort.selector, LEAST - 1, LEAST));
        new Disputes(parameters, balances, pool, seeds);
        vm.assertEq(new Disputes(parameters, balances, poolWith(LEAST), seeds).MAX_WINDOW(), WINDOW);
    }

    function test_no_window_that_governance_sets_outlasts_the_delay() public {
        Disputes own = new Disputes(parameters, balances, poolWith(LEAST + 14 * 5), seeds);
        Parameters memory next = defaultParameters();
        next.demandWindow = 1 days;
        vm.prank(governor);
        parameters.setParameters(next);
        DisputeId id = own.open("claimed");
        vm.assertEq(own.getDispute(id).window, WINDOW + 5);
        next.demandWindow = WINDOW + 3;
        vm.prank(governor);
        parameters.setParameters(next);
        id = own.open("claimed");
        vm.assertEq(own.getDispute(id).window, WINDOW + 3);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {IStakeLosses} from "../../src/interfaces/protocol/IStakeLosses.sol";
import {StakeLosses} from "../../src/protocol/StakeLosses.sol";
import {ContributionId, DatanetId, DisputeId} from "../../src/protocol/Types.sol";
import {PanelTest} from "./PanelTest.sol";

contract LossesTest is PanelTest {
    DatanetId internal datanetId;
    ContributionId internal id;

    function setUp() public {
        deployProtocol();
        seatVerifiers();
        datanetId = createDatanet();
        id = accepted(datanetId, alice, keccak256("rows"), 8);
    }

    function exclude() internal {
        vm.prank(reviewer);
        datanets.voteExclude(id, "why");
    }

    function appeal() internal returns (DisputeId) {
        vm.prank(alice);
        return losses.appeal{value: PANEL_FEE}(id, "reason");
    }

    function test_a_loss_waits_for_an_appeal() public {
        exclude();
        vm.assertEq(balances.balanceOf(treasury), 0);
        vm.assertEq(losses.held(), STAKE);
        IStakeLosses.Loss memory loss = losses.lossOf(id);
        vm.assertEq(loss.reason, "excluded");
        vm.expectRevert(abi.encodeWithSelector(IStakeLosses.NotYet.selector, loss.deadline));
        losses.end(id);
        vm.warp(loss.deadline + 1);
        losses.end(id);
        vm.assertEq(balances.balanceOf(treasury), STAKE);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeLosses.LossStatus.selector, id, IStakeLosses.Status.Ended)
        );
        losses.end(id);
    }

    function test_an_appeal_that_is_right_returns_the_stake() public {
        exclude();
        DisputeId dispute = appeal();
        vm.expectRevert(abi.encodeWithSelector(IStakeLosses.VerdictMissing.selector, dispute));
        losses.end(id);
        verdict(dispute, losses.valueOf(id, false));
        losses.end(id);
        vm.assertEq(balances.balanceOf(alice), STAKE);
        vm.assertEq(balances.balanceOf(treasury), 0);
        // What the datanet takes in stays its reviewers' to say.
        vm.assertTrue(ledger.isSkipped(id, 1));
    }

    function test_an_appeal_that_is_wrong_costs_stake_and_fee() public {
        exclude();
        DisputeId dispute = appeal();
        verdict(dispute, losses.valueOf(id, true));
        losses.end(id);
        vm.assertEq(balances.balanceOf(treasury), STAKE);
        vm.assertEq(balances.balanceOf(alice), 0);
    }

    function test_where_nobody_reveals_the_loss_stands() public {
        exclude();
        DisputeId dispute = appeal();
        verdict(dispute, 0);
        losses.end(id);
        vm.assertEq(balances.balanceOf(treasury), STAKE + PANEL_FEE);
    }

    function test_a_rejected_contribution_appeals_as_well() public {
        ContributionId other = contribute(datanetId, alice, keccak256("others"), 8);
        commitVote(other, reviewer, false);
        revealVote(other, reviewer, false);
        vm.assertEq(losses.lossOf(other).reason, "rejected");
        vm.startPrank(alice);
        DisputeId dispute = losses.appeal{value: PANEL_FEE}(other, "reason");
        vm.stopPrank();
        verdict(dispute, losses.valueOf(other, false));
        losses.end(other);
        vm.assertEq(balances.balanceOf(alice), STAKE);
    }

    function test_who_may_appeal_and_when() public {
        exclude();
        IStakeLosses.Loss memory loss = losses.lossOf(id);
        vm.expectRevert(abi.encodeWithSelector(IStakeLosses.NotContributor.selector, address(this)));
        losses.appeal(id, "reason");
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeLosses.FeeMismatch.selector, 1, PANEL_FEE));
        losses.appeal{value: 1}(id, "reason");
        vm.warp(loss.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeLosses.TooLate.selector, loss.deadline));
        losses.appeal{value: PANEL_FEE}(id, "reason");
        vm.expectRevert(abi.encodeWithSelector(IStakeLosses.NotStakes.selector, alice));
        losses.hold{value: 1}(id, alice, alice, "");
        vm.stopPrank();
        StakeLosses without = new StakeLosses(parameters, balances, address(this), IDisputes(address(0)), 1);
        without.hold{value: 1}(id, alice, alice, "");
        vm.prank(alice);
        vm.expectRevert(IStakeLosses.NoAppeals.selector);
        without.appeal{value: 1}(id, "");
    }

    function testFuzz_every_wei_of_a_loss_is_paid(uint96 amount, bool found, bool appeals, bool stands)
        public
    {
        StakeLosses own = new StakeLosses(parameters, balances, address(this), disputes, PANEL_FEE);
        vm.deal(address(this), amount);
        own.hold{value: amount}(id, alice, found ? watcher : address(0), "plagiarism");
        if (appeals) {
            vm.prank(alice);
            DisputeId dispute = own.appeal{value: PANEL_FEE}(id, "");
            verdict(dispute, own.valueOf(id, stands));
        } else {
            vm.warp(block.timestamp + WINDOW + 1);
        }
        own.end(id);
        bool lost = !appeals || stands;
        uint256 toFinder = lost && found ? amount / 2 : 0;
        vm.assertEq(balances.balanceOf(watcher), toFinder);
        vm.assertEq(balances.balanceOf(treasury), lost ? amount - toFinder : 0);
        vm.assertEq(balances.balanceOf(alice), lost ? 0 : amount);
        vm.assertEq(own.held(), 0);
        vm.assertEq(address(own).balance, 0);
    }

    function testFuzz_rows_are_bounded(uint32 rows) public {
        bytes32 root = keccak256("many");
        ContributionId many = commitRows(datanetId, alice, root, rows);
        vm.roll(block.number + 1);
        uint32 most = datanets.MAX_ROWS();
        vm.startPrank(alice);
        if (rows == 0 || rows > most) {
            vm.expectRevert(abi.encodeWithSelector(IDatanetRegistry.RowCountOutOfRange.selector, rows, most));
        }
        datanets.reveal(many, keccak256(abi.encode(root)), root, rows, "salt");
        vm.stopPrank();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Closing,
    IInferenceEpochs,
    RangeVoucher,
    ShownPayout
} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {IPurses} from "../../src/interfaces/protocol/IPurses.sol";
import {EpochClosings} from "../../src/protocol/EpochClosings.sol";
import {InferenceEpochs} from "../../src/protocol/InferenceEpochs.sol";
import {SumTrees} from "../../src/protocol/SumTrees.sol";
import {EpochId, ModelId} from "../../src/protocol/Types.sol";
import {EpochFixture} from "./EpochFixture.sol";

contract EpochsTest is EpochFixture {
    function setUp() public {
        deployEpochs();
        fillPurse(0, 100 ether);
        fillPurse(1, 100 ether);
        draft(two());
    }

    function _refused(bytes memory reason, Closing memory closing, RangeVoucher[] memory vouchers) private {
        uint256 bond = bondFor(closing);
        vm.expectRevert(reason);
        vm.prank(host);
        epochs.close{value: bond}(closing, ranges, vouchers);
    }

    function test_an_epoch_pays_everybody_to_the_wei() public {
        Closing memory closing = closingOf();
        uint256 bond = bondFor(closing);
        closeEpoch();
        (uint256 net, uint256 fees) = (closing.net, feeOf(ranges[0].net) + feeOf(ranges[1].net));
        vm.assertEq(epochs.held(), 200 ether + bond);
        vm.assertEq(epochs.purseOf(signerOf(0), host).balance, 100 ether - feeOf(ranges[0].net));
        uint64 deadline = epochs.epochOf(epochId).deadline;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.NotYet.selector, deadline));
        epochs.settle(epochId);
        settleEpoch();
        // Nobody stakes on the model: the stakers' part is the owner's.
        (uint256 owner, uint256 forHost) = (net * 2000 / 10_000 + net * 1000 / 10_000, net * 2000 / 10_000);
        vm.assertEq(balances.balanceOf(builder), owner);
        vm.assertEq(balances.balanceOf(host), forHost + bond);
        vm.assertEq(balances.balanceOf(treasury), fees - net);
        vm.assertEq(pools.held(), net - owner - forHost - closing.payoutSum);
        (uint64 a, uint64 b) = (dues[0].contributionId, dues[9].contributionId);
        uint256 drawn = drawAll(a);
        vm.assertEq(balances.balanceOf(alice), drawn);
        drawn += drawAll(b);
        vm.assertEq(balances.balanceOf(alice) + balances.balanceOf(bob), drawn);
        vm.assertEq(drawn, closing.payoutSum);
        vm.assertEq(epochs.epochOf(epochId).undrawn, 0);
        vm.assertEq(epochs.held(), 200 ether - fees);
        vm.assertEq(address(epochs).balance, epochs.held());
    }

    function test_stakers_have_their_part() public {
        vm.prank(alice);
        staking.stake{value: 10 ether}(modelId);
        closeEpoch();
        uint256 part = epochs.epochOf(epochId).net * 1000 / 10_000;
        settleEpoch();
        vm.assertEq(staking.held(), 10 ether + part);
    }

    function test_draws_of_a_contribution_follow_each_other() public {
        closeEpoch();
        uint64 id = dues[5].contributionId;
        bytes memory early = abi.encodeWithSelector(
            IInferenceEpochs.EpochStatus.selector, epochId, IInferenceEpochs.Status.Closed
        );
        (ShownPayout memory before, ShownPayout memory first) = (payoutAt(4), payoutAt(5));
        (ShownPayout memory second, ShownPayout memory last) = (payoutAt(6), payoutAt(9));
        vm.expectRevert(early);
        epochs.draw(epochId, before, first, last);
        settleEpoch();
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.DrawStart.selector, 6, 6));
        epochs.draw(epochId, first, second, last);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.DrawStart.selector, 6, 5));
        epochs.draw(epochId, before, second, last);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.DrawEnd.selector, before.contributionId, id));
        epochs.draw(epochId, before, before, last);
        ShownPayout memory more = first;
        more.amount += 1;
        vm.expectRevert(abi.encodeWithSelector(SumTrees.NotInTree.selector, 5));
        epochs.draw(epochId, before, more, more);
        first = payoutAt(5);
        vm.assertEq(epochs.draw(epochId, before, first, second), dues[5].amount + dues[6].amount);
        vm.assertEq(epochs.drawnTo(epochId, id), 7);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.DrawStart.selector, 5, 7));
        epochs.draw(epochId, before, first, last);
        ShownPayout memory skipping = payoutAt(8);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.DrawStart.selector, 8, 7));
        epochs.draw(epochId, before, skipping, last);
        ShownPayout memory next = payoutAt(7);
        uint256 rest = uint256(dues[7].amount) + dues[8].amount + dues[9].amount;
        vm.assertEq(epochs.draw(epochId, before, next, last), rest);
    }

    /// @dev Leaves by other rates would be false, and their host lose its bond for the owner's change.
    function test_nothing_is_closed_by_rates_that_changed() public {
        (Closing memory closing, RangeVoucher[] memory vouchers) = (closingOf(), vouchersOf());
        vm.prank(builder);
        models.setRates(modelId, RATE_IN, RATE_OUT + 1);
        _refused(
            abi.encodeWithSelector(IInferenceEpochs.EpochRates.selector, RATE_IN, RATE_OUT + 1),
            closing,
            vouchers
        );
    }

    function test_an_epoch_needs_vouchers_ranges_and_a_bond() public {
        (Closing memory closing, RangeVoucher[] memory vouchers) = (closingOf(), vouchersOf());
        uint256 fee = feeOf(ranges[1].net);
        vouchers[1].cumulative -= 1;
        bytes memory small =
            abi.encodeWithSelector(IPurses.VoucherTooSmall.selector, signerOf(1), fee - 1, fee);
        _refused(small, closing, vouchers);
        vouchers[1].cumulative += 2;
        _refused(abi.encodeWithSelector(IPurses.VoucherSignature.selector, signerOf(1)), closing, vouchers);
        vouchers = vouchersOf();
        closing.number = 2;
        _refused(abi.encodeWithSelector(IInferenceEpochs.EpochNumber.selector, 2, 1), closing, vouchers);
        closing = closingOf();
        closing.net += 1;
        _refused(
            abi.encodeWithSelector(IInferenceEpochs.RangesSum.selector, 5, closing.net - 1), closing, vouchers
        );
        closing = closingOf();
        closing.count += 1;
        _refused(
            abi.encodeWithSelector(IInferenceEpochs.RangesSum.selector, 5, closing.net), closing, vouchers
        );
        closing.count = (1 << 16) + 1;
        _refused(
            abi.encodeWithSelector(IInferenceEpochs.EpochSize.selector, closing.count, 10, 2),
            closing,
            vouchers
        );
        closing = closingOf();
        uint128 part = closing.net - closing.net / 5 - closing.net / 5 - closing.net / 10;
        closing.payoutSum = part + 1;
        _refused(
            abi.encodeWithSelector(IInferenceEpochs.PayoutsAbovePart.selector, part + 1, part),
            closing,
            vouchers
        );
        closing = closingOf();
        uint256 bond = bondFor(closing);
        vm.expectRevert(abi.encodeWithSelector(IInferenceEpochs.BondTooSmall.selector, bond - 1, bond));
        vm.prank(host);
        epochs.close{value: bond - 1}(closing, ranges, vouchers);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceEpochs.EpochHostNotTaking.selector, modelId, address(this))
        );
        epochs.close(closing, ranges, vouchers);
        vm.warp(vouchers[0].validUntil + 1);
        _refused(
            abi.encodeWithSelector(IPurses.VoucherTooOld.selector, signerOf(0), vouchers[0].validUntil),
            closing,
            vouchers
        );
    }

    function test_a_bond_covers_fees_and_the_largest_lies() public view {
        // 2.2 * (fees + count * largest fee / 4)
        vm.assertEq(epochs.bondOf(1000 ether, 32, 9 ether), 2376 ether);
    }

    function test_a_voucher_is_used_once_and_the_next_adds_to_it() public {
        RangeVoucher[] memory old = vouchersOf();
        uint128 first = uint128(feeOf(ranges[0].net));
        closeEpoch();
        draft(two());
        Closing memory closing = closingOf();
        _refused(
            abi.encodeWithSelector(IPurses.VoucherTooSmall.selector, signerOf(0), first, 2 * first),
            closing,
            old
        );
        closeEpoch();
        vm.assertEq(epochs.purseOf(signerOf(0), host).spent, 2 * first);
        vm.assertEq(epochs.epochCount(host), 2);
    }

    function test_a_purse_returns_after_the_delay_less_what_was_spent_meanwhile() public {
        address payer_ = signerOf(0);
        vm.startPrank(payer_);
        vm.expectRevert(abi.encodeWithSelector(IPurses.LeavingAbovePurse.selector, 100 ether + 1, 100 ether));
        epochs.startWithdraw(host, 100 ether + 1);
        epochs.startWithdraw(host, 100 ether);
        vm.stopPrank();
        uint256 at = block.timestamp + DELAY;
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(IPurses.PurseStays.selector, at));
        epochs.withdraw(payer_, host);
        closeEpoch();
        vm.warp(at + 1);
        epochs.withdraw(payer_, host);
        vm.assertEq(balances.balanceOf(payer_), 100 ether - feeOf(ranges[0].net));
        vm.assertEq(epochs.purseOf(payer_, host).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(IPurses.LeavingAbovePurse.selector, 0, 0));
        epochs.withdraw(payer_, host);
        draft(two());
        (Closing memory closing, RangeVoucher[] memory vouchers) = (closingOf(), vouchersOf());
        uint256 fee = feeOf(ranges[0].net);
        _refused(
            abi.encodeWithSelector(IPurses.VoucherAbovePurse.selector, payer_, fee, 0), closing, vouchers
        );
    }

    function test_a_purse_has_its_bounds() public {
        vm.expectRevert(IPurses.NothingToFill.selector);
        epochs.fill(payer, host);
        vm.deal(address(this), 1 << 121);
        epochs.fill{value: type(uint120).max}(payer, host);
        vm.expectRevert(abi.encodeWithSelector(IPurses.PurseTooLarge.selector, 1 << 120));
        epochs.fill{value: 1}(payer, host);
        EpochClosings.Parts memory parts;
        (parts.parameters, parts.balances, parts.auditedLeaves) = (parameters, balances, 4);
        vm.expectRevert(abi.encodeWithSelector(IPurses.WithdrawDelay.selector, WINDOW - 1, WINDOW));
        new InferenceEpochs(parts, WINDOW - 1);
    }

    function test_an_epoch_without_payouts_goes_to_the_pools() public {
        for (uint256 i = 0; i < drafts.length; i++) {
            drafts[i].claim.earnedBps = 0;
            delete drafts[i].claim.context;
        }
        owe();
        vm.assertEq(dues.length, 0);
        closeEpoch();
        settleEpoch();
        uint256 net = epochs.epochOf(epochId).net;
        vm.assertEq(pools.held(), net - net / 5 - net / 5 - net / 10);
        vm.expectPartialRevert(IInferenceEpochs.EpochStatus.selector);
        epochs.settle(epochId);
    }

    /// @dev Random tokens, parts and payers: what is drawn is what each inference's split says, to the wei.
    function testFuzz_all_of_an_epoch_is_paid(uint256 seed) public {
        uint32[] memory counts = new uint32[](2);
        (counts[0], counts[1]) = (uint32(bound(seed, 1, 7)), uint32(bound(seed >> 8, 1, 7)));
        draft(counts);
        for (uint256 i = 0; i < drafts.length; i++) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            drafts[i].claim.tokensIn = uint32(random % 1000);
            drafts[i].claim.tokensOut = uint32((random >> 32) % 300);
            drafts[i].claim.earnedBps = uint16((random >> 64) % 10_001);
            delete drafts[i].claim.context;
            if (random >> 255 == 1) drafts[i].claim.context = contextOf(drafts[i].claim, random >> 128);
            drafts[i].net = netOf(drafts[i].claim);
        }
        owe();
        measure();
        closeEpoch();
        settleEpoch();
        uint256[2] memory due;
        for (uint256 i = 0; i < dues.length; i++) {
            due[dues[i].contributionId == dues[0].contributionId ? 0 : 1] += dues[i].amount;
        }
        for (uint256 i = 0; i < 2 && dues.length > 0; i++) {
            uint64 id = dues[i == 0 ? 0 : dues.length - 1].contributionId;
            if (due[i] > 0) vm.assertEq(drawAll(id), due[i]);
        }
        vm.assertEq(epochs.epochOf(epochId).undrawn, 0);
        vm.assertEq(address(epochs).balance, epochs.held());
        vm.assertEq(epochs.held(), 200 ether - feeOf(ranges[0].net) - feeOf(ranges[1].net));
    }
}

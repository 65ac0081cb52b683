// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Closing, IInferenceEpochs, RangeVoucher} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ContributionId, EpochId} from "../../src/protocol/Types.sol";
import {WholeClaims} from "./WholeClaims.sol";

/// @notice Purses, and epochs of which some lie about a sum, about what came out, or in an inference's list; one at a time.
abstract contract WholeEpochs is WholeClaims {
    enum EpochLie {
        None,
        Sum,
        List,
        Form
    }

    EpochLie internal epochLie;
    /// @dev In which inference, of lists and forms; and about what.
    uint32 internal falseAt;
    Lie internal leafLie;
    uint256 public closed;

    function fill(uint256 who, uint256 amount) external step("fill") {
        _fill(who % 2, bound(amount, 1 ether, 20 ether));
    }

    /// @dev Often all of it: then the host may have spent of it before it leaves.
    function takeBack(uint256 who, uint256 amount) external step("takeBack") {
        exact(true);
        address signer = signerOf(who % 2);
        uint256 all = epochs.purseOf(signer, host).balance;
        _take(signer, amount % 2 == 0 ? all : bound(amount, 0, all));
    }

    /// @dev The host may spend of what is leaving until it has left.
    function withdrawPurse(uint256 who) external step("withdrawPurse") {
        exact(true);
        address signer = signerOf(who % 2);
        if (_purse(who % 2) == 0) _fill(who % 2, 1 ether);
        if (epochs.purseOf(signer, host).leaving == 0) _take(signer, _purse(who % 2));
        if ((who >> 8) % 2 == 0) closedEpoch(who >> 16);
        uint256 at = epochs.purseOf(signer, host).leavesAt;
        if (block.timestamp <= at) vm.warp(at + 1);
        (uint256 leaving, uint256 has) = (epochs.purseOf(signer, host).leaving, _purse(who % 2));
        gains(signer, leaving < has ? leaving : has);
        epochs.withdraw(signer, host);
        expect(
            _purse(who % 2) + leaving >= has && _purse(who % 2) <= has, "a purse gave otherwise than it had"
        );
    }

    function closeOne(uint256 seed) external step("closeOne") {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) closedEpoch(seed);
    }

    function drawEpoch(uint256 seed) external step("drawEpoch") {
        exact(true);
        drawOne(seed);
    }

    function endEpoch() external step("endEpoch") {
        exact(true);
        _endEpoch();
    }

    /// @dev All that a contribution is due of the last epoch. Of a sum that is false nobody knows what that is.
    function drawOne(uint256 seed) internal {
        if (statusOf(epochId) != IInferenceEpochs.Status.Settled || epochLie == EpochLie.Sum) return;
        if (dues.length == 0) return;
        uint64 id = dues[seed % dues.length].contributionId;
        if (epochs.drawnTo(epochId, id) > 0) return;
        for (uint256 i = 0; i < dues.length; i++) {
            if (dues[i].contributionId == id) gains(ledger.payeeOf(ContributionId.wrap(id)), dues[i].amount);
        }
        drawAll(id);
    }

    /// @dev The epoch that is closed; if none is, what is left of the last one ends and the host closes another.
    function closedEpoch(uint256 seed) internal {
        if (EpochId.unwrap(epochId) != 0) {
            if (statusOf(epochId) == IInferenceEpochs.Status.Closed) return;
            _endEpoch();
        }
        _draft(seed);
        for (uint256 who = 0; who < 2; who++) {
            if (epochs.purseOf(signerOf(who), host).balance < feeOf(ranges[who].net)) _fill(who, 1 ether);
        }
        Closing memory closing = closingOf();
        RangeVoucher[] memory vouchers = vouchersOf();
        uint256 bond = bondFor(closing);
        by(host, bond);
        epochs.close{value: bond}(closing, ranges, vouchers);
        closed++;
    }

    /// @dev Half are true.
    function _draft(uint256 seed) private {
        uint32[] memory counts = new uint32[](2);
        (counts[0], counts[1]) = (uint32(1 + (seed >> 8) % 3), uint32(1 + (seed >> 16) % 3));
        draft(counts);
        (epochLie, leafLie) = (EpochLie.None, Lie.None);
        falseAt = uint32((seed >> 24) % drafts.length);
        uint256 kind = seed % 8;
        if (kind == 0 && dues.length > 1) (epochLie, payoutBump) = (EpochLie.Sum, Bump(1, 0, 1));
        if (kind == 1) {
            epochLie = EpochLie.Form;
            Claim memory claim = drafts[falseAt].claim;
            deform(claim, seed >> 32);
            drafts[falseAt].claim = claim;
        }
        if (kind == 2 || kind == 3) {
            leafLie = Lie.Hidden;
            drafts[falseAt].claim.outputHash = keccak256("another answer");
        }
        if (kind == 4) {
            (epochLie, leafLie) = (EpochLie.List, Lie(1 + (seed >> 32) % 4));
            drafts[falseAt].claim = falsified(fixture, drafts[falseAt].claim, leafLie);
            owe();
        }
    }

    function _endEpoch() private {
        vm.roll(block.number + 4);
        uint256[2] memory had = [_purse(0), _purse(1)];
        bool isRefuted = statusOf(epochId) == IInferenceEpochs.Status.Refuted;
        try epochs.returnFees(epochId, ranges) {
            bool isBack =
                _purse(0) == had[0] + feeOf(ranges[0].net) && _purse(1) == had[1] + feeOf(ranges[1].net);
            expect(isRefuted && isBack, "fees came back otherwise than they were taken");
        } catch {
            expect(!isRefuted, "fees don't come back");
        }
        IInferenceEpochs.EpochRefutation memory found = epochs.refutationOf(epochId);
        gains(found.challenger, found.reward);
        try epochs.collect(epochId) {
            expect(found.reward > 0, "a reward of an epoch was paid twice");
        } catch {
            expect(found.reward == 0, "a reward of an epoch was not paid");
        }
    }

    function _purse(uint256 who) private view returns (uint256) {
        return epochs.purseOf(signerOf(who), host).balance;
    }

    function _fill(uint256 who, uint256 amount) private {
        by(signerOf(who), amount);
        epochs.fill{value: amount}(signerOf(who), host);
    }

    function _take(address signer, uint256 amount) private {
        vm.prank(signer);
        epochs.startWithdraw(host, uint128(amount));
    }
}

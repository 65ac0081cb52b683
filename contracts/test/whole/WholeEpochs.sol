// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochChallenges} from "../../src/interfaces/protocol/IEpochChallenges.sol";
import {Closing, IInferenceEpochs, RangeVoucher} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {SumNode} from "../../src/protocol/SumTrees.sol";
import {EpochId} from "../../src/protocol/Types.sol";
import {WholeMarket} from "./WholeMarket.sol";

/// @notice Purses, and epochs of which some lie about a sum; one at a time.
abstract contract WholeEpochs is WholeMarket {
    bool private _isFalse;
    uint256 public closed;

    function fill(uint256 who, uint256 amount) external step("fill") {
        _fill(who % 2, bound(amount, 1 ether, 20 ether));
    }

    function _fill(uint256 who, uint256 amount) private {
        by(signerOf(who), amount);
        epochs.fill{value: amount}(signerOf(who), host);
    }

    function takeBack(uint256 who, uint256 amount) external step("takeBack") {
        address signer = signerOf(who % 2);
        amount = bound(amount, 0, epochs.purseOf(signer, host).balance);
        _take(signer, amount);
    }

    function _take(address signer, uint256 amount) private {
        vm.prank(signer);
        epochs.startWithdraw(host, uint128(amount));
    }

    function withdrawPurse(uint256 who) external step("withdrawPurse") {
        if (epochs.purseOf(signerOf(who % 2), host).leaving == 0) _take(signerOf(who % 2), 1);
        uint256 at = epochs.purseOf(signerOf(who % 2), host).leavesAt;
        if (block.timestamp <= at) vm.warp(at + 1);
        epochs.withdraw(signerOf(who % 2), host);
    }

    function closeOne(uint256 seed) external step("closeOne") {
        if (_isOpen() || epochs.refutationOf(epochId).reward > 0) return;
        uint32[] memory counts = new uint32[](2);
        (counts[0], counts[1]) = (uint32(1 + seed % 2), uint32(1 + (seed >> 8) % 2));
        draft(counts);
        _isFalse = seed % 3 == 0 && dues.length > 1;
        if (_isFalse) payoutBump = Bump(1, 0, 1);
        for (uint256 who = 0; who < 2; who++) {
            if (epochs.purseOf(signerOf(who), host).balance < feeOf(ranges[who].net)) _fill(who, 5 ether);
        }
        Closing memory closing = closingOf();
        RangeVoucher[] memory vouchers = vouchersOf();
        uint256 bond = bondFor(closing);
        by(host, bond);
        epochs.close{value: bond}(closing, ranges, vouchers);
        closed++;
    }

    function challengeEpoch() external step("challengeEpoch") {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return;
        bool inTime = block.timestamp <= epochs.epochOf(epochId).deadline;
        loses(watcher, DEPOSIT);
        SumNode[][] memory levels = payoutLevels();
        if (levels.length < 2) return;
        SumNode[3] memory nodes = [levels[1][0], levels[0][0], levels[0][1]];
        bytes32 salt = keccak256(abi.encode(block.number));
        bytes memory call = abi.encodeCall(
            IEpochChallenges.challengeSum, (epochId, true, 1, 0, nodes, pathOf(levels, 1, 0), salt)
        );
        (bool ok,) = announced(watcher, address(epochChallenges), call);
        expect(ok == (_isFalse && inTime), ok ? "a true epoch fell" : "a false epoch stood");
    }

    function settleEpochNow(uint256 seed) external step("settleEpochNow") {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return;
        uint256 deadline = epochs.epochOf(epochId).deadline;
        if (block.timestamp <= deadline && seed % 2 == 0) vm.warp(deadline + 1);
        epochs.settle(epochId);
    }

    function drawEpoch(uint256 seed) external step("drawEpoch") {
        if (statusOf(epochId) != IInferenceEpochs.Status.Settled || _isFalse || dues.length == 0) return;
        drawAll(dues[seed % dues.length].contributionId);
    }

    function endEpoch() external step("endEpoch") {
        vm.roll(block.number + 4);
        try epochs.returnFees(epochId, ranges) {} catch {}
        try epochs.collect(epochId) {} catch {}
    }

    function _isOpen() private view returns (bool) {
        if (EpochId.unwrap(epochId) == 0) return false;
        IInferenceEpochs.Status status = statusOf(epochId);
        return status == IInferenceEpochs.Status.Closed || status == IInferenceEpochs.Status.Refuted;
    }
}

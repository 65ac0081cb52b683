// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {IInferenceEpochs, Range, ShownLeaf, ShownPayout} from "../interfaces/protocol/IInferenceEpochs.sol";
import {Earnings} from "./Earnings.sol";
import {SumNode, SumTree, SumTrees} from "./SumTrees.sol";
import {BPS, EpochId, FeeSplit, RequestId} from "./Types.sol";

/// @title Names, fees and paths of what stands in an epoch.
library EpochProofs {
    uint256 private constant TOKENS_PER_RATE = 1_000;

    error RangesMismatch(bytes32 closed, bytes32 given);
    error RangeUnknown(uint256 at, uint256 count);

    function idOf(address host, uint64 number) internal pure returns (EpochId) {
        return EpochId.wrap((uint256(uint160(host)) << 64) | number);
    }

    /// @notice What the claim of an inference is called.
    function requestOf(EpochId epochId, uint32 position) internal pure returns (RequestId) {
        return RequestId.wrap((EpochId.unwrap(epochId) << 32) | position);
    }

    function epochOf(RequestId requestId) internal pure returns (EpochId) {
        return EpochId.wrap(RequestId.unwrap(requestId) >> 32);
    }

    function leafOf(ShownLeaf calldata shown) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), abi.encode(shown.payer, shown.claim)));
    }

    function payoutLeafOf(uint64 contributionId, uint32 inference) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), contributionId, inference));
    }

    /// @notice By which payouts are ordered.
    function keyOf(ShownPayout calldata shown) internal pure returns (uint256) {
        return keyOf(shown.contributionId, shown.inference);
    }

    function keyOf(uint64 contributionId, uint32 inference) internal pure returns (uint256) {
        return (uint256(contributionId) << 32) | inference;
    }

    /// @notice One of an epoch's two trees.
    function treeOf(IInferenceEpochs.Epoch memory epoch, bool isPayout)
        internal
        pure
        returns (SumTree memory)
    {
        if (isPayout) {
            return SumTree(epoch.payoutRoot, epoch.payoutSum, epoch.payoutCount);
        }
        return SumTree(epoch.root, epoch.net, epoch.count);
    }

    /// @notice Reverts unless the inference stands there.
    function checkLeaf(IInferenceEpochs.Epoch memory epoch, ShownLeaf calldata shown) internal pure {
        SumTrees.check(treeOf(epoch, false), shown.position, SumNode(leafOf(shown), shown.net), shown.path);
    }

    /// @notice Reverts unless the payout stands there; returns the sum of those before it.
    function checkPayout(SumTree memory tree, ShownPayout calldata shown)
        internal
        pure
        returns (uint256 before)
    {
        SumNode memory leaf = SumNode(payoutLeafOf(shown.contributionId, shown.inference), shown.amount);
        return SumTrees.check(tree, shown.position, leaf, shown.path);
    }

    /// @notice Reverts unless an epoch was closed with these ranges.
    function checkRanges(bytes32 rangesHash, Range[] calldata ranges) internal pure {
        bytes32 hash = keccak256(abi.encode(ranges));
        if (hash != rangesHash) revert RangesMismatch(rangesHash, hash);
    }

    /// @notice The position at which a range begins. Reverts unless the epoch was closed with these ranges.
    function startOf(IInferenceEpochs.Epoch memory epoch, Range[] calldata ranges, uint256 at)
        internal
        pure
        returns (uint256 start)
    {
        checkRanges(epoch.rangesHash, ranges);
        if (at >= ranges.length) revert RangeUnknown(at, ranges.length);
        for (uint256 i = 0; i < at; i++) {
            start += ranges[i].count;
        }
    }

    /// @notice The payer in whose range an inference stands. Reverts unless the epoch was closed with these ranges.
    function payerOf(IInferenceEpochs.Epoch memory epoch, Range[] calldata ranges, uint256 position)
        internal
        pure
        returns (address)
    {
        checkRanges(epoch.rangesHash, ranges);
        uint256 i = 0;
        for (uint256 end = ranges[0].count; end <= position; end += ranges[i].count) {
            i++;
        }
        return ranges[i].payer;
    }

    /// @notice Net fee of so many tokens at the epoch's rates.
    function netOf(IInferenceEpochs.Epoch memory epoch, Claim calldata claim)
        internal
        pure
        returns (uint256)
    {
        return (uint256(claim.tokensIn) * epoch.rateIn + uint256(claim.tokensOut) * epoch.rateOut)
            / TOKENS_PER_RATE;
    }

    /// @notice The platform's part on top of a net fee.
    function platformOf(uint256 net, uint256 platformBps) internal pure returns (uint256) {
        return (net * platformBps) / (BPS - platformBps);
    }

    /// @notice What a contribution earned by an inference, in wei; 0 if it is named by neither list nor context.
    function earnedOf(ShownLeaf calldata shown, FeeSplit memory split, uint64 contributionId)
        internal
        view
        returns (uint256)
    {
        Claim calldata claim = shown.claim;
        (uint256 byContext, uint256 byList) =
            Earnings.partsOf(claim, (uint256(shown.net) * split.contributors) / BPS);
        return Earnings.shareOf(byList, claim.list.contributionIds, claim.list.weights, contributionId)
            + Earnings.shareOf(
            byContext, claim.context.contributionIds, claim.context.weights, contributionId
        );
    }
}

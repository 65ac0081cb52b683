// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {Claim, IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {Covers} from "./Covers.sol";
import {Earnings} from "./Earnings.sol";
import {InferenceRequests} from "./InferenceRequests.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {BPS} from "./Types.sol";

/// @title The host's side of the market: claims.
/// @notice A claim is proved (query, records and paths travel with it) or optimistic (they come with a challenge). Its hash covers
/// chain, market, request and answer, so no claim serves a second time. The host signs that hash for the payer.
abstract contract InferenceClaims is InferenceRequests {
    /// @inheritdoc IInferenceMarket
    function claim(Claim calldata given, bytes calldata query) external payable nonReentrant {
        Request storage order = _claimable(given);
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        INFLUENCE_VERIFIER.checkClaim(index, given.list);
        if (query.length > 0) {
            if (keccak256(query) != given.queryHash) revert QueryMismatch(given.queryHash);
            INFLUENCE_VERIFIER.checkQuery(index, Covers.sketchOf(index, query));
        }
        _post(order, given, query, false);
    }

    /// @inheritdoc IInferenceMarket
    function claimProved(
        Claim calldata given,
        bytes calldata query,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external payable nonReentrant {
        Request storage order = _claimable(given);
        if (keccak256(query) != given.queryHash) revert QueryMismatch(given.queryHash);
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        INFLUENCE_VERIFIER.verifyTopK(index, given.list, Covers.sketchOf(index, query), records, paths);
        _post(order, given, query, true);
    }

    /// @inheritdoc IInferenceMarket
    function hashOf(Claim calldata given) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), given));
    }

    /// @dev The claim as it was posted, not yet settled or refuted.
    function _claimedNow(Claim calldata given) internal view returns (Request storage order) {
        order = _known(given.requestId);
        if (order.status != Status.Claimed) revert RequestStatus(given.requestId, order.status);
        _checkPosted(order, given);
    }

    function _checkPosted(Request storage order, Claim calldata given) internal view {
        bytes32 hash = hashOf(given);
        if (hash != order.claimHash) revert ClaimMismatch(order.claimHash, hash);
    }

    function _challengeable(Claim calldata given) internal view returns (Request storage order) {
        order = _claimedNow(given);
        if (block.timestamp > order.deadline) revert TooLate(order.deadline);
    }

    function _claimable(Claim calldata given) private view returns (Request storage order) {
        order = _known(given.requestId);
        if (order.status != Status.Requested) revert RequestStatus(given.requestId, order.status);
        if (msg.sender != order.host) revert NotHost(msg.sender);
        if (block.timestamp > order.deadline) revert TooLate(order.deadline);
        if (given.modelId != order.modelId || given.requestHash != order.requestHash) {
            revert ClaimOfAnother(given.requestId, order.modelId, order.requestHash);
        }
        if (given.tokensIn > order.maxTokensIn || given.tokensOut > order.maxTokensOut) {
            revert TokensOverMaximum(given.tokensIn, given.tokensOut);
        }
        if (given.earnedBps > BPS) revert EarnedOutOfRange(given.earnedBps);
        Earnings.checkContext(given.context);
    }

    function _post(Request storage order, Claim calldata given, bytes calldata query, bool proved) private {
        if (msg.value != order.claimBond) revert BondMismatch(msg.value, order.claimBond);
        uint256 net = _net(given.tokensIn, given.tokensOut, order.rateIn, order.rateOut);
        uint256 fee = net + _platform(net, order.platformBps);
        (order.status, order.proved, order.queryPublished) = (Status.Claimed, proved, query.length > 0);
        order.deadline = uint64(block.timestamp + order.challengeWindow);
        (order.bond, order.fee, order.claimHash) = (uint128(msg.value), uint128(fee), hashOf(given));
        order.claimedAt = uint64(block.timestamp);
        if (address(AUDITS) != address(0)) order.seedBlock = AUDITS.nextSeed();
        HOSTS.lock(msg.sender, fee, order.auditBps);
        _emitClaimed(order, given, query);
    }

    /// @dev Apart, for the stack.
    function _emitClaimed(Request storage order, Claim calldata given, bytes calldata query) private {
        emit InferenceClaimed(
            given.requestId,
            given.modelId,
            order.host,
            order.proved,
            given,
            order.claimHash,
            query,
            order.fee,
            order.bond,
            order.deadline
        );
    }
}

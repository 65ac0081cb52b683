// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {HostStakes, HostTerms} from "./HostStakes.sol";
import {ModelRegistry, ModelTerms} from "./ModelRegistry.sol";
import {REWARD_SPLITTER} from "./Precompiles.sol";
import {Parameters, ProtocolParameters} from "./ProtocolParameters.sol";
import {BPS} from "./Types.sol";

/// @title The payer's side of the market: requests with their escrow, prices, cancellation.
/// @notice Amounts are wei, times seconds.
abstract contract InferenceRequests is ReentrancyGuardTransient {
    enum Status {
        None,
        Requested,
        Claimed,
        Settled,
        /// @dev Proven false, or a demand was met with silence; the escrow went back.
        Refuted,
        Cancelled
    }

    /// @param platformBps The platform's part of the fee when it was asked, in 1/10000.
    /// @param deadline Requested: until when the host may claim. Claimed: until when the claim can be challenged.
    /// @param requestHash What was asked: keccak256 over a salt, the prompt's tokens, the adapter, the sampling parameters, the seed
    /// and the limits. The chain never opens it.
    /// @param rateIn The model's rate when it was asked; wei for 1000 tokens.
    /// @param escrow Wei that the payer left.
    /// @param bond Wei that the host bound to the claim.
    /// @param fee Wei that the claim takes of the escrow.
    struct Request {
        address payer;
        Status status;
        bool proved;
        bool queryPublished;
        uint16 platformBps;
        uint32 challengeWindow;
        address host;
        uint64 deadline;
        uint32 maxTokensIn;
        uint32 maxTokensOut;
        uint32 demandWindow;
        uint128 claimBond;
        uint128 rateIn;
        uint128 rateOut;
        uint128 escrow;
        uint128 bond;
        uint128 fee;
        uint256 modelId;
        bytes32 requestHash;
        bytes32 claimHash;
    }

    uint256 private constant TOKENS_PER_RATE = 1_000;

    ProtocolParameters public immutable PARAMETERS;
    ModelRegistry public immutable MODELS;
    HostStakes public immutable HOSTS;

    /// @notice Number of requests; ids count from 1.
    uint256 public requestCount;
    mapping(uint256 requestId => Request) private _requests;

    event InferenceRequested(
        uint256 indexed requestId,
        uint256 indexed modelId,
        address indexed host,
        address payer,
        bytes32 requestHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut,
        uint256 escrow,
        uint64 claimDeadline
    );
    event InferenceCancelled(uint256 indexed requestId, address indexed payer, uint256 refund);

    error RequestUnknown(uint256 requestId);
    error RequestStatus(uint256 requestId, Status actual);
    error ModelNotServing(uint256 modelId);
    error HostNotTaking(uint256 modelId, address host);
    error TokensAboveHostLimit(uint32 maxTokensIn, uint32 maxTokensOut);
    error FeeBelowHostLeast(uint256 fee, uint256 least);
    error EscrowTooSmall(uint256 sent, uint256 required);
    error EscrowTooLarge(uint256 sent);
    error NotYet(uint256 deadline);

    constructor(ProtocolParameters parameters, ModelRegistry models, HostStakes hosts) {
        (PARAMETERS, MODELS, HOSTS) = (parameters, models, hosts);
    }

    /// @notice Asks a host for an answer and leaves the escrow: at least the fee of the maximum of tokens (see quote).
    /// @param modelId A serving model.
    /// @param host One that takes the model.
    /// @param requestHash See Request.
    /// @param maxTokensIn Prompt tokens that may be charged.
    /// @param maxTokensOut Answer tokens that may be charged.
    /// @return requestId Counted from 1.
    function request(
        uint256 modelId,
        address host,
        bytes32 requestHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut
    ) external payable returns (uint256 requestId) {
        (, bool serves, ModelTerms memory terms) = MODELS.termsOf(modelId);
        if (!serves) revert ModelNotServing(modelId);
        Parameters memory parameters = PARAMETERS.parameters();
        uint256 net = _net(maxTokensIn, maxTokensOut, terms.rateIn, terms.rateOut);
        uint256 required = net + _platform(net, parameters.platformBps);
        if (msg.value < required) revert EscrowTooSmall(msg.value, required);
        if (msg.value > type(uint128).max) revert EscrowTooLarge(msg.value);
        _checkHost(modelId, host, required, maxTokensIn, maxTokensOut);
        requestId = ++requestCount;
        Request storage order = _requests[requestId];
        (order.payer, order.status, order.host) = (msg.sender, Status.Requested, host);
        order.platformBps = parameters.platformBps;
        order.challengeWindow = parameters.challengeWindow;
        order.demandWindow = parameters.demandWindow;
        order.claimBond = parameters.claimBond;
        order.deadline = uint64(block.timestamp + parameters.claimTimeout);
        (order.maxTokensIn, order.maxTokensOut) = (maxTokensIn, maxTokensOut);
        (order.modelId, order.requestHash) = (modelId, requestHash);
        (order.rateIn, order.rateOut, order.escrow) = (terms.rateIn, terms.rateOut, uint128(msg.value));
        _announce(requestId, order);
    }

    /// @notice Gives the escrow back to the payer when the host did not claim in time. Anybody may call.
    function cancel(uint256 requestId) external nonReentrant {
        Request storage order = _known(requestId);
        if (order.status != Status.Requested) revert RequestStatus(requestId, order.status);
        if (block.timestamp <= order.deadline) revert NotYet(order.deadline);
        order.status = Status.Cancelled;
        emit InferenceCancelled(requestId, order.payer, order.escrow);
        _payOne(order.payer, order.escrow);
    }

    /// @notice The fee at present: net = (tokensIn * rateIn + tokensOut * rateOut) / 1000, and the platform's part on top,
    /// net * platformBps / (10000 - platformBps), both rounded down.
    function quote(uint256 modelId, uint32 tokensIn, uint32 tokensOut) external view returns (uint256 fee) {
        (,, ModelTerms memory terms) = MODELS.termsOf(modelId);
        uint256 net = _net(tokensIn, tokensOut, terms.rateIn, terms.rateOut);
        return net + _platform(net, PARAMETERS.parameters().platformBps);
    }

    function getRequest(uint256 requestId) external view returns (Request memory) {
        return _known(requestId);
    }

    function _checkHost(uint256 modelId, address host, uint256 fee, uint32 tokensIn, uint32 tokensOut)
        private
        view
    {
        HostTerms memory terms = HOSTS.termsOf(modelId, host);
        if (!terms.accepted) revert HostNotTaking(modelId, host);
        if (tokensIn > terms.maxTokensIn || tokensOut > terms.maxTokensOut) {
            revert TokensAboveHostLimit(terms.maxTokensIn, terms.maxTokensOut);
        }
        if (fee < terms.leastFee) revert FeeBelowHostLeast(fee, terms.leastFee);
    }

    /// @dev Apart, for the stack.
    function _announce(uint256 requestId, Request storage order) private {
        emit InferenceRequested(
            requestId,
            order.modelId,
            order.host,
            order.payer,
            order.requestHash,
            order.maxTokensIn,
            order.maxTokensOut,
            order.escrow,
            order.deadline
        );
    }

    function _known(uint256 requestId) internal view returns (Request storage order) {
        order = _requests[requestId];
        if (order.status == Status.None) revert RequestUnknown(requestId);
    }

    function _net(uint256 tokensIn, uint256 tokensOut, uint256 rateIn, uint256 rateOut)
        internal
        pure
        returns (uint256)
    {
        return (tokensIn * rateIn + tokensOut * rateOut) / TOKENS_PER_RATE;
    }

    function _platform(uint256 net, uint256 platformBps) internal pure returns (uint256) {
        return (net * platformBps) / (BPS - platformBps);
    }

    function _payOne(address to, uint256 amount) internal {
        address[] memory recipients = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (recipients[0], amounts[0]) = (to, amount);
        _payExactly(recipients, amounts);
    }

    /// @dev Amounts as their own weights divide their sum exactly; no recipient's code runs.
    function _payExactly(address[] memory to, uint256[] memory amounts) internal {
        uint256 sum = 0;
        for (uint256 i = 0; i < amounts.length; i++) {
            sum += amounts[i];
        }
        if (sum > 0) REWARD_SPLITTER.pay{value: sum}(to, amounts);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ModelRegistry, ModelTerms} from "./ModelRegistry.sol";
import {REWARD_SPLITTER} from "./Precompiles.sol";
import {Parameters, ProtocolParameters} from "./ProtocolParameters.sol";

/// @title The payer's side of the market: requests with their escrow, prices, cancellation.
/// @notice Amounts are wei, times seconds.
abstract contract InferenceRequests is ReentrancyGuardTransient {
    enum Status {
        None,
        Requested,
        Claimed,
        Settled,
        /// @dev Proven false; the escrow went back.
        Refuted,
        Cancelled
    }

    /// @param promptHash keccak256 over the prompt's token ids, each as u32 big endian; the chain never opens it.
    /// @param rateIn The model's rate at the time of the request; wei for 1000 tokens.
    /// @param platformBps The platform's part of the fee at that time, in 1/10000.
    /// @param deadline Requested: until when the host may claim. Claimed: until when the claim can be challenged.
    /// @param escrow Wei that the payer left.
    /// @param bond Wei that the host bound to the claim.
    /// @param claimHash keccak256 of the ABI-encoded claim.
    struct Request {
        address payer;
        Status status;
        bool proved;
        uint16 platformBps;
        uint64 deadline;
        address host;
        uint32 maxTokensIn;
        uint32 maxTokensOut;
        uint256 modelId;
        bytes32 promptHash;
        uint128 rateIn;
        uint128 rateOut;
        uint256 escrow;
        uint256 bond;
        bytes32 claimHash;
    }

    uint256 internal constant BPS = 10_000;
    uint256 private constant TOKENS_PER_RATE = 1_000;

    ProtocolParameters public immutable PARAMETERS;
    ModelRegistry public immutable MODELS;

    /// @notice Number of requests; ids count from 1.
    uint256 public requestCount;
    mapping(uint256 requestId => Request) private _requests;

    event InferenceRequested(
        uint256 indexed requestId,
        uint256 indexed modelId,
        address indexed host,
        address payer,
        bytes32 promptHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut,
        uint256 escrow,
        uint64 claimDeadline
    );
    event InferenceCancelled(uint256 indexed requestId, uint256 refund);

    error RequestUnknown(uint256 requestId);
    error StatusMismatch(uint256 requestId, Status actual);
    error ModelInactive(uint256 modelId);
    error NotHost(address account);
    error NotPayer(address account);
    error EscrowTooSmall(uint256 sent, uint256 required);
    error TooEarly(uint256 deadline);

    constructor(ProtocolParameters parameters, ModelRegistry models) {
        PARAMETERS = parameters;
        MODELS = models;
    }

    /// @notice Asks a host for an answer and leaves the escrow: at least the fee of the maximum of tokens (see quote).
    /// @param modelId An active model.
    /// @param host One that the model's owner allows.
    /// @param promptHash keccak256 over the prompt's token ids, each as u32 big endian.
    /// @param maxTokensIn Prompt tokens that may be charged.
    /// @param maxTokensOut Answer tokens that may be charged.
    /// @return requestId Counted from 1.
    function request(
        uint256 modelId,
        address host,
        bytes32 promptHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut
    ) external payable returns (uint256 requestId) {
        (, bool active, ModelTerms memory terms) = MODELS.termsOf(modelId);
        if (!active) revert ModelInactive(modelId);
        if (!MODELS.isHost(modelId, host)) revert NotHost(host);
        Parameters memory parameters = PARAMETERS.parameters();
        uint256 net = _net(maxTokensIn, maxTokensOut, terms.rateIn, terms.rateOut);
        uint256 required = net + _platform(net, parameters.platformBps);
        if (msg.value < required) revert EscrowTooSmall(msg.value, required);
        requestId = ++requestCount;
        Request storage order = _requests[requestId];
        order.payer = msg.sender;
        order.status = Status.Requested;
        order.platformBps = parameters.platformBps;
        order.deadline = uint64(block.timestamp + parameters.claimTimeout);
        order.host = host;
        order.maxTokensIn = maxTokensIn;
        order.maxTokensOut = maxTokensOut;
        order.modelId = modelId;
        order.promptHash = promptHash;
        order.rateIn = terms.rateIn;
        order.rateOut = terms.rateOut;
        order.escrow = msg.value;
        emit InferenceRequested(
            requestId,
            modelId,
            host,
            msg.sender,
            promptHash,
            maxTokensIn,
            maxTokensOut,
            msg.value,
            order.deadline
        );
    }

    /// @notice Takes the escrow back when the host did not claim in time. For the payer.
    function cancel(uint256 requestId) external nonReentrant {
        Request storage order = _known(requestId);
        if (order.status != Status.Requested) revert StatusMismatch(requestId, order.status);
        if (msg.sender != order.payer) revert NotPayer(msg.sender);
        if (block.timestamp <= order.deadline) revert TooEarly(order.deadline);
        order.status = Status.Cancelled;
        emit InferenceCancelled(requestId, order.escrow);
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
        recipients[0] = to;
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = amount;
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {HostTerms} from "../interfaces/protocol/IHostStakes.sol";
import {IAudits} from "../interfaces/protocol/IAudits.sol";
import {IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {HostStakes} from "./HostStakes.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {REWARD_SPLITTER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {BPS, ModelId, RequestId} from "./Types.sol";

/// @title The payer's side of the market: requests with their escrow, prices, cancellation.
/// @notice Amounts are wei, times seconds.
abstract contract InferenceRequests is IInferenceMarket, ReentrancyGuardTransient {
    uint256 private constant TOKENS_PER_RATE = 1_000;

    ProtocolParameters public immutable PARAMETERS;
    ModelLedger public immutable MODELS;
    HostStakes public immutable HOSTS;
    /// @notice Says which claims are audited; 0 on a chain that has no verifiers.
    IAudits public immutable AUDITS;

    /// @notice Number of requests; ids count from 1.
    uint256 public requestCount;
    mapping(RequestId requestId => Request) private _requests;

    constructor(ProtocolParameters parameters, ModelLedger models, HostStakes hosts, IAudits audits) {
        (PARAMETERS, MODELS, HOSTS, AUDITS) = (parameters, models, hosts, audits);
    }

    /// @inheritdoc IInferenceMarket
    function request(
        ModelId modelId,
        address host,
        bytes32 requestHash,
        uint32 maxTokensIn,
        uint32 maxTokensOut
    ) external payable returns (RequestId requestId) {
        (, bool serves, ModelTerms memory terms) = MODELS.termsOf(modelId);
        if (!serves) revert ModelNotServing(modelId);
        Parameters memory parameters = PARAMETERS.parameters();
        uint256 net = _net(maxTokensIn, maxTokensOut, terms.rateIn, terms.rateOut);
        uint256 required = net + _platform(net, parameters.platformBps);
        if (msg.value < required) revert EscrowTooSmall(msg.value, required);
        if (msg.value > type(uint128).max) revert EscrowTooLarge(msg.value);
        _checkHost(modelId, host, required, maxTokensIn, maxTokensOut);
        requestId = RequestId.wrap(++requestCount);
        Request storage order = _requests[requestId];
        (order.payer, order.status, order.host) = (msg.sender, Status.Requested, host);
        order.platformBps = parameters.platformBps;
        order.challengeWindow = parameters.challengeWindow;
        order.demandWindow = parameters.demandWindow;
        order.claimBond = parameters.claimBond;
        order.auditBps = parameters.auditBps;
        order.deadline = uint64(block.timestamp + parameters.claimTimeout);
        (order.maxTokensIn, order.maxTokensOut) = (maxTokensIn, maxTokensOut);
        (order.modelId, order.requestHash) = (modelId, requestHash);
        (order.rateIn, order.rateOut, order.escrow) = (terms.rateIn, terms.rateOut, uint128(msg.value));
        _announce(requestId, order);
    }

    /// @inheritdoc IInferenceMarket
    function cancel(RequestId requestId) external nonReentrant {
        Request storage order = _known(requestId);
        if (order.status != Status.Requested) revert RequestStatus(requestId, order.status);
        if (block.timestamp <= order.deadline) revert NotYet(order.deadline);
        order.status = Status.Cancelled;
        emit InferenceCancelled(requestId, order.payer, order.escrow);
        _refund(requestId, order.payer, order.escrow);
    }

    /// @inheritdoc IInferenceMarket
    function quote(ModelId modelId, uint32 tokensIn, uint32 tokensOut) external view returns (uint256 fee) {
        (,, ModelTerms memory terms) = MODELS.termsOf(modelId);
        uint256 net = _net(tokensIn, tokensOut, terms.rateIn, terms.rateOut);
        return net + _platform(net, PARAMETERS.parameters().platformBps);
    }

    /// @inheritdoc IInferenceMarket
    function getRequest(RequestId requestId) external view returns (Request memory) {
        return _known(requestId);
    }

    function _checkHost(ModelId modelId, address host, uint256 fee, uint32 tokensIn, uint32 tokensOut)
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
    function _announce(RequestId requestId, Request storage order) private {
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

    function _known(RequestId requestId) internal view returns (Request storage order) {
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

    function _refund(RequestId requestId, address to, uint256 amount) internal {
        address[] memory recipients = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (recipients[0], amounts[0]) = (to, amount);
        emit FeePaid(requestId, recipients, amounts);
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentDeeds} from "../interfaces/agents/IAgentDeeds.sol";
import {Claim, IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {AttributionLedger} from "../protocol/AttributionLedger.sol";
import {Earnings} from "../protocol/Earnings.sol";
import {ModelLedger} from "../protocol/ModelLedger.sol";
import {REWARD_SPLITTER} from "../protocol/Precompiles.sol";
import {SnapshotPools} from "../protocol/SnapshotPools.sol";
import {RequestId} from "../protocol/Types.sol";
import {AgentStakes} from "./AgentStakes.sol";
import {AgentId, DeedId} from "./AgentTypes.sol";

/// @title AgentDeeds
/// @notice See IAgentDeeds. It keeps no money: a reward is paid out in the call that brings it.
contract AgentDeeds is IAgentDeeds {
    /// @notice Requests that a deed names.
    uint256 public constant MAX_BECAUSE = 8;

    AgentStakes public immutable STAKES;
    IInferenceMarket public immutable MARKET;
    ModelLedger public immutable MODELS;
    AttributionLedger public immutable LEDGER;
    SnapshotPools public immutable POOLS;
    /// @notice Taints by verdict.
    address public immutable VERDICTS;
    /// @notice Seconds after its claim in which a deed may follow from an answer.
    uint64 public immutable ANSWER_AGE_MAX;

    /// @inheritdoc IAgentDeeds
    uint256 public deedCount;
    mapping(DeedId deedId => Deed) private _deeds;

    constructor(
        AgentStakes stakes,
        IInferenceMarket market,
        ModelLedger models,
        AttributionLedger ledger,
        SnapshotPools pools,
        uint64 answerAgeMax
    ) {
        (STAKES, MARKET, MODELS) = (stakes, market, models);
        (LEDGER, POOLS, VERDICTS) = (ledger, pools, stakes.VERDICTS());
        ANSWER_AGE_MAX = answerAgeMax;
    }

    /// @inheritdoc IAgentDeeds
    function record(
        address key,
        address target,
        uint256 value,
        bytes calldata data,
        RequestId[] calldata because,
        bytes32 rationale
    ) external returns (DeedId deedId) {
        AgentId agentId = STAKES.agentOf(msg.sender);
        if (!agentId.isAgent()) revert NotAgent(msg.sender);
        if (!STAKES.isActive(agentId)) revert AgentNotActive(agentId);
        _checkBecause(agentId, because);
        deedId = DeedId.wrap(++deedCount);
        Deed storage deed = _deeds[deedId];
        (deed.agentId, deed.at) = (agentId, uint64(block.timestamp));
        (deed.policy, deed.because) = (STAKES.getAgent(agentId).policy, because);
        emit AgentActed(
            agentId, deedId, key, target, bytes4(data), value, keccak256(data), because, rationale
        );
    }

    /// @inheritdoc IAgentDeeds
    function taint(DeedId deedId, RequestId requestId) external {
        Deed storage deed = _untainted(deedId);
        if (!_names(deed, requestId)) revert NotBecause(deedId, requestId);
        if (MARKET.getRequest(requestId).status != IInferenceMarket.Status.Refuted) {
            revert AnswerStands(requestId);
        }
        deed.isTainted = true;
        emit DeedTainted(deedId, requestId);
    }

    /// @inheritdoc IAgentDeeds
    function taintByVerdict(DeedId deedId) external {
        if (msg.sender != VERDICTS) revert NotVerdicts(msg.sender);
        _deeds[deedId].isTainted = true;
        emit DeedTainted(deedId, RequestId.wrap(0));
    }

    /// @inheritdoc IAgentDeeds
    function reward(DeedId deedId, Claim[] calldata claims) external payable {
        if (msg.value == 0) revert RewardZero();
        Deed storage deed = _untainted(deedId);
        if (claims.length != deed.because.length) revert ClaimsOther(deedId);
        emit DeedRewarded(deedId, msg.sender, msg.value);
        uint256 part = msg.value / claims.length;
        for (uint256 i = 0; i < claims.length; i++) {
            _checkSettled(deedId, deed.because[i], claims[i]);
            bool isLast = i == claims.length - 1;
            _payBack(deedId, claims[i], isLast ? msg.value - part * i : part);
        }
    }

    /// @inheritdoc IAgentDeeds
    function deedOf(DeedId deedId) external view returns (Deed memory) {
        return _deeds[deedId];
    }

    /// @dev As the market divides the contributors' part of a fee.
    function _payBack(DeedId deedId, Claim calldata claim, uint256 amount) private {
        (uint256 byContext, uint256 byList) = Earnings.partsOf(claim, amount);
        uint256 left = amount - byContext - byList;
        if (left > 0) {
            POOLS.fundAll{value: left}(MODELS.snapshotsOf(claim.modelId), claim.requestId, "deed");
        }
        _pay(deedId, claim.requestId, byList, claim.list.contributionIds, claim.list.weights);
        _pay(deedId, claim.requestId, byContext, claim.context.contributionIds, claim.context.weights);
    }

    function _pay(
        DeedId deedId,
        RequestId requestId,
        uint256 amount,
        uint64[] calldata ids,
        uint256[] calldata weights
    ) private {
        if (amount == 0) return;
        (address[] memory to, uint256[] memory parts) = Earnings.divide(LEDGER, amount, ids, weights);
        emit DeedContributorsPaid(deedId, requestId, ids, to, parts);
        REWARD_SPLITTER.pay{value: amount}(to, parts);
    }

    function _checkSettled(DeedId deedId, RequestId expected, Claim calldata claim) private view {
        if (RequestId.unwrap(claim.requestId) != RequestId.unwrap(expected)) revert ClaimsOther(deedId);
        IInferenceMarket.Request memory request = MARKET.getRequest(expected);
        if (request.status != IInferenceMarket.Status.Settled) revert NotSettled(expected);
        if (MARKET.hashOf(claim) != request.claimHash) revert ClaimsOther(deedId);
    }

    function _checkBecause(AgentId agentId, RequestId[] calldata because) private view {
        if (because.length == 0 || because.length > MAX_BECAUSE) {
            revert BecauseCount(because.length, MAX_BECAUSE);
        }
        uint256 before = 0;
        for (uint256 i = 0; i < because.length; i++) {
            RequestId id = because[i];
            if (RequestId.unwrap(id) <= before) revert BecauseOrder(id);
            before = RequestId.unwrap(id);
            IInferenceMarket.Request memory request = MARKET.getRequest(id);
            if (request.payer != msg.sender) revert NotPayerOf(id, msg.sender);
            bool isClaimed = request.status == IInferenceMarket.Status.Claimed;
            if (!isClaimed && request.status != IInferenceMarket.Status.Settled) revert AnswerMissing(id);
            uint256 until = uint256(request.claimedAt) + ANSWER_AGE_MAX;
            if (block.timestamp > until) revert AnswerTooOld(id, until);
            if (!STAKES.usesModel(agentId, request.modelId)) revert ModelNotOfAgent(id);
        }
    }

    function _untainted(DeedId deedId) private view returns (Deed storage deed) {
        deed = _deeds[deedId];
        if (!deed.agentId.isAgent()) revert DeedUnknown(deedId);
        if (deed.isTainted) revert DeedIsTainted(deedId);
    }

    function _names(Deed storage deed, RequestId requestId) private view returns (bool) {
        for (uint256 i = 0; i < deed.because.length; i++) {
            if (RequestId.unwrap(deed.because[i]) == RequestId.unwrap(requestId)) return true;
        }
        return false;
    }
}

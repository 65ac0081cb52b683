// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {IClaimDemands} from "../interfaces/protocol/IClaimDemands.sol";
import {Claim, IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {Covers} from "./Covers.sol";
import {InferenceMarket} from "./InferenceMarket.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {RequestId} from "./Types.sol";

/// @title What can be demanded of a claim's host: the query sketch that it did not publish, and the answer.
/// @notice Silence decides. "Not delivered" is cured, not judged: the host publishes the answer encrypted to the payer's key.
/// Wei and seconds.
contract ClaimDemands is IClaimDemands {
    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    ModelLedger public immutable MODELS;
    InferenceMarket public immutable MARKET;

    mapping(RequestId requestId => Demand) private _demands;
    mapping(RequestId requestId => bool) public isDelivered;

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        ModelLedger models,
        InferenceMarket market
    ) {
        (PARAMETERS, BALANCES, MODELS, MARKET) = (parameters, balances, models, market);
    }

    /// @inheritdoc IClaimDemands
    function demandQuery(Claim calldata given) external payable {
        IInferenceMarket.Request memory order = MARKET.claimed(given);
        if (order.queryPublished) revert NothingToDemand(given.requestId);
        _demand(order, given.requestId, Kind.Query, "");
    }

    /// @inheritdoc IClaimDemands
    function demandDelivery(Claim calldata given, bytes calldata publicKey) external payable {
        IInferenceMarket.Request memory order = MARKET.claimed(given);
        if (msg.sender != order.payer) revert NotPayer(msg.sender);
        if (isDelivered[given.requestId]) revert NothingToDemand(given.requestId);
        _demand(order, given.requestId, Kind.Delivery, publicKey);
    }

    /// @inheritdoc IClaimDemands
    function publishQuery(Claim calldata given, bytes calldata query) external {
        IInferenceMarket.Request memory order = MARKET.claimed(given);
        if (keccak256(query) != given.queryHash) revert QueryMismatch(given.queryHash);
        // Also its form: a query that gives no score could not be challenged.
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        INFLUENCE_VERIFIER.checkQuery(index, Covers.sketchOf(index, query));
        _answer(order, given.requestId, Kind.Query);
        emit QueryPublished(given.requestId, query);
    }

    /// @inheritdoc IClaimDemands
    function deliver(Claim calldata given, bytes calldata ciphertext) external {
        IInferenceMarket.Request memory order = MARKET.claimed(given);
        if (msg.sender != order.host) revert NotHost(msg.sender);
        isDelivered[given.requestId] = true;
        _answer(order, given.requestId, Kind.Delivery);
        emit Delivered(given.requestId, ciphertext);
    }

    /// @inheritdoc IClaimDemands
    function endSilent(Claim calldata given) external {
        Demand memory demand = _demands[given.requestId];
        if (demand.kind == Kind.None) revert NoSuchDemand(given.requestId, Kind.None);
        if (block.timestamp <= demand.deadline) revert NotYet(demand.deadline);
        delete _demands[given.requestId];
        _return(demand.deposit, demand.by, given.requestId);
        MARKET.refuteSilence(given, demand.by, demand.kind == Kind.Query);
    }

    /// @inheritdoc IClaimDemands
    function returnDeposit(RequestId requestId) external {
        Demand memory demand = _demands[requestId];
        bool over = MARKET.getRequest(requestId).status != IInferenceMarket.Status.Claimed;
        if (demand.kind == Kind.None || !over) revert NoSuchDemand(requestId, demand.kind);
        delete _demands[requestId];
        _return(demand.deposit, demand.by, requestId);
    }

    /// @inheritdoc IClaimDemands
    function demandOf(RequestId requestId) external view returns (Demand memory) {
        return _demands[requestId];
    }

    function _demand(
        IInferenceMarket.Request memory order,
        RequestId requestId,
        Kind kind,
        bytes memory publicKey
    ) private {
        if (block.timestamp > order.deadline) revert TooLate(order.deadline);
        if (_demands[requestId].kind != Kind.None) revert DemandOpen(requestId);
        uint128 required = PARAMETERS.parameters().demandDeposit;
        if (msg.value != required) revert DepositMismatch(msg.value, required);
        uint64 deadline = uint64(block.timestamp + order.demandWindow);
        _demands[requestId] = Demand(kind, msg.sender, deadline, required);
        // The claim can't be settled before the answer and a window to look at it.
        MARKET.extend(requestId, deadline + order.challengeWindow, false);
        emit Demanded(requestId, kind, msg.sender, publicKey, deadline);
    }

    function _answer(IInferenceMarket.Request memory order, RequestId requestId, Kind kind) private {
        Demand memory demand = _demands[requestId];
        if (demand.kind != kind) revert NoSuchDemand(requestId, demand.kind);
        if (block.timestamp > demand.deadline) revert TooLate(demand.deadline);
        delete _demands[requestId];
        MARKET.extend(requestId, uint64(block.timestamp + order.challengeWindow), kind == Kind.Query);
        _return(demand.deposit, kind == Kind.Query ? msg.sender : order.host, requestId);
    }

    function _return(uint128 deposit, address to, RequestId requestId) private {
        BALANCES.creditFor{value: deposit}(to, "demand", RequestId.unwrap(requestId));
    }
}

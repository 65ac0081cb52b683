// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Claim} from "./InferenceClaims.sol";
import {InferenceMarket} from "./InferenceMarket.sol";
import {InferenceRequests} from "./InferenceRequests.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title What can be demanded of a claim's host: the query sketch that it did not publish, and the answer.
/// @notice Silence decides. "Not delivered" is cured, not judged: the host publishes the answer encrypted to the payer's key.
/// Wei and seconds.
contract ClaimDemands {
    enum Kind {
        None,
        /// @dev The query sketch's bytes. Silence refutes the claim as a lie.
        Query,
        /// @dev The answer. Silence gives the payer the escrow back.
        Delivery
    }

    struct Demand {
        Kind kind;
        address by;
        uint64 deadline;
        uint128 deposit;
    }

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    ModelRegistry public immutable MODELS;
    InferenceMarket public immutable MARKET;

    mapping(uint256 requestId => Demand) private _demands;
    mapping(uint256 requestId => bool) public isDelivered;

    event Demanded(
        uint256 indexed requestId, Kind indexed kind, address indexed by, bytes publicKey, uint64 deadline
    );
    event QueryPublished(uint256 indexed requestId, bytes query);
    /// @notice The answer, encrypted to the key that the payer gave.
    event Delivered(uint256 indexed requestId, bytes ciphertext);

    error NotHost(address account);
    error NotPayer(address account);
    error QueryMismatch(bytes32 queryHash);
    error NothingToDemand(uint256 requestId);
    error DemandOpen(uint256 requestId);
    error NoSuchDemand(uint256 requestId, Kind open);
    error DepositMismatch(uint256 sent, uint256 required);
    error TooLate(uint256 deadline);
    error NotYet(uint256 deadline);

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        ModelRegistry models,
        InferenceMarket market
    ) {
        (PARAMETERS, BALANCES, MODELS, MARKET) = (parameters, balances, models, market);
    }

    /// @notice Asks the host for the query sketch, with the deposit. Anybody may; who answers earns the deposit.
    function demandQuery(Claim calldata given) external payable {
        InferenceRequests.Request memory order = MARKET.claimed(given);
        if (order.queryPublished) revert NothingToDemand(given.requestId);
        _demand(order, given.requestId, Kind.Query, "");
    }

    /// @notice Asks the host to publish the answer encrypted to `publicKey`. For the payer, with the deposit.
    function demandDelivery(Claim calldata given, bytes calldata publicKey) external payable {
        InferenceRequests.Request memory order = MARKET.claimed(given);
        if (msg.sender != order.payer) revert NotPayer(msg.sender);
        if (isDelivered[given.requestId]) revert NothingToDemand(given.requestId);
        _demand(order, given.requestId, Kind.Delivery, publicKey);
    }

    /// @notice Answers a demand for the query; the challenge window begins anew. Anybody may call.
    function publishQuery(Claim calldata given, bytes calldata query) external {
        InferenceRequests.Request memory order = MARKET.claimed(given);
        if (keccak256(query) != given.queryHash) revert QueryMismatch(given.queryHash);
        // Also its form: a query that gives no score could not be challenged.
        INFLUENCE_VERIFIER.checkQuery(MODELS.indexOf(given.modelId), query);
        _answer(order, given.requestId, Kind.Query);
        emit QueryPublished(given.requestId, query);
    }

    /// @notice Answers a demand for delivery. For the host. Whether the ciphertext holds the answer is for a verifiers' panel.
    function deliver(Claim calldata given, bytes calldata ciphertext) external {
        InferenceRequests.Request memory order = MARKET.claimed(given);
        if (msg.sender != order.host) revert NotHost(msg.sender);
        isDelivered[given.requestId] = true;
        _answer(order, given.requestId, Kind.Delivery);
        emit Delivered(given.requestId, ciphertext);
    }

    /// @notice Ends a claim whose host let a demand pass; the deposit returns. Anybody may call.
    function endSilent(Claim calldata given) external {
        Demand memory demand = _demands[given.requestId];
        if (demand.kind == Kind.None) revert NoSuchDemand(given.requestId, Kind.None);
        if (block.timestamp <= demand.deadline) revert NotYet(demand.deadline);
        delete _demands[given.requestId];
        BALANCES.credit{value: demand.deposit}(demand.by);
        MARKET.refuteSilence(given, demand.by, demand.kind == Kind.Query);
    }

    /// @notice Returns the deposit of a demand whose claim was refuted otherwise. Anybody may call.
    function returnDeposit(uint256 requestId) external {
        Demand memory demand = _demands[requestId];
        bool over = MARKET.getRequest(requestId).status != InferenceRequests.Status.Claimed;
        if (demand.kind == Kind.None || !over) revert NoSuchDemand(requestId, demand.kind);
        delete _demands[requestId];
        BALANCES.credit{value: demand.deposit}(demand.by);
    }

    function demandOf(uint256 requestId) external view returns (Demand memory) {
        return _demands[requestId];
    }

    function _demand(
        InferenceRequests.Request memory order,
        uint256 requestId,
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

    function _answer(InferenceRequests.Request memory order, uint256 requestId, Kind kind) private {
        Demand memory demand = _demands[requestId];
        if (demand.kind != kind) revert NoSuchDemand(requestId, demand.kind);
        if (block.timestamp > demand.deadline) revert TooLate(demand.deadline);
        delete _demands[requestId];
        MARKET.extend(requestId, uint64(block.timestamp + order.challengeWindow), kind == Kind.Query);
        BALANCES.credit{value: demand.deposit}(kind == Kind.Query ? msg.sender : order.host);
    }
}

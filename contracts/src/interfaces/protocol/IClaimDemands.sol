// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RequestId} from "../../protocol/Types.sol";
import {Claim} from "./IInferenceMarket.sol";

/// @title What can be demanded of a claim's host: the query sketch that it did not publish, and the answer.
/// @notice Silence decides. "Not delivered" is cured, not judged: the host publishes the answer encrypted to the payer's key.
/// Wei and seconds.
interface IClaimDemands {
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

    event Demanded(
        RequestId indexed requestId, Kind indexed kind, address indexed by, bytes publicKey, uint64 deadline
    );
    event QueryPublished(RequestId indexed requestId, bytes query);
    /// @notice The answer, encrypted to the key that the payer gave.
    event Delivered(RequestId indexed requestId, bytes ciphertext);

    error NotHost(address account);
    error NotPayer(address account);
    error QueryMismatch(bytes32 queryHash);
    error NothingToDemand(RequestId requestId);
    error DemandOpen(RequestId requestId);
    error NoSuchDemand(RequestId requestId, Kind open);
    error DepositMismatch(uint256 sent, uint256 required);
    error TooLate(uint256 deadline);
    error NotYet(uint256 deadline);

    /// @notice Asks the host for the query sketch, with the deposit. Anybody may; who answers earns the deposit.
    function demandQuery(Claim calldata given) external payable;

    /// @notice Asks the host to publish the answer encrypted to `publicKey`. For the payer, with the deposit.
    function demandDelivery(Claim calldata given, bytes calldata publicKey) external payable;

    /// @notice Answers a demand for the query; the challenge window begins anew. Anybody may call.
    function publishQuery(Claim calldata given, bytes calldata query) external;

    /// @notice Answers a demand for delivery. For the host. Whether the ciphertext holds the answer is for a verifiers' panel.
    function deliver(Claim calldata given, bytes calldata ciphertext) external;

    /// @notice Ends a claim whose host let a demand pass; the deposit returns. Anybody may call.
    function endSilent(Claim calldata given) external;

    /// @notice Returns the deposit of a demand whose claim was refuted otherwise. Anybody may call.
    function returnDeposit(RequestId requestId) external;

    function demandOf(RequestId requestId) external view returns (Demand memory);
}

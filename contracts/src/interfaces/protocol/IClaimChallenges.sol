// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim} from "./IInferenceMarket.sol";

/// @notice A committed record with its Merkle path.
struct OpenedRecord {
    bytes record;
    bytes32[] path;
}

/// @title Counter-examples to claims, decided by the InfluenceVerifier.
/// @notice Each call is announced a block before (Announcements); its last argument is a secret salt, so that the announcement
/// tells nothing. A call whose counter-example does not contradict the claim reverts.
interface IClaimChallenges {
    error PositionOutOfRange(uint256 position);
    /// @notice The record is of another row than the one under challenge.
    error WrongRow(uint32 given, uint32 expected);
    /// @notice The row is in the claimed list.
    error RowListed(uint32 rowId);
    /// @notice The counter-example does not contradict the claim.
    error ClaimStands();
    error QueryMismatch(bytes32 queryHash);

    /// @notice Shows that a listed row has another score than claimed, or none (its values or its exponent give it no score), or
    /// takes no part because it repeats another row or is skipped.
    /// @param position The row's place in the list.
    /// @param shown Its committed record.
    function challengeScore(
        Claim calldata given,
        bytes calldata query,
        uint256 position,
        OpenedRecord calldata shown,
        bytes32
    ) external;

    /// @notice Shows a row outside the list that belongs into it: it takes part, has a key above 0, and the list has room or ends
    /// with a row that comes after it.
    /// @param shown The row's committed record.
    function challengeOmitted(
        Claim calldata given,
        bytes calldata query,
        OpenedRecord calldata shown,
        bytes32
    ) external;

    /// @notice Shows that the weights do not follow from the list and the contributions in the records.
    /// @param records The committed record of each listed row.
    /// @param paths Their Merkle paths.
    function challengeWeights(
        Claim calldata given,
        bytes[] calldata records,
        bytes32[][] calldata paths,
        bytes32
    ) external;
}

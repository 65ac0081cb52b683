// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a model commits of its attribution index before it answers anything.
/// @param root Merkle root over the records: leaf = keccak256(0x00 | record), node = keccak256(0x01 | left | right), leaves in
/// row order, padded to the next power of two with bytes32(0).
/// @param rows Number of records, at least 1.
/// @param dimension Values in a sketch (k), 1 to 4096.
/// @param groups Scale groups of a sketch; 1 is the only form so far.
/// @param e0 Exponent of a score's unit: score = dot << (query exponent + record exponent - e0).
/// @param floor Score that earns nothing; a row weighs max(0, score - floor).
/// @param topK Rows that a claim lists (K), 1 to 16.
struct IndexCommitment {
    bytes32 root;
    uint32 rows;
    uint16 dimension;
    uint8 groups;
    int16 e0;
    uint64 floor;
    uint8 topK;
}

/// @notice What a host says an answer's training examples were.
/// @param query Query sketch: exponent i8 | int16[k], big endian, -32768 refused.
/// @param rowIds The min(K, rows) best rows: score descending, ties lower row id first.
/// @param scores Their scores.
/// @param contributors Those who earn, in the order of their first earning row.
/// @param weights Sum of max(0, score - floor) over each one's listed rows; never 0.
struct InfluenceClaim {
    bytes query;
    uint32[] rowIds;
    int64[] scores;
    address[] contributors;
    uint256[] weights;
}

/// @title Exact integer scores of committed sketches, at 0x0000000000000000000000000000000000000A01.
/// @notice Functions answer or revert with a named error. A record is rowId u32 | exampleHash 32 | contributor 20 | exponent i8 |
/// int8[k], big endian, -128 refused; its path is the sibling hashes bottom up, ceil(log2(rows)) of them. `record` in an error is
/// the position in the list that the caller gave.
interface IInfluenceVerifier {
    /// @notice The input is not the canonical ABI encoding of a call.
    error BadInput();
    error UnknownSelector(bytes4 selector);
    /// @notice Called by DELEGATECALL or CALLCODE.
    error DelegateCallRefused();
    error ValueRefused();
    /// @notice A field of the commitment is out of its bounds; `field` is its position in the struct.
    error InvalidIndex(uint256 field);
    error QueryLength(uint256 length, uint256 expected);
    /// @notice The value at `position` is -32768.
    error QueryValue(uint256 position);
    error ListLength(uint256 length, uint256 expected);
    error RowIdRange(uint256 record, uint32 rowId);
    /// @notice The row does not come after the one before it.
    error OrderViolation(uint256 record);
    error DuplicateRow(uint256 record);
    error WeightListLength(uint256 length, uint256 expected);
    /// @notice A claimed weight is 0 or above what K scores can sum to (2^67).
    error WeightRange(uint256 position);
    error RecordLength(uint256 record, uint256 length, uint256 expected);
    error PathLength(uint256 record, uint256 length, uint256 expected);
    /// @notice The record's path does not lead to the committed root.
    error NotCommitted(uint256 record);
    /// @notice A committed record has -128 at `position`: it has no score.
    error RecordValue(uint256 record, uint256 position);
    /// @notice The exponents ask for a shift outside 0 to 24: the row has no score for this query.
    error ShiftOutOfRange(uint256 record, int256 shift);
    error RowIdMismatch(uint256 record, uint32 claimed, uint32 actual);
    error ScoreMismatch(uint256 record, int64 claimed, int64 actual);
    error WeightCount(uint256 claimed, uint256 actual);
    error WeightMismatch(uint256 position);

    /// @notice True if the commitment's fields are within bounds; reverts otherwise.
    function checkIndex(IndexCommitment calldata index) external view returns (bool);

    /// @notice True if a claim has the right form: query, list length, row ids, order, weight list. Says nothing of its truth.
    function checkClaim(IndexCommitment calldata index, InfluenceClaim calldata claim)
        external
        view
        returns (bool);

    /// @notice True if the claim has the right form and every listed score and every weight is right by the records given.
    /// That no better row was left out is shown by counter-example only.
    /// @param records One for each listed row, in the list's order.
    /// @param paths Their Merkle paths.
    function verifyTopK(
        IndexCommitment calldata index,
        InfluenceClaim calldata claim,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external view returns (bool);

    /// @notice Row id, contributor and exact score of one committed record.
    function scoreOf(
        IndexCommitment calldata index,
        bytes calldata query,
        bytes calldata record,
        bytes32[] calldata path
    ) external view returns (uint32 rowId, address contributor, int64 score);

    /// @notice The weights that follow from `scores` and the contributors in the committed records, 1 to K of them.
    /// @return rowIds Row id of each record.
    /// @return contributors Those with a positive weight, in the order of their first earning row.
    /// @return weights Theirs.
    function weightsOf(
        IndexCommitment calldata index,
        int64[] calldata scores,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external view returns (uint32[] memory rowIds, address[] memory contributors, uint256[] memory weights);
}

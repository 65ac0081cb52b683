// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a model commits of its attribution index before it answers anything.
/// @param root Merkle root over the records: leaf = keccak256(0x00 | record), node = keccak256(0x01 | left | right), leaves in
/// row order, padded to the next power of two with bytes32(0).
/// @param rows Number of records, at least 1.
/// @param dimension Values in a sketch (k), 1 to 4096.
/// @param e0 Exponent of a score's unit: score = dot << (query exponent + record exponent - e0).
/// @param floor Key that earns nothing; see InfluenceList.floor.
/// @param topK Rows that a list has at most (K), 1 to 16.
/// @param spans Commitment to the span index; 0 if the model has none, and every gain is then 16.
struct IndexCommitment {
    bytes32 root;
    uint32 rows;
    uint16 dimension;
    int16 e0;
    uint64 floor;
    uint8 topK;
    bytes32 spans;
}

/// @notice Which training examples a host says made an answer. The key of a row is score * gain if its score is positive, else
/// its gain where the index has spans, else 0; only rows with a key above 0 are listed.
/// @param rowIds The best rows, at most min(K, rows): key descending, ties lower row id first. Fewer only if no other row has a
/// key above 0. Repeated and skipped rows are never listed.
/// @param scores Their scores.
/// @param gains Sixteenths of each score that count, 0 to 16.
/// @param floor The larger of the index's floor and the best key's eighth (shifted right by 3).
/// @param contributionIds Contributions that earn, in the order of their first earning row.
/// @param weights Sum of max(0, key - floor) over each one's listed rows; never 0.
struct InfluenceList {
    uint32[] rowIds;
    int64[] scores;
    uint8[] gains;
    uint64 floor;
    uint64[] contributionIds;
    uint256[] weights;
}

/// @title Exact integer scores of committed sketches, at 0x0000000000000000000000000000000000000A01.
/// @notice Functions answer or revert with a named error. A record is rowId u32 | contributionId u64 | row u32 | first u32 |
/// exponent i8 | int8[k], big endian, -128 refused; `first` is the record's own row id, or the earlier row that it repeats, or
/// 0xffffffff where it takes no part. Its path is the sibling hashes bottom up, ceil(log2(rows)) of them. A query sketch is
/// exponent i8 | int16[k], big endian, -32768 refused. `record` in an error is the position in the list that the caller gave.
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
    error ListTooLong(uint256 length, uint256 most);
    error ListLength(uint256 length, uint256 expected);
    error RowIdRange(uint256 record, uint32 rowId);
    /// @notice No score has this size (2^58 or more).
    error ScoreRange(uint256 record, int64 score);
    /// @notice A gain above 16, or another one than 16 where the index has no spans.
    error GainRange(uint256 record, uint8 gain);
    /// @notice The row's key is 0: it earns nothing and is not listed.
    error KeyZero(uint256 record);
    /// @notice The row does not come after the one before it.
    error OrderViolation(uint256 record);
    error DuplicateRow(uint256 record);
    error FloorMismatch(uint64 claimed, uint64 actual);
    error WeightListLength(uint256 length, uint256 expected);
    /// @notice A claimed weight is 0 or above what K keys can sum to (2^66).
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
    /// @notice The listed row repeats another one or is skipped.
    error RowRepeats(uint256 record, uint32 first);
    error ScoreMismatch(uint256 record, int64 claimed, int64 actual);
    error WeightCount(uint256 claimed, uint256 actual);
    error WeightMismatch(uint256 position);

    /// @notice True if the commitment's fields are within bounds; reverts otherwise.
    function checkIndex(IndexCommitment calldata index) external view returns (bool);

    /// @notice True if a list has the right form: lengths, row ids, keys, order, floor, weights. Says nothing of its truth.
    function checkClaim(IndexCommitment calldata index, InfluenceList calldata list)
        external
        view
        returns (bool);

    /// @notice True if a query sketch has the right form: its length, and no value of -32768.
    function checkQuery(IndexCommitment calldata index, bytes calldata query) external view returns (bool);

    /// @notice True if the list has the right form and every score and every weight is right by the records given. That no better
    /// row was left out is shown by counter-example only; so are the gains.
    /// @param query The answer's sketch.
    /// @param records One for each listed row, in the list's order.
    /// @param paths Their Merkle paths.
    function verifyTopK(
        IndexCommitment calldata index,
        InfluenceList calldata list,
        bytes calldata query,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external view returns (bool);

    /// @notice What one committed record says, and its exact score.
    function scoreOf(
        IndexCommitment calldata index,
        bytes calldata query,
        bytes calldata record,
        bytes32[] calldata path
    ) external view returns (uint32 rowId, uint64 contributionId, uint32 row, uint32 first, int64 score);

    /// @notice What one committed record says.
    function openRecord(IndexCommitment calldata index, bytes calldata record, bytes32[] calldata path)
        external
        view
        returns (uint32 rowId, uint64 contributionId, uint32 row, uint32 first);

    /// @notice The weights that follow from the list's scores, gains and floor, and from the contributions in the records.
    /// @return rowIds Row id of each record.
    /// @return contributionIds Those with a positive weight, in the order of their first earning row.
    /// @return weights Theirs.
    function weightsOf(
        IndexCommitment calldata index,
        InfluenceList calldata list,
        bytes[] calldata records,
        bytes32[][] calldata paths
    )
        external
        view
        returns (uint32[] memory rowIds, uint64[] memory contributionIds, uint256[] memory weights);
}

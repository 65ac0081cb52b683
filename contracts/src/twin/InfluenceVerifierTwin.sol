// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInfluenceVerifier, IndexCommitment, InfluenceList} from "../interfaces/IInfluenceVerifier.sol";

/// @title The InfluenceVerifier precompile as a contract: same answers, same errors, at the EVM's price.
/// @notice Differs only where Solidity decodes its input: a malformed encoding or a value sent reverts without data, and
/// encodings that are valid but not canonical are read.
contract InfluenceVerifierTwin is IInfluenceVerifier {
    uint256 private constant MAX_TOP_K = 16;
    uint256 private constant MAX_DIMENSION = 4096;
    int64 private constant SCORE_LIMIT = 1 << 58;
    uint8 private constant FULL_GAIN = 16;
    uint256 private constant FLOOR_SHIFT = 3;
    uint256 private constant WEIGHT_LIMIT = 1 << 66;
    int256 private constant MAX_SHIFT = 24;
    /// @dev Bytes of a record before its values, and where the exponent stands in it.
    uint256 private constant VALUES_AT = 21;
    uint256 private constant EXPONENT_AT = 20;

    /// @inheritdoc IInfluenceVerifier
    function checkIndex(IndexCommitment calldata index) external pure returns (bool) {
        _checkIndex(index);
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function checkClaim(IndexCommitment calldata index, InfluenceList calldata list)
        external
        pure
        returns (bool)
    {
        _checkIndex(index);
        _checkList(index, list);
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function checkQuery(IndexCommitment calldata index, bytes calldata query) external pure returns (bool) {
        _checkIndex(index);
        _checkQuery(index, query);
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function verifyTopK(
        IndexCommitment calldata index,
        InfluenceList calldata list,
        bytes calldata query,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external pure returns (bool) {
        _checkIndex(index);
        _checkQuery(index, query);
        uint256[] memory keys = _checkList(index, list);
        _checkLength(records.length, keys.length);
        _checkLength(paths.length, keys.length);
        uint64[] memory owners = new uint64[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            uint32 rowId = _open(index, i, records[i], paths[i]);
            if (rowId != list.rowIds[i]) revert RowIdMismatch(i, list.rowIds[i], rowId);
            if (_first(records[i]) != rowId) revert RowRepeats(i, _first(records[i]));
            int64 score = _score(index, i, query, records[i]);
            if (score != list.scores[i]) revert ScoreMismatch(i, list.scores[i], score);
            owners[i] = _contribution(records[i]);
        }
        _checkWeights(list, owners, keys);
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function scoreOf(
        IndexCommitment calldata index,
        bytes calldata query,
        bytes calldata record,
        bytes32[] calldata path
    ) external pure returns (uint32 rowId, uint64 contributionId, uint32 row, uint32 first, int64 score) {
        _checkIndex(index);
        _checkQuery(index, query);
        rowId = _open(index, 0, record, path);
        score = _score(index, 0, query, record);
        (contributionId, row, first) = (_contribution(record), _row(record), _first(record));
    }

    /// @inheritdoc IInfluenceVerifier
    function openRecord(IndexCommitment calldata index, bytes calldata record, bytes32[] calldata path)
        external
        pure
        returns (uint32 rowId, uint64 contributionId, uint32 row, uint32 first)
    {
        _checkIndex(index);
        rowId = _open(index, 0, record, path);
        for (uint256 i = 0; i < index.dimension; i++) {
            if (record[VALUES_AT + i] == 0x80) revert RecordValue(0, i);
        }
        (contributionId, row, first) = (_contribution(record), _row(record), _first(record));
    }

    /// @inheritdoc IInfluenceVerifier
    function weightsOf(
        IndexCommitment calldata index,
        InfluenceList calldata list,
        bytes[] calldata records,
        bytes32[][] calldata paths
    )
        external
        pure
        returns (uint32[] memory rowIds, uint64[] memory contributionIds, uint256[] memory weights)
    {
        _checkIndex(index);
        uint256[] memory keys = _checkList(index, list);
        _checkLength(records.length, keys.length);
        _checkLength(paths.length, keys.length);
        rowIds = new uint32[](keys.length);
        uint64[] memory owners = new uint64[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            rowIds[i] = _open(index, i, records[i], paths[i]);
            owners[i] = _contribution(records[i]);
        }
        (contributionIds, weights) = _weights(owners, keys, list.floor);
    }

    function _checkIndex(IndexCommitment calldata index) private pure {
        if (index.rows == 0) revert InvalidIndex(1);
        if (index.dimension == 0 || index.dimension > MAX_DIMENSION) revert InvalidIndex(2);
        if (index.topK == 0 || index.topK > MAX_TOP_K) revert InvalidIndex(5);
    }

    function _checkQuery(IndexCommitment calldata index, bytes calldata query) private pure {
        uint256 expected = 1 + 2 * uint256(index.dimension);
        if (query.length != expected) revert QueryLength(query.length, expected);
        uint256 count = index.dimension;
        uint256 bad = count;
        assembly ("memory-safe") {
            let at := add(query.offset, 1)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                if eq(shr(240, calldataload(add(at, shl(1, i)))), 0x8000) {
                    bad := i
                    break
                }
            }
        }
        if (bad != count) revert QueryValue(bad);
    }

    /// @return keys The key of each row.
    function _checkList(IndexCommitment calldata index, InfluenceList calldata list)
        private
        pure
        returns (uint256[] memory keys)
    {
        uint256 count = list.rowIds.length;
        uint256 most = index.topK < index.rows ? index.topK : index.rows;
        if (count > most) revert ListTooLong(count, most);
        _checkLength(list.scores.length, count);
        _checkLength(list.gains.length, count);
        keys = _checkRows(index, list);
        uint64 floor = index.floor;
        if (count > 0 && keys[0] >> FLOOR_SHIFT > floor) floor = uint64(keys[0] >> FLOOR_SHIFT);
        if (list.floor != floor) revert FloorMismatch(list.floor, floor);
        uint256 earners = list.contributionIds.length;
        if (earners > count) revert WeightListLength(earners, count);
        if (list.weights.length != earners) revert WeightListLength(list.weights.length, earners);
        for (uint256 i = 0; i < earners; i++) {
            if (list.weights[i] == 0 || list.weights[i] >= WEIGHT_LIMIT) revert WeightRange(i);
        }
    }

    function _checkRows(IndexCommitment calldata index, InfluenceList calldata list)
        private
        pure
        returns (uint256[] memory keys)
    {
        uint32[] calldata rowIds = list.rowIds;
        bool spans = index.spans != 0;
        keys = new uint256[](rowIds.length);
        for (uint256 i = 0; i < rowIds.length; i++) {
            (uint32 rowId, int64 score, uint8 gain) = (rowIds[i], list.scores[i], list.gains[i]);
            if (rowId >= index.rows) revert RowIdRange(i, rowId);
            if (score <= -SCORE_LIMIT || score >= SCORE_LIMIT) revert ScoreRange(i, score);
            if (gain > FULL_GAIN || (!spans && gain != FULL_GAIN)) revert GainRange(i, gain);
            uint256 key = score > 0 ? uint256(int256(score)) * gain : spans ? gain : 0;
            if (key == 0) revert KeyZero(i);
            if (i > 0 && (keys[i - 1] < key || (keys[i - 1] == key && rowIds[i - 1] > rowId))) {
                revert OrderViolation(i);
            }
            for (uint256 j = 0; j < i; j++) {
                if (rowIds[j] == rowId) revert DuplicateRow(i);
            }
            keys[i] = key;
        }
    }

    function _checkLength(uint256 length, uint256 expected) private pure {
        if (length != expected) revert ListLength(length, expected);
    }

    /// @dev Checks that `record` lies under the root; returns its row id.
    function _open(
        IndexCommitment calldata index,
        uint256 position,
        bytes calldata record,
        bytes32[] calldata path
    ) private pure returns (uint32 rowId) {
        uint256 expected = VALUES_AT + index.dimension;
        if (record.length != expected) revert RecordLength(position, record.length, expected);
        rowId = uint32(bytes4(record[:4]));
        if (rowId >= index.rows) revert RowIdRange(position, rowId);
        uint256 depth = _depth(index.rows);
        if (path.length != depth) revert PathLength(position, path.length, depth);
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0x00), record));
        for (uint256 level = 0; level < depth; level++) {
            hash = (rowId >> level) & 1 == 1
                ? keccak256(abi.encodePacked(bytes1(0x01), path[level], hash))
                : keccak256(abi.encodePacked(bytes1(0x01), hash, path[level]));
        }
        if (hash != index.root) revert NotCommitted(position);
    }

    /// @dev ceil(log2(rows)).
    function _depth(uint256 rows) private pure returns (uint256 depth) {
        while ((1 << depth) < rows) depth++;
    }

    function _contribution(bytes calldata record) private pure returns (uint64) {
        return uint64(bytes8(record[4:12]));
    }

    function _row(bytes calldata record) private pure returns (uint32) {
        return uint32(bytes4(record[12:16]));
    }

    function _first(bytes calldata record) private pure returns (uint32) {
        return uint32(bytes4(record[16:20]));
    }

    /// @dev Exact score of an opened record for a checked query.
    function _score(
        IndexCommitment calldata index,
        uint256 position,
        bytes calldata query,
        bytes calldata record
    ) private pure returns (int64) {
        (int256 dot, uint256 bad) = _dot(query, record, index.dimension);
        if (bad != index.dimension) revert RecordValue(position, bad);
        int256 shift = int256(int8(uint8(query[0]))) + int8(uint8(record[EXPONENT_AT])) - index.e0;
        if (shift < 0 || shift > MAX_SHIFT) revert ShiftOutOfRange(position, shift);
        // Below 2^58 in size: 4096 products of at most 127 * 32767, shifted by at most 24.
        return int64(dot << uint256(shift));
    }

    /// @return dot Sum of the products of query and record.
    /// @return bad Position of the first -128 in the record, `count` if there is none.
    function _dot(bytes calldata query, bytes calldata record, uint256 count)
        private
        pure
        returns (int256 dot, uint256 bad)
    {
        bad = count;
        assembly ("memory-safe") {
            let q := add(query.offset, 1)
            let r := add(record.offset, VALUES_AT)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                let value := shr(248, calldataload(add(r, i)))
                if eq(value, 0x80) {
                    bad := i
                    break
                }
                dot := add(dot, mul(signextend(0, value), sar(240, calldataload(add(q, shl(1, i))))))
            }
        }
    }

    function _checkWeights(InfluenceList calldata list, uint64[] memory owners, uint256[] memory keys)
        private
        pure
    {
        (uint64[] memory contributionIds, uint256[] memory weights) = _weights(owners, keys, list.floor);
        if (list.contributionIds.length != contributionIds.length) {
            revert WeightCount(list.contributionIds.length, contributionIds.length);
        }
        for (uint256 i = 0; i < contributionIds.length; i++) {
            bool same = list.contributionIds[i] == contributionIds[i] && list.weights[i] == weights[i];
            if (!same) revert WeightMismatch(i);
        }
    }

    /// @dev Sum of max(0, key - floor) per contribution, in the order of first earning row.
    function _weights(uint64[] memory owners, uint256[] memory keys, uint64 floor)
        private
        pure
        returns (uint64[] memory contributionIds, uint256[] memory weights)
    {
        contributionIds = new uint64[](owners.length);
        weights = new uint256[](owners.length);
        uint256 count = 0;
        for (uint256 i = 0; i < owners.length; i++) {
            if (keys[i] <= floor) continue;
            uint256 j = 0;
            while (j < count && contributionIds[j] != owners[i]) j++;
            if (j == count) contributionIds[count++] = owners[i];
            weights[j] += keys[i] - floor;
        }
        assembly ("memory-safe") {
            mstore(contributionIds, count)
            mstore(weights, count)
        }
    }
}

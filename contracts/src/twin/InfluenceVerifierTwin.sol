// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInfluenceVerifier, IndexCommitment, InfluenceClaim} from "../interfaces/IInfluenceVerifier.sol";

/// @title The InfluenceVerifier precompile as a contract: same answers, same errors, at the EVM's price.
/// @notice Differs only where Solidity decodes its input: a malformed encoding or a value sent reverts without data, and
/// encodings that are valid but not canonical are read.
contract InfluenceVerifierTwin is IInfluenceVerifier {
    uint256 private constant MAX_TOP_K = 16;
    uint256 private constant MAX_DIMENSION = 4096;
    uint256 private constant WEIGHT_LIMIT = 1 << 67;
    int256 private constant MAX_SHIFT = 24;
    /// @dev Bytes of a record before its values, and where the contributor and the exponent stand in it.
    uint256 private constant VALUES_AT = 57;
    uint256 private constant CONTRIBUTOR_AT = 36;
    uint256 private constant EXPONENT_AT = 56;

    /// @inheritdoc IInfluenceVerifier
    function checkIndex(IndexCommitment calldata index) external pure returns (bool) {
        _checkIndex(index);
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function checkClaim(IndexCommitment calldata index, InfluenceClaim calldata claim)
        external
        pure
        returns (bool)
    {
        _checkClaim(index, claim);
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function verifyTopK(
        IndexCommitment calldata index,
        InfluenceClaim calldata claim,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external pure returns (bool) {
        _checkClaim(index, claim);
        uint256 count = claim.rowIds.length;
        _checkLength(records.length, count);
        _checkLength(paths.length, count);
        address[] memory owners = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            uint32 rowId = _open(index, i, records[i], paths[i]);
            if (rowId != claim.rowIds[i]) revert RowIdMismatch(i, claim.rowIds[i], rowId);
            int64 score = _score(index, i, claim.query, records[i]);
            if (score != claim.scores[i]) revert ScoreMismatch(i, claim.scores[i], score);
            owners[i] = _contributor(records[i]);
        }
        (address[] memory contributors, uint256[] memory weights) =
            _weights(owners, claim.scores, index.floor);
        if (claim.contributors.length != contributors.length) {
            revert WeightCount(claim.contributors.length, contributors.length);
        }
        for (uint256 i = 0; i < contributors.length; i++) {
            bool same = claim.contributors[i] == contributors[i] && claim.weights[i] == weights[i];
            if (!same) revert WeightMismatch(i);
        }
        return true;
    }

    /// @inheritdoc IInfluenceVerifier
    function scoreOf(
        IndexCommitment calldata index,
        bytes calldata query,
        bytes calldata record,
        bytes32[] calldata path
    ) external pure returns (uint32 rowId, address contributor, int64 score) {
        _checkIndex(index);
        _checkQuery(index, query);
        rowId = _open(index, 0, record, path);
        contributor = _contributor(record);
        score = _score(index, 0, query, record);
    }

    /// @inheritdoc IInfluenceVerifier
    function weightsOf(
        IndexCommitment calldata index,
        int64[] calldata scores,
        bytes[] calldata records,
        bytes32[][] calldata paths
    )
        external
        pure
        returns (uint32[] memory rowIds, address[] memory contributors, uint256[] memory weights)
    {
        _checkIndex(index);
        uint256 count = scores.length;
        if (count == 0 || count > MAX_TOP_K) revert ListLength(count, MAX_TOP_K);
        _checkLength(records.length, count);
        _checkLength(paths.length, count);
        rowIds = new uint32[](count);
        address[] memory owners = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            rowIds[i] = _open(index, i, records[i], paths[i]);
            owners[i] = _contributor(records[i]);
        }
        (contributors, weights) = _weights(owners, scores, index.floor);
    }

    function _checkIndex(IndexCommitment calldata index) private pure {
        if (index.rows == 0) revert InvalidIndex(1);
        if (index.dimension == 0 || index.dimension > MAX_DIMENSION) revert InvalidIndex(2);
        if (index.groups != 1) revert InvalidIndex(3);
        if (index.topK == 0 || index.topK > MAX_TOP_K) revert InvalidIndex(6);
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

    function _checkClaim(IndexCommitment calldata index, InfluenceClaim calldata claim) private pure {
        _checkIndex(index);
        _checkQuery(index, claim.query);
        uint256 expected = index.topK < index.rows ? index.topK : index.rows;
        uint32[] calldata rowIds = claim.rowIds;
        _checkLength(rowIds.length, expected);
        _checkLength(claim.scores.length, expected);
        for (uint256 i = 0; i < expected; i++) {
            if (rowIds[i] >= index.rows) revert RowIdRange(i, rowIds[i]);
            if (i > 0) {
                (int64 before, int64 score) = (claim.scores[i - 1], claim.scores[i]);
                if (before < score || (before == score && rowIds[i - 1] > rowIds[i])) {
                    revert OrderViolation(i);
                }
            }
            for (uint256 j = 0; j < i; j++) {
                if (rowIds[j] == rowIds[i]) revert DuplicateRow(i);
            }
        }
        uint256 earners = claim.contributors.length;
        if (earners > expected) revert WeightListLength(earners, expected);
        if (claim.weights.length != earners) revert WeightListLength(claim.weights.length, earners);
        for (uint256 i = 0; i < earners; i++) {
            if (claim.weights[i] == 0 || claim.weights[i] >= WEIGHT_LIMIT) revert WeightRange(i);
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

    function _contributor(bytes calldata record) private pure returns (address) {
        return address(bytes20(record[CONTRIBUTOR_AT:EXPONENT_AT]));
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

    /// @dev Sum of max(0, score - floor) per contributor, in the order of first earning row.
    function _weights(address[] memory owners, int64[] calldata scores, uint64 floor)
        private
        pure
        returns (address[] memory contributors, uint256[] memory weights)
    {
        contributors = new address[](owners.length);
        weights = new uint256[](owners.length);
        uint256 count = 0;
        for (uint256 i = 0; i < owners.length; i++) {
            int256 gain = int256(scores[i]) - int256(uint256(floor));
            if (gain <= 0) continue;
            uint256 j = 0;
            while (j < count && contributors[j] != owners[i]) j++;
            if (j == count) contributors[count++] = owners[i];
            weights[j] += uint256(gain);
        }
        assembly ("memory-safe") {
            mstore(contributors, count)
            mstore(weights, count)
        }
    }
}

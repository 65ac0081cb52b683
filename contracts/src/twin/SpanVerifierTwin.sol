// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISpanVerifier, Opening, SpanCommitment, SuffixEntry} from "../interfaces/ISpanVerifier.sol";

/// @title The SpanVerifier precompile as a contract: same answers, same errors, at the EVM's price.
/// @notice Differs only where Solidity decodes its input: a malformed encoding or a value sent reverts without data, and
/// encodings that are valid but not canonical are read.
contract SpanVerifierTwin is ISpanVerifier {
    uint256 private constant MAX_SYMBOLS = 2 ** 31 - 2 ** 16;
    uint256 private constant MAX_PATTERN = 384;
    uint256 private constant CHUNK = 64;
    uint256 private constant CHUNK_BYTES = 256;
    uint256 private constant RECORD_BYTES = 32;
    uint256 private constant MAX_CHUNKS = 7;

    enum Order {
        Before,
        Begins,
        After
    }

    /// @dev How a suffix stands to a pattern; -1 and `symbols` are the ranks of missing entries.
    struct Comparison {
        int256 rank;
        uint256 shared;
        Order order;
    }

    /// @dev What an opening is checked against.
    struct Tree {
        bytes32 root;
        uint256 total;
        uint256 leafBytes;
        uint256 mostLeaves;
    }

    /// @inheritdoc ISpanVerifier
    function checkCommitment(SpanCommitment calldata commitment) external pure returns (bool) {
        _checkCommitment(commitment);
        return true;
    }

    /// @inheritdoc ISpanVerifier
    function occurrence(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        uint32 position,
        Opening calldata text,
        uint32 document,
        Opening calldata record
    ) external pure returns (uint32 row, address contributor, uint32 offset) {
        _checkCommitment(commitment);
        _checkPattern(pattern);
        _openWindow(commitment, commitment.text, 0, position, text, MAX_CHUNKS);
        uint256 count = pattern.length / 4;
        (uint256 shared,) = _compare(commitment, 0, position, text, pattern);
        if (shared < count) revert PatternMismatch(0, shared);
        _openRecords(commitment, 1, document, record, 1);
        uint256 start = _word(record.leaves, 0);
        if (position < start || position + count > _word(record.leaves, 1)) {
            revert NotInDocument(position, document);
        }
        row = uint32(_word(record.leaves, 2));
        contributor = address(bytes20(record.leaves[12:32]));
        offset = uint32(position - start);
    }

    /// @inheritdoc ISpanVerifier
    function longestMatch(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry[] calldata below,
        SuffixEntry[] calldata above
    ) external pure returns (uint32 length) {
        (Comparison memory before, Comparison memory then) = _around(commitment, pattern, below, above);
        if (then.order == Order.Before) revert OrderViolation(1);
        if (then.rank != before.rank + 1) revert NotNeighbours(before.rank, then.rank);
        length = uint32(before.shared > then.shared ? before.shared : then.shared);
    }

    /// @inheritdoc ISpanVerifier
    function countAtMost(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry[] calldata below,
        SuffixEntry[] calldata above
    ) external pure returns (uint32 count) {
        (Comparison memory before, Comparison memory then) = _around(commitment, pattern, below, above);
        if (then.order != Order.After) revert OrderViolation(1);
        if (then.rank <= before.rank) revert RankOrder(before.rank, then.rank);
        count = uint32(uint256(then.rank - before.rank - 1));
    }

    /// @inheritdoc ISpanVerifier
    function countAtLeast(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry calldata first,
        SuffixEntry calldata last
    ) external pure returns (uint32 count) {
        _checkCommitment(commitment);
        _checkPattern(pattern);
        Comparison memory one = _compareEntry(commitment, 0, first, pattern);
        if (one.order != Order.Begins) revert PatternMismatch(1, one.shared);
        Comparison memory other = _compareEntry(commitment, 2, last, pattern);
        if (other.order != Order.Begins) revert PatternMismatch(3, other.shared);
        if (other.rank < one.rank) revert RankOrder(one.rank, other.rank);
        count = uint32(uint256(other.rank - one.rank + 1));
    }

    /// @inheritdoc ISpanVerifier
    function badValue(SpanCommitment calldata commitment, uint8 tree, uint32 at, Opening calldata opening)
        external
        pure
        returns (bool)
    {
        _checkCommitment(commitment);
        if (tree > 2) revert TreeRange(tree);
        if (tree == 0) {
            if (at != commitment.symbols - 1) revert PositionRange(0, at);
            return _value(commitment, commitment.text, 0, at, opening) != 0;
        }
        bytes32 root = tree == 1 ? commitment.array : commitment.inverse;
        return _value(commitment, root, 0, at, opening) >= commitment.symbols;
    }

    /// @inheritdoc ISpanVerifier
    function notInverse(
        SpanCommitment calldata commitment,
        uint32 rank,
        Opening calldata array,
        Opening calldata inverse
    ) external pure returns (bool) {
        _checkCommitment(commitment);
        uint256 position = _value(commitment, commitment.array, 0, rank, array);
        return _value(commitment, commitment.inverse, 1, position, inverse) != rank;
    }

    /// @inheritdoc ISpanVerifier
    function disorder(
        SpanCommitment calldata commitment,
        uint32 rank,
        Opening[] calldata array,
        Opening[] calldata text,
        Opening[] calldata inverse
    ) external pure returns (bool) {
        _checkCommitment(commitment);
        _checkLength(array.length, 2);
        _checkLength(text.length, 2);
        uint256 p = _value(commitment, commitment.array, 0, rank, array[0]);
        uint256 q = _value(commitment, commitment.array, 1, uint256(rank) + 1, array[1]);
        uint256 left = _value(commitment, commitment.text, 2, p, text[0]);
        uint256 right = _value(commitment, commitment.text, 3, q, text[1]);
        _checkLength(inverse.length, left == right && left != 0 ? 2 : 0);
        if (left != right) return left > right;
        if (left == 0) return p > q;
        uint256 next = _value(commitment, commitment.inverse, 4, p + 1, inverse[0]);
        return next > _value(commitment, commitment.inverse, 5, q + 1, inverse[1]);
    }

    /// @inheritdoc ISpanVerifier
    function badDocument(
        SpanCommitment calldata commitment,
        uint32 document,
        Opening calldata records,
        uint32 position,
        Opening[] calldata text
    ) external pure returns (bool) {
        _checkCommitment(commitment);
        if (text.length > 1) revert ListLength(text.length, 1);
        _openRecords(commitment, 0, document, records, 2);
        uint256 start = _word(records.leaves, 0);
        uint256 end = _word(records.leaves, 1);
        if (start > end || end >= commitment.symbols) return true;
        if (document == 0 && start != 0) return true;
        if (document == commitment.documents - 1 && end != commitment.symbols - 1) return true;
        if (records.leaves.length > RECORD_BYTES && _word(records.leaves, 8) != end + 1) return true;
        if (text.length == 0) return false;
        if (position < start || position > end) revert PositionRange(1, position);
        return (_value(commitment, commitment.text, 1, position, text[0]) == 0) != (position == end);
    }

    function _checkCommitment(SpanCommitment calldata commitment) private pure {
        if (commitment.symbols == 0 || commitment.symbols > MAX_SYMBOLS) revert InvalidCommitment(4);
        if (commitment.documents == 0 || commitment.documents > commitment.symbols) {
            revert InvalidCommitment(5);
        }
    }

    function _checkPattern(bytes calldata pattern) private pure {
        uint256 length = pattern.length;
        if (length == 0 || length > 4 * MAX_PATTERN || length % 4 != 0) revert PatternLength(length);
        for (uint256 i = 0; i < length / 4; i++) {
            if (_word(pattern, i) == 0) revert PatternSymbol(i);
        }
    }

    function _checkLength(uint256 length, uint256 expected) private pure {
        if (length != expected) revert ListLength(length, expected);
    }

    /// @dev Compares the pattern with both entries; the first must stand before it.
    function _around(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry[] calldata below,
        SuffixEntry[] calldata above
    ) private pure returns (Comparison memory before, Comparison memory then) {
        _checkCommitment(commitment);
        _checkPattern(pattern);
        if (below.length > 1) revert ListLength(below.length, 1);
        if (above.length > 1) revert ListLength(above.length, 1);
        before = below.length == 0
            ? Comparison(-1, 0, Order.Before)
            : _compareEntry(commitment, 0, below[0], pattern);
        then = above.length == 0
            ? Comparison(int256(uint256(commitment.symbols)), 0, Order.After)
            : _compareEntry(commitment, 2, above[0], pattern);
        if (before.order != Order.Before) revert OrderViolation(0);
    }

    function _compareEntry(
        SpanCommitment calldata commitment,
        uint256 number,
        SuffixEntry calldata entry,
        bytes calldata pattern
    ) private pure returns (Comparison memory) {
        uint256 position = _value(commitment, commitment.array, number, entry.rank, entry.array);
        _openWindow(commitment, commitment.text, number + 1, position, entry.text, MAX_CHUNKS);
        (uint256 shared, Order order) = _compare(commitment, number + 1, position, entry.text, pattern);
        return Comparison(int256(uint256(entry.rank)), shared, order);
    }

    /// @dev Compares the pattern with the symbols from `position` on of an opening that was checked.
    function _compare(
        SpanCommitment calldata commitment,
        uint256 number,
        uint256 position,
        Opening calldata opening,
        bytes calldata pattern
    ) private pure returns (uint256 shared, Order order) {
        uint256 count = pattern.length / 4;
        uint256 from = position % CHUNK;
        uint256 end = opening.leaves.length / 4;
        uint256 left = commitment.symbols - (position - from);
        if (left < end) end = left;
        for (; shared < count; shared++) {
            if (from + shared >= end) revert WindowEnd(number);
            uint256 symbol = _word(opening.leaves, from + shared);
            uint256 wanted = _word(pattern, shared);
            if (symbol != wanted) return (shared, symbol < wanted ? Order.Before : Order.After);
        }
        return (shared, Order.Begins);
    }

    /// @dev The committed value at `at` of the tree with `root`.
    function _value(
        SpanCommitment calldata commitment,
        bytes32 root,
        uint256 number,
        uint256 at,
        Opening calldata opening
    ) private pure returns (uint256) {
        _openWindow(commitment, root, number, at, opening, 1);
        return _word(opening.leaves, at % CHUNK);
    }

    function _openWindow(
        SpanCommitment calldata commitment,
        bytes32 root,
        uint256 number,
        uint256 from,
        Opening calldata opening,
        uint256 mostLeaves
    ) private pure {
        if (from >= commitment.symbols) revert PositionRange(number, from);
        uint256 total = (uint256(commitment.symbols) + CHUNK - 1) / CHUNK;
        _open(Tree(root, total, CHUNK_BYTES, mostLeaves), number, from / CHUNK, opening);
    }

    function _openRecords(
        SpanCommitment calldata commitment,
        uint256 number,
        uint256 document,
        Opening calldata opening,
        uint256 mostRecords
    ) private pure {
        if (document >= commitment.documents) revert PositionRange(number, document);
        _open(
            Tree(commitment.table, commitment.documents, RECORD_BYTES, mostRecords), number, document, opening
        );
    }

    /// @dev Checks that the leaves from `first` on lie under the root.
    function _open(Tree memory tree, uint256 number, uint256 first, Opening calldata opening) private pure {
        bytes calldata leaves = opening.leaves;
        uint256 count = leaves.length / tree.leafBytes;
        bool isWhole = leaves.length > 0 && leaves.length % tree.leafBytes == 0;
        if (!isWhole || count > tree.mostLeaves || first + count > tree.total) {
            revert OpeningLength(number, leaves.length);
        }
        uint256 expected = _siblingCount(tree.total, first, first + count - 1);
        if (opening.siblings.length != expected) {
            revert PathLength(number, opening.siblings.length, expected);
        }
        // Room for a sibling on both sides.
        bytes32[] memory row = new bytes32[](count + 2);
        for (uint256 i = 0; i < count; i++) {
            row[i] = keccak256(
                abi.encodePacked(bytes1(0x00), leaves[i * tree.leafBytes:(i + 1) * tree.leafBytes])
            );
        }
        if (_climb(row, count, tree.total, first, opening.siblings) != tree.root) {
            revert NotCommitted(number);
        }
    }

    /// @dev Hashes that lead from leaves `left` to `right` to the root of a tree of `total` leaves.
    function _siblingCount(uint256 total, uint256 left, uint256 right) private pure returns (uint256 count) {
        for (uint256 width = total; width > 1; width = (width + 1) / 2) {
            count += (left & 1) + ((right & 1) ^ 1);
            left >>= 1;
            right >>= 1;
        }
    }

    function _climb(
        bytes32[] memory row,
        uint256 count,
        uint256 total,
        uint256 first,
        bytes32[] calldata siblings
    ) private pure returns (bytes32) {
        uint256 used = 0;
        for (uint256 width = total; width > 1; width = (width + 1) / 2) {
            if (first & 1 == 1) {
                for (uint256 i = count; i > 0; i--) {
                    row[i] = row[i - 1];
                }
                row[0] = siblings[used++];
                count++;
            }
            if (count & 1 == 1) row[count++] = siblings[used++];
            for (uint256 i = 0; i < count; i += 2) {
                row[i / 2] = keccak256(abi.encodePacked(bytes1(0x01), row[i], row[i + 1]));
            }
            count /= 2;
            first >>= 1;
        }
        return row[0];
    }

    /// @dev Big-endian word of 4 bytes at `index`.
    function _word(bytes calldata from, uint256 index) private pure returns (uint256) {
        return uint32(bytes4(from[4 * index:4 * index + 4]));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";

/// @notice A span of the answer and where it stands.
/// @param end One after its last token.
/// @param bits Its information; `weight` is what of it counts.
struct CoverSpan {
    uint256 start;
    uint256 end;
    uint32 position;
    uint32 document;
    uint256 bits;
    uint256 weight;
}

/// @notice What a listed row holds of a span.
/// @param factor Sixteenths of the span that it stands for.
struct CoverPart {
    uint256 span;
    uint256 start;
    uint256 end;
    uint32 position;
    uint32 document;
    uint256 factor;
}

/// @param symbols The answer's tokens as the documents' text has them: id + 1.
/// @param sums Bits of the answer up to each token; the last is the answer's.
/// @param free Bits that are left to influence alone, twice over half.
struct Cover {
    uint256[] symbols;
    uint256[] sums;
    uint256 free;
    CoverSpan[] spans;
    CoverPart[][] parts;
}

/// @title What a claim says of verbatim spans, and the gains that follow.
/// @notice Bytes, big endian: count u16 | for each token of the answer (id + 1) << 4 | bits, u32 | spans u8 | start u16 | end u16 |
/// position u32 | document u32 | for each listed row: parts u8 | span u8 | start u16 | end u16 | position u32 | document u32. The rule
/// is node/ai/fusion/spec.md.
library Covers {
    uint256 internal constant MAX_SPANS = 4;
    uint256 internal constant MAX_TOKENS = 4096;
    uint256 internal constant MAX_PIECE = 384;
    uint256 private constant SPAN_BYTES = 12;
    uint256 private constant PART_BYTES = 13;
    uint256 private constant MAX_ROWS = 16;
    uint256 private constant MAX_BYTES =
        2 + 4 * MAX_TOKENS + 1 + SPAN_BYTES * MAX_SPANS + MAX_ROWS * (1 + PART_BYTES * MAX_SPANS);
    uint256 private constant FULL_INFORMATION = 32;
    uint256 private constant FULL_GAIN = 16;

    /// @notice A published query is longer than any sketch with its cover.
    error CoverTooLong(uint256 length, uint256 most);

    /// @notice The sketch in what `queryHash` commits: all of it where the index has no spans.
    function sketchOf(IndexCommitment memory index, bytes calldata query)
        internal
        pure
        returns (bytes calldata)
    {
        uint256 length = 1 + 2 * uint256(index.dimension);
        // A query that is too short is refused by its length.
        if (index.spans == 0 || query.length < length) return query;
        if (query.length - length > MAX_BYTES) revert CoverTooLong(query.length, length + MAX_BYTES);
        return query[:length];
    }

    /// @notice The cover behind the sketch.
    function coverOf(IndexCommitment memory index, bytes calldata query)
        internal
        pure
        returns (bytes calldata)
    {
        uint256 length = 1 + 2 * uint256(index.dimension);
        return query.length < length ? query[:0] : query[length:];
    }

    /// @notice Reads a cover; false where its form is not right: lengths, bits or symbols of 0, spans that overlap or count nothing,
    /// parts that are none.
    /// @param rows Rows of the list.
    function read(bytes calldata data, uint256 rows) internal pure returns (bool, Cover memory cover) {
        if (data.length < 2) return (false, cover);
        uint256 count = _number(data, 0, 2);
        uint256 at = 2 + 4 * count;
        if (count > MAX_TOKENS || data.length < at + 1) return (false, cover);
        if (!_readTokens(data, count, cover)) return (false, cover);
        if (!_readSpans(data, at, cover)) return (false, cover);
        at += 1 + SPAN_BYTES * cover.spans.length;
        cover.parts = new CoverPart[][](rows);
        for (uint256 i = 0; i < rows; i++) {
            if (data.length < at + 1 || !_readParts(data, at, cover, i)) return (false, cover);
            at += 1 + PART_BYTES * cover.parts[i].length;
        }
        return (at == data.length, cover);
    }

    /// @notice c: what counts of a stretch's bits in an answer of so many.
    function weightOf(Cover memory cover, uint256 bits) internal pure returns (uint256) {
        uint256 threshold = total(cover);
        if (threshold > FULL_INFORMATION) threshold = FULL_INFORMATION;
        if (2 * bits <= threshold) return 0;
        return 2 * bits - threshold < bits ? 2 * bits - threshold : bits;
    }

    /// @notice r: for how many sixteenths of a span of `whole` bits those held stand.
    function factorOf(uint256 held, uint256 whole) internal pure returns (uint256) {
        if (10 * held <= 8 * whole) return 0;
        uint256 factor = FULL_GAIN * (10 * held - 8 * whole) / whole;
        return factor < FULL_GAIN ? factor : FULL_GAIN;
    }

    /// @notice G, sixteenths of a row's score that count.
    /// @param held H, what the parts that it holds count.
    function gainOf(Cover memory cover, int64 score, uint256 held) internal pure returns (uint256) {
        if (score <= 0 && held == 0) return 0;
        uint256 bits = total(cover);
        return bits == 0 ? FULL_GAIN : (FULL_GAIN * cover.free + held) / bits;
    }

    /// @notice H of a listed row.
    function heldOf(Cover memory cover, uint256 row) internal pure returns (uint256 held) {
        CoverPart[] memory parts = cover.parts[row];
        for (uint256 i = 0; i < parts.length; i++) {
            held += cover.spans[parts[i].span].weight * parts[i].factor;
        }
    }

    /// @notice I of the whole answer.
    function total(Cover memory cover) internal pure returns (uint256) {
        return cover.sums[cover.sums.length - 1];
    }

    /// @notice Symbols of the answer from `start` to `end`, as the SpanVerifier takes them.
    function pattern(Cover memory cover, uint256 start, uint256 end)
        internal
        pure
        returns (bytes memory symbols)
    {
        symbols = new bytes(4 * (end - start));
        for (uint256 i = 0; i < symbols.length; i++) {
            symbols[i] = bytes1(uint8(cover.symbols[start + i / 4] >> (24 - 8 * (i % 4))));
        }
    }

    /// @notice Whether a stretch has a token of one of the first `count` spans.
    function overlaps(Cover memory cover, uint256 count, uint256 start, uint256 end)
        internal
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < count; i++) {
            if (start < cover.spans[i].end && cover.spans[i].start < end) return true;
        }
        return false;
    }

    function _readTokens(bytes calldata data, uint256 count, Cover memory cover) private pure returns (bool) {
        (cover.symbols, cover.sums) = (new uint256[](count), new uint256[](count + 1));
        for (uint256 i = 0; i < count; i++) {
            uint256 word = _number(data, 2 + 4 * i, 4);
            (uint256 symbol, uint256 bits) = (word >> 4, word & 15);
            if (symbol == 0 || bits == 0) return false;
            cover.symbols[i] = symbol;
            cover.sums[i + 1] = cover.sums[i] + bits;
        }
        return true;
    }

    function _readSpans(bytes calldata data, uint256 at, Cover memory cover) private pure returns (bool) {
        uint256 count = _number(data, at, 1);
        if (count > MAX_SPANS || data.length < at + 1 + SPAN_BYTES * count) return false;
        cover.spans = new CoverSpan[](count);
        uint256 counted = 0;
        for (uint256 i = 0; i < count; i++) {
            CoverSpan memory span = cover.spans[i];
            (span.start, span.end, span.position, span.document) = _place(data, at + 1 + SPAN_BYTES * i);
            if (span.start >= span.end || span.end >= cover.sums.length) return false;
            if (overlaps(cover, i, span.start, span.end)) return false;
            span.bits = cover.sums[span.end] - cover.sums[span.start];
            span.weight = weightOf(cover, span.bits);
            if (span.weight == 0) return false;
            counted += span.weight;
        }
        // U = max(0, 2 (I - sum of c) - I); spans that don't overlap count at most I.
        uint256 bits = total(cover);
        cover.free = 2 * counted < bits ? bits - 2 * counted : 0;
        return true;
    }

    function _readParts(bytes calldata data, uint256 at, Cover memory cover, uint256 row)
        private
        pure
        returns (bool)
    {
        uint256 count = _number(data, at, 1);
        if (count > MAX_SPANS || data.length < at + 1 + PART_BYTES * count) return false;
        CoverPart[] memory parts = new CoverPart[](count);
        for (uint256 i = 0; i < count; i++) {
            CoverPart memory part = parts[i];
            uint256 from = at + 1 + PART_BYTES * i;
            part.span = _number(data, from, 1);
            (part.start, part.end, part.position, part.document) = _place(data, from + 1);
            if (part.span >= cover.spans.length || (i > 0 && part.span <= parts[i - 1].span)) return false;
            CoverSpan memory span = cover.spans[part.span];
            if (part.start >= part.end || part.start < span.start || part.end > span.end) return false;
            part.factor = factorOf(cover.sums[part.end] - cover.sums[part.start], span.bits);
            if (part.factor == 0) return false;
        }
        cover.parts[row] = parts;
        return true;
    }

    function _place(bytes calldata data, uint256 at)
        private
        pure
        returns (uint256 start, uint256 end, uint32 position, uint32 document)
    {
        (start, end) = (_number(data, at, 2), _number(data, at + 2, 2));
        (position, document) = (uint32(_number(data, at + 4, 4)), uint32(_number(data, at + 8, 4)));
    }

    /// @dev Big-endian number of `size` bytes.
    function _number(bytes calldata data, uint256 at, uint256 size) private pure returns (uint256) {
        return uint256(bytes32(data[at:at + size])) >> (256 - 8 * size);
    }
}

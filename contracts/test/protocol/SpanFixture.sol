// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment, InfluenceList} from "../../src/interfaces/IInfluenceVerifier.sol";
import {Opening, SpanCommitment} from "../../src/interfaces/ISpanVerifier.sol";
import {OpenedRecord} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {ShownStretch, SpanIndex} from "../../src/interfaces/protocol/ISpanChallenges.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";

/// @notice A stretch of an answer at a place of a document.
struct Stretch {
    uint256 start;
    uint256 end;
    uint32 position;
    uint32 document;
}

/// @notice What a claim says of spans, before it is bytes. `held` is by row and span; a part without tokens is none.
struct Draft {
    uint32[] tokens;
    uint8[] bits;
    Stretch[] spans;
    Stretch[][] held;
}

/// @notice An index with spans: the completions of its first rows, a document each. The cover of an answer is looked for by trying all
/// stretches at all places. Written from the definitions, apart from the code under test.
contract SpanFixture is IndexFixture {
    uint256 internal constant CHUNK = 64;
    uint32 public constant IDS = 70;

    uint32[][] private _documents;
    uint32[] private _starts;
    bytes[] private _text;
    bytes[] private _table;
    bytes[] private _information;

    constructor(
        FixtureRow[] memory rows,
        uint32[][] memory documents,
        uint256 dimension,
        uint8 topK,
        uint64 floor,
        uint256 seed
    ) IndexFixture(rows, dimension, topK, floor, seed) {
        bytes memory symbols;
        for (uint32 row = 0; row < documents.length; row++) {
            _documents.push(documents[row]);
            uint32 start = uint32(symbols.length / 4);
            _starts.push(start);
            for (uint256 i = 0; i < documents[row].length; i++) {
                symbols = abi.encodePacked(symbols, documents[row][i] + 1);
            }
            uint32 end = uint32(symbols.length / 4);
            symbols = abi.encodePacked(symbols, uint32(0));
            _table.push(abi.encodePacked(start, end, row, address(uint160(row))));
        }
        _starts.push(uint32(symbols.length / 4));
        _push(_text, symbols, 4 * CHUNK);
        bytes memory table;
        for (uint32 id = 0; id < IDS; id++) {
            table = abi.encodePacked(table, bitsOf(id));
        }
        _push(_information, table, CHUNK);
    }

    function index() public view override returns (IndexCommitment memory commitment) {
        commitment = super.index();
        commitment.spans = keccak256(abi.encode(spanIndex()));
    }

    function spanIndex() public view returns (SpanIndex memory) {
        SpanCommitment memory documents = SpanCommitment({
            text: _subtreeOf(_text, 0, _widthOf(_text)),
            array: bytes32("array"),
            inverse: bytes32("inverse"),
            table: _subtreeOf(_table, 0, _widthOf(_table)),
            symbols: _starts[_documents.length],
            documents: uint32(_documents.length)
        });
        return SpanIndex(documents, _subtreeOf(_information, 0, _widthOf(_information)), IDS);
    }

    /// @notice What the table says; 15 outside it.
    function bitsOf(uint32 id) public pure returns (uint8) {
        return id < IDS ? uint8(1 + (id * 7) % 11) : 15;
    }

    /// @notice The text from a position on.
    function openText(uint32 position, uint256 count) public view returns (Opening memory) {
        uint256 last = position + count - 1;
        uint256 most = _starts[_documents.length] - 1;
        return _open(_text, position / CHUNK, (last < most ? last : most) / CHUNK);
    }

    function openDocument(uint32 document) public view returns (Opening memory) {
        return _open(_table, document, document);
    }

    function openInformation(uint32 id) external view returns (OpenedRecord memory) {
        Opening memory opening = _open(_information, id / CHUNK, id / CHUNK);
        return OpenedRecord(opening.leaves, opening.siblings);
    }

    function showStretch(Stretch memory at) external view returns (ShownStretch memory shown) {
        uint256 length = at.end - at.start;
        shown.texts = new Opening[]((length + 383) / 384);
        for (uint256 i = 0; i < shown.texts.length; i++) {
            uint256 rest = length - 384 * i;
            shown.texts[i] = openText(at.position + uint32(384 * i), rest < 384 ? rest : 384);
        }
        (shown.start, shown.end, shown.position, shown.document) =
        (at.start, at.end, at.position, at.document);
        shown.record = openDocument(at.document);
    }

    /// @notice Where tokens of an answer stand in a document for the first time; `found` is false where they don't.
    function find(uint32[] memory tokens, uint256 start, uint256 end, uint32 document)
        public
        view
        returns (bool found, uint32 position)
    {
        uint32[] memory text = _documents[document];
        for (uint32 from = 0; from + end - start <= text.length; from++) {
            uint256 i = start;
            while (i < end && text[from + i - start] == tokens[i]) i++;
            if (i == end) return (true, _starts[document] + from);
        }
    }

    /// @notice Spans and parts that are true of an answer.
    function draftOf(uint32[] memory tokens) external view returns (Draft memory draft) {
        draft.tokens = tokens;
        draft.bits = new uint8[](tokens.length);
        for (uint256 i = 0; i < tokens.length; i++) {
            draft.bits[i] = bitsOf(tokens[i]);
        }
        draft.spans = new Stretch[](4);
        uint256 count = 0;
        while (count < 4) {
            Stretch memory span = _largest(draft, count);
            if (weightOf(draft, span) == 0) break;
            draft.spans[count++] = span;
        }
        Stretch[] memory spans = draft.spans;
        assembly ("memory-safe") {
            mstore(spans, count)
        }
        hold(draft);
    }

    /// @notice Gives all rows the parts that they have of the draft's spans.
    function hold(Draft memory draft) public view returns (Draft memory) {
        draft.held = new Stretch[][](ROWS);
        for (uint32 row = 0; row < ROWS; row++) {
            draft.held[row] = new Stretch[](draft.spans.length);
            if (row >= _documents.length) continue;
            for (uint256 span = 0; span < draft.spans.length; span++) {
                draft.held[row][span] =
                    _largestIn(draft, draft.spans[span].start, draft.spans[span].end, row, 0);
            }
        }
        return draft;
    }

    /// @notice The list that follows from a draft; `without` is left out.
    function listOf(Draft memory draft, uint256 without) external view returns (InfluenceList memory list) {
        uint256[] memory keys = new uint256[](ROWS);
        uint8[] memory gains = new uint8[](ROWS);
        uint256 count = 0;
        for (uint256 row = 0; row < ROWS; row++) {
            if (row == without || !takesPart(row)) continue;
            gains[row] = uint8(gainOf(draft, row));
            keys[row] = score(row) > 0 ? uint64(score(row)) * uint256(gains[row]) : gains[row];
            if (keys[row] > 0) count++;
        }
        if (count > TOP_K) count = TOP_K;
        (list.rowIds, list.scores, list.gains) = (new uint32[](count), new int64[](count), new uint8[](count));
        list.floor = FLOOR;
        for (uint256 i = 0; i < count; i++) {
            uint256 best = 0;
            for (uint256 row = 1; row < ROWS; row++) {
                if (keys[row] > keys[best]) best = row;
            }
            if (i == 0 && keys[best] / 8 > FLOOR) list.floor = uint64(keys[best] / 8);
            (list.rowIds[i], list.scores[i], list.gains[i]) = (uint32(best), score(best), gains[best]);
            keys[best] = 0;
        }
        _weigh(list);
    }

    /// @notice The query with its cover, as a claim of these rows commits them.
    function evidenceOf(Draft memory draft, uint32[] memory rowIds)
        external
        view
        returns (bytes memory data)
    {
        data = abi.encodePacked(this.query(), uint16(draft.tokens.length));
        for (uint256 i = 0; i < draft.tokens.length; i++) {
            data = abi.encodePacked(data, ((draft.tokens[i] + 1) << 4) | draft.bits[i]);
        }
        data = abi.encodePacked(data, uint8(draft.spans.length));
        for (uint256 i = 0; i < draft.spans.length; i++) {
            data = abi.encodePacked(data, _placeBytes(draft.spans[i]));
        }
        for (uint256 i = 0; i < rowIds.length; i++) {
            bytes memory parts;
            uint8 count = 0;
            for (uint8 span = 0; span < draft.spans.length; span++) {
                Stretch memory part = draft.held[rowIds[i]][span];
                if (factorOf(draft, rowIds[i], span) == 0) continue;
                parts = abi.encodePacked(parts, span, _placeBytes(part));
                count++;
            }
            data = abi.encodePacked(data, count, parts);
        }
    }

    function informationOf(Draft memory draft, uint256 start, uint256 end)
        public
        pure
        returns (uint256 bits)
    {
        for (uint256 i = start; i < end; i++) {
            bits += draft.bits[i];
        }
    }

    function weightOf(Draft memory draft, Stretch memory span) public pure returns (uint256) {
        int256 threshold = int256(informationOf(draft, 0, draft.tokens.length));
        if (threshold > 32) threshold = 32;
        int256 bits = int256(informationOf(draft, span.start, span.end));
        int256 weight = 2 * bits - threshold;
        return weight < 0 ? 0 : uint256(weight < bits ? weight : bits);
    }

    function factorOf(Draft memory draft, uint256 row, uint256 span) public pure returns (uint256) {
        Stretch memory part = draft.held[row][span];
        int256 held = int256(informationOf(draft, part.start, part.end));
        int256 whole = int256(informationOf(draft, draft.spans[span].start, draft.spans[span].end));
        int256 factor = 16 * (10 * held - 8 * whole) / whole;
        return factor < 0 ? 0 : uint256(factor > 16 ? int256(16) : factor);
    }

    function gainOf(Draft memory draft, uint256 row) public view returns (uint256) {
        uint256 held = 0;
        int256 counted = 0;
        for (uint256 span = 0; span < draft.spans.length; span++) {
            uint256 weight = weightOf(draft, draft.spans[span]);
            counted += int256(weight);
            held += weight * factorOf(draft, row, span);
        }
        if (score(row) <= 0 && held == 0) return 0;
        int256 bits = int256(informationOf(draft, 0, draft.tokens.length));
        if (bits == 0) return 16;
        int256 free = 2 * (bits - counted) - bits;
        return (16 * uint256(free > 0 ? free : int256(0)) + held) / uint256(bits);
    }

    /// @dev The next span: of all stretches free of the first `count` spans.
    function _largest(Draft memory draft, uint256 count) private view returns (Stretch memory best) {
        for (uint32 document = 0; document < _documents.length; document++) {
            Stretch memory found = _largestIn(draft, 0, draft.tokens.length, document, count);
            uint256 bits = informationOf(draft, found.start, found.end);
            uint256 most = informationOf(draft, best.start, best.end);
            if (bits > most || (bits == most && bits > 0 && found.start < best.start)) best = found;
        }
    }

    /// @dev The stretch of tokens `from` to `to`, free of the first `count` spans, with the largest information that a document holds.
    function _largestIn(Draft memory draft, uint256 from, uint256 to, uint32 document, uint256 count)
        private
        view
        returns (Stretch memory best)
    {
        uint256 most = 0;
        for (uint256 start = from; start < to; start++) {
            for (uint256 end = start + 1; end <= to; end++) {
                if (_isCovered(draft, count, start, end)) break;
                (bool found, uint32 position) = find(draft.tokens, start, end, document);
                if (!found) break;
                uint256 bits = informationOf(draft, start, end);
                if (bits <= most) continue;
                most = bits;
                best = Stretch(start, end, position, document);
            }
        }
    }

    function _isCovered(Draft memory draft, uint256 count, uint256 start, uint256 end)
        private
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < count; i++) {
            if (start < draft.spans[i].end && draft.spans[i].start < end) return true;
        }
        return false;
    }

    function _placeBytes(Stretch memory at) private pure returns (bytes memory) {
        return abi.encodePacked(uint16(at.start), uint16(at.end), at.position, at.document);
    }

    function _push(bytes[] storage leaves, bytes memory data, uint256 size) private {
        for (uint256 from = 0; from < data.length; from += size) {
            bytes memory leaf = new bytes(size);
            for (uint256 i = 0; i < size && from + i < data.length; i++) {
                leaf[i] = data[from + i];
            }
            leaves.push(leaf);
        }
    }

    function _open(bytes[] storage leaves, uint256 a, uint256 b)
        private
        view
        returns (Opening memory opening)
    {
        for (uint256 i = a; i <= b; i++) {
            opening.leaves = abi.encodePacked(opening.leaves, leaves[i]);
        }
        opening.siblings = new bytes32[](64);
        uint256 count = 0;
        for (uint256 size = 1; size < _widthOf(leaves); size *= 2) {
            if (a % 2 == 1) opening.siblings[count++] = _subtreeOf(leaves, (a - 1) * size, size);
            if (b % 2 == 0) opening.siblings[count++] = _subtreeOf(leaves, (b + 1) * size, size);
            (a, b) = (a / 2, b / 2);
        }
        bytes32[] memory siblings = opening.siblings;
        assembly ("memory-safe") {
            mstore(siblings, count)
        }
    }

    function _widthOf(bytes[] storage leaves) private view returns (uint256 width) {
        width = 1;
        while (width < leaves.length) width *= 2;
    }

    function _subtreeOf(bytes[] storage leaves, uint256 start, uint256 width) private view returns (bytes32) {
        if (width == 1) {
            return
                start < leaves.length ? keccak256(abi.encodePacked(bytes1(0x00), leaves[start])) : bytes32(0);
        }
        bytes32 left = _subtreeOf(leaves, start, width / 2);
        bytes32 right = _subtreeOf(leaves, start + width / 2, width / 2);
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISpanVerifier, Opening} from "../interfaces/ISpanVerifier.sol";
import {OpenedRecord} from "../interfaces/protocol/IClaimChallenges.sol";
import {
    ClaimedPlace,
    ISpanChallenges,
    ShownPart,
    ShownStretch,
    SpanIndex
} from "../interfaces/protocol/ISpanChallenges.sol";
import {Cover, Covers, CoverPart, CoverSpan} from "./Covers.sol";
import {MerkleFrontier} from "./MerkleFrontier.sol";
import {SPAN_VERIFIER} from "./Precompiles.sol";

/// @title What one occurrence, or one leaf of the table, shows of a span index.
library SpanProofs {
    /// @dev Names a span of the cover itself among places; no list has so many rows.
    uint256 internal constant OF_COVER = 16;
    /// @dev Bits of a token id that the table has not.
    uint256 private constant MOST_BITS = 15;
    /// @dev Token ids in a leaf of the table.
    uint256 private constant LEAF = 64;

    /// @notice The committed bits of a token id.
    /// @param leaf The 64 bytes that hold it and their path; not looked at for an id that the table has not.
    function bitsOf(SpanIndex calldata index, uint256 id, OpenedRecord calldata leaf)
        internal
        pure
        returns (uint256)
    {
        if (id >= index.ids) return MOST_BITS;
        if (leaf.record.length != LEAF) revert ISpanChallenges.TableMismatch();
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0x00), leaf.record));
        uint256 leaves = (uint256(index.ids) + LEAF - 1) / LEAF;
        bytes32 root = MerkleFrontier.rootOf(hash, id / LEAF, leaves, leaf.path);
        if (root != index.information) revert ISpanChallenges.TableMismatch();
        return uint8(leaf.record[id % LEAF]);
    }

    /// @notice The row in which a stretch of the answer stands; reverts with the verifier's error where it does not.
    function rowOf(SpanIndex calldata index, Cover memory cover, ShownStretch calldata shown)
        internal
        view
        returns (uint32 row)
    {
        uint256 length = shown.end - shown.start;
        uint256 pieces = (length + Covers.MAX_PIECE - 1) / Covers.MAX_PIECE;
        if (shown.texts.length != pieces) revert ISpanChallenges.PieceCount(shown.texts.length, pieces);
        for (uint256 i = 0; i < pieces; i++) {
            uint256 from = i * Covers.MAX_PIECE;
            uint256 to = from + Covers.MAX_PIECE < length ? from + Covers.MAX_PIECE : length;
            // All pieces are of one document, so of one row.
            (row,,) = SPAN_VERIFIER.occurrence(
                index.documents,
                Covers.pattern(cover, shown.start + from, shown.start + to),
                shown.position + uint32(from),
                shown.texts[i],
                shown.document,
                shown.record
            );
        }
    }

    /// @notice Bits of a stretch that lies between two tokens of the answer.
    function bitsIn(Cover memory cover, ShownStretch calldata shown, uint256 least, uint256 most)
        internal
        pure
        returns (uint256)
    {
        if (shown.start >= shown.end || shown.start < least || shown.end > most) {
            revert ISpanChallenges.StretchRange(shown.start, shown.end);
        }
        return cover.sums[shown.end] - cover.sums[shown.start];
    }

    /// @notice For how many sixteenths of a span of the cover a stretch of it stands.
    function factorOf(Cover memory cover, ShownPart calldata shown) internal pure returns (uint256) {
        if (shown.span >= cover.spans.length) revert ISpanChallenges.NotInCover(shown.span);
        CoverSpan memory span = cover.spans[shown.span];
        return Covers.factorOf(bitsIn(cover, shown.stretch, span.start, span.end), span.bits);
    }

    /// @notice Whether the stretch comes before the cover's span `step` among those that were free then.
    function isBetter(Cover memory cover, uint256 step, ShownStretch calldata shown)
        internal
        pure
        returns (bool)
    {
        uint256 bits = bitsIn(cover, shown, 0, cover.symbols.length);
        if (Covers.overlaps(cover, step, shown.start, shown.end)) return false;
        if (step == cover.spans.length) return Covers.weightOf(cover, bits) > 0;
        CoverSpan memory span = cover.spans[step];
        // Every token has a bit at least, so of two with one start and one information neither is longer.
        return bits > span.bits || (bits == span.bits && shown.start < span.start);
    }

    /// @notice Whether a piece stands where the cover says, in the row if one is named; the openings show it either way.
    function isTrue(
        SpanIndex calldata index,
        Cover memory cover,
        ClaimedPlace calldata place,
        Opening calldata text,
        Opening calldata record,
        uint256 rowId
    ) internal view returns (bool) {
        CoverPart memory named = _placeIn(cover, place);
        uint256 length = named.end - named.start;
        if (
            place.count == 0 || place.count > Covers.MAX_PIECE || place.from >= length
                || place.count > length - place.from
        ) {
            revert ISpanChallenges.PieceRange(place.from, place.count);
        }
        uint256 start = named.start + place.from;
        bytes memory pattern = Covers.pattern(cover, start, start + place.count);
        uint256 position = uint256(named.position) + place.from;
        return _stands(index, pattern, position, named.document, text, record, rowId);
    }

    /// @dev A span of the cover has the form of a part that is all of it.
    function _placeIn(Cover memory cover, ClaimedPlace calldata place)
        private
        pure
        returns (CoverPart memory)
    {
        if (place.row == OF_COVER) {
            if (place.number >= cover.spans.length) {
                revert ISpanChallenges.NotInCover(place.number);
            }
            CoverSpan memory span = cover.spans[place.number];
            return CoverPart(place.number, span.start, span.end, span.position, span.document, 0);
        }
        if (place.number >= cover.parts[place.row].length) revert ISpanChallenges.NotInCover(place.number);
        return cover.parts[place.row][place.number];
    }

    /// @dev Openings that don't show it either way revert. A `rowId` of 2^32 or above is no row.
    function _stands(
        SpanIndex calldata index,
        bytes memory pattern,
        uint256 position,
        uint32 document,
        Opening calldata text,
        Opening calldata record,
        uint256 rowId
    ) private view returns (bool) {
        // Behind what a position can be: behind every text.
        if (position > type(uint32).max) return false;
        try SPAN_VERIFIER.occurrence(
            index.documents, pattern, uint32(position), text, document, record
        ) returns (
            uint32 row, address, uint32
        ) {
            return row == rowId || rowId > type(uint32).max;
        } catch (bytes memory reason) {
            // The verifier finds the openings committed before it looks at what they hold.
            bytes4 selector = reason.length < 4 ? bytes4(0) : bytes4(reason);
            bool isShown = selector == ISpanVerifier.PatternMismatch.selector
                || selector == ISpanVerifier.PositionRange.selector
                || selector == ISpanVerifier.NotInDocument.selector;
            if (isShown) return false;
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a model commits of the suffix array of its documents. A symbol is 0 for the end of a document, else a token id + 1; the
/// text is every document's symbols, each followed by its end. Suffixes are ordered symbol by symbol up to their first end, equal ones by
/// position. Trees: leaf = keccak256(0x00 | bytes), node = keccak256(0x01 | left | right), leaves padded to the next power of two with
/// bytes32(0). A leaf of text, array or inverse is 64 values of 4 bytes, big endian, zeros after the last.
/// @param text Root over the symbols.
/// @param array Root over the positions in the order of their suffixes.
/// @param inverse Root over the ranks of the positions.
/// @param table Root over the documents; a leaf is start u32 | end u32 | row u32 | contributor 20, `end` where its end symbol stands.
/// @param symbols Symbols of the text, 1 to 2^31 - 2^16.
/// @param documents Documents, 1 to `symbols`.
struct SpanCommitment {
    bytes32 text;
    bytes32 array;
    bytes32 inverse;
    bytes32 table;
    uint32 symbols;
    uint32 documents;
}

/// @notice Neighbouring leaves of a tree and what leads from them to the root.
/// @param leaves The leaves one after another; the first is the one that holds the position asked for.
/// @param siblings Hashes bottom up, at each level the left one before the right one, padding too.
struct Opening {
    bytes leaves;
    bytes32[] siblings;
}

/// @notice One entry of the array with the beginning of its suffix.
/// @param rank Its place in the array.
/// @param array The leaf of the array that holds it.
/// @param text Leaves of the text from the suffix's position on, at most 7.
struct SuffixEntry {
    uint32 rank;
    Opening array;
    Opening text;
}

/// @title Verbatim spans in a committed suffix array, at 0x0000000000000000000000000000000000000A02.
/// @notice Functions answer or revert with a named error. What rests on the order of the array (longestMatch, countAtMost, countAtLeast) is
/// true of a sound commitment; that a commitment is not sound is shown by badValue, notInverse, disorder or badDocument. A pattern is 1 to
/// 384 symbols of 4 bytes, big endian, none of them 0. `opening` in an error counts the call's openings from 0 in the order of its
/// parameters.
interface ISpanVerifier {
    /// @notice The input is not the canonical ABI encoding of a call.
    error BadInput();
    error UnknownSelector(bytes4 selector);
    /// @notice Called by DELEGATECALL or CALLCODE.
    error DelegateCallRefused();
    error ValueRefused();
    /// @notice A field of the commitment is out of its bounds; `field` is its position in the struct.
    error InvalidCommitment(uint256 field);
    error PatternLength(uint256 length);
    /// @notice The pattern's symbol at `position` is 0.
    error PatternSymbol(uint256 position);
    error ListLength(uint256 length, uint256 expected);
    error TreeRange(uint256 tree);
    error PositionRange(uint256 opening, uint256 position);
    /// @notice Not whole leaves, too many, or beyond the tree's last.
    error OpeningLength(uint256 opening, uint256 length);
    error PathLength(uint256 opening, uint256 length, uint256 expected);
    /// @notice The leaves do not lead to the committed root.
    error NotCommitted(uint256 opening);
    /// @notice The opening ends before the comparison does.
    error WindowEnd(uint256 opening);
    /// @notice The text differs from the pattern at the pattern's `position`.
    error PatternMismatch(uint256 opening, uint256 position);
    error NotInDocument(uint256 position, uint256 document);
    /// @notice An entry stands on the wrong side of the pattern: 0 the one below, 1 the one above.
    error OrderViolation(uint256 entry);
    error NotNeighbours(int256 below, int256 above);
    error RankOrder(int256 first, int256 last);

    /// @notice True if the commitment's fields are within bounds; reverts otherwise.
    function checkCommitment(SpanCommitment calldata commitment) external view returns (bool);

    /// @notice The pattern stands in the text at `position`, inside one document.
    /// @param text Opening of the text from `position` on.
    /// @param document Index of the document.
    /// @param record Its record.
    /// @return row Row of the document.
    /// @return contributor Its contributor.
    /// @return offset Token of the document at which the pattern begins.
    function occurrence(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        uint32 position,
        Opening calldata text,
        uint32 document,
        Opening calldata record
    ) external view returns (uint32 row, address contributor, uint32 offset);

    /// @notice Length of the longest beginning of the pattern that occurs: what it shares with one of the two neighbours between which it
    /// would stand.
    /// @param below The last suffix before the pattern; none if it is before all.
    /// @param above The first suffix after the pattern or beginning with it; none if there is none.
    function longestMatch(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry[] calldata below,
        SuffixEntry[] calldata above
    ) external view returns (uint32 length);

    /// @notice The pattern occurs at most so often: the ranks between a suffix before it and one after it. 0 shows that it does not occur.
    /// @param below A suffix before the pattern; none stands for the array's beginning.
    /// @param above A suffix after the pattern, not beginning with it; none stands for the array's end.
    function countAtMost(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry[] calldata below,
        SuffixEntry[] calldata above
    ) external view returns (uint32 count);

    /// @notice The pattern occurs at least so often: both suffixes begin with it, and so do all between them.
    function countAtLeast(
        SpanCommitment calldata commitment,
        bytes calldata pattern,
        SuffixEntry calldata first,
        SuffixEntry calldata last
    ) external view returns (uint32 count);

    /// @notice True if the value at `at` cannot be: the text's last symbol is no end (tree 0, `at` its position), or a value of the array
    /// (1) or the inverse (2) is not below `symbols`.
    function badValue(SpanCommitment calldata commitment, uint8 tree, uint32 at, Opening calldata opening)
        external
        view
        returns (bool);

    /// @notice True if the inverse does not lead from the position at `rank` back to `rank`.
    /// @param array Opening of the array at `rank`.
    /// @param inverse Opening of the inverse at that position.
    function notInverse(
        SpanCommitment calldata commitment,
        uint32 rank,
        Opening calldata array,
        Opening calldata inverse
    ) external view returns (bool);

    /// @notice True if the suffixes at `rank` and `rank` + 1 stand in the wrong order.
    /// @param array Openings of the array at both ranks.
    /// @param text Openings of the text at their positions p and q.
    /// @param inverse Openings of the inverse at p + 1 and q + 1 if both begin with the same token, else none.
    function disorder(
        SpanCommitment calldata commitment,
        uint32 rank,
        Opening[] calldata array,
        Opening[] calldata text,
        Opening[] calldata inverse
    ) external view returns (bool);

    /// @notice True if a record of the table is wrong by itself, by the record after it, or by one symbol of the text.
    /// @param records Opening of the table at `document`, one record or two.
    /// @param position A position inside the document or of its end.
    /// @param text None, or the opening of the text at `position`.
    function badDocument(
        SpanCommitment calldata commitment,
        uint32 document,
        Opening calldata records,
        uint32 position,
        Opening[] calldata text
    ) external view returns (bool);
}

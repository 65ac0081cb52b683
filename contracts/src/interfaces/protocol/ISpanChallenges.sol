// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Opening, SpanCommitment} from "../ISpanVerifier.sol";
import {OpenedRecord} from "./IClaimChallenges.sol";
import {Claim} from "./IInferenceMarket.sol";

/// @notice What an index's `spans` commits: keccak256(abi.encode(SpanIndex)).
/// @param documents The completions of the rows that take part, a document each; `row` of a document is its row of the index.
/// @param information Root over the bits of each token id, a byte each, 1 to 15: leaf = keccak256(0x00 | 64 bytes), zeros after
/// the last, node = keccak256(0x01 | left | right), leaves padded to the next power of two with bytes32(0).
/// @param ids Token ids that the table has, 1 to 2^28 - 2; others have 15 bits.
struct SpanIndex {
    SpanCommitment documents;
    bytes32 information;
    uint32 ids;
}

/// @notice One place that a claim names, in pieces of at most 384 tokens.
/// @param row Place in the list, or 16 for a span of the cover itself.
/// @param number Which span, or which of the row's parts.
/// @param from First token of the piece, counted from the place's first.
/// @param count Tokens of the piece, 1 to 384.
struct ClaimedPlace {
    uint256 row;
    uint256 number;
    uint256 from;
    uint256 count;
}

/// @notice A stretch of the answer shown in a completion.
/// @param start First token of the answer.
/// @param end One after its last.
/// @param position Where it begins in the documents' text.
/// @param document Which document holds all of it.
/// @param texts The text from `position` on, then from 384 tokens later on, and so on.
/// @param record The document's record.
struct ShownStretch {
    uint256 start;
    uint256 end;
    uint32 position;
    uint32 document;
    Opening[] texts;
    Opening record;
}

/// @notice A stretch of a span of the cover.
/// @param span Which span.
struct ShownPart {
    uint256 span;
    ShownStretch stretch;
}

/// @title Counter-examples to what a claim says of verbatim spans, decided by the SpanVerifier.
/// @notice Where an index commits spans, what `queryHash` commits is the sketch followed by the cover (Covers): the answer's
/// tokens with their bits, the spans, and the parts of them that the listed rows hold. Gains follow from it by arithmetic alone; each part of
/// it that raises or lowers one can be shown false by one occurrence, so no money rests on a proof of absence. That the tokens are the
/// answer's is for a panel. Each call is announced a block before (Announcements); its last argument is a secret salt.
interface ISpanChallenges {
    /// @notice The index commits no spans, or others.
    error SpansMismatch(bytes32 committed);
    /// @notice The claim's cover has no right form, which is shown by challengeGains.
    error CoverMalformed();
    /// @notice Nothing of this number in the cover.
    error NotInCover(uint256 number);
    /// @notice The stretch is empty, or not inside the answer or the span.
    error StretchRange(uint256 start, uint256 end);
    /// @notice A piece has 1 to 384 tokens.
    error PieceRange(uint256 from, uint256 count);
    /// @notice The stretch needs so many openings of the text.
    error PieceCount(uint256 given, uint256 expected);
    /// @notice Spans of the parts shown come one after another.
    error SpanOrder(uint256 number);
    /// @notice The leaf of the table is none of it.
    error TableMismatch();

    /// @notice Shows that the cover has not the right form, or that the list's gains don't follow from it.
    function challengeGains(Claim calldata given, bytes calldata query, bytes32) external;

    /// @notice Shows that a token has other bits than the cover says.
    /// @param token Its place in the answer.
    /// @param leaf The 64 bytes of the table that hold it, and their path; nothing for an id that the table has not.
    function challengeInformation(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        uint256 token,
        OpenedRecord calldata leaf,
        bytes32
    ) external;

    /// @notice Shows that a span, or a listed row's part of one, does not stand where the cover says, or not in that row.
    /// @param text The text from the piece's first token on.
    /// @param record The record of the document that the cover names.
    function challengePlace(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        ClaimedPlace calldata place,
        Opening calldata text,
        Opening calldata record,
        bytes32
    ) external;

    /// @notice Shows a stretch that the cover had to take instead of its span `step`, or as one more.
    function challengeCover(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        uint256 step,
        ShownStretch calldata shown,
        bytes32
    ) external;

    /// @notice Shows that a listed row holds more of a span than the cover says.
    /// @param position The row's place in the list.
    function challengePart(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        uint256 position,
        ShownPart calldata shown,
        bytes32
    ) external;

    /// @notice Shows a row outside the list that belongs into it, with as much of the spans as it takes; none for one whose influence
    /// is enough.
    /// @param row The row's committed record.
    /// @param parts At most one of each span, spans ascending.
    function challengeOmittedHolder(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        OpenedRecord calldata row,
        ShownPart[] calldata parts,
        bytes32
    ) external;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment, InfluenceList} from "../interfaces/IInfluenceVerifier.sol";
import {Opening} from "../interfaces/ISpanVerifier.sol";
import {IChallengedClaims} from "../interfaces/protocol/IChallengedClaims.sol";
import {IClaimChallenges, OpenedRecord} from "../interfaces/protocol/IClaimChallenges.sol";
import {
    ClaimedPlace,
    ISpanChallenges,
    ShownPart,
    ShownStretch,
    SpanIndex
} from "../interfaces/protocol/ISpanChallenges.sol";
import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {Announcements} from "./Announcements.sol";
import {Cover, Covers, CoverPart} from "./Covers.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {SpanProofs} from "./SpanProofs.sol";

/// @title Counter-examples to what a claim says of verbatim spans, decided by the SpanVerifier.
/// @notice A call whose counter-example does not contradict the claim reverts.
abstract contract SpanChallenges is ISpanChallenges, Announcements {
    ModelLedger public immutable MODELS;
    /// @notice Where the claims stand: the market, or EpochLeaves.
    IChallengedClaims public immutable MARKET;

    constructor(ModelLedger models, IChallengedClaims market) {
        (MODELS, MARKET) = (models, market);
    }

    /// @inheritdoc ISpanChallenges
    function challengeGains(Claim calldata given, bytes calldata query, bytes32) external {
        uint64 announcedBlock = _begin(given, query);
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        if (index.spans == 0) revert SpansMismatch(0);
        if (_gainsFollow(given.list, Covers.coverOf(index, query))) revert IClaimChallenges.ClaimStands();
        MARKET.refute(given, msg.sender, announcedBlock, "gains");
    }

    /// @inheritdoc ISpanChallenges
    function challengeInformation(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        uint256 token,
        OpenedRecord calldata leaf,
        bytes32
    ) external {
        (uint64 announcedBlock, Cover memory cover) = _open(given, query, index);
        if (token >= cover.symbols.length) revert NotInCover(token);
        uint256 bits = cover.sums[token + 1] - cover.sums[token];
        if (SpanProofs.bitsOf(index, cover.symbols[token] - 1, leaf) == bits) {
            revert IClaimChallenges.ClaimStands();
        }
        MARKET.refute(given, msg.sender, announcedBlock, "information");
    }

    /// @inheritdoc ISpanChallenges
    function challengePlace(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        ClaimedPlace calldata place,
        Opening calldata text,
        Opening calldata record,
        bytes32
    ) external {
        (uint64 announcedBlock, Cover memory cover) = _open(given, query, index);
        uint256 rowId = _rowAt(given.list, place.row);
        if (SpanProofs.isTrue(index, cover, place, text, record, rowId)) {
            revert IClaimChallenges.ClaimStands();
        }
        MARKET.refute(given, msg.sender, announcedBlock, "span");
    }

    /// @inheritdoc ISpanChallenges
    function challengeCover(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        uint256 step,
        ShownStretch calldata shown,
        bytes32
    ) external {
        (uint64 announcedBlock, Cover memory cover) = _open(given, query, index);
        if (step > cover.spans.length || step == Covers.MAX_SPANS) revert NotInCover(step);
        if (!SpanProofs.isBetter(cover, step, shown)) revert IClaimChallenges.ClaimStands();
        SpanProofs.rowOf(index, cover, shown);
        MARKET.refute(given, msg.sender, announcedBlock, "cover");
    }

    /// @inheritdoc ISpanChallenges
    function challengePart(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        uint256 position,
        ShownPart calldata shown,
        bytes32
    ) external {
        (uint64 announcedBlock, Cover memory cover) = _open(given, query, index);
        if (position >= given.list.rowIds.length) revert IClaimChallenges.PositionOutOfRange(position);
        uint256 factor = SpanProofs.factorOf(cover, shown);
        if (factor <= _claimedFactor(cover.parts[position], shown.span)) {
            revert IClaimChallenges.ClaimStands();
        }
        _expectRow(SpanProofs.rowOf(index, cover, shown.stretch), given.list.rowIds[position]);
        MARKET.refute(given, msg.sender, announcedBlock, "part");
    }

    /// @inheritdoc ISpanChallenges
    function challengeOmittedHolder(
        Claim calldata given,
        bytes calldata query,
        SpanIndex calldata index,
        OpenedRecord calldata row,
        ShownPart[] calldata parts,
        bytes32
    ) external {
        (uint64 announcedBlock, Cover memory cover) = _open(given, query, index);
        (uint32 rowId, int64 score) = _scoreOf(given, query, row);
        uint256 gain = Covers.gainOf(cover, score, _heldBy(index, cover, rowId, parts));
        _checkOmitted(given, rowId, _key(score, gain));
        MARKET.refute(given, msg.sender, announcedBlock, "omitted holder");
    }

    /// @dev Uses the announcement; `query` is what the claim commits.
    function _begin(Claim calldata given, bytes calldata query) internal returns (uint64 announcedBlock) {
        announcedBlock = _useAnnouncement();
        MARKET.checkChallengeable(given);
        if (keccak256(query) != given.queryHash) revert IClaimChallenges.QueryMismatch(given.queryHash);
    }

    /// @dev Begins, and reads the claim's cover.
    function _open(Claim calldata given, bytes calldata query, SpanIndex calldata index)
        private
        returns (uint64 announcedBlock, Cover memory cover)
    {
        announcedBlock = _begin(given, query);
        IndexCommitment memory committed = MODELS.indexOf(given.modelId);
        if (keccak256(abi.encode(index)) != committed.spans) revert SpansMismatch(committed.spans);
        bool isRead;
        (isRead, cover) = Covers.read(Covers.coverOf(committed, query), given.list.rowIds.length);
        if (!isRead) revert CoverMalformed();
    }

    function _gainsFollow(InfluenceList calldata list, bytes calldata data) private pure returns (bool) {
        (bool isRead, Cover memory cover) = Covers.read(data, list.rowIds.length);
        if (!isRead) return false;
        for (uint256 i = 0; i < list.rowIds.length; i++) {
            if (Covers.gainOf(cover, list.scores[i], Covers.heldOf(cover, i)) != list.gains[i]) return false;
        }
        return true;
    }

    function _rowAt(InfluenceList calldata list, uint256 row) private pure returns (uint256) {
        if (row == SpanProofs.OF_COVER) return type(uint256).max;
        if (row >= list.rowIds.length) revert IClaimChallenges.PositionOutOfRange(row);
        return list.rowIds[row];
    }

    function _claimedFactor(CoverPart[] memory parts, uint256 span) private pure returns (uint256) {
        for (uint256 i = 0; i < parts.length; i++) {
            if (parts[i].span == span) return parts[i].factor;
        }
        return 0;
    }

    /// @dev H of a row by the parts shown.
    function _heldBy(SpanIndex calldata index, Cover memory cover, uint32 rowId, ShownPart[] calldata parts)
        private
        view
        returns (uint256 held)
    {
        for (uint256 i = 0; i < parts.length; i++) {
            uint256 span = parts[i].span;
            if (i > 0 && span <= parts[i - 1].span) revert SpanOrder(span);
            uint256 factor = SpanProofs.factorOf(cover, parts[i]);
            _expectRow(SpanProofs.rowOf(index, cover, parts[i].stretch), rowId);
            held += cover.spans[span].weight * factor;
        }
    }

    function _scoreOf(Claim calldata given, bytes calldata query, OpenedRecord calldata row)
        private
        view
        returns (uint32 rowId, int64 score)
    {
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        uint32 first;
        (rowId,,, first, score) =
            INFLUENCE_VERIFIER.scoreOf(index, Covers.sketchOf(index, query), row.record, row.path);
        if (first != rowId) revert IClaimChallenges.ClaimStands();
    }

    /// @dev F, by which rows are listed.
    function _key(int64 score, uint256 gain) private pure returns (uint256) {
        return score > 0 ? uint256(uint64(score)) * gain : gain;
    }

    /// @dev Reverts unless a row of this key belongs into the list.
    function _checkOmitted(Claim calldata given, uint32 rowId, uint256 key) private view {
        InfluenceList calldata list = given.list;
        uint256 length = list.rowIds.length;
        for (uint256 i = 0; i < length; i++) {
            if (list.rowIds[i] == rowId) revert IClaimChallenges.RowListed(rowId);
        }
        if (key == 0) revert IClaimChallenges.ClaimStands();
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        if (length < (index.topK < index.rows ? index.topK : index.rows)) return;
        uint256 last = _key(list.scores[length - 1], list.gains[length - 1]);
        if (key < last || (key == last && rowId > list.rowIds[length - 1])) {
            revert IClaimChallenges.ClaimStands();
        }
    }

    function _expectRow(uint32 row, uint32 expected) private pure {
        if (row != expected) revert IClaimChallenges.WrongRow(row, expected);
    }
}

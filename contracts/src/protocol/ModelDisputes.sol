// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger} from "../interfaces/protocol/IAttributionLedger.sol";
import {OpenedRecord} from "../interfaces/protocol/IClaimChallenges.sol";
import {IDisputes} from "../interfaces/protocol/IDisputes.sol";
import {IModelDisputes} from "../interfaces/protocol/IModelDisputes.sol";
import {IModelLedger} from "../interfaces/protocol/IModelLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ContributionId, DisputeId, ModelId} from "./Types.sol";

/// @title Records of a pending index that verifiers compute again.
contract ModelDisputes is IModelDisputes {
    /// @notice Disputes that a model has open at once at most.
    uint32 public constant MAX_OPEN = 8;
    uint32 private constant SKIPPED = type(uint32).max;
    /// @dev Stands for the span index among disputed rows.
    uint32 private constant SPANS = type(uint32).max;

    IModelLedger public immutable MODELS;
    IAttributionLedger public immutable LEDGER;
    IDisputes public immutable DISPUTES;
    /// @notice Wei that a panel gets.
    uint128 public immutable PANEL_FEE;

    mapping(ModelId modelId => mapping(uint32 rowId => Case)) private _cases;

    constructor(IModelLedger models, IAttributionLedger ledger, IDisputes disputes, uint128 panelFee) {
        (MODELS, LEDGER, DISPUTES, PANEL_FEE) = (models, ledger, disputes, panelFee);
    }

    /// @inheritdoc IModelDisputes
    function dispute(ModelId modelId, Kind kind, OpenedRecord calldata shown)
        external
        payable
        returns (DisputeId disputeId)
    {
        if (!MODELS.isPending(modelId)) revert NotPending(modelId);
        if (msg.value != PANEL_FEE) revert FeeMismatch(msg.value, PANEL_FEE);
        (uint32 rowId, uint64 contributionId,, uint32 first) =
            INFLUENCE_VERIFIER.openRecord(MODELS.indexOf(modelId), shown.record, shown.path);
        Kind actual = first == rowId ? Kind.Sketch : first == SKIPPED ? Kind.SkipMark : Kind.RepeatMark;
        if (kind != actual) revert NotOfKind(rowId, kind);
        ContributionId contribution = ContributionId.wrap(contributionId);
        Case storage opened = _cases[modelId][rowId];
        (opened.contributionId, opened.wasGone) = (contribution, _isGone(contribution));
        disputeId = _begin(modelId, rowId, valueOf(modelId, rowId, shown.record));
        emit RecordDisputed(modelId, rowId, disputeId, kind, msg.sender, shown.record);
    }

    /// @inheritdoc IModelDisputes
    function disputeSpans(ModelId modelId) external payable returns (DisputeId disputeId) {
        if (!MODELS.isPending(modelId)) revert NotPending(modelId);
        if (msg.value != PANEL_FEE) revert FeeMismatch(msg.value, PANEL_FEE);
        bytes32 spans = MODELS.indexOf(modelId).spans;
        if (spans == 0) revert NoSpans(modelId);
        // It is of no one row, so no row's text that goes ends it.
        _cases[modelId][SPANS].wasGone = true;
        disputeId = _begin(modelId, SPANS, spansValueOf(modelId, spans));
        emit SpansDisputed(modelId, disputeId, msg.sender, spans);
    }

    /// @inheritdoc IModelDisputes
    function appeal(ModelId modelId, uint32 rowId) external payable {
        if (msg.value != PANEL_FEE) revert FeeMismatch(msg.value, PANEL_FEE);
        Case storage opened = _open(modelId, rowId);
        IDisputes.Dispute memory panel = DISPUTES.getDispute(opened.disputeId);
        if (panel.value == panel.claimed) opened.opener = msg.sender;
        DISPUTES.escalate{value: msg.value}(opened.disputeId);
    }

    /// @inheritdoc IModelDisputes
    function conclude(ModelId modelId, uint32 rowId) external {
        Case storage opened = _open(modelId, rowId);
        (bool isOver, bool isUpheld) = DISPUTES.verdictOf(opened.disputeId);
        if (!isOver) revert VerdictMissing(opened.disputeId);
        opened.status = Status.Ended;
        emit RecordDecided(modelId, rowId, isUpheld, false);
        MODELS.endDispute(modelId);
        if (!isUpheld && _isRegistered(modelId)) MODELS.fail(modelId, opened.opener, "record by verdict");
    }

    /// @inheritdoc IModelDisputes
    function endGone(ModelId modelId, uint32 rowId) external {
        Case storage opened = _open(modelId, rowId);
        if (opened.wasGone || !_isGone(opened.contributionId)) revert TextThere(opened.contributionId);
        opened.status = Status.Ended;
        emit RecordDecided(modelId, rowId, false, true);
        // Where the panel has decided already, its verdict stands.
        DISPUTES.abandon(opened.disputeId, opened.opener);
        MODELS.endDispute(modelId);
        if (_isRegistered(modelId)) MODELS.retract(modelId, "text gone");
    }

    /// @inheritdoc IModelDisputes
    function valueOf(ModelId modelId, uint32 rowId, bytes calldata record) public pure returns (bytes32) {
        return keccak256(abi.encode(bytes32("record"), modelId, rowId, keccak256(record)));
    }

    /// @inheritdoc IModelDisputes
    function spansValueOf(ModelId modelId, bytes32 spans) public pure returns (bytes32) {
        return keccak256(abi.encode(bytes32("spans"), modelId, spans));
    }

    /// @inheritdoc IModelDisputes
    function caseOf(ModelId modelId, uint32 rowId) external view returns (Case memory) {
        return _cases[modelId][rowId];
    }

    function _begin(ModelId modelId, uint32 rowId, bytes32 claimed) private returns (DisputeId disputeId) {
        Case storage opened = _cases[modelId][rowId];
        if (opened.status != Status.None) revert AlreadyDisputed(modelId, rowId);
        uint256 open = MODELS.getModel(modelId).disputes;
        if (open >= MAX_OPEN) revert TooManyDisputes(open);
        (opened.opener, opened.status) = (msg.sender, Status.Open);
        MODELS.beginDispute(modelId);
        disputeId = DISPUTES.open{value: msg.value}(claimed);
        opened.disputeId = disputeId;
    }

    function _open(ModelId modelId, uint32 rowId) private view returns (Case storage opened) {
        opened = _cases[modelId][rowId];
        if (opened.status != Status.Open) revert NoDispute(modelId, rowId);
    }

    function _isGone(ContributionId contributionId) private view returns (bool) {
        return LEDGER.entryOf(contributionId).skippedFrom != 0;
    }

    function _isRegistered(ModelId modelId) private view returns (bool) {
        return MODELS.statusOf(modelId) == IModelLedger.Status.Registered;
    }
}

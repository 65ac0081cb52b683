// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger} from "../interfaces/protocol/IAttributionLedger.sol";
import {IModelLedger} from "../interfaces/protocol/IModelLedger.sol";
import {IInfluenceVerifier, IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {OpenedRecord} from "../interfaces/protocol/IClaimChallenges.sol";
import {IModelChallenges, ShownRow} from "../interfaces/protocol/IModelChallenges.sol";
import {SpanIndex} from "../interfaces/protocol/ISpanChallenges.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {Announcements} from "./Announcements.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {RowProof, RowProofs} from "./RowProofs.sol";
import {ContributionId, DatanetId, ModelId, SnapshotRef} from "./Types.sol";

/// @title Counter-examples to a model's registration, and demands for its records.
/// @notice Record i of an index must be row i of the model's snapshots, one after the other: one path refutes a record that names
/// another contribution or row. A record that nobody can show is demanded; silence fails the registration. Wei and seconds.
contract ModelChallenges is IModelChallenges, Announcements {
    /// @notice Demands that a model has open at once at most.
    uint32 public constant MAX_OPEN_DEMANDS = 4;
    uint32 private constant SKIPPED = type(uint32).max;
    /// @dev Stands for the span index among demanded rows.
    uint32 private constant SPANS = type(uint32).max;

    ModelLedger public immutable MODELS;
    AttributionLedger public immutable LEDGER;

    mapping(ModelId modelId => mapping(uint32 rowId => RecordDemand)) private _demands;
    mapping(ModelId modelId => uint32) public openDemands;

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        ModelLedger models,
        AttributionLedger ledger
    ) Announcements(parameters, balances) {
        (MODELS, LEDGER) = (models, ledger);
    }

    /// @inheritdoc IModelChallenges
    function challengeRecord(ModelId modelId, OpenedRecord calldata shown, bytes32) external {
        _useAnnouncement();
        if (!MODELS.isPending(modelId)) revert NotPending(modelId);
        IndexCommitment memory index = MODELS.indexOf(modelId);
        try INFLUENCE_VERIFIER.openRecord(index, shown.record, shown.path) returns (
            uint32 rowId, uint64 contributionId, uint32 row, uint32 first
        ) {
            // Who was first is no matter of the rows' order: what was committed later may have been accepted earlier.
            bool rightFirst = first == SKIPPED || first < index.rows;
            // What the datanet skips takes no part.
            if (_isSkipped(modelId, ContributionId.wrap(contributionId))) rightFirst = first == SKIPPED;
            if (rightFirst && isPlace(modelId, rowId, ContributionId.wrap(contributionId), row)) {
                revert RegistrationStands();
            }
        } catch (bytes memory reason) {
            if (bytes4(reason) != IInfluenceVerifier.RecordValue.selector) _bubble(reason);
        }
        MODELS.fail(modelId, msg.sender, "record");
    }

    /// @inheritdoc IModelChallenges
    function challengeProvenance(ModelId modelId, ShownRow calldata later, ShownRow calldata earlier, bytes32)
        external
    {
        IndexCommitment memory index = _pendingIndex(modelId);
        (uint32 laterRow, uint32 laterFirst) = _openAt(index, later);
        (uint32 earlierRow, uint32 earlierFirst) = _openAt(index, earlier);
        bool isUnmarked = laterFirst == laterRow && earlierFirst == earlierRow
            && later.example.exampleHash == earlier.example.exampleHash
            && RowProofs.isEarlier(earlier.example, later.example);
        if (!isUnmarked) revert RegistrationStands();
        MODELS.fail(modelId, msg.sender, "repeat not marked");
    }

    /// @inheritdoc IModelChallenges
    function challengeFirst(
        ModelId modelId,
        OpenedRecord calldata repeat,
        OpenedRecord calldata named,
        bytes32
    ) external {
        IndexCommitment memory index = _pendingIndex(modelId);
        (uint32 rowId, uint64 by, uint32 row, uint32 first) =
            INFLUENCE_VERIFIER.openRecord(index, repeat.record, repeat.path);
        (uint32 namedRow, uint64 namedBy, uint32 namedAt, uint32 namedFirst) =
            INFLUENCE_VERIFIER.openRecord(index, named.record, named.path);
        bool isEarlier = namedBy < by || (namedBy == by && namedAt < row);
        if (first == rowId || first != namedRow || (namedFirst == namedRow && isEarlier)) {
            revert RegistrationStands();
        }
        MODELS.fail(modelId, msg.sender, "repeat of no first row");
    }

    /// @inheritdoc IModelChallenges
    function demandRecord(ModelId modelId, uint32 rowId) external payable {
        IndexCommitment memory index = MODELS.indexOf(modelId);
        if (rowId >= index.rows) revert RowOutOfRange(rowId, index.rows);
        _demand(modelId, rowId);
    }

    /// @inheritdoc IModelChallenges
    function demandSpans(ModelId modelId) external payable {
        if (MODELS.indexOf(modelId).spans == 0) revert WrongSpans(0);
        _demand(modelId, SPANS);
    }

    /// @inheritdoc IModelChallenges
    function answerRecord(ModelId modelId, uint32 rowId, OpenedRecord calldata shown) external {
        uint128 deposit = _takeDemand(modelId, rowId);
        IndexCommitment memory index = MODELS.indexOf(modelId);
        (uint32 given,,,) = INFLUENCE_VERIFIER.openRecord(index, shown.record, shown.path);
        if (given != rowId) revert WrongRow(given, rowId);
        emit RecordAnswered(modelId, rowId, shown.record);
        BALANCES.credit{value: deposit}(msg.sender);
    }

    /// @inheritdoc IModelChallenges
    function answerSpans(ModelId modelId, SpanIndex calldata index) external {
        uint128 deposit = _takeDemand(modelId, SPANS);
        bytes32 committed = MODELS.indexOf(modelId).spans;
        if (keccak256(abi.encode(index)) != committed) revert WrongSpans(committed);
        emit SpansAnswered(modelId, index);
        BALANCES.credit{value: deposit}(msg.sender);
    }

    /// @inheritdoc IModelChallenges
    function failSilent(ModelId modelId, uint32 rowId) external {
        RecordDemand memory demand = _demands[modelId][rowId];
        if (demand.deadline == 0) revert NoDemand(rowId);
        if (block.timestamp <= demand.deadline) revert NotYet(demand.deadline);
        delete _demands[modelId][rowId];
        openDemands[modelId]--;
        BALANCES.credit{value: demand.deposit}(demand.by);
        // Another demand may have failed it before.
        if (MODELS.statusOf(modelId) == IModelLedger.Status.Registered) {
            MODELS.fail(modelId, demand.by, "record withheld");
        }
    }

    /// @inheritdoc IModelChallenges
    function demandOf(ModelId modelId, uint32 rowId) external view returns (RecordDemand memory) {
        return _demands[modelId][rowId];
    }

    /// @inheritdoc IModelChallenges
    function isPlace(ModelId modelId, uint32 rowId, ContributionId contributionId, uint32 row)
        public
        view
        returns (bool)
    {
        SnapshotRef[] memory snapshots = MODELS.snapshotsOf(modelId);
        IAttributionLedger.Entry memory entry = LEDGER.entryOf(contributionId);
        uint256 before = 0;
        for (uint256 i = 0; i < snapshots.length; i++) {
            uint256 rows = LEDGER.getSnapshot(snapshots[i].datanetId, snapshots[i].number).rows;
            if (rowId >= before + rows) {
                before += rows;
                continue;
            }
            return entry.contributor != address(0) && entry.datanetId == snapshots[i].datanetId
                && row < entry.rowCount && before + entry.firstRow + row == rowId;
        }
        return false;
    }

    function _demand(ModelId modelId, uint32 rowId) private {
        if (!MODELS.isPending(modelId)) revert NotPending(modelId);
        RecordDemand storage demand = _demands[modelId][rowId];
        if (demand.deadline != 0) revert DemandOpen(rowId);
        if (openDemands[modelId] >= MAX_OPEN_DEMANDS) revert TooManyDemands(openDemands[modelId]);
        Parameters memory parameters = PARAMETERS.parameters();
        if (msg.value != parameters.demandDeposit) {
            revert DepositMismatch(msg.value, parameters.demandDeposit);
        }
        openDemands[modelId]++;
        uint64 deadline = uint64(block.timestamp + parameters.demandWindow);
        (demand.by, demand.deadline, demand.deposit) = (msg.sender, deadline, uint128(msg.value));
        // Time to answer, and then to look at the answer.
        MODELS.extendPending(modelId, deadline + MODELS.getModel(modelId).window);
        emit RecordDemanded(modelId, rowId, msg.sender, deadline);
    }

    /// @dev Ends a demand that is answered in time.
    function _takeDemand(ModelId modelId, uint32 rowId) private returns (uint128 deposit) {
        RecordDemand memory demand = _demands[modelId][rowId];
        if (demand.deadline == 0) revert NoDemand(rowId);
        if (block.timestamp > demand.deadline) revert TooLate(demand.deadline);
        delete _demands[modelId][rowId];
        openDemands[modelId]--;
        return demand.deposit;
    }

    function _isSkipped(ModelId modelId, ContributionId contributionId) private view returns (bool) {
        DatanetId datanetId = LEDGER.entryOf(contributionId).datanetId;
        SnapshotRef[] memory snapshots = MODELS.snapshotsOf(modelId);
        for (uint256 i = 0; i < snapshots.length; i++) {
            if (snapshots[i].datanetId != datanetId) continue;
            return LEDGER.isSkipped(contributionId, snapshots[i].number);
        }
        return false;
    }

    function _pendingIndex(ModelId modelId) private returns (IndexCommitment memory) {
        _useAnnouncement();
        if (!MODELS.isPending(modelId)) revert NotPending(modelId);
        return MODELS.indexOf(modelId);
    }

    /// @dev The example must stand where the record says.
    function _openAt(IndexCommitment memory index, ShownRow calldata shown)
        private
        view
        returns (uint32 rowId, uint32 first)
    {
        uint64 contributionId;
        uint32 row;
        (rowId, contributionId, row, first) =
            INFLUENCE_VERIFIER.openRecord(index, shown.opened.record, shown.opened.path);
        RowProof calldata example = shown.example;
        if (ContributionId.unwrap(example.contributionId) != contributionId || example.row != row) {
            revert ExampleOfAnother(rowId);
        }
        RowProofs.check(LEDGER, example);
    }

    function _bubble(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

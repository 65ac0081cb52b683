// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelLedger} from "../interfaces/protocol/IModelLedger.sol";
import {IModelRoyalties, RoyaltyLine} from "../interfaces/protocol/IModelRoyalties.sol";
import {BPS, DatanetId, ModelId, Parent, SnapshotRef, NO_MODEL} from "./Types.sol";

/// @title Models' parents and royalty tables.
abstract contract RoyaltyTables is IModelRoyalties {
    uint256 public constant MAX_PARENTS = 4;
    /// @notice Most lines of a table: ancestors and snapshots, from wherever.
    uint256 public constant MAX_LINES = 24;
    /// @notice Most of the owner's part that a model gives on, in 1/10000.
    uint256 public constant SUM_MAX = 5_000;
    /// @notice Most that a model may demand of those that name it as a parent, in 1/10000.
    uint16 public constant LEAST_MAX = 2_500;

    /// @dev A line as it is stored. `number` 0: `id` is a model's, else it is a datanet's and `number` its snapshot.
    struct Line {
        uint192 id;
        uint32 number;
        uint16 bps;
    }

    /// @dev A table while it is made.
    struct Draft {
        Line[] lines;
        uint256 count;
        uint256 bps;
    }

    IModelLedger public immutable MODELS;

    /// @notice The least part that models which name this one give it, in 1/10000.
    mapping(ModelId modelId => uint16) public leastRoyaltyOf;
    mapping(ModelId modelId => Parent[]) private _parents;
    mapping(ModelId modelId => Line[]) private _tables;

    constructor(IModelLedger models) {
        MODELS = models;
    }

    /// @inheritdoc IModelRoyalties
    function setLeastRoyalty(ModelId modelId, uint16 bps) external {
        if (msg.sender != MODELS.ownerOf(modelId)) revert NotRoyaltyOwner(msg.sender);
        if (bps > LEAST_MAX) revert LeastRoyaltyTooHigh(bps, LEAST_MAX);
        leastRoyaltyOf[modelId] = bps;
        emit LeastRoyaltySet(modelId, bps);
    }

    /// @inheritdoc IModelRoyalties
    function parentsOf(ModelId modelId) external view returns (Parent[] memory) {
        return _parents[modelId];
    }

    /// @inheritdoc IModelRoyalties
    function tableOf(ModelId modelId) public view returns (RoyaltyLine[] memory table) {
        Line[] storage lines = _tables[modelId];
        table = new RoyaltyLine[](lines.length);
        for (uint256 i = 0; i < table.length; i++) {
            Line memory line = lines[i];
            table[i].bps = line.bps;
            if (line.number == 0) table[i].modelId = ModelId.wrap(line.id);
            else table[i].snapshot = SnapshotRef(DatanetId.wrap(line.id), line.number);
        }
    }

    /// @dev Parents' tables are flat already, so nothing here depends on how old a family is.
    function _makeTable(
        ModelId modelId,
        Parent[] calldata parents,
        SnapshotRef[] calldata snapshots,
        uint16[] calldata royalties
    ) internal returns (uint256) {
        if (parents.length > MAX_PARENTS) {
            revert ParentCount(parents.length, MAX_PARENTS);
        }
        Draft memory draft;
        draft.lines = new Line[](MAX_LINES);
        ModelId before = NO_MODEL;
        for (uint256 i = 0; i < parents.length; i++) {
            _checkParent(before, parents[i]);
            before = parents[i].modelId;
            _addParent(draft, parents[i]);
            _parents[modelId].push(parents[i]);
        }
        for (uint256 i = 0; i < royalties.length; i++) {
            SnapshotRef calldata snapshot = snapshots[i];
            uint192 id = uint192(DatanetId.unwrap(snapshot.datanetId));
            if (royalties[i] > 0) _add(draft, Line(id, snapshot.number, royalties[i]));
            draft.bps += royalties[i];
        }
        if (draft.bps > SUM_MAX) revert RoyaltySum(draft.bps, SUM_MAX);
        for (uint256 i = 0; i < draft.count; i++) {
            _tables[modelId].push(draft.lines[i]);
        }
        return draft.bps;
    }

    function _checkParent(ModelId before, Parent calldata parent) private view {
        (ModelId id, uint16 bps) = (parent.modelId, parent.bps);
        if (ModelId.unwrap(id) <= ModelId.unwrap(before)) revert ParentOrder(id);
        if (!MODELS.isSettled(id)) revert ParentNotSettled(id);
        if (bps > SUM_MAX) revert RoyaltySum(bps, SUM_MAX);
        uint16 least = leastRoyaltyOf[id];
        if (bps == 0 || bps < least) revert ParentRoyalty(id, bps, least == 0 ? 1 : least);
    }

    /// @dev The parent, and what it owes by its own table, which it then lacks. A part below 1/10000 stays with the parent.
    function _addParent(Draft memory draft, Parent calldata parent) private view {
        Line[] storage lines = _tables[parent.modelId];
        uint256 rest = parent.bps;
        for (uint256 i = 0; i < lines.length; i++) {
            Line memory line = lines[i];
            uint256 bps = (uint256(parent.bps) * line.bps) / BPS;
            if (bps == 0) continue;
            rest -= bps;
            _add(draft, Line(line.id, line.number, uint16(bps)));
        }
        // Its table gives on half at most, so something is left.
        _add(draft, Line(uint192(ModelId.unwrap(parent.modelId)), 0, uint16(rest)));
        draft.bps += parent.bps;
    }

    /// @dev An ancestor by two ways has one line.
    function _add(Draft memory draft, Line memory line) private pure {
        for (uint256 i = 0; i < draft.count; i++) {
            Line memory other = draft.lines[i];
            if (other.id != line.id || other.number != line.number) continue;
            other.bps += line.bps;
            return;
        }
        if (draft.count == MAX_LINES) revert TableTooLong(draft.count + 1, MAX_LINES);
        draft.lines[draft.count++] = line;
    }
}

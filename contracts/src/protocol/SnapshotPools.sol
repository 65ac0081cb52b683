// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger, Snapshot} from "../interfaces/protocol/IAttributionLedger.sol";
import {OpenedRecord} from "../interfaces/protocol/IClaimChallenges.sol";
import {IModelLedger} from "../interfaces/protocol/IModelLedger.sol";
import {ISnapshotPools} from "../interfaces/protocol/ISnapshotPools.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {RowProof, RowProofs} from "./RowProofs.sol";
import {ContributionId, DatanetId, ModelId, RequestId, SnapshotRef} from "./Types.sol";

/// @title What a snapshot's contributors share by their rows: fees that no row earned, parts of what liars lost.
/// @notice Each row has the same stake. A row whose example stands in an earlier row is taken off by anybody who shows both, a near copy
/// by the mark that it has in a model's index. What a contribution earned is drawn to its payee of then. Fractions of a wei are carried on. Wei.
contract SnapshotPools is ISnapshotPools {
    uint256 private constant SCALE = 1 << 128;

    /// @dev What a record says of its row.
    struct Opened {
        uint32 rowId;
        ContributionId id;
        uint32 row;
        uint32 first;
    }

    AttributionLedger public immutable LEDGER;
    RewardBalances public immutable BALANCES;
    /// @notice Whose indexes mark near copies.
    IModelLedger public immutable MODELS;

    mapping(DatanetId datanetId => mapping(uint32 number => Pool)) private _pools;
    /// @notice Index up to which a contribution was paid.
    mapping(
        DatanetId datanetId => mapping(uint32 number => mapping(ContributionId contributionId => uint256))
    ) public paidIndex;
    mapping(DatanetId datanetId => mapping(uint32 number => mapping(bytes32 row => bool))) private _isOff;
    /// @notice Rows of a contribution that repeat earlier ones of the snapshot and don't share.
    mapping(
        DatanetId datanetId => mapping(uint32 number => mapping(ContributionId contributionId => uint32))
    ) public rowsOff;
    /// @notice Wei that this contract owes to contributors.
    uint256 public held;

    constructor(AttributionLedger ledger, RewardBalances balances, IModelLedger models) {
        (LEDGER, BALANCES, MODELS) = (ledger, balances, models);
    }

    /// @inheritdoc ISnapshotPools
    function fund(DatanetId datanetId, uint32 number, bytes32 reason) public payable {
        _fund(datanetId, number, RequestId.wrap(0), reason, msg.value);
    }

    /// @inheritdoc ISnapshotPools
    function fundAll(SnapshotRef[] calldata snapshots, RequestId requestId, bytes32 reason) external payable {
        uint256 total = 0;
        uint256[] memory rows = new uint256[](snapshots.length);
        for (uint256 i = 0; i < snapshots.length; i++) {
            rows[i] = _pool(snapshots[i].datanetId, snapshots[i].number).rows;
            total += rows[i];
        }
        uint256 rest = msg.value;
        for (uint256 left = snapshots.length; left > 0; left--) {
            uint256 i = left - 1;
            uint256 part = i == 0 ? rest : (msg.value * rows[i]) / total;
            rest -= part;
            _fund(snapshots[i].datanetId, snapshots[i].number, requestId, reason, part);
        }
    }

    /// @inheritdoc ISnapshotPools
    function takeOff(DatanetId datanetId, uint32 number, RowProof calldata earlier, RowProof calldata later)
        external
    {
        _inside(datanetId, number, RowProofs.check(LEDGER, earlier), earlier.contributionId);
        _inside(datanetId, number, RowProofs.check(LEDGER, later), later.contributionId);
        bool repeats = earlier.exampleHash == later.exampleHash && RowProofs.isEarlier(earlier, later);
        if (!repeats) revert NoRepeat(later.contributionId, later.row);
        _takeOff(datanetId, number, later.contributionId, later.row);
    }

    /// @inheritdoc ISnapshotPools
    function takeOffMarked(
        ModelId modelId,
        uint256 at,
        OpenedRecord calldata marked,
        OpenedRecord calldata named
    ) external {
        if (MODELS.statusOf(modelId) != IModelLedger.Status.Registered || MODELS.isPending(modelId)) {
            revert MarkNotSettled(modelId);
        }
        SnapshotRef memory snapshot = MODELS.snapshotsOf(modelId)[at];
        Opened memory later = _open(modelId, marked);
        Opened memory earlier = _open(modelId, named);
        bool isMarked =
            later.first != later.rowId && later.first == earlier.rowId && earlier.first == earlier.rowId;
        // The earliest row of all is never taken off, whatever models say.
        bool isEarlier = earlier.id < later.id || (earlier.id == later.id && earlier.row < later.row);
        if (!isMarked || !isEarlier) revert NoRepeat(later.id, later.row);
        _inside(snapshot.datanetId, snapshot.number, LEDGER.entryOf(earlier.id), earlier.id);
        _inside(snapshot.datanetId, snapshot.number, LEDGER.entryOf(later.id), later.id);
        _takeOff(snapshot.datanetId, snapshot.number, later.id, later.row);
    }

    /// @inheritdoc ISnapshotPools
    function claim(DatanetId datanetId, uint32 number, ContributionId contributionId)
        external
        returns (uint256 amount)
    {
        IAttributionLedger.Entry memory entry = LEDGER.entryOf(contributionId);
        _inside(datanetId, number, entry, contributionId);
        uint256 rows = entry.rowCount - rowsOff[datanetId][number][contributionId];
        amount = _earned(datanetId, number, contributionId, rows);
        if (amount == 0) revert NothingEarned(contributionId);
        paidIndex[datanetId][number][contributionId] = _pools[datanetId][number].indexPerRow;
        held -= amount;
        address payee = entry.payee;
        emit PoolClaimed(contributionId, datanetId, number, payee, amount);
        BALANCES.creditFor{value: amount}(payee, "pool", ContributionId.unwrap(contributionId));
    }

    /// @inheritdoc ISnapshotPools
    function poolOf(DatanetId datanetId, uint32 number) external view returns (Pool memory) {
        return _pools[datanetId][number];
    }

    /// @dev Whole wei only; a share's fraction of a wei is given up when it is claimed.
    function _earned(DatanetId datanetId, uint32 number, ContributionId contributionId, uint256 rows)
        private
        view
        returns (uint256)
    {
        uint256 since =
            _pools[datanetId][number].indexPerRow - paidIndex[datanetId][number][contributionId];
        return (rows * since) / SCALE;
    }

    function _fund(DatanetId datanetId, uint32 number, RequestId requestId, bytes32 reason, uint256 amount)
        private
    {
        // Keeps the scaled sum within 256 bits.
        if (amount > type(uint120).max) revert AmountTooLarge(amount);
        if (amount == 0) return;
        _divide(_pool(datanetId, number), amount * SCALE);
        held += amount;
        emit PoolFunded(datanetId, number, requestId, reason, amount);
    }

    function _open(ModelId modelId, OpenedRecord calldata shown) private view returns (Opened memory opened) {
        uint64 id;
        (opened.rowId, id, opened.row, opened.first) =
            INFLUENCE_VERIFIER.openRecord(MODELS.indexOf(modelId), shown.record, shown.path);
        opened.id = ContributionId.wrap(id);
    }

    function _takeOff(DatanetId datanetId, uint32 number, ContributionId id, uint32 row) private {
        bytes32 key = keccak256(abi.encode(id, row));
        if (_isOff[datanetId][number][key]) revert AlreadyOff(id, row);
        _isOff[datanetId][number][key] = true;
        rowsOff[datanetId][number][id]++;
        Pool storage pool = _pool(datanetId, number);
        // The earliest row of its kind stays, so at least one is left.
        pool.rows--;
        // What the row earned and nobody drew is divided again.
        _divide(pool, pool.indexPerRow - paidIndex[datanetId][number][id]);
        emit RowTakenOff(id, row, datanetId, number, msg.sender);
    }

    /// @dev `scaled` is wei times SCALE.
    function _divide(Pool storage pool, uint256 scaled) private {
        scaled += pool.carry;
        pool.indexPerRow += scaled / pool.rows;
        pool.carry = scaled % pool.rows;
    }

    /// @dev The snapshot's rows share from its pool's first use on.
    function _pool(DatanetId datanetId, uint32 number) private returns (Pool storage pool) {
        pool = _pools[datanetId][number];
        if (pool.rows > 0) return pool;
        Snapshot memory snapshot = LEDGER.getSnapshot(datanetId, number);
        pool.rows = snapshot.rows - snapshot.skipped;
    }

    function _inside(
        DatanetId datanetId,
        uint32 number,
        IAttributionLedger.Entry memory entry,
        ContributionId contributionId
    ) private view {
        Snapshot memory snapshot = LEDGER.getSnapshot(datanetId, number);
        bool isSkipped = entry.skippedFrom != 0 && number >= entry.skippedFrom;
        bool inside = entry.contributor != address(0) && entry.datanetId == datanetId
            && entry.position < snapshot.contributions && !isSkipped;
        if (!inside) revert NotInSnapshot(contributionId, datanetId, number);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger, Snapshot} from "../interfaces/protocol/IAttributionLedger.sol";
import {IContributionIncome} from "../interfaces/protocol/IContributionIncome.sol";
import {MerkleFrontier} from "./MerkleFrontier.sol";
import {ContributionId, DatanetId, NO_CONTRIBUTION} from "./Types.sol";

/// @title Whose rows are in which snapshot, and who is paid for them.
/// @notice See IAttributionLedger. It decides where money goes, so it has no owner and can't be upgraded.
contract AttributionLedger is IAttributionLedger {
    using MerkleFrontier for MerkleFrontier.Tree;

    /// @notice The registry of datanets, which alone writes here.
    address public immutable REGISTRY;

    /// @notice Number of datanets; ids count from 1.
    uint256 public datanetCount;
    /// @notice Number of accepted contributions of all datanets.
    uint32 public turns;
    mapping(ContributionId contributionId => Entry) private _entries;
    mapping(DatanetId datanetId => Totals) private _totals;
    mapping(DatanetId datanetId => ContributionId[] contributionIds) private _accepted;
    mapping(DatanetId datanetId => MerkleFrontier.Tree) private _trees;
    mapping(DatanetId datanetId => mapping(uint32 number => Snapshot)) private _snapshots;

    modifier onlyRegistry() {
        if (msg.sender != REGISTRY) revert NotDatanetRegistry(msg.sender);
        _;
    }

    constructor(address registry) {
        REGISTRY = registry;
    }

    /// @inheritdoc IAttributionLedger
    function open(address owner) external onlyRegistry returns (DatanetId datanetId) {
        if (owner == address(0)) revert EntryEmpty();
        datanetId = DatanetId.wrap(++datanetCount);
        _totals[datanetId].owner = owner;
    }

    /// @inheritdoc IAttributionLedger
    function accept(
        ContributionId contributionId,
        DatanetId datanetId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) external onlyRegistry returns (uint32 position, uint64 firstRow, bytes32 leaf) {
        Totals storage totals = _known(datanetId);
        if (contributor == address(0) || rowCount == 0 || contributionId == NO_CONTRIBUTION) {
            revert EntryEmpty();
        }
        if (_entries[contributionId].contributor != address(0)) revert EntryWritten(contributionId);
        leaf = leafOf(contributionId, contributor, contentId, rowsRoot, rowCount);
        firstRow = totals.rows;
        position = _trees[datanetId].append(leaf);
        totals.accepted++;
        totals.rows += rowCount;
        _accepted[datanetId].push(contributionId);
        _entries[contributionId] =
            Entry(contributor, rowCount, position, 0, datanetId, rowsRoot, contributor, firstRow, ++turns);
    }

    /// @inheritdoc IAttributionLedger
    function skip(ContributionId contributionId) external onlyRegistry returns (uint32 from) {
        Entry storage entry = _written(contributionId);
        if (entry.skippedFrom != 0) revert AlreadySkipped(contributionId);
        Totals storage totals = _totals[entry.datanetId];
        from = totals.snapshots + 1;
        entry.skippedFrom = from;
        totals.skipped += entry.rowCount;
    }

    /// @inheritdoc IAttributionLedger
    function freeze(DatanetId datanetId)
        external
        onlyRegistry
        returns (uint32 number, Snapshot memory snapshot)
    {
        Totals storage totals = _known(datanetId);
        Snapshot storage last = _snapshots[datanetId][totals.snapshots];
        if (totals.accepted == last.contributions && totals.skipped == last.skipped) revert NothingNew();
        if (totals.skipped == totals.rows) revert NothingShared();
        number = ++totals.snapshots;
        bytes32 root = _trees[datanetId].root();
        snapshot = Snapshot(root, totals.accepted, totals.rows, uint64(block.timestamp), totals.skipped);
        _snapshots[datanetId][number] = snapshot;
    }

    /// @inheritdoc IContributionIncome
    function transferIncome(ContributionId contributionId, address to) external {
        Entry storage entry = _written(contributionId);
        if (msg.sender != entry.payee) revert NotPayee(msg.sender);
        if (to == address(0) || to == address(this) || to == REGISTRY) revert PayeeInvalid(to);
        entry.payee = to;
        emit IncomeTransferred(contributionId, msg.sender, to);
    }

    /// @inheritdoc IContributionIncome
    function payeeOf(ContributionId contributionId) external view returns (address) {
        return _entries[contributionId].payee;
    }

    /// @inheritdoc IAttributionLedger
    function leafOf(
        ContributionId contributionId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) public pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                bytes1(0x00),
                uint256(ContributionId.unwrap(contributionId)),
                contributor,
                contentId,
                rowsRoot,
                rowCount
            )
        );
    }

    /// @inheritdoc IAttributionLedger
    function entryOf(ContributionId contributionId) external view returns (Entry memory) {
        return _entries[contributionId];
    }

    /// @inheritdoc IAttributionLedger
    function isSkipped(ContributionId contributionId, uint32 snapshot) external view returns (bool) {
        uint32 from = _entries[contributionId].skippedFrom;
        return from != 0 && snapshot >= from;
    }

    /// @inheritdoc IAttributionLedger
    function ownerOf(DatanetId datanetId) external view returns (address) {
        return _known(datanetId).owner;
    }

    /// @inheritdoc IAttributionLedger
    function totalsOf(DatanetId datanetId) external view returns (Totals memory) {
        return _known(datanetId);
    }

    /// @inheritdoc IAttributionLedger
    function getSnapshot(DatanetId datanetId, uint32 number)
        external
        view
        returns (Snapshot memory snapshot)
    {
        snapshot = _snapshots[datanetId][number];
        if (snapshot.contributions == 0) revert SnapshotUnknown(datanetId, number);
    }

    /// @inheritdoc IAttributionLedger
    function acceptedContributions(DatanetId datanetId, uint256 start, uint256 limit)
        external
        view
        returns (ContributionId[] memory contributionIds)
    {
        ContributionId[] storage all = _accepted[datanetId];
        uint256 rest = start < all.length ? all.length - start : 0;
        contributionIds = new ContributionId[](rest < limit ? rest : limit);
        for (uint256 i = 0; i < contributionIds.length; i++) {
            contributionIds[i] = all[start + i];
        }
    }

    function _known(DatanetId datanetId) private view returns (Totals storage totals) {
        totals = _totals[datanetId];
        if (totals.owner == address(0)) revert DatanetUnknown(datanetId);
    }

    function _written(ContributionId contributionId) private view returns (Entry storage entry) {
        entry = _entries[contributionId];
        if (entry.contributor == address(0)) revert NotAccepted(contributionId);
    }
}

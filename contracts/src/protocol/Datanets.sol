// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatanets, Snapshot} from "../interfaces/protocol/IDatanets.sol";
import {MerkleFrontier} from "./MerkleFrontier.sol";
import {ContributionId, DatanetId} from "./Types.sol";

/// @title Datanets with their reviewers, accepted contributions and snapshots.
abstract contract Datanets is IDatanets {
    using MerkleFrontier for MerkleFrontier.Tree;

    uint256 private constant MAX_REVIEWERS = 64;
    uint256 private constant MAX_TEXT = 1024;

    /// @notice Number of datanets; ids count from 1.
    uint256 public datanetCount;
    mapping(DatanetId datanetId => mapping(address reviewer => bool)) public isReviewer;
    mapping(DatanetId datanetId => Datanet) private _datanets;
    mapping(DatanetId datanetId => ContributionId[] contributionIds) private _accepted;
    mapping(DatanetId datanetId => MerkleFrontier.Tree) private _trees;
    mapping(DatanetId datanetId => mapping(uint32 number => Snapshot)) private _snapshots;

    /// @inheritdoc IDatanets
    function create(
        string calldata name,
        string calldata licence,
        string calldata uri,
        uint128 stake,
        address[] calldata reviewers,
        uint16 quorum
    ) external returns (DatanetId datanetId) {
        if (bytes(name).length == 0 || bytes(name).length > MAX_TEXT) {
            revert TextLength(bytes(name).length);
        }
        if (bytes(licence).length == 0 || bytes(licence).length > MAX_TEXT) {
            revert TextLength(bytes(licence).length);
        }
        if (bytes(uri).length > MAX_TEXT) revert TextLength(bytes(uri).length);
        if (reviewers.length == 0 || reviewers.length > MAX_REVIEWERS) {
            revert ReviewerCount(reviewers.length);
        }
        if (quorum == 0 || quorum > reviewers.length) revert QuorumOutOfRange(quorum, reviewers.length);
        datanetId = DatanetId.wrap(++datanetCount);
        for (uint256 i = 0; i < reviewers.length; i++) {
            if (isReviewer[datanetId][reviewers[i]]) revert ReviewerRepeated(reviewers[i]);
            isReviewer[datanetId][reviewers[i]] = true;
        }
        Datanet storage datanet = _datanets[datanetId];
        datanet.owner = msg.sender;
        datanet.stake = stake;
        datanet.quorum = quorum;
        datanet.reviewers = uint16(reviewers.length);
        datanet.name = name;
        datanet.licence = licence;
        datanet.uri = uri;
        emit DatanetCreated(datanetId, msg.sender, name, licence, uri, stake, reviewers, quorum);
    }

    /// @inheritdoc IDatanets
    function freeze(DatanetId datanetId) external returns (uint32 number) {
        Datanet storage datanet = _datanet(datanetId);
        if (msg.sender != datanet.owner) revert NotDatanetOwner(msg.sender);
        Snapshot storage last = _snapshots[datanetId][datanet.snapshots];
        bool isSame = datanet.accepted == last.contributions && datanet.skipped == last.skipped;
        if (isSame) revert NothingNew();
        if (datanet.skipped == datanet.rows) revert NothingShared();
        number = ++datanet.snapshots;
        Snapshot memory snapshot = Snapshot({
            root: _trees[datanetId].root(),
            contributions: datanet.accepted,
            rows: datanet.rows,
            frozenAt: uint64(block.timestamp),
            skipped: datanet.skipped
        });
        _snapshots[datanetId][number] = snapshot;
        emit SnapshotFrozen(
            datanetId, number, snapshot.root, snapshot.contributions, snapshot.rows, snapshot.skipped
        );
    }

    /// @inheritdoc IDatanets
    function getDatanet(DatanetId datanetId) external view returns (Datanet memory) {
        return _datanet(datanetId);
    }

    /// @inheritdoc IDatanets
    function getSnapshot(DatanetId datanetId, uint32 number)
        external
        view
        returns (Snapshot memory snapshot)
    {
        snapshot = _snapshots[datanetId][number];
        if (snapshot.contributions == 0) revert SnapshotUnknown(datanetId, number);
    }

    /// @inheritdoc IDatanets
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

    /// @dev Takes a contribution into the datanet's next snapshot; returns the leaf's position and the rows before its own.
    function _include(DatanetId datanetId, ContributionId contributionId, bytes32 leaf, uint32 rowCount)
        internal
        returns (uint32 position, uint64 firstRow)
    {
        Datanet storage datanet = _datanets[datanetId];
        firstRow = datanet.rows;
        datanet.accepted++;
        datanet.rows += rowCount;
        _accepted[datanetId].push(contributionId);
        position = _trees[datanetId].append(leaf);
    }

    function _datanet(DatanetId datanetId) internal view returns (Datanet storage datanet) {
        datanet = _datanets[datanetId];
        if (datanet.owner == address(0)) revert DatanetUnknown(datanetId);
    }
}

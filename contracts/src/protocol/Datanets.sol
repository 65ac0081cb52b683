// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleFrontier} from "./MerkleFrontier.sol";

/// @param root Merkle root over the accepted contributions' leaves, in the order of acceptance.
/// @param contributions Number of them: the first that many.
/// @param rows Their rows together.
struct Snapshot {
    bytes32 root;
    uint32 contributions;
    uint64 rows;
    uint64 frozenAt;
}

/// @title Datanets with their reviewers, accepted contributions and snapshots.
abstract contract Datanets {
    using MerkleFrontier for MerkleFrontier.Tree;

    /// @param owner Who freezes snapshots.
    /// @param stake Wei that each contribution binds.
    /// @param quorum Approvals that accept a contribution.
    /// @param reviewers Number of reviewers.
    /// @param accepted Number of accepted contributions.
    /// @param rows Their rows together.
    /// @param snapshots Number of snapshots; they are counted from 1.
    struct Datanet {
        address owner;
        uint128 stake;
        uint16 quorum;
        uint16 reviewers;
        uint32 accepted;
        uint64 rows;
        uint32 snapshots;
        string name;
        string licence;
        string uri;
    }

    uint256 private constant MAX_REVIEWERS = 64;
    uint256 private constant MAX_TEXT = 1024;

    /// @notice Number of datanets; ids count from 1.
    uint256 public datanetCount;
    mapping(uint256 datanetId => mapping(address reviewer => bool)) public isReviewer;
    mapping(uint256 datanetId => Datanet) private _datanets;
    mapping(uint256 datanetId => uint256[] contributionIds) private _accepted;
    mapping(uint256 datanetId => MerkleFrontier.Tree) private _trees;
    mapping(uint256 datanetId => mapping(uint32 number => Snapshot)) private _snapshots;

    event DatanetCreated(
        uint256 indexed datanetId,
        address indexed owner,
        string name,
        string licence,
        string uri,
        uint128 stake,
        address[] reviewers,
        uint16 quorum
    );
    event SnapshotFrozen(
        uint256 indexed datanetId, uint32 indexed number, bytes32 root, uint32 contributions, uint64 rows
    );

    error DatanetUnknown(uint256 datanetId);
    error SnapshotUnknown(uint256 datanetId, uint32 number);
    error TextLength(uint256 length);
    error ReviewerCount(uint256 count);
    error ReviewerRepeated(address reviewer);
    error QuorumOutOfRange(uint256 quorum, uint256 reviewers);
    error NotDatanetOwner(address caller);
    /// @notice No contribution was accepted since the last snapshot.
    error NothingNew();

    /// @notice Starts a datanet; the caller owns it.
    /// @param name For people; 1 to 1024 bytes.
    /// @param licence SPDX expression or text of the data's licence; 1 to 1024 bytes.
    /// @param uri Where it is described; at most 1024 bytes.
    /// @param stake Wei that each contribution binds.
    /// @param reviewers 1 to 64 distinct accounts.
    /// @param quorum Approvals that accept a contribution; 1 to the number of reviewers.
    /// @return datanetId Counted from 1.
    function create(
        string calldata name,
        string calldata licence,
        string calldata uri,
        uint128 stake,
        address[] calldata reviewers,
        uint16 quorum
    ) external returns (uint256 datanetId) {
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
        datanetId = ++datanetCount;
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

    /// @notice Freezes all contributions accepted so far as the datanet's next snapshot. For the owner.
    /// @return number Counted from 1.
    function freeze(uint256 datanetId) external returns (uint32 number) {
        Datanet storage datanet = _datanet(datanetId);
        if (msg.sender != datanet.owner) revert NotDatanetOwner(msg.sender);
        if (datanet.accepted == _snapshots[datanetId][datanet.snapshots].contributions) revert NothingNew();
        number = ++datanet.snapshots;
        Snapshot memory snapshot = Snapshot({
            root: _trees[datanetId].root(),
            contributions: datanet.accepted,
            rows: datanet.rows,
            frozenAt: uint64(block.timestamp)
        });
        _snapshots[datanetId][number] = snapshot;
        emit SnapshotFrozen(datanetId, number, snapshot.root, snapshot.contributions, snapshot.rows);
    }

    function getDatanet(uint256 datanetId) external view returns (Datanet memory) {
        return _datanet(datanetId);
    }

    function getSnapshot(uint256 datanetId, uint32 number) external view returns (Snapshot memory snapshot) {
        snapshot = _snapshots[datanetId][number];
        if (snapshot.contributions == 0) revert SnapshotUnknown(datanetId, number);
    }

    /// @notice Ids of accepted contributions in the order of acceptance: at most `limit` from position `start` on.
    function acceptedContributions(uint256 datanetId, uint256 start, uint256 limit)
        external
        view
        returns (uint256[] memory contributionIds)
    {
        uint256[] storage all = _accepted[datanetId];
        uint256 rest = start < all.length ? all.length - start : 0;
        contributionIds = new uint256[](rest < limit ? rest : limit);
        for (uint256 i = 0; i < contributionIds.length; i++) {
            contributionIds[i] = all[start + i];
        }
    }

    /// @dev Takes a contribution into the datanet's next snapshot; returns the leaf's position and the rows before its own.
    function _include(uint256 datanetId, uint256 contributionId, bytes32 leaf, uint32 rowCount)
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

    function _datanet(uint256 datanetId) internal view returns (Datanet storage datanet) {
        datanet = _datanets[datanetId];
        if (datanet.owner == address(0)) revert DatanetUnknown(datanetId);
    }
}

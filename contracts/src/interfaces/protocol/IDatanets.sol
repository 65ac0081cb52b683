// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DatanetId} from "../../protocol/Types.sol";
import {Snapshot} from "./IAttributionLedger.sol";

/// @title Datanets with their accepted contributions and snapshots.
interface IDatanets {
    /// @param owner Who freezes snapshots.
    /// @param stake Wei that each contribution binds.
    /// @param quorum Approvals that accept a contribution.
    /// @param reviewers Number of reviewers.
    /// @param accepted Number of accepted contributions.
    /// @param rows Their rows together.
    /// @param skipped Rows of contributions that were excluded or retired.
    /// @param snapshots Number of snapshots; they are counted from 1.
    struct Datanet {
        address owner;
        uint128 stake;
        uint16 quorum;
        uint16 reviewers;
        uint32 accepted;
        uint64 rows;
        uint64 skipped;
        uint32 snapshots;
        string name;
        string licence;
        string uri;
    }

    event DatanetCreated(
        DatanetId indexed datanetId,
        address indexed owner,
        string name,
        string licence,
        string uri,
        uint128 stake,
        address[] reviewers,
        uint16 quorum
    );
    event SnapshotFrozen(
        DatanetId indexed datanetId,
        uint32 indexed number,
        bytes32 root,
        uint32 contributions,
        uint64 rows,
        uint64 skipped
    );

    error DatanetUnknown(DatanetId datanetId);
    error TextLength(uint256 length);
    error NotDatanetOwner(address caller);

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
    ) external returns (DatanetId datanetId);

    /// @notice Freezes all contributions accepted so far as the datanet's next snapshot. For the owner.
    /// @return number Counted from 1.
    function freeze(DatanetId datanetId) external returns (uint32 number);

    /// @notice Number of datanets; ids count from 1.
    function datanetCount() external view returns (uint256);

    function getDatanet(DatanetId datanetId) external view returns (Datanet memory);

    function getSnapshot(DatanetId datanetId, uint32 number) external view returns (Snapshot memory snapshot);

    /// @notice Ids of accepted contributions in the order of acceptance: at most `limit` from position `start` on.
    function acceptedContributions(DatanetId datanetId, uint256 start, uint256 limit)
        external
        view
        returns (ContributionId[] memory contributionIds);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DatanetId} from "../../protocol/Types.sol";
import {IContributionIncome} from "./IContributionIncome.sol";

/// @param root Merkle root over the accepted contributions' leaves, in the order of acceptance.
/// @param contributions Number of them: the first that many.
/// @param rows Their rows together, those that are skipped included: positions never move.
/// @param skipped Rows of contributions that were excluded or retired before; they earn nothing.
struct Snapshot {
    bytes32 root;
    uint32 contributions;
    uint64 rows;
    uint64 frozenAt;
    uint64 skipped;
}

/// @title Whose rows are in which snapshot, and who is paid for them.
/// @notice What the registry of datanets has decided is written here once and read from here by whatever pays. Nothing that stands here
/// is ever written anew, by the registry neither: a contribution keeps its contributor, rows and place, a snapshot its root and
/// what it skips. A payee changes by its own act alone. The contract has no owner and can't be upgraded; the registry can.
interface IAttributionLedger is IContributionIncome {
    /// @notice An accepted contribution.
    /// @param position Its leaf's place in the datanet's snapshots.
    /// @param skippedFrom First snapshot in which its rows are skipped; 0 if none.
    /// @param rowsRoot Merkle root over the example hashes.
    /// @param payee Who is paid for it now.
    /// @param firstRow Rows of the datanet before its own.
    /// @param turn Its place in the order of acceptance over all datanets, from 1.
    struct Entry {
        address contributor;
        uint32 rowCount;
        uint32 position;
        uint32 skippedFrom;
        DatanetId datanetId;
        bytes32 rowsRoot;
        address payee;
        uint64 firstRow;
        uint32 turn;
    }

    /// @param owner Who started the datanet.
    /// @param accepted Number of accepted contributions.
    /// @param snapshots Number of snapshots; they are counted from 1.
    /// @param rows Rows of the accepted contributions.
    /// @param skipped Those of contributions that later snapshots skip.
    struct Totals {
        address owner;
        uint32 accepted;
        uint32 snapshots;
        uint64 rows;
        uint64 skipped;
    }

    error NotDatanetRegistry(address caller);
    error DatanetUnknown(DatanetId datanetId);
    error SnapshotUnknown(DatanetId datanetId, uint32 number);
    /// @notice An entry needs a contributor, an id and rows.
    error EntryEmpty();
    /// @notice It stands here already, and stays as it is.
    error EntryWritten(ContributionId contributionId);
    error NotAccepted(ContributionId contributionId);
    error AlreadySkipped(ContributionId contributionId);
    /// @notice No contribution was accepted, excluded or retired since the last snapshot.
    error NothingNew();
    /// @notice Every row is skipped.
    error NothingShared();

    /// @notice Starts a datanet. For the registry.
    /// @return datanetId Counted from 1.
    function open(address owner) external returns (DatanetId datanetId);

    /// @notice Writes an accepted contribution, once and for ever. For the registry.
    /// @param contentId SHA-256 of its document.
    /// @return position Its leaf's place in the datanet's snapshots.
    /// @return firstRow Rows of the datanet before its own.
    /// @return leaf See leafOf.
    function accept(
        ContributionId contributionId,
        DatanetId datanetId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) external returns (uint32 position, uint64 firstRow, bytes32 leaf);

    /// @notice Skips a contribution's rows from the datanet's next snapshot on; those that are frozen keep them. For the registry.
    /// @return from The first snapshot without them.
    function skip(ContributionId contributionId) external returns (uint32 from);

    /// @notice Freezes all contributions accepted so far as the datanet's next snapshot. For the registry.
    /// @return number Counted from 1.
    function freeze(DatanetId datanetId) external returns (uint32 number, Snapshot memory snapshot);

    /// @notice Leaf of an accepted contribution:
    /// keccak256(0x00 | contributionId u256 | contributor | contentId | rowsRoot | rowCount u32).
    function leafOf(
        ContributionId contributionId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) external pure returns (bytes32);

    /// @notice All zero where it was not accepted.
    function entryOf(ContributionId contributionId) external view returns (Entry memory);

    /// @notice Whether a contribution's rows are skipped in a snapshot of its datanet.
    function isSkipped(ContributionId contributionId, uint32 snapshot) external view returns (bool);

    function ownerOf(DatanetId datanetId) external view returns (address);

    function totalsOf(DatanetId datanetId) external view returns (Totals memory);

    function getSnapshot(DatanetId datanetId, uint32 number) external view returns (Snapshot memory snapshot);

    /// @notice Ids of accepted contributions in the order of acceptance: at most `limit` from position `start` on.
    function acceptedContributions(DatanetId datanetId, uint256 start, uint256 limit)
        external
        view
        returns (ContributionId[] memory contributionIds);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowProof} from "../../protocol/RowProofs.sol";
import {ContributionId, DatanetId, SnapshotRef} from "../../protocol/Types.sol";

/// @title What a snapshot's contributors share by their rows: fees that no row earned, parts of what liars lost.
/// @notice Each row has the same stake. A row whose example stands in an earlier row is taken off by anybody who shows both.
/// Contributors pull. Fractions of a wei are carried on. Wei.
interface ISnapshotPools {
    /// @param rows Rows that share.
    /// @param indexPerRow Wei per row since the start, times 2^128.
    /// @param carry Rest of the last division, in wei times 2^128.
    struct Pool {
        uint64 rows;
        uint256 indexPerRow;
        uint256 carry;
    }

    event PoolFunded(
        DatanetId indexed datanetId, uint32 indexed number, bytes32 indexed reason, uint256 amount
    );
    event RowTakenOff(
        ContributionId indexed contributionId,
        uint32 row,
        DatanetId indexed datanetId,
        uint32 number,
        address indexed by
    );
    event PoolClaimed(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        uint32 number,
        address contributor,
        uint256 amount
    );

    error AmountTooLarge(uint256 amount);
    error NotInSnapshot(ContributionId contributionId, DatanetId datanetId, uint32 number);
    /// @notice The two rows hold different examples, or the other one is earlier.
    error NoRepeat(ContributionId contributionId, uint32 row);
    error AlreadyOff(ContributionId contributionId, uint32 row);
    error NothingEarned(ContributionId contributionId);

    /// @notice Divides the value sent over a snapshot's rows. Anybody may call; the market does.
    /// @param reason Why, for an indexer.
    function fund(DatanetId datanetId, uint32 number, bytes32 reason) external payable;

    /// @notice Divides the value sent over several snapshots in proportion to their rows; what the division leaves goes to the
    /// first.
    function fundAll(SnapshotRef[] calldata snapshots, bytes32 reason) external payable;

    /// @notice Takes off a row whose example stands in an earlier row of the snapshot: it shares no more, and what it earned and
    /// nobody drew is divided over the others. Anybody may call, once for each row and snapshot.
    /// @param earlier By the lower contribution id, then the lower row.
    function takeOff(DatanetId datanetId, uint32 number, RowProof calldata earlier, RowProof calldata later)
        external;

    /// @notice Pays a contribution's share of a snapshot's pool to its contributor. Anybody may call.
    function claim(DatanetId datanetId, uint32 number, ContributionId contributionId)
        external
        returns (uint256 amount);

    function poolOf(DatanetId datanetId, uint32 number) external view returns (Pool memory);
}

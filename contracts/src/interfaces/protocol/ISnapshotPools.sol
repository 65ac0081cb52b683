// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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
    event PoolClaimed(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        uint32 number,
        address contributor,
        uint256 amount
    );

    error AmountTooLarge(uint256 amount);
    error NotInSnapshot(ContributionId contributionId, DatanetId datanetId, uint32 number);
    error NothingEarned(ContributionId contributionId);

    /// @notice Divides the value sent over a snapshot's rows. Anybody may call; the market does.
    /// @param reason Why, for an indexer.
    function fund(DatanetId datanetId, uint32 number, bytes32 reason) external payable;

    /// @notice Divides the value sent over several snapshots in proportion to their rows; what the division leaves goes to the
    /// first.
    function fundAll(SnapshotRef[] calldata snapshots, bytes32 reason) external payable;

    /// @notice Pays a contribution's share of a snapshot's pool to its contributor. Anybody may call.
    function claim(DatanetId datanetId, uint32 number, ContributionId contributionId)
        external
        returns (uint256 amount);

    function poolOf(DatanetId datanetId, uint32 number) external view returns (Pool memory);
}

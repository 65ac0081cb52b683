// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowProof} from "../../protocol/RowProofs.sol";
import {ContributionId, DatanetId, ModelId, RequestId, SnapshotRef} from "../../protocol/Types.sol";
import {OpenedRecord} from "./IClaimChallenges.sol";

/// @title What a snapshot's contributors share by their rows: fees that no row earned, parts of what liars lost.
/// @notice Each row has the same stake. A row whose example stands in an earlier row is taken off by anybody who shows both, a near copy
/// by the mark that it has in a model's index. What a contribution earned is drawn to its payee of then. Fractions of a wei are carried on. Wei.
interface ISnapshotPools {
    /// @param rows Rows that share.
    /// @param indexPerRow Wei per row since the start, times 2^128.
    /// @param carry Rest of the last division, in wei times 2^128.
    struct Pool {
        uint64 rows;
        uint256 indexPerRow;
        uint256 carry;
    }

    /// @param requestId The request whose fee or whose liar's loss it is; 0 if none.
    event PoolFunded(
        DatanetId indexed datanetId,
        uint32 indexed number,
        RequestId indexed requestId,
        bytes32 reason,
        uint256 amount
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
        address payee,
        uint256 amount
    );

    error AmountTooLarge(uint256 amount);
    error NotInSnapshot(ContributionId contributionId, DatanetId datanetId, uint32 number);
    /// @notice The two rows hold different examples or are not marked, or the other one is earlier.
    error NoRepeat(ContributionId contributionId, uint32 row);
    /// @notice The model is still pending, or none any more: nothing that its index says is settled.
    error MarkNotSettled(ModelId modelId);
    error AlreadyOff(ContributionId contributionId, uint32 row);
    error NothingEarned(ContributionId contributionId);

    /// @notice Divides the value sent over a snapshot's rows. Anybody may call; the market does.
    /// @param reason Why, for an indexer.
    function fund(DatanetId datanetId, uint32 number, bytes32 reason) external payable;

    /// @notice Divides the value sent over several snapshots in proportion to their rows; what the division leaves goes to the
    /// first.
    /// @param requestId See PoolFunded.
    function fundAll(SnapshotRef[] calldata snapshots, RequestId requestId, bytes32 reason) external payable;

    /// @notice Takes off a row whose example stands in an earlier row of the snapshot: it shares no more, and what it earned and
    /// nobody drew is divided over the others. Anybody may call, once for each row and snapshot.
    /// @param earlier By the lower contribution id, then the lower row.
    function takeOff(DatanetId datanetId, uint32 number, RowProof calldata earlier, RowProof calldata later)
        external;

    /// @notice Takes off a row that the index of a model marks as the repeat or near copy of an earlier row of the same snapshot. The
    /// model is registered and its time for challenges is over: what its marks say could be disputed. Anybody may call, once for each
    /// row and snapshot.
    /// @param at Which of the model's snapshots, from 0.
    /// @param marked, named The row's record, and that of the row that it names.
    function takeOffMarked(
        ModelId modelId,
        uint256 at,
        OpenedRecord calldata marked,
        OpenedRecord calldata named
    ) external;

    /// @notice Pays a contribution's share of a snapshot's pool to its present payee. Anybody may call.
    function claim(DatanetId datanetId, uint32 number, ContributionId contributionId)
        external
        returns (uint256 amount);

    function poolOf(DatanetId datanetId, uint32 number) external view returns (Pool memory);
}

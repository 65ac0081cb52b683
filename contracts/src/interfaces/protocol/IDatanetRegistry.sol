// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DatanetId} from "../../protocol/Types.sol";

/// @param root Merkle root over the accepted contributions' leaves, in the order of acceptance.
/// @param contributions Number of them: the first that many.
/// @param rows Their rows together.
struct Snapshot {
    bytes32 root;
    uint32 contributions;
    uint64 rows;
    uint64 frozenAt;
}

/// @title Datanets, their contributions and their snapshots.
/// @notice A contribution is committed (hash and stake), revealed in a later block, reviewed, and accepted or rejected. Ids are
/// given in the order of commitments, so the lower id was first. Stakes return, and slashed stakes go to the treasury, through
/// RewardBalances. Amounts are wei, times are seconds since the epoch.
interface IDatanetRegistry {
    enum Status {
        None,
        Committed,
        Revealed,
        /// @dev The quorum approved; an older commitment may still reveal the same rows.
        Approved,
        Accepted,
        Rejected,
        /// @dev Taken back before its reveal, not revealed or not decided in time, or an older commitment had the same rows.
        Withdrawn
    }

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

    /// @param committedBlock L2 block of the commitment; the reveal comes later. The order of this block, then of ids, is the
    /// order of who was first.
    /// @param firstRow Accepted: rows of the datanet before its own.
    /// @param position Accepted: its leaf's place in the datanet's snapshots.
    /// @param revealDeadline Until when it can be revealed; it is not accepted before that has passed.
    /// @param deadline Revealed: end of the review. Accepted: when the stake can be released.
    /// @param stakeHeld The stake is still here.
    /// @param contentId SHA-256 of the contribution's document, its key in the content store.
    /// @param rowsRoot Merkle root over the example hashes.
    struct Contribution {
        DatanetId datanetId;
        address contributor;
        Status status;
        bool stakeHeld;
        uint16 approvals;
        uint16 rejections;
        uint32 rowCount;
        uint64 committedBlock;
        uint64 firstRow;
        uint32 position;
        uint64 revealDeadline;
        uint64 deadline;
        uint32 reviewPeriod;
        uint32 stakePeriod;
        uint128 stake;
        bytes32 commitment;
        bytes32 contentId;
        bytes32 rowsRoot;
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
        DatanetId indexed datanetId, uint32 indexed number, bytes32 root, uint32 contributions, uint64 rows
    );
    event ContributionCommitted(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        address indexed contributor,
        bytes32 commitment,
        uint128 stake,
        uint64 revealDeadline
    );
    event ContributionRevealed(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        address indexed contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        uint64 reviewDeadline
    );
    event ContributionReviewed(ContributionId indexed contributionId, address indexed reviewer, bool approve);
    /// @notice The quorum approved; anybody may accept it from `acceptTime` on.
    event ContributionApproved(ContributionId indexed contributionId, uint64 acceptTime);
    /// @notice `position` is the leaf's place in the datanet's snapshots, `firstRow` the number of rows before its own.
    event ContributionAccepted(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        address indexed contributor,
        uint32 position,
        uint64 firstRow,
        bytes32 leaf,
        uint64 stakeReleaseTime
    );
    event ContributionRejected(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        address indexed contributor,
        uint128 slashed
    );
    /// @notice The contributor took it back before its reveal, or nobody decided in time.
    event ContributionWithdrawn(
        ContributionId indexed contributionId, DatanetId indexed datanetId, address indexed contributor
    );
    event StakeReleased(ContributionId indexed contributionId, address indexed contributor, uint128 stake);

    error DatanetUnknown(DatanetId datanetId);
    error SnapshotUnknown(DatanetId datanetId, uint32 number);
    error TextLength(uint256 length);
    error ReviewerCount(uint256 count);
    error ReviewerRepeated(address reviewer);
    error QuorumOutOfRange(uint256 quorum, uint256 reviewers);
    error NotDatanetOwner(address caller);
    /// @notice No contribution was accepted since the last snapshot.
    error NothingNew();
    error StakeMismatch(uint256 sent, uint256 required);
    error CommitmentEmpty();
    error StatusMismatch(ContributionId contributionId, Status actual);
    error NotContributor(address caller);
    error NotReviewer(address caller);
    error OwnContribution(ContributionId contributionId);
    error AlreadyReviewed(address reviewer);
    error RevealTooEarly(uint256 committedBlock);
    error RevealMismatch(bytes32 commitment, bytes32 revealed);
    error RevealOver(uint256 deadline);
    error RowCountZero();
    /// @notice An older commitment, or an accepted one, holds these rows.
    error RowsRepeated(bytes32 rowsRoot, ContributionId contributionId);
    error ReviewOver(uint256 deadline);
    error TooEarly(uint256 time);

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

    function getDatanet(DatanetId datanetId) external view returns (Datanet memory);

    function getSnapshot(DatanetId datanetId, uint32 number) external view returns (Snapshot memory snapshot);

    /// @notice Ids of accepted contributions in the order of acceptance: at most `limit` from position `start` on.
    function acceptedContributions(DatanetId datanetId, uint256 start, uint256 limit)
        external
        view
        returns (ContributionId[] memory contributionIds);

    /// @notice The hash that `commit` takes: it binds the contributor, so nobody can reveal what another committed.
    /// @param salt Secret until the reveal.
    function commitmentOf(
        DatanetId datanetId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) external pure returns (bytes32);

    /// @notice Announces a contribution and binds the datanet's stake.
    /// @param commitment See commitmentOf.
    /// @return contributionId Counted from 1 over all datanets.
    function commit(DatanetId datanetId, bytes32 commitment)
        external
        payable
        returns (ContributionId contributionId);

    /// @notice Takes a contribution back before its reveal; the stake returns. For the contributor, after the reveal period for
    /// anybody.
    function cancel(ContributionId contributionId) external;

    /// @notice Opens a commitment of an earlier block; the review begins. Of several contributions with the same rows the one
    /// that was committed first stays, if it is revealed before another is accepted.
    /// @param contentId SHA-256 of the document.
    /// @param rowsRoot Merkle root over the example hashes.
    /// @param rowCount Rows of the document, at least 1.
    /// @param salt As committed.
    function reveal(
        ContributionId contributionId,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) external;

    /// @notice One reviewer's vote. The quorum of approvals accepts; as soon as it can't be reached any more, the contribution
    /// is rejected and its stake goes to the treasury.
    function review(ContributionId contributionId, bool approve) external;

    /// @notice Accepts an approved contribution once no older commitment can reveal its rows any more. Anybody may call.
    function accept(ContributionId contributionId) external;

    /// @notice Ends the review of a contribution that nobody decided in time; the stake returns. Anybody may call.
    function expire(ContributionId contributionId) external;

    /// @notice Returns an accepted contribution's stake after its period. Anybody may call.
    function releaseStake(ContributionId contributionId) external;

    /// @notice Leaf of an accepted contribution:
    /// keccak256(0x00 | contributionId u256 | contributor | contentId | rowsRoot | rowCount u32).
    function leafOf(
        ContributionId contributionId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) external pure returns (bytes32);

    /// @notice Who is paid for a contribution now.
    function payeeOf(ContributionId contributionId) external view returns (address);

    function getContribution(ContributionId contributionId) external view returns (Contribution memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DatanetId} from "../../protocol/Types.sol";
import {IDatanets} from "./IDatanets.sol";

/// @title Datanets, their contributions and their snapshots.
/// @notice A contribution is committed (hash and stake), revealed in a later block, reviewed, and accepted or rejected. Ids are
/// given in the order of commitments, so the lower id was first. What is accepted, skipped and frozen is written into the
/// AttributionLedger, from which everything is paid; stakes wait in ContributionStakes, reviewers' bonds in Reviewers. The registry holds
/// no money. Amounts are wei, times are seconds since the epoch.
interface IDatanetRegistry is IDatanets {
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

    /// @param committedBlock L2 block of the commitment; the reveal comes later. The order of this block, then of ids, is the
    /// order of who was first.
    /// @param firstRow Accepted: rows of the datanet before its own. Here and below from the ledger: `position`, `skippedFrom`, `incomeMoved`.
    /// @param position Accepted: its leaf's place in the datanet's snapshots.
    /// @param revealDeadline Until when it can be revealed; it is not accepted before that has passed.
    /// @param deadline Revealed: end of the reviewers' commitments; all of them end it early. Accepted: when the stake can be released.
    /// @param voteDeadline End of the reviewers' commitments; 0 where an older commitment took the rows.
    /// @param revealPeriod Seconds after it in which votes are revealed.
    /// @param votes Reviewers that committed a vote.
    /// @param incomeMoved Another than the contributor is its payee: see IContributionIncome.
    /// @param skippedFrom First snapshot in which its rows are skipped; 0 if none.
    /// @param stakeHeld The stake is still held.
    /// @param contentId SHA-256 of the contribution's document, its key in the content store.
    /// @param rowsRoot Merkle root over the example hashes.
    struct Contribution {
        DatanetId datanetId;
        address contributor;
        Status status;
        bool stakeHeld;
        uint16 approvals;
        uint16 rejections;
        uint16 votes;
        bool incomeMoved;
        uint32 rowCount;
        uint64 committedBlock;
        uint64 firstRow;
        uint32 position;
        uint64 revealDeadline;
        uint64 deadline;
        uint32 reviewPeriod;
        uint32 stakePeriod;
        uint32 revealPeriod;
        uint64 voteDeadline;
        uint32 skippedFrom;
        uint128 stake;
        bytes32 commitment;
        bytes32 contentId;
        bytes32 rowsRoot;
    }

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
    event VoteCommitted(ContributionId indexed contributionId, address indexed reviewer);
    /// @notice `reasonHash` is that of the reason's text.
    event ContributionReviewed(
        ContributionId indexed contributionId, address indexed reviewer, bool approve, bytes32 reasonHash
    );
    event ExclusionVoted(ContributionId indexed contributionId, address indexed reviewer, bytes32 reasonHash);
    /// @notice Its rows are skipped from snapshot `skippedFrom` on. `reason` is retired, excluded or plagiarism.
    event ContributionSkipped(
        ContributionId indexed contributionId,
        DatanetId indexed datanetId,
        bytes32 indexed reason,
        uint32 skippedFrom,
        uint128 slashed
    );
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

    error StakeMismatch(uint256 sent, uint256 required);
    error CommitmentEmpty();
    error AlreadyVoted(address reviewer);
    error TooEarly(uint256 time);
    error StatusMismatch(ContributionId contributionId, Status actual);
    error NotContributor(address caller);
    error OwnContribution(ContributionId contributionId);
    error VoteMissing(address reviewer);
    error VoteMismatch(bytes32 committed, bytes32 revealed);
    /// @notice Votes are revealed from `from` to `until`.
    error NotRevealTime(uint256 from, uint256 until);
    error NotPlagiarism(address caller);
    error RevealTooEarly(uint256 committedBlock);
    error RevealMismatch(bytes32 commitment, bytes32 revealed);
    error RevealOver(uint256 deadline);
    error RowCountOutOfRange(uint256 rows, uint256 most);
    /// @notice An older commitment, or an accepted one, holds these rows.
    error RowsRepeated(bytes32 rowsRoot, ContributionId contributionId);
    error ReviewOver(uint256 deadline);

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
    /// @param rowCount Rows of the document, 1 to 65,536.
    /// @param salt As committed.
    function reveal(
        ContributionId contributionId,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) external;

    /// @notice One bonded reviewer's hidden vote (see voteHashOf), until the deadline.
    function commitVote(ContributionId contributionId, bytes32 voteHash) external;

    /// @notice Opens a vote, after the deadline or once all have committed. The quorum of approvals accepts; as soon as it can't be
    /// reached any more, the contribution is rejected and its stake is lost (see IStakeLosses).
    /// @param reasonHash Of the reason's text.
    function revealVote(ContributionId contributionId, bool approve, bytes32 reasonHash, bytes32 salt)
        external;

    /// @notice Takes a tenth of the bond of a reviewer that did not open its vote in time, to the treasury. Anybody may call.
    function forfeitVote(ContributionId contributionId, address reviewer) external;

    /// @notice The hash that `commitVote` takes: it binds the reviewer, so nobody votes by copying.
    function voteHashOf(
        ContributionId contributionId,
        address reviewer,
        bool approve,
        bytes32 reasonHash,
        bytes32 salt
    ) external pure returns (bytes32);

    /// @notice One bonded reviewer's vote to skip an accepted contribution from the next snapshot on; the quorum does it, and a
    /// stake that is still held is lost (see IStakeLosses).
    function voteExclude(ContributionId contributionId, bytes32 reasonHash) external;

    /// @notice The contributor takes its rows out of later snapshots; what they earn in earlier ones stays.
    function retire(ContributionId contributionId) external;

    /// @notice A proof of plagiarism holds: the contribution is skipped from the next snapshot on. For PlagiarismProofs, which takes the
    /// stake.
    function skipPlagiarism(ContributionId contributionId) external;

    /// @notice Accepts an approved contribution once no older commitment can reveal its rows any more. Anybody may call.
    function accept(ContributionId contributionId) external;

    /// @notice Ends the review of a contribution that was not decided by the votes revealed in time; the stake returns. Anybody may call.
    function expire(ContributionId contributionId) external;

    /// @notice Returns an accepted contribution's stake after its period. Anybody may call.
    function releaseStake(ContributionId contributionId) external;

    function getContribution(ContributionId contributionId) external view returns (Contribution memory);
}

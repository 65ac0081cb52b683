// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Datanets} from "./Datanets.sol";
import {Parameters, ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Datanets, their contributions and their snapshots.
/// @notice A contribution is committed (hash and stake), revealed in a later block, reviewed, and accepted or rejected. Ids are
/// given in the order of commitments, so the lower id was first. Stakes return, and slashed stakes go to the treasury, through
/// RewardBalances. Amounts are wei, times are seconds since the epoch.
contract DatanetRegistry is Datanets {
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
    /// @param firstRow Accepted: rows of the datanet before its own.
    /// @param position Accepted: its leaf's place in the datanet's snapshots.
    /// @param revealDeadline Until when it can be revealed; it is not accepted before that has passed.
    /// @param deadline Revealed: end of the review. Accepted: when the stake can be released.
    /// @param stakeHeld The stake is still here.
    /// @param contentId SHA-256 of the contribution's document, its key in the content store.
    /// @param rowsRoot Merkle root over the example hashes.
    struct Contribution {
        uint256 datanetId;
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

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;

    /// @notice Number of contributions to all datanets; ids count from 1.
    uint256 public contributionCount;
    mapping(uint256 contributionId => mapping(address reviewer => bool)) public hasReviewed;
    /// @notice The contribution that holds these rows in a datanet; 0 if none does. A file's name is no part of them.
    mapping(uint256 datanetId => mapping(bytes32 rowsRoot => uint256 contributionId)) public
        contributionOfRows;
    mapping(uint256 contributionId => Contribution) private _contributions;
    mapping(uint256 datanetId => uint64) private _lastRevealDeadline;

    event ContributionCommitted(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        bytes32 commitment,
        uint128 stake,
        uint64 revealDeadline
    );
    event ContributionRevealed(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        uint64 reviewDeadline
    );
    event ContributionReviewed(uint256 indexed contributionId, address indexed reviewer, bool approve);
    /// @notice The quorum approved; anybody may accept it from `acceptTime` on.
    event ContributionApproved(uint256 indexed contributionId, uint64 acceptTime);
    /// @notice `position` is the leaf's place in the datanet's snapshots, `firstRow` the number of rows before its own.
    event ContributionAccepted(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        uint32 position,
        uint64 firstRow,
        bytes32 leaf,
        uint64 stakeReleaseTime
    );
    event ContributionRejected(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        uint128 slashed
    );
    /// @notice The contributor took it back before its reveal, or nobody decided in time.
    event ContributionWithdrawn(
        uint256 indexed contributionId, uint256 indexed datanetId, address indexed contributor
    );
    event StakeReleased(uint256 indexed contributionId, address indexed contributor, uint128 stake);
    error StakeMismatch(uint256 sent, uint256 required);
    error CommitmentEmpty();
    error StatusMismatch(uint256 contributionId, Status actual);
    error NotContributor(address caller);
    error NotReviewer(address caller);
    error OwnContribution(uint256 contributionId);
    error AlreadyReviewed(address reviewer);
    error RevealTooEarly(uint256 committedBlock);
    error RevealMismatch(bytes32 commitment, bytes32 revealed);
    error RevealOver(uint256 deadline);
    error RowCountZero();
    /// @notice An older commitment, or an accepted one, holds these rows.
    error RowsRepeated(bytes32 rowsRoot, uint256 contributionId);
    error ReviewOver(uint256 deadline);
    error TooEarly(uint256 time);

    constructor(ProtocolParameters parameters, RewardBalances balances) {
        PARAMETERS = parameters;
        BALANCES = balances;
    }

    /// @notice The hash that `commit` takes: it binds the contributor, so nobody can reveal what another committed.
    /// @param salt Secret until the reveal.
    function commitmentOf(
        uint256 datanetId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(datanetId, contributor, contentId, rowsRoot, rowCount, salt));
    }

    /// @notice Announces a contribution and binds the datanet's stake.
    /// @param commitment See commitmentOf.
    /// @return contributionId Counted from 1 over all datanets.
    function commit(uint256 datanetId, bytes32 commitment) external payable returns (uint256 contributionId) {
        Datanet storage datanet = _datanet(datanetId);
        if (msg.value != datanet.stake) revert StakeMismatch(msg.value, datanet.stake);
        if (commitment == 0) revert CommitmentEmpty();
        contributionId = ++contributionCount;
        Parameters memory parameters = PARAMETERS.parameters();
        Contribution storage contribution = _contributions[contributionId];
        contribution.datanetId = datanetId;
        contribution.contributor = msg.sender;
        contribution.status = Status.Committed;
        contribution.stakeHeld = true;
        contribution.committedBlock = uint64(block.number);
        contribution.revealDeadline = _nextRevealDeadline(datanetId, parameters.revealPeriod);
        contribution.reviewPeriod = parameters.reviewPeriod;
        contribution.stakePeriod = parameters.stakePeriod;
        contribution.stake = uint128(msg.value);
        contribution.commitment = commitment;
        emit ContributionCommitted(
            contributionId,
            datanetId,
            msg.sender,
            commitment,
            uint128(msg.value),
            contribution.revealDeadline
        );
    }

    /// @notice Takes a contribution back before its reveal; the stake returns. For the contributor, after the reveal period for
    /// anybody.
    function cancel(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Committed);
        bool allowed =
            msg.sender == contribution.contributor || block.timestamp > contribution.revealDeadline;
        if (!allowed) revert NotContributor(msg.sender);
        _withdraw(contributionId, contribution);
    }

    /// @notice Opens a commitment of an earlier block; the review begins. Of several contributions with the same rows the one
    /// that was committed first stays, if it is revealed before another is accepted.
    /// @param contentId SHA-256 of the document.
    /// @param rowsRoot Merkle root over the example hashes.
    /// @param rowCount Rows of the document, at least 1.
    /// @param salt As committed.
    function reveal(
        uint256 contributionId,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Committed);
        if (msg.sender != contribution.contributor) revert NotContributor(msg.sender);
        // A reveal that is read from the pool can't be committed, revealed and mined before it.
        if (block.number <= contribution.committedBlock) revert RevealTooEarly(contribution.committedBlock);
        if (block.timestamp > contribution.revealDeadline) revert RevealOver(contribution.revealDeadline);
        if (rowCount == 0) revert RowCountZero();
        uint256 datanetId = contribution.datanetId;
        bytes32 revealed = commitmentOf(datanetId, msg.sender, contentId, rowsRoot, rowCount, salt);
        if (revealed != contribution.commitment) revert RevealMismatch(contribution.commitment, revealed);
        _displace(datanetId, contributionId, rowsRoot);
        uint64 deadline = uint64(block.timestamp + contribution.reviewPeriod);
        contribution.status = Status.Revealed;
        contribution.contentId = contentId;
        contribution.rowsRoot = rowsRoot;
        contribution.rowCount = rowCount;
        contribution.deadline = deadline;
        emit ContributionRevealed(
            contributionId, datanetId, msg.sender, contentId, rowsRoot, rowCount, deadline
        );
    }

    /// @notice One reviewer's vote. The quorum of approvals accepts; as soon as it can't be reached any more, the contribution
    /// is rejected and its stake goes to the treasury.
    function review(uint256 contributionId, bool approve) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (block.timestamp > contribution.deadline) revert ReviewOver(contribution.deadline);
        if (msg.sender == contribution.contributor) revert OwnContribution(contributionId);
        if (!isReviewer[contribution.datanetId][msg.sender]) revert NotReviewer(msg.sender);
        if (hasReviewed[contributionId][msg.sender]) revert AlreadyReviewed(msg.sender);
        hasReviewed[contributionId][msg.sender] = true;
        emit ContributionReviewed(contributionId, msg.sender, approve);
        Datanet storage datanet = _datanet(contribution.datanetId);
        if (approve) {
            if (++contribution.approvals >= datanet.quorum) _approve(contributionId, contribution);
        } else if (++contribution.rejections > datanet.reviewers - datanet.quorum) {
            _reject(contributionId, contribution);
        }
    }

    /// @notice Accepts an approved contribution once no older commitment can reveal its rows any more. Anybody may call.
    function accept(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Approved);
        if (block.timestamp <= contribution.revealDeadline) revert TooEarly(contribution.revealDeadline);
        _accept(contributionId, contribution);
    }

    /// @notice Ends the review of a contribution that nobody decided in time; the stake returns. Anybody may call.
    function expire(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (block.timestamp <= contribution.deadline) revert TooEarly(contribution.deadline);
        delete contributionOfRows[contribution.datanetId][contribution.rowsRoot];
        _withdraw(contributionId, contribution);
    }

    /// @notice Returns an accepted contribution's stake after its period. Anybody may call.
    function releaseStake(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        if (!contribution.stakeHeld) revert StatusMismatch(contributionId, contribution.status);
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (block.timestamp < contribution.deadline) revert TooEarly(contribution.deadline);
        emit StakeReleased(contributionId, contribution.contributor, contribution.stake);
        _moveStake(contribution, contribution.contributor);
    }

    /// @notice Leaf of an accepted contribution:
    /// keccak256(0x00 | contributionId u256 | contributor | contentId | rowsRoot | rowCount u32).
    function leafOf(
        uint256 contributionId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) public pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(bytes1(0x00), contributionId, contributor, contentId, rowsRoot, rowCount)
        );
    }

    /// @notice Who is paid for a contribution now.
    function payeeOf(uint256 contributionId) external view returns (address) {
        return _contributions[contributionId].contributor;
    }

    function getContribution(uint256 contributionId) external view returns (Contribution memory) {
        return _contributions[contributionId];
    }

    /// @dev Never before an older commitment's: an accepted contribution has no older rival left.
    function _nextRevealDeadline(uint256 datanetId, uint32 period) private returns (uint64 deadline) {
        deadline = uint64(block.timestamp + period);
        if (deadline < _lastRevealDeadline[datanetId]) deadline = _lastRevealDeadline[datanetId];
        _lastRevealDeadline[datanetId] = deadline;
    }

    /// @dev Takes the rows for this contribution; one that was committed later and is not accepted gives way.
    function _displace(uint256 datanetId, uint256 contributionId, bytes32 rowsRoot) private {
        uint256 holder = contributionOfRows[datanetId][rowsRoot];
        if (holder != 0) {
            Contribution storage other = _contributions[holder];
            bool open = other.status == Status.Revealed || other.status == Status.Approved;
            if (!open || holder < contributionId) revert RowsRepeated(rowsRoot, holder);
            _withdraw(holder, other);
        }
        contributionOfRows[datanetId][rowsRoot] = contributionId;
    }

    function _approve(uint256 contributionId, Contribution storage contribution) private {
        if (block.timestamp > contribution.revealDeadline) return _accept(contributionId, contribution);
        contribution.status = Status.Approved;
        emit ContributionApproved(contributionId, contribution.revealDeadline + 1);
    }

    function _accept(uint256 contributionId, Contribution storage contribution) private {
        uint256 datanetId = contribution.datanetId;
        uint64 release = uint64(block.timestamp + contribution.stakePeriod);
        contribution.status = Status.Accepted;
        contribution.deadline = release;
        bytes32 leaf = leafOf(
            contributionId,
            contribution.contributor,
            contribution.contentId,
            contribution.rowsRoot,
            contribution.rowCount
        );
        (uint32 position, uint64 firstRow) = _include(datanetId, contributionId, leaf, contribution.rowCount);
        contribution.position = position;
        contribution.firstRow = firstRow;
        emit ContributionAccepted(
            contributionId, datanetId, contribution.contributor, position, firstRow, leaf, release
        );
    }

    /// @dev Its rows are free again: what was rejected here may be another's good contribution.
    function _reject(uint256 contributionId, Contribution storage contribution) private {
        contribution.status = Status.Rejected;
        delete contributionOfRows[contribution.datanetId][contribution.rowsRoot];
        emit ContributionRejected(
            contributionId, contribution.datanetId, contribution.contributor, contribution.stake
        );
        _moveStake(contribution, PARAMETERS.parameters().treasury);
    }

    function _withdraw(uint256 contributionId, Contribution storage contribution) private {
        contribution.status = Status.Withdrawn;
        emit ContributionWithdrawn(contributionId, contribution.datanetId, contribution.contributor);
        _moveStake(contribution, contribution.contributor);
    }

    function _moveStake(Contribution storage contribution, address to) private {
        contribution.stakeHeld = false;
        if (contribution.stake > 0) BALANCES.credit{value: contribution.stake}(to);
    }

    function _expectStatus(uint256 contributionId, Contribution storage contribution, Status status)
        private
        view
    {
        if (contribution.status != status) revert StatusMismatch(contributionId, contribution.status);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Datanets} from "./Datanets.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Datanets, their contributions and their snapshots.
/// @notice A contribution is committed (hash and stake), revealed in a later block, reviewed, and accepted or rejected. Stakes
/// return, and slashed stakes go to the treasury, through RewardBalances. Amounts are wei, times are seconds since the epoch.
contract DatanetRegistry is Datanets {
    enum Status {
        None,
        Committed,
        Revealed,
        Accepted,
        Rejected,
        /// @dev Taken back before its reveal, or not decided in time.
        Withdrawn
    }

    /// @param committedBlock L2 block of the commitment; the reveal comes later.
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
        uint64 deadline;
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
    /// @notice The contribution that revealed a content id in a datanet; 0 if none did.
    mapping(uint256 datanetId => mapping(bytes32 contentId => uint256 contributionId)) public
        contributionOfContent;
    mapping(uint256 contributionId => Contribution) private _contributions;

    event ContributionCommitted(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        bytes32 commitment,
        uint128 stake
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
    /// @notice `position` is the leaf's place in the datanet's snapshots.
    event ContributionAccepted(
        uint256 indexed contributionId,
        uint256 indexed datanetId,
        address indexed contributor,
        uint32 position,
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
    error RowCountZero();
    error ContentRepeated(bytes32 contentId, uint256 contributionId);
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
        Contribution storage contribution = _contributions[contributionId];
        contribution.datanetId = datanetId;
        contribution.contributor = msg.sender;
        contribution.status = Status.Committed;
        contribution.stakeHeld = true;
        contribution.committedBlock = uint64(block.number);
        contribution.stake = uint128(msg.value);
        contribution.commitment = commitment;
        emit ContributionCommitted(contributionId, datanetId, msg.sender, commitment, uint128(msg.value));
    }

    /// @notice Takes a contribution back before its reveal; the stake returns.
    function cancel(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Committed);
        if (msg.sender != contribution.contributor) revert NotContributor(msg.sender);
        _withdraw(contributionId, contribution);
    }

    /// @notice Opens a commitment of an earlier block; the review begins.
    /// @param contentId SHA-256 of the document; new in this datanet.
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
        if (rowCount == 0) revert RowCountZero();
        uint256 datanetId = contribution.datanetId;
        bytes32 revealed = commitmentOf(datanetId, msg.sender, contentId, rowsRoot, rowCount, salt);
        if (revealed != contribution.commitment) revert RevealMismatch(contribution.commitment, revealed);
        uint256 first = contributionOfContent[datanetId][contentId];
        if (first != 0) revert ContentRepeated(contentId, first);
        contributionOfContent[datanetId][contentId] = contributionId;
        uint64 deadline = uint64(block.timestamp + PARAMETERS.parameters().reviewPeriod);
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
            if (++contribution.approvals >= datanet.quorum) _accept(contributionId, contribution);
        } else if (++contribution.rejections > datanet.reviewers - datanet.quorum) {
            _reject(contributionId, contribution);
        }
    }

    /// @notice Ends the review of a contribution that nobody decided in time; the stake returns. Anybody may call.
    function expire(uint256 contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (block.timestamp <= contribution.deadline) revert TooEarly(contribution.deadline);
        delete contributionOfContent[contribution.datanetId][contribution.contentId];
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

    function getContribution(uint256 contributionId) external view returns (Contribution memory) {
        return _contributions[contributionId];
    }

    function _accept(uint256 contributionId, Contribution storage contribution) private {
        uint256 datanetId = contribution.datanetId;
        uint64 release = uint64(block.timestamp + PARAMETERS.parameters().stakePeriod);
        contribution.status = Status.Accepted;
        contribution.deadline = release;
        bytes32 leaf = leafOf(
            contributionId,
            contribution.contributor,
            contribution.contentId,
            contribution.rowsRoot,
            contribution.rowCount
        );
        uint32 position = _include(datanetId, contributionId, leaf, contribution.rowCount);
        emit ContributionAccepted(
            contributionId, datanetId, contribution.contributor, position, leaf, release
        );
    }

    function _reject(uint256 contributionId, Contribution storage contribution) private {
        contribution.status = Status.Rejected;
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatanetRegistry} from "../interfaces/protocol/IDatanetRegistry.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {Datanets} from "./Datanets.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ContributionId, DatanetId, NO_CONTRIBUTION} from "./Types.sol";

/// @title Datanets, their contributions and their snapshots.
/// @notice A contribution is committed (hash and stake), revealed in a later block, reviewed, and accepted or rejected. Ids are
/// given in the order of commitments, so the lower id was first. Stakes return, and slashed stakes go to the treasury, through
/// RewardBalances. Amounts are wei, times are seconds since the epoch.
contract DatanetRegistry is Datanets {
    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;

    /// @notice Number of contributions to all datanets; ids count from 1.
    uint256 public contributionCount;
    mapping(ContributionId contributionId => mapping(address reviewer => bool)) public hasReviewed;
    /// @notice The contribution that holds these rows in a datanet; 0 if none does. A file's name is no part of them.
    mapping(DatanetId datanetId => mapping(bytes32 rowsRoot => ContributionId contributionId)) public
        contributionOfRows;
    mapping(ContributionId contributionId => Contribution) private _contributions;
    mapping(DatanetId datanetId => uint64) private _lastRevealDeadline;

    constructor(ProtocolParameters parameters, RewardBalances balances) {
        PARAMETERS = parameters;
        BALANCES = balances;
    }

    /// @inheritdoc IDatanetRegistry
    function commitmentOf(
        DatanetId datanetId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(datanetId, contributor, contentId, rowsRoot, rowCount, salt));
    }

    /// @inheritdoc IDatanetRegistry
    function commit(DatanetId datanetId, bytes32 commitment)
        external
        payable
        returns (ContributionId contributionId)
    {
        Datanet storage datanet = _datanet(datanetId);
        if (msg.value != datanet.stake) revert StakeMismatch(msg.value, datanet.stake);
        if (commitment == 0) revert CommitmentEmpty();
        contributionId = ContributionId.wrap(uint64(++contributionCount));
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
            contributionId, datanetId, msg.sender, commitment, uint128(msg.value), contribution.revealDeadline
        );
    }

    /// @inheritdoc IDatanetRegistry
    function cancel(ContributionId contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Committed);
        bool allowed = msg.sender == contribution.contributor || block.timestamp > contribution.revealDeadline;
        if (!allowed) revert NotContributor(msg.sender);
        _withdraw(contributionId, contribution);
    }

    /// @inheritdoc IDatanetRegistry
    function reveal(
        ContributionId contributionId,
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
        DatanetId datanetId = contribution.datanetId;
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

    /// @inheritdoc IDatanetRegistry
    function review(ContributionId contributionId, bool approve) external {
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

    /// @inheritdoc IDatanetRegistry
    function accept(ContributionId contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Approved);
        if (block.timestamp <= contribution.revealDeadline) revert TooEarly(contribution.revealDeadline);
        _accept(contributionId, contribution);
    }

    /// @inheritdoc IDatanetRegistry
    function expire(ContributionId contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (block.timestamp <= contribution.deadline) revert TooEarly(contribution.deadline);
        contributionOfRows[contribution.datanetId][contribution.rowsRoot] = NO_CONTRIBUTION;
        _withdraw(contributionId, contribution);
    }

    /// @inheritdoc IDatanetRegistry
    function releaseStake(ContributionId contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        if (!contribution.stakeHeld) revert StatusMismatch(contributionId, contribution.status);
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (block.timestamp < contribution.deadline) revert TooEarly(contribution.deadline);
        emit StakeReleased(contributionId, contribution.contributor, contribution.stake);
        _moveStake(contribution, contribution.contributor);
    }

    /// @inheritdoc IDatanetRegistry
    function leafOf(
        ContributionId contributionId,
        address contributor,
        bytes32 contentId,
        bytes32 rowsRoot,
        uint32 rowCount
    ) public pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                bytes1(0x00),
                uint256(ContributionId.unwrap(contributionId)),
                contributor,
                contentId,
                rowsRoot,
                rowCount
            )
        );
    }

    /// @inheritdoc IDatanetRegistry
    function payeeOf(ContributionId contributionId) external view returns (address) {
        return _contributions[contributionId].contributor;
    }

    /// @inheritdoc IDatanetRegistry
    function getContribution(ContributionId contributionId) external view returns (Contribution memory) {
        return _contributions[contributionId];
    }

    /// @dev Never before an older commitment's: an accepted contribution has no older rival left.
    function _nextRevealDeadline(DatanetId datanetId, uint32 period) private returns (uint64 deadline) {
        deadline = uint64(block.timestamp + period);
        if (deadline < _lastRevealDeadline[datanetId]) deadline = _lastRevealDeadline[datanetId];
        _lastRevealDeadline[datanetId] = deadline;
    }

    /// @dev Takes the rows for this contribution; one that was committed later and is not accepted gives way.
    function _displace(DatanetId datanetId, ContributionId contributionId, bytes32 rowsRoot) private {
        ContributionId holder = contributionOfRows[datanetId][rowsRoot];
        if (holder != NO_CONTRIBUTION) {
            Contribution storage other = _contributions[holder];
            bool open = other.status == Status.Revealed || other.status == Status.Approved;
            if (!open || holder < contributionId) revert RowsRepeated(rowsRoot, holder);
            _withdraw(holder, other);
        }
        contributionOfRows[datanetId][rowsRoot] = contributionId;
    }

    function _approve(ContributionId contributionId, Contribution storage contribution) private {
        if (block.timestamp > contribution.revealDeadline) return _accept(contributionId, contribution);
        contribution.status = Status.Approved;
        emit ContributionApproved(contributionId, contribution.revealDeadline + 1);
    }

    function _accept(ContributionId contributionId, Contribution storage contribution) private {
        DatanetId datanetId = contribution.datanetId;
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
    function _reject(ContributionId contributionId, Contribution storage contribution) private {
        contribution.status = Status.Rejected;
        contributionOfRows[contribution.datanetId][contribution.rowsRoot] = NO_CONTRIBUTION;
        emit ContributionRejected(
            contributionId, contribution.datanetId, contribution.contributor, contribution.stake
        );
        _moveStake(contribution, PARAMETERS.parameters().treasury);
    }

    function _withdraw(ContributionId contributionId, Contribution storage contribution) private {
        contribution.status = Status.Withdrawn;
        emit ContributionWithdrawn(contributionId, contribution.datanetId, contribution.contributor);
        _moveStake(contribution, contribution.contributor);
    }

    function _moveStake(Contribution storage contribution, address to) private {
        contribution.stakeHeld = false;
        if (contribution.stake > 0) BALANCES.credit{value: contribution.stake}(to);
    }

    function _expectStatus(ContributionId contributionId, Contribution storage contribution, Status status)
        private
        view
    {
        if (contribution.status != status) revert StatusMismatch(contributionId, contribution.status);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttributionLedger} from "../interfaces/protocol/IAttributionLedger.sol";
import {IDatanetRegistry} from "../interfaces/protocol/IDatanetRegistry.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {ContributionStakes} from "./ContributionStakes.sol";
import {Datanets} from "./Datanets.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {ContributionId, DatanetId, NO_CONTRIBUTION} from "./Types.sol";

/// @title Contributions from their commitment to their stake's return.
abstract contract Contributions is Datanets, IDatanetRegistry {
    ProtocolParameters public immutable PARAMETERS;
    /// @notice Holds contributors' stakes.
    ContributionStakes public immutable STAKES;
    /// @notice Most rows of a contribution; as many as a document holds.
    uint32 public constant MAX_ROWS = 65_536;

    /// @notice Number of contributions to all datanets; ids count from 1.
    uint256 public contributionCount;
    /// @notice The contribution that holds these rows in a datanet; 0 if none does. A file's name is no part of them.
    mapping(DatanetId datanetId => mapping(bytes32 rowsRoot => ContributionId contributionId)) public
        contributionOfRows;
    /// @dev Without what the ledger keeps of it.
    mapping(ContributionId contributionId => Contribution) internal _contributions;
    mapping(DatanetId datanetId => uint64) private _lastRevealDeadline;

    constructor(ProtocolParameters parameters, ContributionStakes stakes) {
        (PARAMETERS, STAKES) = (parameters, stakes);
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
        contribution.revealPeriod = parameters.revealPeriod;
        contribution.stake = uint128(msg.value);
        contribution.commitment = commitment;
        if (msg.value > 0) STAKES.hold{value: msg.value}(contributionId, msg.sender);
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
        if (rowCount == 0 || rowCount > MAX_ROWS) revert RowCountOutOfRange(rowCount, MAX_ROWS);
        DatanetId datanetId = contribution.datanetId;
        bytes32 revealed = commitmentOf(datanetId, msg.sender, contentId, rowsRoot, rowCount, salt);
        if (revealed != contribution.commitment) revert RevealMismatch(contribution.commitment, revealed);
        _displace(datanetId, contributionId, rowsRoot);
        uint64 deadline = uint64(block.timestamp + contribution.reviewPeriod);
        contribution.status = Status.Revealed;
        contribution.contentId = contentId;
        contribution.rowsRoot = rowsRoot;
        contribution.rowCount = rowCount;
        (contribution.deadline, contribution.voteDeadline) = (deadline, deadline);
        emit ContributionRevealed(
            contributionId, datanetId, msg.sender, contentId, rowsRoot, rowCount, deadline
        );
    }

    /// @inheritdoc IDatanetRegistry
    function releaseStake(ContributionId contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        if (!contribution.stakeHeld) revert StatusMismatch(contributionId, contribution.status);
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (block.timestamp < contribution.deadline) revert TooEarly(contribution.deadline);
        emit StakeReleased(contributionId, contribution.contributor, contribution.stake);
        _returnStake(contributionId, contribution);
    }

    /// @inheritdoc IDatanetRegistry
    function getContribution(ContributionId contributionId)
        external
        view
        returns (Contribution memory contribution)
    {
        contribution = _contributions[contributionId];
        if (contribution.status != Status.Accepted) return contribution;
        IAttributionLedger.Entry memory entry = LEDGER.entryOf(contributionId);
        (contribution.position, contribution.firstRow) = (entry.position, entry.firstRow);
        contribution.skippedFrom = entry.skippedFrom;
        contribution.incomeMoved = entry.payee != entry.contributor;
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
            // Its reviewers need not open their votes.
            other.voteDeadline = 0;
            _withdraw(holder, other);
        }
        contributionOfRows[datanetId][rowsRoot] = contributionId;
    }

    function _approve(ContributionId contributionId, Contribution storage contribution) internal {
        if (block.timestamp > contribution.revealDeadline) return _accept(contributionId, contribution);
        contribution.status = Status.Approved;
        emit ContributionApproved(contributionId, contribution.revealDeadline + 1);
    }

    function _accept(ContributionId contributionId, Contribution storage contribution) internal {
        DatanetId datanetId = contribution.datanetId;
        uint64 release = uint64(block.timestamp + contribution.stakePeriod);
        contribution.status = Status.Accepted;
        contribution.deadline = release;
        (uint32 position, uint64 firstRow, bytes32 leaf) = LEDGER.accept(
            contributionId,
            datanetId,
            contribution.contributor,
            contribution.contentId,
            contribution.rowsRoot,
            contribution.rowCount
        );
        emit ContributionAccepted(
            contributionId, datanetId, contribution.contributor, position, firstRow, leaf, release
        );
    }

    /// @dev Its rows are free again: what was rejected here may be another's good contribution.
    function _reject(ContributionId contributionId, Contribution storage contribution) internal {
        contribution.status = Status.Rejected;
        contributionOfRows[contribution.datanetId][contribution.rowsRoot] = NO_CONTRIBUTION;
        emit ContributionRejected(
            contributionId, contribution.datanetId, contribution.contributor, contribution.stake
        );
        _loseStake(contributionId, contribution, "rejected");
    }

    function _withdraw(ContributionId contributionId, Contribution storage contribution) internal {
        contribution.status = Status.Withdrawn;
        emit ContributionWithdrawn(contributionId, contribution.datanetId, contribution.contributor);
        _returnStake(contributionId, contribution);
    }

    /// @dev It waits for an appeal.
    function _loseStake(ContributionId contributionId, Contribution storage contribution, bytes32 reason)
        internal
    {
        contribution.stakeHeld = false;
        STAKES.lose(contributionId, reason);
    }

    function _returnStake(ContributionId contributionId, Contribution storage contribution) private {
        contribution.stakeHeld = false;
        STAKES.giveBack(contributionId);
    }

    /// @dev Reviewers that can vote on a contributor's contributions.
    function _seats(Datanet storage datanet, DatanetId datanetId, address contributor)
        internal
        view
        returns (uint256)
    {
        return REVIEWERS.isReviewer(datanetId, contributor) ? datanet.reviewers - 1 : datanet.reviewers;
    }

    function _expectStatus(ContributionId contributionId, Contribution storage contribution, Status status)
        internal
        view
    {
        if (contribution.status != status) revert StatusMismatch(contributionId, contribution.status);
    }
}

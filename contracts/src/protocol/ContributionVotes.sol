// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDatanetRegistry} from "../interfaces/protocol/IDatanetRegistry.sol";
import {Contributions} from "./Contributions.sol";
import {ContributionId, DatanetId, NO_CONTRIBUTION} from "./Types.sol";

/// @title Reviewers' votes on contributions, and what they decide.
abstract contract ContributionVotes is Contributions {
    bytes32 private constant OPENED = bytes32(uint256(1));
    bytes32 private constant FORFEITED = bytes32(uint256(2));

    /// @notice The contract that decides proofs of plagiarism.
    address public immutable PLAGIARISM;

    mapping(ContributionId contributionId => mapping(address reviewer => bytes32)) private _votes;
    mapping(ContributionId contributionId => mapping(address reviewer => bool)) private _hasVotedExclude;
    mapping(ContributionId contributionId => uint256) private _excludeVotes;

    constructor(address plagiarism) {
        PLAGIARISM = plagiarism;
    }

    /// @inheritdoc IDatanetRegistry
    function commitVote(ContributionId contributionId, bytes32 voteHash) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Revealed);
        if (msg.sender == contribution.contributor) revert OwnContribution(contributionId);
        uint64 until = contribution.deadline + contribution.revealPeriod;
        REVIEWERS.bindVote(contribution.datanetId, msg.sender, until);
        if (_votes[contributionId][msg.sender] != 0) revert AlreadyVoted(msg.sender);
        if (block.timestamp > contribution.deadline || _allVoted(contribution)) {
            revert ReviewOver(contribution.deadline);
        }
        if (uint256(voteHash) <= uint256(FORFEITED)) revert CommitmentEmpty();
        _votes[contributionId][msg.sender] = voteHash;
        contribution.votes++;
        emit VoteCommitted(contributionId, msg.sender);
        if (!_allVoted(contribution)) return;
        (contribution.deadline, contribution.voteDeadline) =
        (uint64(block.timestamp), uint64(block.timestamp));
    }

    /// @inheritdoc IDatanetRegistry
    function revealVote(ContributionId contributionId, bool approve, bytes32 reasonHash, bytes32 salt)
        external
    {
        Contribution storage contribution = _contributions[contributionId];
        _checkRevealTime(contribution);
        bytes32 committed = _votes[contributionId][msg.sender];
        if (committed == 0) revert VoteMissing(msg.sender);
        if (committed == OPENED) revert AlreadyVoted(msg.sender);
        bytes32 revealed = voteHashOf(contributionId, msg.sender, approve, reasonHash, salt);
        if (revealed != committed) revert VoteMismatch(committed, revealed);
        _votes[contributionId][msg.sender] = OPENED;
        emit ContributionReviewed(contributionId, msg.sender, approve, reasonHash);
        REVIEWERS.openVote(contribution.datanetId, contributionId, msg.sender);
        // What comes after the decision is paid and counts no more.
        if (contribution.status != Status.Revealed) return;
        Datanet storage datanet = _datanet(contribution.datanetId);
        if (approve) {
            if (++contribution.approvals >= datanet.quorum) _approve(contributionId, contribution);
            return;
        }
        uint256 seats = _seats(datanet, contribution.datanetId, contribution.contributor);
        if (++contribution.rejections + datanet.quorum > seats) _reject(contributionId, contribution);
    }

    /// @inheritdoc IDatanetRegistry
    function forfeitVote(ContributionId contributionId, address reviewer) external {
        Contribution storage contribution = _contributions[contributionId];
        uint64 end = contribution.voteDeadline + contribution.revealPeriod;
        if (contribution.voteDeadline == 0) revert VoteMissing(reviewer);
        if (block.timestamp <= end) revert TooEarly(end);
        bytes32 committed = _votes[contributionId][reviewer];
        if (uint256(committed) <= uint256(FORFEITED)) revert VoteMissing(reviewer);
        _votes[contributionId][reviewer] = FORFEITED;
        REVIEWERS.forfeit(contribution.datanetId, reviewer);
    }

    /// @inheritdoc IDatanetRegistry
    function voteHashOf(
        ContributionId contributionId,
        address reviewer,
        bool approve,
        bytes32 reasonHash,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(contributionId, reviewer, approve, reasonHash, salt));
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
        uint64 end = contribution.voteDeadline + contribution.revealPeriod;
        if (block.timestamp <= end) revert TooEarly(end);
        contributionOfRows[contribution.datanetId][contribution.rowsRoot] = NO_CONTRIBUTION;
        _withdraw(contributionId, contribution);
    }

    /// @inheritdoc IDatanetRegistry
    function voteExclude(ContributionId contributionId, bytes32 reasonHash) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Accepted);
        REVIEWERS.checkBonded(contribution.datanetId, msg.sender);
        if (_hasVotedExclude[contributionId][msg.sender]) revert AlreadyVoted(msg.sender);
        _hasVotedExclude[contributionId][msg.sender] = true;
        emit ExclusionVoted(contributionId, msg.sender, reasonHash);
        if (++_excludeVotes[contributionId] < _datanet(contribution.datanetId).quorum) return;
        uint128 slashed = contribution.stakeHeld ? contribution.stake : 0;
        _skip(contributionId, contribution, "excluded", slashed);
        if (contribution.stakeHeld) _loseStake(contributionId, contribution, "excluded");
    }

    /// @inheritdoc IDatanetRegistry
    function retire(ContributionId contributionId) external {
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (msg.sender != contribution.contributor) revert NotContributor(msg.sender);
        _skip(contributionId, contribution, "retired", 0);
    }

    /// @inheritdoc IDatanetRegistry
    function skipPlagiarism(ContributionId contributionId) external {
        if (msg.sender != PLAGIARISM) revert NotPlagiarism(msg.sender);
        Contribution storage contribution = _contributions[contributionId];
        _expectStatus(contributionId, contribution, Status.Accepted);
        if (!contribution.stakeHeld) revert StatusMismatch(contributionId, contribution.status);
        _skip(contributionId, contribution, "plagiarism", contribution.stake);
        // Its taking is the proof's.
        contribution.stakeHeld = false;
    }

    function _skip(
        ContributionId contributionId,
        Contribution storage contribution,
        bytes32 reason,
        uint128 slashed
    ) private {
        uint32 from = LEDGER.skip(contributionId);
        emit ContributionSkipped(contributionId, contribution.datanetId, reason, from, slashed);
    }

    function _checkRevealTime(Contribution storage contribution) private view {
        uint256 from = _allVoted(contribution) ? contribution.voteDeadline : contribution.voteDeadline + 1;
        uint256 until = contribution.voteDeadline + contribution.revealPeriod;
        bool isTime = contribution.voteDeadline != 0 && block.timestamp >= from && block.timestamp <= until;
        if (!isTime) revert NotRevealTime(from, until);
    }

    function _allVoted(Contribution storage contribution) private view returns (bool) {
        DatanetId datanetId = contribution.datanetId;
        return contribution.votes >= _seats(_datanet(datanetId), datanetId, contribution.contributor);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICirclePanels} from "../interfaces/circle/ICirclePanels.sol";
import {PanelId} from "./CircleTypes.sol";

/// @title CircleVotes
/// @notice What a drawn reviewer does: commits to a score and a reason, reveals both, or gives its seat up.
abstract contract CircleVotes is ICirclePanels {
    uint8 public constant PASS_SCORE = 60;
    uint8 public constant MAX_SCORE = 100;
    /// @notice Bytes of a reason.
    uint256 public constant MAX_REASON = 1_024;

    uint64 public immutable COMMIT_PERIOD;
    uint64 public immutable REVEAL_PERIOD;

    mapping(PanelId panelId => Panel) internal _panels;
    mapping(PanelId panelId => mapping(address reviewer => Vote)) internal _votes;

    constructor(uint64 commitPeriod, uint64 revealPeriod) {
        if (commitPeriod == 0 || revealPeriod == 0) revert PanelPeriodZero();
        (COMMIT_PERIOD, REVEAL_PERIOD) = (commitPeriod, revealPeriod);
    }

    /// @inheritdoc ICirclePanels
    function recuse(PanelId panelId, bytes32 reason) external {
        Vote storage vote = _voteToCommit(panelId);
        vote.isSeated = false;
        emit CircleRecused(panelId, msg.sender, reason);
    }

    /// @inheritdoc ICirclePanels
    function commit(PanelId panelId, bytes32 commitment) external {
        if (commitment == 0) revert CommitmentEmpty();
        _voteToCommit(panelId).commitment = commitment;
        emit CircleVoteCommitted(panelId, msg.sender);
    }

    /// @inheritdoc ICirclePanels
    function reveal(PanelId panelId, uint8 score, string calldata reason, bytes32 salt) external {
        Panel storage panel = _expect(panelId, Status.Drawn);
        uint256 from = uint256(panel.drawnAt) + COMMIT_PERIOD;
        _expectTime(from + 1, from + REVEAL_PERIOD);
        Vote storage vote = _votes[panelId][msg.sender];
        if (!vote.isSeated) revert NotSeated(msg.sender);
        if (vote.isRevealed) revert AlreadyRevealed(msg.sender);
        if (score > MAX_SCORE) revert ScoreTooHigh(score, MAX_SCORE);
        if (bytes(reason).length > MAX_REASON) revert ReasonLength(bytes(reason).length, MAX_REASON);
        bytes32 revealed = commitmentOf(panelId, msg.sender, score, reason, salt);
        if (revealed != vote.commitment) revert RevealMismatch(vote.commitment, revealed);
        (vote.isRevealed, vote.score) = (true, score);
        panel.revealed++;
        panel.scoreSum += score;
        if (score >= PASS_SCORE) panel.passed++;
        if (score == 0) panel.zeros++;
        emit CircleVoteRevealed(panelId, msg.sender, score, reason);
    }

    /// @inheritdoc ICirclePanels
    function commitmentOf(
        PanelId panelId,
        address reviewer,
        uint8 score,
        string calldata reason,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(panelId, reviewer, score, keccak256(bytes(reason)), salt));
    }

    /// @inheritdoc ICirclePanels
    function voteOf(PanelId panelId, address reviewer) external view returns (Vote memory) {
        return _votes[panelId][reviewer];
    }

    function _expect(PanelId panelId, Status status) internal view returns (Panel storage panel) {
        panel = _panels[panelId];
        if (panel.status != status) revert PanelStatus(panelId, panel.status);
    }

    function _expectTime(uint256 from, uint256 until) internal view {
        if (block.timestamp < from || block.timestamp > until) revert PanelNotNow(from, until);
    }

    function _voteToCommit(PanelId panelId) private view returns (Vote storage vote) {
        Panel storage panel = _expect(panelId, Status.Drawn);
        _expectTime(panel.drawnAt, uint256(panel.drawnAt) + COMMIT_PERIOD);
        vote = _votes[panelId][msg.sender];
        if (!vote.isSeated) revert NotSeated(msg.sender);
        if (vote.commitment != 0) revert AlreadyCommitted(msg.sender);
    }
}

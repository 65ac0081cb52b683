// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GrantId, PanelId} from "../../circle/CircleTypes.sol";

/// @title Panels of reviewers that judge applications and milestones.
/// @notice Opening a panel freezes who may be drawn and names an L1 block that nobody knows; its hash draws the seats. Drawn reviewers
/// commit to a score and a reason, then reveal both. A panel decides if more than half of its seats reveal: passed by scores of
/// PASS_SCORE and above from more than half of those that did (the median), spam by scores of 0 from more than half. Who reveals is paid,
/// who is silent loses a part of its bond. Wei and seconds.
interface ICirclePanels {
    /// @notice Opened waits for its draw, Drawn is judging, the next three are verdicts; Undecided had too few votes, Replaced has a
    /// successor.
    enum Status {
        None,
        Opened,
        Drawn,
        Passed,
        Failed,
        Spam,
        Undecided,
        Replaced
    }

    /// @param seats Reviewers to draw.
    /// @param revealed Votes that were revealed; `passed` and `zeros` of them.
    /// @param scoreSum Of the revealed votes.
    /// @param openedAt When the list of reviewers was frozen.
    /// @param seedBlock L1 block that draws.
    /// @param pot Wei for those that reveal.
    /// @param eligible Seats that may be drawn, a bit each.
    struct Panel {
        GrantId grantId;
        Status status;
        uint8 seats;
        uint8 revealed;
        uint8 passed;
        uint8 zeros;
        uint16 scoreSum;
        uint64 openedAt;
        uint64 seedBlock;
        uint64 drawnAt;
        uint128 pot;
        uint256 eligible;
    }

    /// @param isSeated Drawn, and not recused since.
    struct Vote {
        bool isSeated;
        bool isRevealed;
        uint8 score;
        bytes32 commitment;
    }

    event CirclePanelOpened(PanelId indexed panelId, GrantId indexed grantId, uint8 seats, uint64 seedBlock);
    event CirclePanelDrawn(PanelId indexed panelId, GrantId indexed grantId, address[] reviewers);
    event CircleRecused(PanelId indexed panelId, address indexed reviewer, bytes32 reason);
    event CircleVoteCommitted(PanelId indexed panelId, address indexed reviewer);
    event CircleVoteRevealed(PanelId indexed panelId, address indexed reviewer, uint8 score, string reason);
    event CirclePanelClosed(
        PanelId indexed panelId,
        GrantId indexed grantId,
        Status status,
        uint8 revealed,
        uint8 passed,
        uint16 scoreSum
    );

    error NotCircle(address caller);
    error PanelPeriodZero();
    /// @notice The L1 block that draws comes later than the last time to draw.
    error PanelDrawPeriod(uint256 period, uint256 seedWait);
    error PanelExitDelay(uint256 exitDelay, uint256 required);
    error PanelStatus(PanelId panelId, Status status);
    error PanelTooSmall(uint256 eligible, uint256 seats);
    error PanelNotNow(uint256 from, uint256 until);
    error NotSeated(address caller);
    error CommitmentEmpty();
    error AlreadyCommitted(address caller);
    error AlreadyRevealed(address caller);
    error RevealMismatch(bytes32 committed, bytes32 revealed);
    error ScoreTooHigh(uint8 score, uint8 most);
    error ReasonLength(uint256 length, uint256 most);

    /// @notice Opens a panel of `seats`; the value sent is what its members are paid. For OpenCircle.
    function open(GrantId grantId, uint8 seats, address applicant, address payee)
        external
        payable
        returns (PanelId);

    /// @notice Opens another one in the place of one that is Undecided, with what is left of its pot. For OpenCircle.
    function reopen(PanelId panelId, address applicant, address payee) external returns (PanelId next);

    /// @notice Leaves to `asker` what is left of the pot of one that is Undecided: it gets no successor. For OpenCircle.
    function abandon(PanelId panelId, address asker) external;

    /// @notice Draws the seats once Seeds has the panel's L1 block, within DRAW_PERIOD. Anybody may call.
    function draw(PanelId panelId) external;

    /// @notice A drawn reviewer gives its seat up because it has to do with the grant, before it commits: it is neither paid nor slashed.
    /// @param reason Hash of the reason's text.
    function recuse(PanelId panelId, bytes32 reason) external;

    /// @notice A drawn reviewer's commitment, within COMMIT_PERIOD of the draw.
    function commit(PanelId panelId, bytes32 commitment) external;

    /// @notice Opens a commitment, in the REVEAL_PERIOD after that.
    /// @param score 0 (no serious application, or no evidence at all) to 100.
    /// @param reason At most MAX_REASON bytes.
    function reveal(PanelId panelId, uint8 score, string calldata reason, bytes32 salt) external;

    /// @notice Counts once its time is over, or its time to be drawn: pays those that revealed, slashes the silent, leaves the rest of the
    /// pot to `asker` if there is a verdict. For OpenCircle.
    function close(PanelId panelId, address asker) external returns (Status);

    function commitmentOf(
        PanelId panelId,
        address reviewer,
        uint8 score,
        string calldata reason,
        bytes32 salt
    ) external pure returns (bytes32);
    function panelOf(PanelId panelId) external view returns (Panel memory);
    function isUndecided(PanelId panelId) external view returns (bool);
    function voteOf(PanelId panelId, address reviewer) external view returns (Vote memory);
    function membersOf(PanelId panelId) external view returns (address[] memory);
    function panelCount() external view returns (uint256);
    /// @notice Wei of pots; the balance is never less.
    function held() external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Focus, GrantId, PanelId, Tier} from "../../circle/CircleTypes.sol";

/// @title Grants for those who build on the chain.
/// @notice An application waits for declared conflicts, then a drawn panel judges it; what passed is approved at the price of the day,
/// the largest tier only with a passed proposal besides. Each milestone's evidence is judged by a new panel, whose vote releases the
/// milestone's part. What is overdue lapses, governance can claw back what is not released. Who asks a panel pays it. Whole dollars,
/// wei of OPEN, seconds.
interface IOpenCircle {
    /// @notice Judged has passed and waits for its approval; Active works on its next milestone, Reported waits for a panel on it.
    enum Status {
        None,
        Applied,
        Judged,
        Refused,
        Withdrawn,
        Active,
        Reported,
        Done,
        Lapsed,
        ClawedBack
    }

    /// @param bps Part of the grant, in 1/10000; all of them sum to 10000, the first is FIRST_BPS_MAX at most.
    /// @param dueIn Seconds from the approval until evidence is due; later for each one than for the one before.
    /// @param criteria Hash of the text that says when it is reached.
    struct Milestone {
        uint16 bps;
        uint64 dueIn;
        bytes32 criteria;
    }

    /// @param payee Gets what is released, and reports.
    /// @param document Hash of the application's text.
    struct Application {
        Tier tier;
        Focus focus;
        uint64 usd;
        address payee;
        bytes32 document;
        Milestone[] milestones;
    }

    /// @param milestone Index of the next one.
    /// @param quarter Whose budget it takes from.
    /// @param askedAt When a panel was last asked for.
    /// @param since When it was judged; once it is approved: when it was.
    /// @param amount Wei that the dollars were worth at its approval.
    /// @param escrow Wei of the deposit and of a panel's pay that are still here.
    /// @param panel The one that judges, or judged, what was last asked; none before it is called.
    struct Grant {
        address applicant;
        Tier tier;
        Focus focus;
        Status status;
        uint8 milestone;
        bool isEndorsed;
        address payee;
        uint32 quarter;
        uint64 usd;
        uint64 askedAt;
        uint64 since;
        uint128 amount;
        uint128 released;
        uint128 escrow;
        PanelId panel;
        bytes32 document;
    }

    event GrantApplied(
        GrantId indexed grantId,
        address indexed applicant,
        address indexed payee,
        Tier tier,
        Focus focus,
        uint64 usd,
        bytes32 document
    );
    event MilestonePlanned(
        GrantId indexed grantId, uint8 indexed milestone, uint16 bps, uint64 dueIn, bytes32 criteria
    );
    event GrantWithdrawn(GrantId indexed grantId);
    event GrantPanelCalled(GrantId indexed grantId, PanelId indexed panelId, uint8 milestone);
    event GrantJudged(GrantId indexed grantId, PanelId indexed panelId, bool passed, bool isSpam);
    event GrantEndorsed(GrantId indexed grantId);
    event GrantApproved(GrantId indexed grantId, uint32 quarter, uint64 usd, uint128 amount);
    event MilestoneReported(GrantId indexed grantId, uint8 indexed milestone, bytes32 evidence);
    event MilestoneReleased(GrantId indexed grantId, uint8 indexed milestone, uint128 amount);
    event MilestoneRefused(GrantId indexed grantId, uint8 indexed milestone, PanelId panelId);
    event GrantDone(GrantId indexed grantId);
    event GrantLapsed(GrantId indexed grantId, uint128 freed);
    event GrantClawedBack(GrantId indexed grantId, bytes32 reason, uint128 freed);

    error GrantStatus(GrantId grantId, Status status);
    error NotApplicant(address caller);
    error NotPayee(address caller);
    error PayeeZero();
    error UsdOutOfTier(uint64 usd, uint64 least, uint64 most);
    error MilestoneCount(uint256 count, uint256 least, uint256 most);
    error MilestoneInvalid(uint256 milestone);
    error ValueMismatch(uint256 sent, uint256 required);
    error PanelMissing(GrantId grantId);
    error GrantTooEarly(uint256 from);
    error GrantTooLate(uint256 until);
    error NeedsProposal(GrantId grantId);
    error NotOverdue(uint256 until);
    /// @notice A panel is at work on the report.
    error PanelRuns(GrantId grantId, PanelId panelId);

    /// @notice Asks for a grant; the value sent is DEPOSIT, which returns unless a panel calls it spam, and the panel's pay.
    function submit(Application calldata application) external payable returns (GrantId grantId);

    /// @notice Takes an application back before its panel is called, or when a panel came to nothing. For the applicant.
    function withdraw(GrantId grantId) external;

    /// @notice Opens the panel that an application or a report waits for, CONFLICT_PERIOD after it was asked for; or another one in the place
    /// of one that came to nothing. Anybody may call.
    function callPanel(GrantId grantId) external returns (PanelId panelId);

    /// @notice Does what a panel whose time is over has decided: judges an application, or releases a milestone. A panel that decided
    /// nothing is then Undecided, and `callPanel` opens another. Anybody may call.
    function decide(GrantId grantId) external;

    /// @notice Lets a grant of the largest tier be approved. For governance: it takes a proposal.
    function endorse(GrantId grantId) external;

    /// @notice Approves what a panel has passed, within APPROVAL_PERIOD: promises its dollars in OPEN by the price of now. Anybody may call.
    function approve(GrantId grantId) external;

    /// @notice Says that the next milestone is reached; the value sent is the panel's pay. For the payee, until GRACE after it is due.
    /// @param evidence Hash of the evidence's text.
    function report(GrantId grantId, bytes32 evidence) external payable;

    /// @notice Ends a grant that is overdue by more than GRACE, that nobody approved in time, or whose report has waited for a verdict for
    /// APPROVAL_PERIOD while no panel is at work on it: its payee has then back what the panel would have been paid. Anybody may call.
    function lapse(GrantId grantId) external;

    /// @notice Ends a grant; what is not released returns to its budget. For governance.
    /// @param reason Hash of the reason's text.
    function clawBack(GrantId grantId, bytes32 reason) external;

    /// @notice Reviewers of a panel for a tier.
    function seatsOf(Tier tier) external view returns (uint8);
    /// @notice Wei that a panel for a tier is paid.
    function panelPay(Tier tier) external view returns (uint128);
    /// @notice Least and most dollars of a tier.
    function boundsOf(Tier tier) external pure returns (uint64 least, uint64 most);
    function grantCount() external view returns (uint256);
    function getGrant(GrantId grantId) external view returns (Grant memory);
    function milestonesOf(GrantId grantId) external view returns (Milestone[] memory);
    /// @notice Wei of deposits and of panels that are not called; the balance is never less.
    function held() external view returns (uint256);
}

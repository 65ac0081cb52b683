// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOpenCircle} from "../interfaces/circle/IOpenCircle.sol";
import {ICirclePanels} from "../interfaces/circle/ICirclePanels.sol";
import {ProtocolParameters} from "../protocol/ProtocolParameters.sol";
import {RewardBalances} from "../protocol/RewardBalances.sol";
import {BPS} from "../protocol/Types.sol";
import {CircleFund} from "./CircleFund.sol";
import {CirclePanels} from "./CirclePanels.sol";
import {GrantId, PanelId, Tier} from "./CircleTypes.sol";

/// @notice Wei, reviewers, seconds.
/// @param reviewFee Wei that each seat of a panel is paid.
/// @param seats Of a panel; `seatsLargest` for the largest tier.
struct CircleRules {
    uint128 deposit;
    uint128 reviewFee;
    uint8 seats;
    uint8 seatsLargest;
    uint64 conflictPeriod;
    uint64 approvalPeriod;
    uint64 grace;
}

/// @title CircleApplications
/// @notice From an application to a panel's verdict on it.
abstract contract CircleApplications is IOpenCircle {
    uint256 public constant MILESTONES_MIN = 2;
    uint256 public constant MILESTONES_MAX = 8;
    /// @notice Largest first milestone, in 1/10000: nobody gets much for a promise.
    uint16 public constant FIRST_BPS_MAX = 2_500;
    /// @notice Latest date of a milestone, in seconds from the approval.
    uint64 public constant DUE_MAX = 730 days;
    /// @dev Of an odd number a majority is always one; one seat would be a judge.
    uint8 private constant SEATS_MIN = 3;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    CircleFund public immutable FUND;
    CirclePanels public immutable PANELS;
    uint128 public immutable DEPOSIT;
    uint128 public immutable REVIEW_FEE;
    uint8 public immutable SEATS;
    uint8 public immutable SEATS_LARGEST;
    /// @notice Seconds in which reviewers declare conflicts before a panel is called.
    uint64 public immutable CONFLICT_PERIOD;
    /// @notice Seconds from a verdict until an approval is too late.
    uint64 public immutable APPROVAL_PERIOD;
    /// @notice Seconds that a milestone may be overdue.
    uint64 public immutable GRACE;

    /// @inheritdoc IOpenCircle
    uint256 public grantCount;
    /// @inheritdoc IOpenCircle
    uint256 public held;
    mapping(GrantId grantId => Grant) internal _grants;
    mapping(GrantId grantId => Milestone[]) internal _milestones;

    error SeatsInvalid(uint8 seats, uint8 seatsLargest);

    constructor(CircleFund fund, CirclePanels panels, CircleRules memory rules) {
        bool isOdd = rules.seats % 2 == 1 && rules.seatsLargest % 2 == 1;
        if (!isOdd || rules.seats < SEATS_MIN || rules.seatsLargest < rules.seats) {
            revert SeatsInvalid(rules.seats, rules.seatsLargest);
        }
        (PARAMETERS, BALANCES, FUND, PANELS) = (fund.PARAMETERS(), fund.BALANCES(), fund, panels);
        (DEPOSIT, REVIEW_FEE) = (rules.deposit, rules.reviewFee);
        (SEATS, SEATS_LARGEST) = (rules.seats, rules.seatsLargest);
        (CONFLICT_PERIOD, APPROVAL_PERIOD, GRACE) = (rules.conflictPeriod, rules.approvalPeriod, rules.grace);
    }

    /// @inheritdoc IOpenCircle
    function submit(Application calldata application) external payable returns (GrantId grantId) {
        _checkApplication(application);
        _checkValue(DEPOSIT + panelPay(application.tier));
        grantId = GrantId.wrap(++grantCount);
        Grant storage grant = _grants[grantId];
        (grant.applicant, grant.payee) = (msg.sender, application.payee);
        (grant.tier, grant.focus, grant.usd) = (application.tier, application.focus, application.usd);
        (grant.document, grant.status) = (application.document, Status.Applied);
        grant.askedAt = uint64(block.timestamp);
        _hold(grant);
        emit GrantApplied(
            grantId,
            msg.sender,
            application.payee,
            application.tier,
            application.focus,
            application.usd,
            application.document
        );
        for (uint8 i = 0; i < application.milestones.length; i++) {
            Milestone calldata milestone = application.milestones[i];
            _milestones[grantId].push(milestone);
            emit MilestonePlanned(grantId, i, milestone.bps, milestone.dueIn, milestone.criteria);
        }
    }

    /// @inheritdoc IOpenCircle
    function withdraw(GrantId grantId) external {
        Grant storage grant = _expect(grantId, Status.Applied);
        if (msg.sender != grant.applicant) revert NotApplicant(msg.sender);
        if (grant.panel.isPanel()) PANELS.abandon(grant.panel, grant.applicant);
        grant.status = Status.Withdrawn;
        emit GrantWithdrawn(grantId);
        _payOut(grantId, grant, grant.applicant);
    }

    /// @inheritdoc IOpenCircle
    function callPanel(GrantId grantId) external returns (PanelId panelId) {
        Grant storage grant = _grants[grantId];
        if (grant.status != Status.Applied && grant.status != Status.Reported) {
            revert GrantStatus(grantId, grant.status);
        }
        if (grant.panel.isPanel()) {
            panelId = PANELS.reopen(grant.panel, grant.applicant, grant.payee);
        } else {
            uint256 from = uint256(grant.askedAt) + CONFLICT_PERIOD;
            if (block.timestamp < from) revert GrantTooEarly(from);
            uint128 pay = panelPay(grant.tier);
            grant.escrow -= pay;
            held -= pay;
            panelId = PANELS.open{value: pay}(grantId, seatsOf(grant.tier), grant.applicant, grant.payee);
        }
        grant.panel = panelId;
        emit GrantPanelCalled(grantId, panelId, grant.milestone);
    }

    /// @inheritdoc IOpenCircle
    function getGrant(GrantId grantId) external view returns (Grant memory) {
        return _grants[grantId];
    }

    /// @inheritdoc IOpenCircle
    function milestonesOf(GrantId grantId) external view returns (Milestone[] memory) {
        return _milestones[grantId];
    }

    /// @inheritdoc IOpenCircle
    function seatsOf(Tier tier) public view returns (uint8) {
        return tier == Tier.Expansion ? SEATS_LARGEST : SEATS;
    }

    /// @inheritdoc IOpenCircle
    function panelPay(Tier tier) public view returns (uint128) {
        return REVIEW_FEE * seatsOf(tier);
    }

    /// @inheritdoc IOpenCircle
    function boundsOf(Tier tier) public pure returns (uint64 least, uint64 most) {
        if (tier == Tier.Exploration) return (25_000, 50_000);
        return tier == Tier.Building ? (50_000, 150_000) : (250_000, 500_000);
    }

    /// @dev The deposit returns but for spam: then the treasury has it.
    function _judge(GrantId grantId, Grant storage grant, ICirclePanels.Status verdict) internal {
        bool isPassed = verdict == ICirclePanels.Status.Passed;
        bool isSpam = verdict == ICirclePanels.Status.Spam;
        (grant.status, grant.since) = (isPassed ? Status.Judged : Status.Refused, uint64(block.timestamp));
        emit GrantJudged(grantId, grant.panel, isPassed, isSpam);
        _payOut(grantId, grant, isSpam ? PARAMETERS.parameters().treasury : grant.applicant);
    }

    function _hold(Grant storage grant) internal {
        grant.escrow += uint128(msg.value);
        held += msg.value;
    }

    function _payOut(GrantId grantId, Grant storage grant, address to) internal {
        uint128 amount = grant.escrow;
        grant.escrow = 0;
        held -= amount;
        if (amount > 0) BALANCES.creditFor{value: amount}(to, "circle deposit", GrantId.unwrap(grantId));
    }

    function _expect(GrantId grantId, Status status) internal view returns (Grant storage grant) {
        grant = _grants[grantId];
        if (grant.status != status) revert GrantStatus(grantId, grant.status);
    }

    function _checkValue(uint256 required) internal view {
        if (msg.value != required) revert ValueMismatch(msg.value, required);
    }

    function _checkApplication(Application calldata application) private pure {
        (uint64 least, uint64 most) = boundsOf(application.tier);
        if (application.usd < least || application.usd > most) {
            revert UsdOutOfTier(application.usd, least, most);
        }
        if (application.payee == address(0)) revert PayeeZero();
        uint256 count = application.milestones.length;
        if (count < MILESTONES_MIN || count > MILESTONES_MAX) {
            revert MilestoneCount(count, MILESTONES_MIN, MILESTONES_MAX);
        }
        uint256 sum = 0;
        uint64 before = 0;
        for (uint256 i = 0; i < count; i++) {
            Milestone calldata milestone = application.milestones[i];
            bool isTooLarge = milestone.bps == 0 || (i == 0 && milestone.bps > FIRST_BPS_MAX);
            if (isTooLarge || milestone.dueIn <= before || milestone.dueIn > DUE_MAX) {
                revert MilestoneInvalid(i);
            }
            sum += milestone.bps;
            before = milestone.dueIn;
        }
        if (sum != BPS) revert MilestoneInvalid(count - 1);
    }
}

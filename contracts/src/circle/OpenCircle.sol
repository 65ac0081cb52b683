// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ICirclePanels} from "../interfaces/circle/ICirclePanels.sol";
import {IOpenCircle} from "../interfaces/circle/IOpenCircle.sol";
import {BPS} from "../protocol/Types.sol";
import {CircleApplications, CircleRules} from "./CircleApplications.sol";
import {CircleFund} from "./CircleFund.sol";
import {CirclePanels} from "./CirclePanels.sol";
import {GrantId, NO_PANEL, Tier} from "./CircleTypes.sol";

/// @title OpenCircle
/// @notice See IOpenCircle.
contract OpenCircle is CircleApplications, Ownable {
    /// @param owner_ Governance.
    constructor(address owner_, CircleFund fund, CirclePanels panels, CircleRules memory rules)
        CircleApplications(fund, panels, rules)
        Ownable(owner_)
    {}

    /// @inheritdoc IOpenCircle
    function decide(GrantId grantId) external {
        Grant storage grant = _grants[grantId];
        Status status = grant.status;
        if (status != Status.Applied && status != Status.Reported && status != Status.ClawedBack) {
            revert GrantStatus(grantId, status);
        }
        if (!grant.panel.isPanel()) revert PanelMissing(grantId);
        bool isApplication = status == Status.Applied;
        ICirclePanels.Status verdict =
            PANELS.close(grant.panel, isApplication ? grant.applicant : grant.payee);
        bool isUndecided = verdict == ICirclePanels.Status.Undecided;
        if (status == Status.ClawedBack) {
            // Too late for a verdict, but its reviewers are paid.
            if (isUndecided) PANELS.abandon(grant.panel, grant.payee);
            return;
        }
        if (isUndecided) return;
        if (isApplication) return _judge(grantId, grant, verdict);
        if (verdict == ICirclePanels.Status.Passed) return _release(grantId, grant);
        grant.status = Status.Active;
        emit MilestoneRefused(grantId, grant.milestone, grant.panel);
    }

    /// @inheritdoc IOpenCircle
    function endorse(GrantId grantId) external onlyOwner {
        Grant storage grant = _grants[grantId];
        bool isAhead = grant.status == Status.Applied || grant.status == Status.Judged;
        if (!isAhead || grant.tier != Tier.Expansion) revert GrantStatus(grantId, grant.status);
        grant.isEndorsed = true;
        emit GrantEndorsed(grantId);
    }

    /// @inheritdoc IOpenCircle
    function approve(GrantId grantId) external {
        Grant storage grant = _expect(grantId, Status.Judged);
        uint256 until = uint256(grant.since) + APPROVAL_PERIOD;
        if (block.timestamp > until) revert GrantTooLate(until);
        if (grant.tier == Tier.Expansion && !grant.isEndorsed) revert NeedsProposal(grantId);
        (grant.status, grant.since) = (Status.Active, uint64(block.timestamp));
        (grant.quarter, grant.amount) = FUND.commit(grantId, grant.focus, grant.usd);
        emit GrantApproved(grantId, grant.quarter, grant.usd, grant.amount);
    }

    /// @inheritdoc IOpenCircle
    function report(GrantId grantId, bytes32 evidence) external payable {
        Grant storage grant = _expect(grantId, Status.Active);
        if (msg.sender != grant.payee) revert NotPayee(msg.sender);
        uint256 until = _lastTime(grantId, grant);
        if (block.timestamp > until) revert GrantTooLate(until);
        _checkValue(panelPay(grant.tier));
        (grant.status, grant.askedAt, grant.panel) = (Status.Reported, uint64(block.timestamp), NO_PANEL);
        _hold(grant);
        emit MilestoneReported(grantId, grant.milestone, evidence);
    }

    /// @inheritdoc IOpenCircle
    function lapse(GrantId grantId) external {
        Grant storage grant = _grants[grantId];
        Status status = grant.status;
        if (status != Status.Judged && status != Status.Active && status != Status.Reported) {
            revert GrantStatus(grantId, status);
        }
        uint256 waits = status == Status.Judged ? grant.since : grant.askedAt;
        uint256 until = status == Status.Active ? _lastTime(grantId, grant) : waits + APPROVAL_PERIOD;
        if (block.timestamp <= until) revert NotOverdue(until);
        bool isReported = status == Status.Reported;
        if (isReported && !_letPanelGo(grant)) revert PanelRuns(grantId, grant.panel);
        grant.status = Status.Lapsed;
        emit GrantLapsed(grantId, status == Status.Judged ? 0 : _free(grantId, grant));
        // What a panel on it would have been paid.
        if (isReported) _payOut(grantId, grant, grant.payee);
    }

    /// @inheritdoc IOpenCircle
    function clawBack(GrantId grantId, bytes32 reason) external onlyOwner {
        Grant storage grant = _grants[grantId];
        if (grant.status != Status.Active && grant.status != Status.Reported) {
            revert GrantStatus(grantId, grant.status);
        }
        _letPanelGo(grant);
        grant.status = Status.ClawedBack;
        emit GrantClawedBack(grantId, reason, _free(grantId, grant));
        // What a panel on it would have been paid.
        _payOut(grantId, grant, grant.payee);
    }

    /// @dev A grant's last part is the rest, so that the parts are the whole.
    function _release(GrantId grantId, Grant storage grant) private {
        uint8 at = grant.milestone++;
        uint256 count = _milestones[grantId].length;
        uint128 amount = grant.amount - grant.released;
        if (grant.milestone < count) {
            amount = uint128(uint256(grant.amount) * _milestones[grantId][at].bps / BPS);
        }
        grant.released += amount;
        grant.status = grant.milestone < count ? Status.Active : Status.Done;
        emit MilestoneReleased(grantId, at, amount);
        FUND.release(grantId, grant.quarter, grant.focus, grant.payee, amount);
        if (grant.status == Status.Done) emit GrantDone(grantId);
    }

    /// @dev A panel that ended undecided has a pot that nobody would ask for any more.
    /// @return isIdle No panel is at work.
    function _letPanelGo(Grant storage grant) private returns (bool isIdle) {
        if (!grant.panel.isPanel()) return true;
        isIdle = PANELS.isUndecided(grant.panel);
        if (isIdle) PANELS.abandon(grant.panel, grant.payee);
    }

    function _free(GrantId grantId, Grant storage grant) private returns (uint128 amount) {
        amount = grant.amount - grant.released;
        uint64 usd = uint64(uint256(grant.usd) * amount / grant.amount);
        FUND.free(grantId, grant.quarter, grant.focus, usd, amount);
    }

    /// @dev Until when the next milestone may be reported.
    function _lastTime(GrantId grantId, Grant storage grant) private view returns (uint256) {
        return uint256(grant.since) + _milestones[grantId][grant.milestone].dueIn + GRACE;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ICircleReviewers} from "../interfaces/circle/ICircleReviewers.sol";
import {ProtocolParameters} from "../protocol/ProtocolParameters.sol";
import {RewardBalances} from "../protocol/RewardBalances.sol";
import {GrantId} from "./CircleTypes.sol";

/// @notice Wei and seconds.
struct ReviewerRules {
    uint128 bond;
    uint64 term;
    uint64 exitDelay;
}

/// @title CircleReviewers
/// @notice See ICircleReviewers.
contract CircleReviewers is ICircleReviewers, Ownable {
    /// @notice Reviewers at most.
    uint256 public constant MAX_SEATS = 128;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    /// @notice Slashes.
    address public immutable PANELS;
    uint128 public immutable BOND;
    /// @notice Seconds for which governance admits.
    uint64 public immutable TERM;
    /// @notice Seconds until what leaves is free; longer than a panel.
    uint64 public immutable EXIT_DELAY;

    /// @inheritdoc ICircleReviewers
    uint256 public held;
    address[] private _members;
    mapping(address account => Reviewer) private _reviewers;
    mapping(address reviewer => mapping(address party => bool)) private _interests;
    mapping(GrantId grantId => mapping(address reviewer => bool)) private _conflicts;

    /// @param owner_ Governance.
    constructor(
        address owner_,
        ProtocolParameters parameters,
        RewardBalances balances,
        address panels,
        ReviewerRules memory rules
    ) Ownable(owner_) {
        if (rules.bond == 0 || rules.term == 0) revert RulesEmpty();
        (PARAMETERS, BALANCES, PANELS) = (parameters, balances, panels);
        (BOND, TERM, EXIT_DELAY) = (rules.bond, rules.term, rules.exitDelay);
    }

    /// @inheritdoc ICircleReviewers
    function admit(address account, uint256 seat) external onlyOwner {
        Reviewer storage reviewer = _reviewers[account];
        if (reviewer.seat == 0) _sit(account, seat);
        // Who left comes back with the bond that it still has here.
        reviewer.leftAt = 0;
        reviewer.termEnds = uint64(block.timestamp) + TERM;
        emit CircleReviewerAdmitted(account, reviewer.seat - 1, reviewer.termEnds);
    }

    /// @inheritdoc ICircleReviewers
    function dismiss(address account, bytes32 reason) external onlyOwner {
        Reviewer storage reviewer = _reviewers[account];
        if (reviewer.seat == 0) revert NotAdmitted(account);
        (reviewer.termEnds, reviewer.leftAt) = (uint64(block.timestamp), uint64(block.timestamp));
        emit CircleReviewerDismissed(account, reason, reviewer.bond);
        _take(reviewer, reviewer.bond);
    }

    /// @inheritdoc ICircleReviewers
    function join() external payable {
        Reviewer storage reviewer = _serving(msg.sender);
        uint256 missing = BOND - reviewer.bond;
        if (msg.value != missing || missing == 0) revert CircleBondMismatch(msg.value, missing);
        (reviewer.bond, reviewer.bondedAt) = (BOND, uint64(block.timestamp));
        held += msg.value;
        emit CircleReviewerBonded(msg.sender, msg.value);
    }

    /// @inheritdoc ICircleReviewers
    function resign() external {
        Reviewer storage reviewer = _reviewers[msg.sender];
        if (reviewer.seat == 0 || reviewer.leftAt != 0) revert NotAdmitted(msg.sender);
        reviewer.leftAt = uint64(block.timestamp);
        emit CircleReviewerLeft(msg.sender);
    }

    /// @inheritdoc ICircleReviewers
    function withdrawBond() external returns (uint256 amount) {
        Reviewer storage reviewer = _reviewers[msg.sender];
        amount = reviewer.bond;
        if (amount == 0) revert BondEmpty();
        if (reviewer.leftAt == 0) revert StillServes(msg.sender);
        uint256 at = uint256(reviewer.leftAt) + EXIT_DELAY;
        if (block.timestamp <= at) revert BondLeavesAt(at);
        reviewer.bond = 0;
        held -= amount;
        emit CircleBondReturned(msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @inheritdoc ICircleReviewers
    function declareInterest(address party, bool declared) external {
        _interests[msg.sender][party] = declared;
        emit InterestDeclared(msg.sender, party, declared);
    }

    /// @inheritdoc ICircleReviewers
    function declareConflict(GrantId grantId, bytes32 reason) external {
        _conflicts[grantId][msg.sender] = true;
        emit ConflictDeclared(grantId, msg.sender, reason);
    }

    /// @inheritdoc ICircleReviewers
    function slash(address account, uint256 amount) external returns (uint256 taken) {
        if (msg.sender != PANELS) revert NotPanels(msg.sender);
        Reviewer storage reviewer = _reviewers[account];
        taken = amount < reviewer.bond ? amount : reviewer.bond;
        emit CircleReviewerSlashed(account, taken);
        _take(reviewer, taken);
    }

    /// @inheritdoc ICircleReviewers
    function eligible(GrantId grantId, address applicant, address payee)
        external
        view
        returns (uint256 seats)
    {
        for (uint256 seat = 0; seat < _members.length; seat++) {
            address account = _members[seat];
            if (account == applicant || account == payee || !_isReady(_reviewers[account])) continue;
            mapping(address party => bool) storage interests = _interests[account];
            if (interests[applicant] || interests[payee] || _conflicts[grantId][account]) continue;
            seats |= 1 << seat;
        }
    }

    /// @inheritdoc ICircleReviewers
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc ICircleReviewers
    function reviewerOf(address account) external view returns (Reviewer memory) {
        return _reviewers[account];
    }

    /// @inheritdoc ICircleReviewers
    function hasInterest(address reviewer, address party) external view returns (bool) {
        return _interests[reviewer][party];
    }

    /// @inheritdoc ICircleReviewers
    function hasConflict(GrantId grantId, address reviewer) external view returns (bool) {
        return _conflicts[grantId][reviewer];
    }

    /// @dev Nobody gets the seat of a reviewer that an open panel may have in its list.
    function _sit(address account, uint256 seat) private {
        if (seat > _members.length || seat >= MAX_SEATS) revert SeatUnknown(seat, MAX_SEATS);
        if (seat == _members.length) {
            _members.push(account);
        } else {
            Reviewer storage before = _reviewers[_members[seat]];
            uint64 leftAt = before.leftAt == 0 ? before.termEnds : before.leftAt;
            uint256 until = uint256(leftAt) + EXIT_DELAY;
            if (block.timestamp <= until) revert SeatTakenUntil(seat, until);
            (before.seat, before.leftAt) = (0, leftAt);
            _members[seat] = account;
        }
        _reviewers[account].seat = uint16(seat + 1);
    }

    function _serving(address account) private view returns (Reviewer storage reviewer) {
        reviewer = _reviewers[account];
        if (reviewer.seat == 0 || reviewer.leftAt != 0) revert NotAdmitted(account);
        if (block.timestamp >= reviewer.termEnds) revert TermEnded(reviewer.termEnds);
    }

    /// @dev Bonded in an earlier block: nobody joins for a draw that it knows of.
    function _isReady(Reviewer storage reviewer) private view returns (bool) {
        return reviewer.leftAt == 0 && reviewer.bond == BOND && reviewer.bondedAt < block.timestamp
            && block.timestamp < reviewer.termEnds;
    }

    function _take(Reviewer storage reviewer, uint256 amount) private {
        if (amount == 0) return;
        reviewer.bond -= uint128(amount);
        held -= amount;
        BALANCES.credit{value: amount}(PARAMETERS.parameters().treasury);
    }
}

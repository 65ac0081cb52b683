// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../interfaces/protocol/IAuditCases.sol";
import {IDisputes} from "../interfaces/protocol/IDisputes.sol";
import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {Disputes} from "./Disputes.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {Seeds} from "./Seeds.sol";
import {DisputeId, RequestId} from "./Types.sol";

/// @title Cases of claims that verifiers run again, wherever the claims stand.
abstract contract AuditCases is IAuditCases {
    RewardBalances public immutable BALANCES;
    Disputes public immutable DISPUTES;
    Seeds public immutable SEEDS;
    /// @notice Wei that a first panel gets.
    uint128 public immutable PANEL_FEE;

    /// @notice Wei for audits to come.
    uint256 public fund;
    mapping(RequestId requestId => Case) internal _cases;

    constructor(RewardBalances balances, Disputes disputes, Seeds seeds, uint128 panelFee) {
        (BALANCES, DISPUTES, SEEDS, PANEL_FEE) = (balances, disputes, seeds, panelFee);
    }

    /// @dev What was drawn from RewardBalances.
    receive() external payable {
        _fill();
    }

    /// @inheritdoc IAuditCases
    function dispute(Claim calldata given) external payable returns (DisputeId) {
        (, uint64 deadline) = _claimed(given);
        if (msg.value != PANEL_FEE) revert DepositMismatch(msg.value, PANEL_FEE);
        if (block.timestamp > deadline) revert TooLate(deadline);
        return _open(given, Cause.Disputed, msg.sender, msg.value);
    }

    /// @inheritdoc IAuditCases
    function audit(Claim calldata given) external returns (DisputeId) {
        Cause cause = causeOf(given);
        if (cause == Cause.None) revert NoCause(given.requestId);
        uint256 fee = fund < PANEL_FEE ? fund : PANEL_FEE;
        fund -= fee;
        return _open(given, cause, address(this), fee);
    }

    /// @inheritdoc IAuditCases
    function giveEvidence(Claim calldata given, bytes32 evidenceHash) external {
        (address host,) = _claimed(given);
        if (msg.sender != host) revert NotHost(msg.sender);
        Case storage opened = _case(given.requestId);
        IDisputes.Dispute memory panel = DISPUTES.getDispute(opened.disputeId);
        if (panel.status != IDisputes.Status.Drawn) revert NotYet(panel.seedBlock);
        uint64 deadline = panel.drawnAt + panel.window;
        if (block.timestamp > deadline) revert TooLate(deadline);
        if (opened.evidenceRounds > panel.round) revert EvidenceAlreadyGiven(given.requestId, panel.round);
        opened.evidenceRounds = panel.round + 1;
        emit EvidenceGiven(given.requestId, panel.round, evidenceHash);
    }

    /// @inheritdoc IAuditCases
    function endSilent(Claim calldata given) external {
        _claimed(given);
        Case storage opened = _case(given.requestId);
        IDisputes.Dispute memory panel = DISPUTES.getDispute(opened.disputeId);
        if (panel.status != IDisputes.Status.Drawn) revert NotYet(panel.seedBlock);
        if (opened.evidenceRounds > panel.round) revert EvidenceThere(given.requestId);
        uint64 deadline = panel.drawnAt + panel.window;
        if (block.timestamp <= deadline) revert NotYet(deadline);
        DISPUTES.abandon(opened.disputeId, opened.opener);
        _close(given, opened, false, "evidence withheld");
    }

    /// @inheritdoc IAuditCases
    function appeal(Claim calldata given) external payable {
        _claimed(given);
        if (msg.value != PANEL_FEE) revert DepositMismatch(msg.value, PANEL_FEE);
        Case storage opened = _case(given.requestId);
        IDisputes.Dispute memory panel = DISPUTES.getDispute(opened.disputeId);
        if (panel.value == panel.claimed) opened.opener = msg.sender;
        emit CaseAppealed(given.requestId, opened.disputeId, msg.sender);
        DISPUTES.escalate{value: msg.value}(opened.disputeId);
    }

    /// @inheritdoc IAuditCases
    function conclude(Claim calldata given) external {
        _claimed(given);
        Case storage opened = _case(given.requestId);
        (bool isOver, bool isUpheld) = DISPUTES.verdictOf(opened.disputeId);
        if (!isOver) revert VerdictMissing(opened.disputeId);
        _close(given, opened, isUpheld, "verdict");
    }

    /// @inheritdoc IAuditCases
    function fill() external payable {
        _fill();
    }

    /// @inheritdoc IAuditCases
    function refill() external {
        BALANCES.withdraw(payable(address(this)));
    }

    /// @inheritdoc IAuditCases
    function nextSeed() external view returns (uint64 l1Block) {
        return SEEDS.next();
    }

    /// @inheritdoc IAuditCases
    function caseOf(RequestId requestId) external view returns (Case memory) {
        return _cases[requestId];
    }

    /// @inheritdoc IAuditCases
    function causeOf(Claim calldata given) public view virtual returns (Cause);

    /// @inheritdoc IAuditCases
    function valueOf(Claim calldata given) public pure returns (bytes32) {
        return keccak256(
            abi.encode(
                given.tokensIn,
                given.tokensOut,
                given.outputHash,
                given.queryHash,
                given.earnedBps,
                given.context
            )
        );
    }

    function _open(Claim calldata given, Cause cause, address opener, uint256 fee)
        private
        returns (DisputeId disputeId)
    {
        if (_cases[given.requestId].cause != Cause.None) revert CaseOpen(given.requestId);
        disputeId = DISPUTES.open{value: fee}(valueOf(given));
        _cases[given.requestId] = Case(disputeId, opener, cause, false, 0);
        emit CaseOpened(given.requestId, disputeId, cause, opener);
        _opened(given);
    }

    function _close(Claim calldata given, Case storage opened, bool isUpheld, bytes32 reason) private {
        if (opened.isUpheld) revert NoCase(given.requestId);
        opened.isUpheld = isUpheld;
        emit CaseClosed(given.requestId, opened.disputeId, isUpheld);
        _ended(given);
        if (!isUpheld) _refute(given, opened.opener, reason);
    }

    function _fill() private {
        fund += msg.value;
        emit FundFilled(msg.sender, msg.value);
    }

    function _case(RequestId requestId) private view returns (Case storage opened) {
        opened = _cases[requestId];
        if (opened.cause == Cause.None) revert NoCase(requestId);
    }

    /// @dev The host of a claim that stands as given and is neither settled nor refuted, and until when it can be disputed.
    function _claimed(Claim calldata given) internal view virtual returns (address host, uint64 deadline);

    function _refute(Claim calldata given, address by, bytes32 reason) internal virtual;

    /// @dev For who counts open cases.
    function _opened(Claim calldata given) internal virtual {}

    function _ended(Claim calldata given) internal virtual {}
}

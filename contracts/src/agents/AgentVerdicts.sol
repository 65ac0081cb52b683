// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentDeeds} from "../interfaces/agents/IAgentDeeds.sol";
import {IAgentVerdicts} from "../interfaces/agents/IAgentVerdicts.sol";
import {Disputes} from "../protocol/Disputes.sol";
import {ProtocolParameters} from "../protocol/ProtocolParameters.sol";
import {RewardBalances} from "../protocol/RewardBalances.sol";
import {BPS, DisputeId} from "../protocol/Types.sol";
import {AgentDeeds} from "./AgentDeeds.sol";
import {AgentStakes} from "./AgentStakes.sol";
import {DeedId} from "./AgentTypes.sol";

/// @title AgentVerdicts
/// @notice See IAgentVerdicts.
contract AgentVerdicts is IAgentVerdicts {
    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    AgentStakes public immutable STAKES;
    AgentDeeds public immutable DEEDS;
    Disputes public immutable DISPUTES;
    /// @notice Wei of a panel.
    uint128 public immutable PANEL_FEE;
    /// @notice Part of the stake that a verdict takes, in 1/10000.
    uint16 public immutable SLASH_BPS;
    /// @notice Seconds after a deed in which it can be accused.
    uint64 public immutable ACCUSE_PERIOD;

    mapping(DeedId deedId => Case) private _cases;

    constructor(
        AgentStakes stakes,
        AgentDeeds deeds,
        Disputes disputes,
        uint128 panelFee,
        uint16 slashBps,
        uint64 accusePeriod
    ) {
        // A stake is there until whoever accuses last has had all panels.
        uint256 longest = uint256(accusePeriod) + disputes.POOL().EXIT_DELAY();
        bool isShort = stakes.EXIT_DELAY() <= longest;
        if (isShort || slashBps == 0 || slashBps > BPS) revert VerdictRules();
        (PARAMETERS, BALANCES) = (disputes.PARAMETERS(), disputes.BALANCES());
        (STAKES, DEEDS, DISPUTES) = (stakes, deeds, disputes);
        (PANEL_FEE, SLASH_BPS, ACCUSE_PERIOD) = (panelFee, slashBps, accusePeriod);
    }

    receive() external payable {
        if (msg.sender != address(STAKES)) revert NotStakes(msg.sender);
    }

    /// @inheritdoc IAgentVerdicts
    function accuse(DeedId deedId, bytes32 reason) external payable returns (DisputeId disputeId) {
        IAgentDeeds.Deed memory deed = DEEDS.deedOf(deedId);
        if (!deed.agentId.isAgent()) revert DeedNotThere(deedId);
        Case storage one = _cases[deedId];
        if (one.status != Status.None) revert CaseStatus(deedId, one.status);
        if (msg.value != PANEL_FEE) revert PanelFeeMismatch(msg.value, PANEL_FEE);
        uint256 until = uint256(deed.at) + ACCUSE_PERIOD;
        if (block.timestamp > until) revert AccusedTooLate(until);
        (one.accuser, one.status, one.reason) = (msg.sender, Status.Accused, reason);
        disputeId = DISPUTES.open{value: msg.value}(valueOf(deedId, true));
        one.disputeId = disputeId;
        emit DeedAccused(deedId, disputeId, msg.sender, reason);
    }

    /// @inheritdoc IAgentVerdicts
    function appeal(DeedId deedId) external payable {
        Case storage one = _accused(deedId);
        if (msg.value != PANEL_FEE) revert PanelFeeMismatch(msg.value, PANEL_FEE);
        emit DeedAppealed(deedId, msg.sender);
        DISPUTES.escalate{value: msg.value}(one.disputeId);
    }

    /// @inheritdoc IAgentVerdicts
    function judge(DeedId deedId) external {
        Case storage one = _accused(deedId);
        (bool isOver, bool isUpheld) = DISPUTES.verdictOf(one.disputeId);
        if (!isOver) revert VerdictMissing(one.disputeId);
        one.status = isUpheld ? Status.Upheld : Status.Condemned;
        IAgentDeeds.Deed memory deed = DEEDS.deedOf(deedId);
        uint256 lost = 0;
        if (!isUpheld) {
            if (!deed.isTainted) DEEDS.taintByVerdict(deedId);
            lost = _slash(deed, deedId, one.accuser);
        }
        emit DeedJudged(deedId, deed.agentId, isUpheld, lost);
    }

    /// @inheritdoc IAgentVerdicts
    function valueOf(DeedId deedId, bool followed) public view returns (bytes32) {
        return keccak256(abi.encode(bytes32("deed"), deedId, _cases[deedId].reason, followed));
    }

    /// @inheritdoc IAgentVerdicts
    function caseOf(DeedId deedId) external view returns (Case memory) {
        return _cases[deedId];
    }

    function _slash(IAgentDeeds.Deed memory deed, DeedId deedId, address accuser)
        private
        returns (uint256 lost)
    {
        uint256 whole =
            uint256(STAKES.getAgent(deed.agentId).stake) + STAKES.getAgent(deed.agentId).leaving;
        lost = STAKES.slash(deed.agentId, whole * SLASH_BPS / BPS);
        if (lost == 0) return 0;
        uint256 found = lost / 2;
        BALANCES.creditFor{value: found}(accuser, "deed", DeedId.unwrap(deedId));
        BALANCES.creditFor{value: lost - found}(
            PARAMETERS.parameters().treasury, "deed", DeedId.unwrap(deedId)
        );
    }

    function _accused(DeedId deedId) private view returns (Case storage one) {
        one = _cases[deedId];
        if (one.status != Status.Accused) revert CaseStatus(deedId, one.status);
    }
}

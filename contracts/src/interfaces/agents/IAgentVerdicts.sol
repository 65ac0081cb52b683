// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentId, DeedId} from "../../agents/AgentTypes.sol";
import {DisputeId} from "../../protocol/Types.sol";

/// @title Verdicts on deeds.
/// @notice Whoever thinks that a deed does not follow from its answers under its agent's policy pays a panel of verifiers. Only their
/// verdict takes of a stake: SLASH_BPS of it, half to the accuser, half to the treasury.
interface IAgentVerdicts {
    enum Status {
        None,
        Accused,
        Upheld,
        Condemned
    }

    struct Case {
        address accuser;
        Status status;
        DisputeId disputeId;
        bytes32 reason;
    }

    event DeedAccused(
        DeedId indexed deedId, DisputeId indexed disputeId, address indexed accuser, bytes32 reason
    );
    event DeedAppealed(DeedId indexed deedId, address indexed by);
    event DeedJudged(DeedId indexed deedId, AgentId indexed agentId, bool upheld, uint256 lost);

    error DeedNotThere(DeedId deedId);
    error CaseStatus(DeedId deedId, Status status);
    error AccusedTooLate(uint256 until);
    error PanelFeeMismatch(uint256 sent, uint256 required);
    error VerdictMissing(DisputeId disputeId);
    error VerdictRules();
    error NotStakes(address sender);

    /// @notice Asks a panel about a deed of the last ACCUSE_PERIOD; the value sent is PANEL_FEE. A deed is accused once.
    /// @param reason Hash of the text that says why it does not follow.
    function accuse(DeedId deedId, bytes32 reason) external payable returns (DisputeId disputeId);

    /// @notice Asks the next panel, for PANEL_FEE. Anybody may call.
    function appeal(DeedId deedId) external payable;

    /// @notice Does what the last panel has said. Anybody may call.
    function judge(DeedId deedId) external;

    /// @notice What verifiers reveal who say that the deed followed, or did not.
    function valueOf(DeedId deedId, bool followed) external view returns (bytes32);
    function caseOf(DeedId deedId) external view returns (Case memory);
}

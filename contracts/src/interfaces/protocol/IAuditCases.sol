// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeId, RequestId} from "../../protocol/Types.sol";
import {Claim} from "./IInferenceMarket.sol";

/// @title Claims that verifiers run again: those that somebody disputes, those that chance draws, and those of convicted hosts.
/// @notice What arithmetic can't decide: the answer, its sketch, the counts of tokens, how much the adapter earned. Each claim or epoch
/// names the L1 block that says what is audited of it when it is posted, so nobody knows before. A claim that is drawn, or that was
/// open when its host was convicted of a lie, is settled only after a panel upheld it. Who disputes pays the panel, and gets a
/// challenger's half when the claim falls; audits are paid from a fund that gets the half of the lies that they find. Wei and seconds.
interface IAuditCases {
    enum Cause {
        None,
        Disputed,
        Drawn,
        Convicted
    }

    /// @param opener Who disputed; this contract for audits.
    /// @param isUpheld A panel found the same as the host.
    /// @param evidenceRounds Rounds for which the host gave evidence.
    struct Case {
        DisputeId disputeId;
        address opener;
        Cause cause;
        bool isUpheld;
        uint8 evidenceRounds;
    }

    event CaseOpened(
        RequestId indexed requestId, DisputeId indexed disputeId, Cause indexed cause, address opener
    );
    /// @notice Prompt, parameters and answer, each encrypted to a panel member's key, by the hash under which they are published.
    event EvidenceGiven(RequestId indexed requestId, uint8 indexed round, bytes32 evidenceHash);
    event CaseClosed(RequestId indexed requestId, DisputeId indexed disputeId, bool isUpheld);
    event CaseAppealed(RequestId indexed requestId, DisputeId indexed disputeId, address indexed by);
    event FundFilled(address indexed by, uint256 amount);

    error DepositMismatch(uint256 sent, uint256 required);
    error CaseOpen(RequestId requestId);
    error NoCase(RequestId requestId);
    error NoCause(RequestId requestId);
    error TooLate(uint256 deadline);
    error NotYet(uint256 deadline);
    error NotHost(address caller);
    error EvidenceAlreadyGiven(RequestId requestId, uint8 round);
    error EvidenceThere(RequestId requestId);
    error UnderDispute(RequestId requestId);
    error AuditDue(RequestId requestId, Cause cause);
    error VerdictMissing(DisputeId disputeId);

    /// @notice Has a panel run a claim again, for the panel's fee. Anybody may, until the claim's window ends; once for each claim.
    function dispute(Claim calldata given) external payable returns (DisputeId disputeId);

    /// @notice Opens the audit that a claim is due. Anybody may.
    function audit(Claim calldata given) external returns (DisputeId disputeId);

    /// @notice The host's evidence for the round that is drawn, within a window of the draw.
    function giveEvidence(Claim calldata given, bytes32 evidenceHash) external;

    /// @notice Refutes a claim whose host gave no evidence in time; the panel's fee returns. Anybody may call.
    function endSilent(Claim calldata given) external;

    /// @notice Has a larger panel look again within a window of the verdict, for the panel's fee. Anybody may; whoever does so after a
    /// claim was upheld gets the challenger's half if it falls.
    function appeal(Claim calldata given) external payable;

    /// @notice Acts on the panel's verdict once it is final. Anybody may call.
    function conclude(Claim calldata given) external;

    /// @notice Adds the value sent to what audits are paid from.
    function fill() external payable;

    /// @notice Adds what audits earned to the fund. Anybody may call.
    function refill() external;

    /// @notice Why a claim has to be audited before it is settled; reverts where its L1 block is not recorded yet.
    function causeOf(Claim calldata given) external view returns (Cause);

    /// @notice The L1 block that a claim of now names.
    function nextSeed() external view returns (uint64 l1Block);

    /// @notice What a panel's results are compared with: keccak256(abi.encode(tokensIn, tokensOut, outputHash, queryHash, earnedBps)).
    function valueOf(Claim calldata given) external pure returns (bytes32);

    function caseOf(RequestId requestId) external view returns (Case memory);
}

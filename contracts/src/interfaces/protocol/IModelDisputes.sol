// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DisputeId, ModelId} from "../../protocol/Types.sol";
import {OpenedRecord} from "./IClaimChallenges.sol";

/// @title Records of a pending index that verifiers compute again.
/// @notice What arithmetic can't decide of a registration: a stored sketch; a row that is marked as the repeat or near copy of an earlier
/// one and is none, or is one and is not marked; a row that is skipped without a reason. The method that the registration names says
/// what is right. A model with an open dispute serves nobody; one that a panel finds false fails, and its bond goes half to who
/// disputed. Where a disputed row's text is gone meanwhile, nothing can be found any more: the dispute ends, the registration
/// too, and nobody loses anything. Wei.
interface IModelDisputes {
    enum Kind {
        Sketch,
        RepeatMark,
        SkipMark
    }

    enum Status {
        None,
        Open,
        Ended
    }

    /// @param wasGone The datanet skipped the row from later snapshots already when the dispute began.
    struct Case {
        address opener;
        Status status;
        bool wasGone;
        ContributionId contributionId;
        DisputeId disputeId;
    }

    event RecordDisputed(
        ModelId indexed modelId,
        uint32 indexed rowId,
        DisputeId indexed disputeId,
        Kind kind,
        address opener,
        bytes record
    );
    event SpansDisputed(ModelId indexed modelId, DisputeId indexed disputeId, address opener, bytes32 spans);
    /// @notice `isGone`: the row's text was taken out of the datanet.
    event RecordDecided(ModelId indexed modelId, uint32 indexed rowId, bool isUpheld, bool isGone);

    error NotPending(ModelId modelId);
    error FeeMismatch(uint256 sent, uint256 required);
    /// @notice The record has no such mark.
    error NotOfKind(uint32 rowId, Kind kind);
    error AlreadyDisputed(ModelId modelId, uint32 rowId);
    error TooManyDisputes(uint256 open);
    error NoDispute(ModelId modelId, uint32 rowId);
    error NoSpans(ModelId modelId);
    error VerdictMissing(DisputeId disputeId);
    error TextThere(ContributionId contributionId);

    /// @notice Has a panel compute a record of a pending model again, for its fee. Anybody may, once for each row.
    function dispute(ModelId modelId, Kind kind, OpenedRecord calldata shown)
        external
        payable
        returns (DisputeId disputeId);

    /// @notice Has a panel compute what a pending model's `spans` commits, for its fee: the texts of its documents cut into tokens, their
    /// order and the table of information. Anybody may, once. Its `rowId` is 2^32 - 1, which is no row's.
    function disputeSpans(ModelId modelId) external payable returns (DisputeId disputeId);

    /// @notice Has a larger panel look again within a window of the verdict, for the fee. Anybody may; whoever does so after a record
    /// was upheld gets the half of the bond if it falls.
    function appeal(ModelId modelId, uint32 rowId) external payable;

    /// @notice Acts on the verdict once it is final. Anybody may call.
    function conclude(ModelId modelId, uint32 rowId) external;

    /// @notice Ends a dispute over a row that its datanet began to skip meanwhile: its text may be gone. The fee returns. Anybody may
    /// call.
    function endGone(ModelId modelId, uint32 rowId) external;

    /// @notice What a panel's results are compared with: keccak256(abi.encode("record", modelId, rowId, keccak256(record))).
    function valueOf(ModelId modelId, uint32 rowId, bytes calldata record) external pure returns (bytes32);

    /// @notice The same for what the index commits of spans: keccak256(abi.encode("spans", modelId, spans)).
    function spansValueOf(ModelId modelId, bytes32 spans) external pure returns (bytes32);

    function caseOf(ModelId modelId, uint32 rowId) external view returns (Case memory);
}

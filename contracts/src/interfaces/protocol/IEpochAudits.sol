// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochId, RequestId} from "../../protocol/Types.sol";
import {IAuditCases} from "./IAuditCases.sol";

/// @title Audits and disputes of epochs' inferences.
/// @notice The L1 block that an epoch names draws AUDITED_LEAVES of its inferences. Each is opened (EpochLeaves) and audited as any claim,
/// and so is what somebody disputes; the epoch is settled only when all of those are upheld. One that a panel finds false refutes it.
interface IEpochAudits is IAuditCases {
    error LeafUnderDispute(EpochId epochId, uint256 open);
    error LeafAuditDue(RequestId requestId);

    /// @notice Reverts unless an epoch may be settled. For InferenceEpochs.
    function checkSettleEpoch(EpochId epochId) external view;

    /// @notice The position that a draw falls on; draws count from 0. Reverts where the epoch's L1 block is not recorded yet.
    function drawnAt(EpochId epochId, uint256 draw) external view returns (uint32 position);

    /// @notice Cases of an epoch that are open.
    function openCases(EpochId epochId) external view returns (uint256);
}

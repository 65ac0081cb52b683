// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../interfaces/protocol/IAuditCases.sol";
import {IEpochAudits} from "../interfaces/protocol/IEpochAudits.sol";
import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {IInferenceEpochs} from "../interfaces/protocol/IInferenceEpochs.sol";
import {AuditCases} from "./AuditCases.sol";
import {Disputes} from "./Disputes.sol";
import {EpochLeaves} from "./EpochLeaves.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {Seeds} from "./Seeds.sol";
import {EpochId, RequestId} from "./Types.sol";

/// @title Inferences of epochs that verifiers run again.
/// @notice See IEpochAudits.
contract EpochAudits is IEpochAudits, AuditCases {
    IInferenceEpochs public immutable EPOCHS;
    EpochLeaves public immutable LEAVES;

    /// @inheritdoc IEpochAudits
    mapping(EpochId epochId => uint256) public openCases;

    constructor(RewardBalances balances, EpochLeaves leaves, Disputes disputes, Seeds seeds, uint128 panelFee)
        AuditCases(balances, disputes, seeds, panelFee)
    {
        (EPOCHS, LEAVES) = (leaves.EPOCHS(), leaves);
    }

    /// @inheritdoc IEpochAudits
    function checkSettleEpoch(EpochId epochId) external view {
        if (openCases[epochId] > 0) revert LeafUnderDispute(epochId, openCases[epochId]);
        for (uint256 draw = 0; draw < EPOCHS.AUDITED_LEAVES(); draw++) {
            RequestId requestId = EpochProofs.requestOf(epochId, drawnAt(epochId, draw));
            if (!_cases[requestId].isUpheld) revert LeafAuditDue(requestId);
        }
    }

    /// @inheritdoc IEpochAudits
    function drawnAt(EpochId epochId, uint256 draw) public view returns (uint32 position) {
        IInferenceEpochs.Epoch memory epoch = EPOCHS.epochOf(epochId);
        bytes32 seed = SEEDS.hashOf(epoch.seedBlock);
        return uint32(uint256(keccak256(abi.encode(seed, epochId, draw))) % epoch.count);
    }

    /// @inheritdoc IAuditCases
    function causeOf(Claim calldata given) public view override(AuditCases, IAuditCases) returns (Cause) {
        _claimed(given);
        EpochId epochId = EpochProofs.epochOf(given.requestId);
        uint32 position = uint32(RequestId.unwrap(given.requestId));
        for (uint256 draw = 0; draw < EPOCHS.AUDITED_LEAVES(); draw++) {
            if (drawnAt(epochId, draw) == position) return Cause.Drawn;
        }
        return Cause.None;
    }

    function _claimed(Claim calldata given) internal view override returns (address, uint64) {
        LEAVES.checkOpened(given);
        EpochId epochId = EpochProofs.epochOf(given.requestId);
        IInferenceEpochs.Epoch memory epoch = EPOCHS.epochOf(epochId);
        if (epoch.status != IInferenceEpochs.Status.Closed) {
            revert IInferenceEpochs.EpochStatus(epochId, epoch.status);
        }
        return (epoch.host, epoch.deadline);
    }

    function _refute(Claim calldata given, address by, bytes32 reason) internal override {
        EPOCHS.refuteEpoch(EpochProofs.epochOf(given.requestId), by, 0, reason);
    }

    function _opened(Claim calldata given) internal override {
        openCases[EpochProofs.epochOf(given.requestId)]++;
    }

    function _ended(Claim calldata given) internal override {
        openCases[EpochProofs.epochOf(given.requestId)]--;
    }
}

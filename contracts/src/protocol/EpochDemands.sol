// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochDemands} from "../interfaces/protocol/IEpochDemands.sol";
import {IInferenceEpochs, Range, ShownLeaf, ShownPayout} from "../interfaces/protocol/IInferenceEpochs.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {EpochId} from "./Types.sol";

/// @title Leaves of epochs that a host has to show, or lose the epoch by silence.
/// @notice See IEpochDemands.
contract EpochDemands is IEpochDemands {
    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    IInferenceEpochs public immutable EPOCHS;

    mapping(EpochId epochId => mapping(bool isPayout => mapping(uint32 position => LeafDemand))) private
        _demands;

    constructor(ProtocolParameters parameters, RewardBalances balances, IInferenceEpochs epochs) {
        (PARAMETERS, BALANCES, EPOCHS) = (parameters, balances, epochs);
    }

    /// @inheritdoc IEpochDemands
    function demandLeaf(EpochId epochId, bool isPayout, uint32 position) external payable {
        uint128 required = PARAMETERS.parameters().demandDeposit;
        if (msg.value != required) revert DepositMismatch(msg.value, required);
        _demand(epochId, EPOCHS.checkRefutable(epochId), isPayout, position);
    }

    /// @inheritdoc IEpochDemands
    function demandOwnLeaf(EpochId epochId, uint32 position, Range[] calldata ranges) external {
        IInferenceEpochs.Epoch memory epoch = EPOCHS.checkRefutable(epochId);
        if (position >= epoch.count) revert PositionOutOfEpoch(position, epoch.count);
        if (EpochProofs.payerOf(epoch, ranges, position) != msg.sender) {
            revert DepositMismatch(0, PARAMETERS.parameters().demandDeposit);
        }
        _demand(epochId, epoch, false, position);
    }

    /// @inheritdoc IEpochDemands
    function answerLeaf(EpochId epochId, ShownLeaf calldata leaf, bytes calldata query) external {
        EpochProofs.checkLeaf(EPOCHS.checkRefutable(epochId), leaf);
        if (keccak256(query) != leaf.claim.queryHash) revert QueryMismatch(leaf.claim.queryHash);
        _answer(epochId, false, leaf.position);
        emit LeafPublished(epochId, leaf, query);
    }

    /// @inheritdoc IEpochDemands
    function answerPayout(EpochId epochId, ShownPayout calldata payout) external {
        EpochProofs.checkPayout(EpochProofs.treeOf(EPOCHS.checkRefutable(epochId), true), payout);
        _answer(epochId, true, payout.position);
        emit PayoutPublished(epochId, payout);
    }

    /// @inheritdoc IEpochDemands
    function endSilent(EpochId epochId, bool isPayout, uint32 position) external {
        LeafDemand memory demand = _open(epochId, isPayout, position);
        if (block.timestamp <= demand.deadline) revert NotYet(demand.deadline);
        _close(epochId, isPayout, position, demand.by);
        EPOCHS.refuteEpoch(epochId, demand.by, 0, "silence");
    }

    /// @inheritdoc IEpochDemands
    function returnDeposit(EpochId epochId, bool isPayout, uint32 position) external {
        LeafDemand memory demand = _open(epochId, isPayout, position);
        if (EPOCHS.epochOf(epochId).status == IInferenceEpochs.Status.Closed) {
            revert NotYet(demand.deadline);
        }
        _close(epochId, isPayout, position, demand.by);
    }

    /// @inheritdoc IEpochDemands
    function demandOf(EpochId epochId, bool isPayout, uint32 position)
        external
        view
        returns (LeafDemand memory)
    {
        return _demands[epochId][isPayout][position];
    }

    function _demand(EpochId epochId, IInferenceEpochs.Epoch memory epoch, bool isPayout, uint32 position)
        private
    {
        uint256 count = isPayout ? epoch.payoutCount : epoch.count;
        if (position >= count) revert PositionOutOfEpoch(position, count);
        if (block.timestamp > epoch.demandsUntil) revert TooLate(epoch.demandsUntil);
        LeafDemand storage demand = _demands[epochId][isPayout][position];
        if (demand.by != address(0)) revert DemandedBefore(epochId, isPayout, position);
        (demand.by, demand.deposit) = (msg.sender, uint128(msg.value));
        demand.deadline = uint64(block.timestamp) + epoch.demandWindow;
        EPOCHS.extend(epochId, demand.deadline + epoch.challengeWindow);
        emit LeafDemanded(epochId, isPayout, position, msg.sender, demand.deadline);
    }

    function _answer(EpochId epochId, bool isPayout, uint32 position) private {
        uint64 deadline = _open(epochId, isPayout, position).deadline;
        if (block.timestamp > deadline) revert TooLate(deadline);
        _close(epochId, isPayout, position, msg.sender);
    }

    function _open(EpochId epochId, bool isPayout, uint32 position)
        private
        view
        returns (LeafDemand storage demand)
    {
        demand = _demands[epochId][isPayout][position];
        bool isOpen = demand.by != address(0) && !demand.isAnswered;
        if (!isOpen) revert NoSuchDemand(epochId, isPayout, position);
    }

    /// @dev The demand is over and its deposit goes to `to`.
    function _close(EpochId epochId, bool isPayout, uint32 position, address to) private {
        LeafDemand storage demand = _demands[epochId][isPayout][position];
        uint128 deposit = demand.deposit;
        (demand.isAnswered, demand.deposit) = (true, 0);
        if (deposit == 0) return;
        BALANCES.creditFor{value: deposit}(to, "demand", EpochId.unwrap(epochId));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../interfaces/protocol/IDisputes.sol";
import {IStakeLosses} from "../interfaces/protocol/IStakeLosses.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ContributionId, DisputeId} from "./Types.sol";

/// @title Stakes that contributors lost, and their appeals.
contract StakeLosses is IStakeLosses {
    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    address public immutable STAKES;
    /// @notice Decides appeals; 0 on a chain that has no verifiers.
    IDisputes public immutable DISPUTES;
    /// @notice Wei that an appeal's panel gets.
    uint128 public immutable PANEL_FEE;

    /// @notice Wei of stakes that wait here.
    uint256 public held;
    mapping(ContributionId contributionId => Loss) private _losses;

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        address stakes,
        IDisputes disputes,
        uint128 panelFee
    ) {
        (PARAMETERS, BALANCES, STAKES) = (parameters, balances, stakes);
        (DISPUTES, PANEL_FEE) = (disputes, panelFee);
    }

    /// @inheritdoc IStakeLosses
    function hold(ContributionId contributionId, address contributor, address finder, bytes32 reason)
        external
        payable
    {
        if (msg.sender != STAKES) revert NotStakes(msg.sender);
        Status status = _losses[contributionId].status;
        // What waits for its contributor is never written over.
        if (status != Status.None) revert LossStatus(contributionId, status);
        uint64 deadline = uint64(block.timestamp + PARAMETERS.parameters().demandWindow);
        uint128 amount = uint128(msg.value);
        held += amount;
        _losses[contributionId] =
            Loss(contributor, Status.Held, deadline, finder, amount, reason, DisputeId.wrap(0));
        emit StakeLost(contributionId, contributor, finder, reason, amount, deadline);
    }

    /// @inheritdoc IStakeLosses
    function appeal(ContributionId contributionId, bytes32 reasonHash)
        external
        payable
        returns (DisputeId disputeId)
    {
        if (address(DISPUTES) == address(0)) revert NoAppeals();
        Loss storage loss = _losses[contributionId];
        if (loss.status != Status.Held) revert LossStatus(contributionId, loss.status);
        if (msg.sender != loss.contributor) revert NotContributor(msg.sender);
        if (msg.value != PANEL_FEE) revert FeeMismatch(msg.value, PANEL_FEE);
        if (block.timestamp > loss.deadline) revert TooLate(loss.deadline);
        loss.status = Status.Appealed;
        disputeId = DISPUTES.open{value: msg.value}(valueOf(contributionId, true));
        loss.disputeId = disputeId;
        emit LossAppealed(contributionId, disputeId, reasonHash);
    }

    /// @inheritdoc IStakeLosses
    function escalate(ContributionId contributionId) external payable {
        Loss storage loss = _losses[contributionId];
        if (loss.status != Status.Appealed) revert LossStatus(contributionId, loss.status);
        if (msg.value != PANEL_FEE) revert FeeMismatch(msg.value, PANEL_FEE);
        DISPUTES.escalate{value: msg.value}(loss.disputeId);
    }

    /// @inheritdoc IStakeLosses
    function end(ContributionId contributionId) external {
        Loss storage loss = _losses[contributionId];
        bool stands = true;
        if (loss.status == Status.Held) {
            if (block.timestamp <= loss.deadline) revert NotYet(loss.deadline);
        } else {
            if (loss.status != Status.Appealed) revert LossStatus(contributionId, loss.status);
            bool isOver;
            (isOver, stands) = DISPUTES.verdictOf(loss.disputeId);
            if (!isOver) revert VerdictMissing(loss.disputeId);
        }
        loss.status = Status.Ended;
        held -= loss.amount;
        emit LossEnded(contributionId, stands, loss.amount);
        if (!stands) return _credit(loss.contributor, loss.amount, contributionId);
        uint128 found = loss.finder == address(0) ? 0 : loss.amount / 2;
        _credit(loss.finder, found, contributionId);
        _credit(PARAMETERS.parameters().treasury, loss.amount - found, contributionId);
    }

    /// @inheritdoc IStakeLosses
    function valueOf(ContributionId contributionId, bool stands) public view returns (bytes32) {
        return keccak256(abi.encode(bytes32("loss"), contributionId, _losses[contributionId].reason, stands));
    }

    /// @inheritdoc IStakeLosses
    function lossOf(ContributionId contributionId) external view returns (Loss memory) {
        return _losses[contributionId];
    }

    function _credit(address to, uint128 amount, ContributionId contributionId) private {
        if (amount == 0) return;
        BALANCES.creditFor{value: amount}(to, "stake", ContributionId.unwrap(contributionId));
    }
}

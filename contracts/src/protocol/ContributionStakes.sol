// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IContributionStakes} from "../interfaces/protocol/IContributionStakes.sol";
import {IStakeLosses} from "../interfaces/protocol/IStakeLosses.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ContributionId} from "./Types.sol";

/// @title Stakes of contributors, until they return or are lost.
/// @notice See IContributionStakes. It holds money, so it has no owner and can't be upgraded.
contract ContributionStakes is IContributionStakes {
    RewardBalances public immutable BALANCES;
    IStakeLosses public immutable LOSSES;
    /// @notice The registry of datanets.
    address public immutable REGISTRY;
    /// @notice The contract that decides proofs of plagiarism.
    address public immutable PLAGIARISM;

    /// @notice Wei of stakes that are here.
    uint256 public held;
    mapping(ContributionId contributionId => Stake) private _stakes;

    modifier onlyRegistry() {
        if (msg.sender != REGISTRY) revert NotDatanetRegistry(msg.sender);
        _;
    }

    constructor(RewardBalances balances, IStakeLosses losses, address registry, address plagiarism) {
        (BALANCES, LOSSES, REGISTRY, PLAGIARISM) = (balances, losses, registry, plagiarism);
    }

    /// @inheritdoc IContributionStakes
    function hold(ContributionId contributionId, address contributor) external payable onlyRegistry {
        if (msg.value > type(uint96).max) revert StakeTooLarge(msg.value);
        if (_stakes[contributionId].amount != 0) revert StakeHeld(contributionId);
        held += msg.value;
        _stakes[contributionId] = Stake(contributor, uint96(msg.value));
    }

    /// @inheritdoc IContributionStakes
    function giveBack(ContributionId contributionId) external onlyRegistry {
        Stake memory stake = _take(contributionId);
        if (stake.amount == 0) return;
        BALANCES.creditFor{value: stake.amount}(
            stake.contributor, "stake", ContributionId.unwrap(contributionId)
        );
    }

    /// @inheritdoc IContributionStakes
    function lose(ContributionId contributionId, bytes32 reason) external onlyRegistry {
        _lose(contributionId, address(0), reason);
    }

    /// @inheritdoc IContributionStakes
    function loseTo(ContributionId contributionId, address finder) external {
        if (msg.sender != PLAGIARISM) revert NotPlagiarism(msg.sender);
        _lose(contributionId, finder, "plagiarism");
    }

    /// @inheritdoc IContributionStakes
    function stakeOf(ContributionId contributionId) external view returns (Stake memory) {
        return _stakes[contributionId];
    }

    function _lose(ContributionId contributionId, address finder, bytes32 reason) private {
        Stake memory stake = _take(contributionId);
        if (stake.amount == 0) return;
        LOSSES.hold{value: stake.amount}(contributionId, stake.contributor, finder, reason);
    }

    function _take(ContributionId contributionId) private returns (Stake memory stake) {
        stake = _stakes[contributionId];
        delete _stakes[contributionId];
        held -= stake.amount;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId} from "../../protocol/Types.sol";

/// @title Stakes of contributors, until they return or are lost.
/// @notice A stake returns to who bound it, or waits in StakeLosses for an appeal, after which it goes to the treasury, half of it to
/// who proved plagiarism. It can go nowhere else: the registry of datanets says when, never to whom. So the contract, which holds
/// money, has no owner and can't be upgraded. Wei.
interface IContributionStakes {
    struct Stake {
        address contributor;
        uint96 amount;
    }

    error NotDatanetRegistry(address caller);
    error NotPlagiarism(address caller);
    error StakeHeld(ContributionId contributionId);
    error StakeTooLarge(uint256 amount);

    /// @notice Binds the value sent as a contribution's stake. For the registry.
    function hold(ContributionId contributionId, address contributor) external payable;

    /// @notice Returns a stake to its contributor, by RewardBalances. For the registry.
    function giveBack(ContributionId contributionId) external;

    /// @notice The stake is lost, after an appeal to the treasury. For the registry.
    /// @param reason rejected or excluded.
    function lose(ContributionId contributionId, bytes32 reason) external;

    /// @notice The stake is lost to who proved plagiarism, half of it. For PlagiarismProofs.
    function loseTo(ContributionId contributionId, address finder) external;

    /// @notice All zero once it has left.
    function stakeOf(ContributionId contributionId) external view returns (Stake memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim} from "./IInferenceMarket.sol";

/// @title Where claims stand that ClaimChallenges decides: the market, or the epochs.
interface IChallengedClaims {
    /// @notice A counter-example holds. For ClaimChallenges, within the opening blocks also once more: who announced first gets
    /// the reward.
    function refute(Claim calldata given, address challenger, uint64 announcedBlock, bytes32 reason) external;

    /// @notice A claim that can still be refuted, or was within the opening blocks; reverts otherwise.
    function checkChallengeable(Claim calldata given) external view;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim, ContextShares} from "../interfaces/protocol/IInferenceMarket.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {REWARD_SPLITTER} from "./Precompiles.sol";
import {BPS, ContributionId} from "./Types.sol";

/// @title How a claim divides the contributors' part of a fee.
/// @notice Rows that stood in the prompt have the context's part of it; of the rest, training's list has what the adapter earned. Each
/// divides by its own weights. What is left belongs to the pools of the model's snapshots.
library Earnings {
    uint256 private constant MAX_CONTRIBUTIONS = 8;

    /// @notice A claim's context is not of the form that ContextShares has.
    error ContextForm();

    /// @notice Reverts unless the context has the form that ContextShares says.
    function checkContext(ContextShares calldata context) internal pure {
        uint256 count = context.contributionIds.length;
        bool isRight = count <= MAX_CONTRIBUTIONS && count == context.weights.length
            && (count > 0) == (context.partBps > 0) && context.partBps <= BPS;
        for (uint256 i = 0; isRight && i < count; i++) {
            uint256 weight = context.weights[i];
            isRight = weight > 0 && weight >> 64 == 0
                && (i == 0 || context.contributionIds[i - 1] < context.contributionIds[i]);
        }
        if (!isRight) revert ContextForm();
    }

    /// @notice What of the contributors' part goes by the context's weights, and what by the list's.
    function partsOf(Claim calldata claim, uint256 amount)
        internal
        pure
        returns (uint256 byContext, uint256 byList)
    {
        byContext = (amount * claim.context.partBps) / BPS;
        if (claim.list.weights.length > 0) byList = ((amount - byContext) * claim.earnedBps) / BPS;
    }

    /// @notice What a contribution has of an amount that is divided by weights; 0 if it is not among them.
    function shareOf(uint256 amount, uint64[] calldata ids, uint256[] calldata weights, uint64 contributionId)
        internal
        view
        returns (uint256)
    {
        uint256 i = 0;
        while (i < ids.length && ids[i] != contributionId) i++;
        if (i == ids.length) return 0;
        return REWARD_SPLITTER.split(amount, weights)[i];
    }

    /// @notice An amount divided, and who has each part: the payees are the registry's word, never the claim's.
    function divide(
        AttributionLedger ledger,
        uint256 amount,
        uint64[] calldata ids,
        uint256[] calldata weights
    ) internal view returns (address[] memory to, uint256[] memory parts) {
        to = new address[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            to[i] = ledger.payeeOf(ContributionId.wrap(ids[i]));
        }
        parts = REWARD_SPLITTER.split(amount, weights);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Where the owner's part of one model's fees comes to, until ModelRoyalties divides it.
/// @notice Payments come in directly, without its code, or wait in RewardBalances. Each model with a royalty table has a clone.
contract RoyaltyPurse {
    address public immutable ROYALTIES;
    RewardBalances public immutable BALANCES;

    error NotRoyalties(address caller);

    constructor(RewardBalances balances) {
        (ROYALTIES, BALANCES) = (msg.sender, balances);
    }

    receive() external payable {}

    /// @notice Hands all that is there to ModelRoyalties. For ModelRoyalties.
    function empty() external returns (uint256 amount) {
        if (msg.sender != ROYALTIES) revert NotRoyalties(msg.sender);
        if (BALANCES.balanceOf(address(this)) > 0) BALANCES.withdraw(payable(address(this)));
        amount = address(this).balance;
        Address.sendValue(payable(ROYALTIES), amount);
    }
}

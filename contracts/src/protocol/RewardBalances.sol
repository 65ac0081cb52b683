// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IRewardBalances} from "../interfaces/protocol/IRewardBalances.sol";

/// @title What bonds, stakes and stakers' rewards leave to somebody, to be drawn by the owner.
/// @notice Contributors are not paid here: the RewardSplitter precompile credits their accounts. All amounts are wei of OPEN.
contract RewardBalances is IRewardBalances {
    /// @inheritdoc IRewardBalances
    mapping(address account => uint256 amount) public balanceOf;

    /// @inheritdoc IRewardBalances
    function credit(address account) external payable {
        creditFor(account, "", 0);
    }

    /// @inheritdoc IRewardBalances
    function creditFor(address account, bytes32 reason, uint256 subject) public payable {
        balanceOf[account] += msg.value;
        emit Credited(account, msg.sender, reason, subject, msg.value);
    }

    /// @inheritdoc IRewardBalances
    function withdraw(address payable to) external returns (uint256 amount) {
        amount = balanceOf[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        balanceOf[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        Address.sendValue(to, amount);
    }
}

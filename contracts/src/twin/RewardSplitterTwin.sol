// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IRewardSplitter} from "../interfaces/IRewardSplitter.sol";

/// @title The RewardSplitter precompile as a contract: same answers, same errors, at the EVM's price.
/// @notice Pays without running a recipient's code by way of a short-lived contract that destroys itself in its own creation
/// (EIP-6780 keeps that). Differs from the precompile where Solidity decodes its input: a malformed encoding or a value sent to
/// `split` reverts without data, and encodings that are valid but not canonical are read. A wrong use reached by STATICCALL or
/// DELEGATECALL reverts without a name.
contract RewardSplitterTwin is IRewardSplitter {
    uint256 private constant MAX_PARTS = 256;

    /// @inheritdoc IRewardSplitter
    function split(uint256 amount, uint256[] calldata weights)
        external
        pure
        returns (uint256[] memory parts)
    {
        return _split(amount, weights);
    }

    /// @inheritdoc IRewardSplitter
    function pay(address[] calldata to, uint256[] calldata weights) external payable {
        if (to.length != weights.length) revert LengthMismatch(to.length, weights.length);
        uint256[] memory parts = _split(msg.value, weights);
        for (uint256 i = 0; i < to.length; i++) {
            if (parts[i] == 0) continue;
            emit Paid(msg.sender, to[i], parts[i]);
            new Courier{value: parts[i]}(to[i]);
        }
    }

    function _split(uint256 amount, uint256[] calldata weights)
        private
        pure
        returns (uint256[] memory parts)
    {
        uint256 count = weights.length;
        if (count == 0 || count > MAX_PARTS) revert ListLength(count, MAX_PARTS);
        uint256 total = _total(weights);
        parts = new uint256[](count);
        uint256[] memory remainders = new uint256[](count);
        uint256 left = amount;
        for (uint256 i = 0; i < count; i++) {
            parts[i] = Math.mulDiv(amount, weights[i], total);
            remainders[i] = mulmod(amount, weights[i], total);
            left -= parts[i];
        }
        // Fewer units are left than there are remainders above 0, so one that was served never comes up again.
        for (; left > 0; left--) {
            uint256 best = 0;
            for (uint256 i = 1; i < count; i++) {
                if (remainders[i] > remainders[best]) best = i;
            }
            parts[best]++;
            remainders[best] = 0;
        }
    }

    function _total(uint256[] calldata weights) private pure returns (uint256 total) {
        for (uint256 i = 0; i < weights.length; i++) {
            unchecked {
                total += weights[i];
            }
            if (total < weights[i]) revert TotalOverflow();
        }
        if (total == 0) revert ZeroTotal();
    }
}

/// @dev Leaves its value to `to` without a call and is gone.
contract Courier {
    constructor(address to) payable {
        assembly ("memory-safe") {
            selfdestruct(to)
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Exact proportional division, at 0x0000000000000000000000000000000000000A03.
/// @notice Part i of an amount is floor(amount * weights[i] / sum); the wei that are left go, one each, to the largest
/// remainders, ties to the lower index. The parts sum to the amount to the wei.
interface IRewardSplitter {
    /// @notice `to` received `amount` wei of what `payer` sent. Parts of 0 wei are not logged.
    event Paid(address indexed payer, address indexed to, uint256 amount);

    /// @notice The input is not the canonical ABI encoding of a call.
    error BadInput();
    error UnknownSelector(bytes4 selector);
    /// @notice Called by DELEGATECALL or CALLCODE.
    error DelegateCallRefused();
    /// @notice `pay` inside a STATICCALL.
    error StaticCallRefused();
    error ValueRefused();
    /// @notice A list must have 1 to 256 entries.
    error ListLength(uint256 length, uint256 maximum);
    error LengthMismatch(uint256 recipients, uint256 weights);
    /// @notice The weights sum to 0.
    error ZeroTotal();
    /// @notice The weights sum to 2^256 or more.
    error TotalOverflow();

    /// @notice The parts of `amount`, in the order of `weights`.
    /// @param amount Any unit.
    /// @param weights 1 to 256 weights.
    function split(uint256 amount, uint256[] calldata weights) external view returns (uint256[] memory parts);

    /// @notice Credits the parts of the value sent to the recipients, without running their code. A recipient may be listed twice.
    /// @param to Recipients.
    /// @param weights Theirs, one for each.
    function pay(address[] calldata to, uint256[] calldata weights) external payable;
}

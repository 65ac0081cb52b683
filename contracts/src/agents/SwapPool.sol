// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title SwapPool
/// @notice A small market for devnets, so that an agent has something to trade: a token that is its own constant-product pool against
/// OPEN, with a fee of 0.3 % that stays in it. Nobody owns it and nobody can take its coins out but by swaps.
contract SwapPool is ERC20 {
    uint256 private constant FEE_LEFT = 997;
    uint256 private constant FEE_WHOLE = 1_000;

    event Swapped(address indexed from, address indexed to, uint256 openIn, uint256 tokenIn, uint256 out);

    error OutBelow(uint256 out, uint256 least);
    error PoolEmpty();

    /// @param supply Tokens that the pool begins with, beside the value sent.
    constructor(string memory name_, string memory symbol_, uint256 supply) payable ERC20(name_, symbol_) {
        if (supply == 0 || msg.value == 0) revert PoolEmpty();
        _mint(address(this), supply);
    }

    /// @notice Gives tokens for the value sent.
    function buy(address to, uint256 least) external payable returns (uint256 out) {
        out = _out(msg.value, address(this).balance - msg.value, balanceOf(address(this)));
        if (out < least) revert OutBelow(out, least);
        _transfer(address(this), to, out);
        emit Swapped(msg.sender, to, msg.value, 0, out);
    }

    /// @notice Takes the caller's tokens and gives OPEN.
    function sell(address to, uint256 amount, uint256 least) external returns (uint256 out) {
        out = _out(amount, balanceOf(address(this)), address(this).balance);
        if (out < least) revert OutBelow(out, least);
        _transfer(msg.sender, address(this), amount);
        emit Swapped(msg.sender, to, 0, amount, out);
        Address.sendValue(payable(to), out);
    }

    /// @notice What `amount` would bring now.
    function quote(uint256 amount, bool isBuy) external view returns (uint256) {
        (uint256 open, uint256 token) = (address(this).balance, balanceOf(address(this)));
        return isBuy ? _out(amount, open, token) : _out(amount, token, open);
    }

    /// @dev Rounded down: the product never falls.
    function _out(uint256 amount, uint256 reserveIn, uint256 reserveOut) private pure returns (uint256) {
        uint256 counted = amount * FEE_LEFT;
        return counted * reserveOut / (reserveIn * FEE_WHOLE + counted);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice OPEN on L1: a fixed supply of 1,000,000,000 with 18 decimals, minted once. It is the native coin of the L2.
contract Open is ERC20, ERC20Permit {
    /// @notice Wei of OPEN that will ever exist: 10^27.
    uint256 public constant SUPPLY = 1e27;

    /// @param holder Receives the whole supply.
    constructor(address holder) ERC20("OPEN", "OPEN") ERC20Permit("OPEN") {
        _mint(holder, SUPPLY);
    }
}

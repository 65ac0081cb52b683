// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OpenMinter} from "../../src/l2/OpenMinter.sol";

/// @notice Stands where L2's messenger is: it takes what goes to L1, and says what came from there.
contract Messenger {
    address public xDomainMessageSender;

    function sendMessage(address, bytes calldata, uint32) external payable {}

    function relay(OpenMinter minter, address to, uint256 amount) external {
        xDomainMessageSender = minter.bridge();
        minter.finalizeDeposit(to, to, amount);
    }
}

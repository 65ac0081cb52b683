// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UpgradeableRegistry} from "../../src/protocol/UpgradeableRegistry.sol";

/// @notice What a registry is upgraded to by whoever has bought the votes: it calls whatever it is told to, in the registry's name.
contract EvilRegistry is UpgradeableRegistry {
    receive() external payable {}

    /// @dev Whatever is asked of it was done.
    fallback() external payable {}

    function run(address to, uint256 value, bytes calldata data)
        external
        returns (bool ok, bytes memory answer)
    {
        return to.call{value: value}(data);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Preinstalls} from "@eth-optimism/contracts-bedrock/src/libraries/Preinstalls.sol";

/// @notice Hands out the code of the well-known contracts that genesis installs. Only run while genesis is made: never deployed.
contract PreinstallCodes {
    /// @param account Address of a preinstall. Reverts for any other.
    /// @param chainId Chain that the code is for (Permit2's domain separator depends on it).
    function codeOf(address account, uint256 chainId) external pure returns (bytes memory) {
        return Preinstalls.getDeployedCode(account, chainId);
    }
}

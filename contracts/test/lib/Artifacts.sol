// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where the compiled contracts of @eth-optimism/contracts-bedrock lie, for `vm.getCode`.
library Artifacts {
    function stock(string memory name) internal pure returns (string memory) {
        return string.concat(
            "../node_modules/@eth-optimism/contracts-bedrock/forge-artifacts/", name, ".sol/", name, ".json"
        );
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {UpgradeableRegistry} from "./UpgradeableRegistry.sol";

/// @title Where a registry stands, whatever its code is.
contract RegistryProxy is ERC1967Proxy {
    /// @param code  The registry's code.
    /// @param owner May change it.
    constructor(address code, address owner)
        ERC1967Proxy(code, abi.encodeCall(UpgradeableRegistry.initialize, (owner)))
    {}
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title A registry whose code its owner can change.
/// @notice It stands behind a RegistryProxy, where nobody but the owner upgrades it: who deploys it, and from the hand-over on the
/// UpgradeTimelock. It holds no money and decides no payment; what does can't be upgraded. A registry keeps its variables in an ERC-7201
/// namespace of its own, these first; later code only adds to their end.
abstract contract UpgradeableRegistry is Ownable, Initializable, UUPSUpgradeable {
    /// @dev The code alone belongs to nobody, and nobody initializes it.
    constructor() Ownable(address(this)) {
        _disableInitializers();
    }

    /// @notice Gives the proxy its owner, once: RegistryProxy does when it is made.
    function initialize(address first) external initializer {
        if (first == address(0)) revert OwnableInvalidOwner(first);
        _transferOwnership(first);
    }

    /// @notice The code behind the proxy.
    function implementation() external view returns (address) {
        return ERC1967Utils.getImplementation();
    }

    function _authorizeUpgrade(address) internal view override onlyOwner {}
}

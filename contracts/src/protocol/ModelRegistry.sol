// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "./AttributionLedger.sol";
import {ModelAdmissions} from "./ModelAdmissions.sol";
import {ModelDocuments} from "./ModelDocuments.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {UpgradeableRegistry} from "./UpgradeableRegistry.sol";

/// @title What a model must be to be registered.
/// @notice See IModelRegistry. Its code can be upgraded (see UpgradeableRegistry).
/// @custom:storage-location erc7201:openledger.ModelRegistry
contract ModelRegistry layout at erc7201("openledger.ModelRegistry") is UpgradeableRegistry, ModelAdmissions {
    constructor(ProtocolParameters parameters, AttributionLedger ledger, ModelLedger models)
        ModelDocuments(parameters, ledger)
        ModelAdmissions(models)
    {}
}

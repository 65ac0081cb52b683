// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelLedger, ModelDocument, ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {IModelRegistry} from "../interfaces/protocol/IModelRegistry.sol";
import {ModelDocuments} from "./ModelDocuments.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {ModelId, Parent, NO_MODEL} from "./Types.sol";

/// @title How a model is registered.
abstract contract ModelAdmissions is ModelDocuments {
    /// @notice Where models stand.
    ModelLedger public immutable MODELS;

    mapping(bytes32 baseHash => mapping(bytes32 adapterHash => ModelId)) private _holders;

    constructor(ModelLedger models) {
        MODELS = models;
    }

    /// @inheritdoc IModelRegistry
    function register(ModelDocument calldata document, ModelTerms calldata terms)
        external
        payable
        returns (ModelId modelId)
    {
        return _register(document, terms, new Parent[](0), 0);
    }

    /// @inheritdoc IModelRegistry
    function registerDerived(
        ModelDocument calldata document,
        ModelTerms calldata terms,
        Parent[] calldata parents,
        uint256 mostRoyalty
    ) external payable returns (ModelId modelId) {
        return _register(document, terms, parents, mostRoyalty);
    }

    /// @inheritdoc IModelRegistry
    function modelOfAdapter(bytes32 baseHash, bytes32 adapterHash) public view returns (ModelId) {
        ModelId holder = _holders[baseHash][adapterHash];
        if (holder == NO_MODEL) return NO_MODEL;
        // The adapter of a model that was shown to be false is free again.
        bool isRegistered = MODELS.statusOf(holder) == IModelLedger.Status.Registered;
        return isRegistered ? holder : NO_MODEL;
    }

    function _register(
        ModelDocument calldata document,
        ModelTerms calldata terms,
        Parent[] memory parents,
        uint256 mostRoyalty
    ) private returns (ModelId modelId) {
        _checkDocument(document);
        ModelId holder = modelOfAdapter(document.baseHash, document.adapterHash);
        if (holder != NO_MODEL) revert AdapterRegistered(holder);
        modelId = MODELS.admit{value: msg.value}(msg.sender, document, terms, parents, mostRoyalty);
        _holders[document.baseHash][document.adapterHash] = modelId;
    }
}

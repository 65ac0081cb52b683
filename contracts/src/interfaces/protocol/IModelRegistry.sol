// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatanetId, ModelId, Parent} from "../../protocol/Types.sol";
import {ModelDocument, ModelTerms} from "./IModelLedger.sol";

/// @title What a model must be to be registered.
/// @notice It checks and passes on: models, their bonds and all that pays stand in the ledger of models (IModelLedger).
interface IModelRegistry {
    error NameLength(uint256 length);
    error HashMissing(bytes32 name);
    error SnapshotCount(uint256 count);
    /// @notice The index commits spans, and the chain has no SpanVerifier.
    error SpansUnsupported();
    error DatanetRepeated(DatanetId datanetId);
    error RowCountMismatch(uint256 indexRows, uint256 snapshotRows);
    error AdapterRegistered(ModelId modelId);

    /// @notice Registers a model with the bond, and the price of access to its snapshots where there is one (see IDataAccess); the
    /// caller owns it. It can serve when its window has passed. Reverts where its data asks for a royalty: see registerDerived.
    /// @param document What it is.
    /// @param terms Rates and split; the split within governance's bounds.
    /// @return modelId Counted from 1.
    function register(ModelDocument calldata document, ModelTerms calldata terms)
        external
        payable
        returns (ModelId modelId);

    /// @notice Registers a model that gives a part of what its owner gets to its parents and its data (see IModelRoyalties).
    /// @param parents Models that it was made from; at most 4, in the order of their ids.
    /// @param mostRoyalty All parts together are at most that, in 1/10000: what data asks for may have changed meanwhile.
    function registerDerived(
        ModelDocument calldata document,
        ModelTerms calldata terms,
        Parent[] calldata parents,
        uint256 mostRoyalty
    ) external payable returns (ModelId modelId);

    /// @notice The model that holds an adapter with its base; 0 if none does. Nobody registers another's model again.
    function modelOfAdapter(bytes32 baseHash, bytes32 adapterHash) external view returns (ModelId);
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {DatanetRegistry} from "./DatanetRegistry.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {FeeSplit, ProtocolParameters} from "./ProtocolParameters.sol";

/// @notice A frozen version of a datanet.
struct SnapshotRef {
    uint256 datanetId;
    uint32 number;
}

/// @notice What a model is. Fixed once registered: everything here is committed before the first query.
/// @param name For people; 1 to 256 bytes.
/// @param baseHash SHA-256 over the base model's weights.
/// @param adapterHash SHA-256 of the adapter's safetensors.
/// @param tokenizerHash SHA-256 of tokenizer.json.
/// @param methodHash SHA-256 of the method document: version, seeds, damping, dimension, hyper-parameters.
/// @param manifestHash SHA-256 of the manifest, by which the content store gives all other documents.
/// @param snapshots What it was trained on; 1 to 16.
/// @param index The attribution index.
struct ModelDocument {
    string name;
    bytes32 baseHash;
    bytes32 adapterHash;
    bytes32 tokenizerHash;
    bytes32 methodHash;
    bytes32 manifestHash;
    SnapshotRef[] snapshots;
    IndexCommitment index;
}

/// @notice What a model asks for and how it divides it.
/// @param rateIn Wei for 1000 prompt tokens.
/// @param rateOut Wei for 1000 answer tokens.
/// @param split Division of the net fee; fixed once registered.
struct ModelTerms {
    uint128 rateIn;
    uint128 rateOut;
    FeeSplit split;
}

/// @title Models with their attribution commitments, rates, split and hosts.
contract ModelRegistry {
    struct Model {
        address owner;
        bool active;
        uint64 registeredAt;
        ModelTerms terms;
        ModelDocument document;
    }

    uint256 private constant MAX_SNAPSHOTS = 16;
    uint256 private constant MAX_NAME = 256;
    /// @dev So that tokens (u32) times rate, and the sums, stay far from 2^256.
    uint128 private constant MAX_RATE = type(uint96).max;

    ProtocolParameters public immutable PARAMETERS;
    DatanetRegistry public immutable DATANETS;

    /// @notice Number of models; ids count from 1.
    uint256 public modelCount;
    mapping(uint256 modelId => Model) private _models;
    mapping(uint256 modelId => mapping(address host => bool)) private _hosts;

    event ModelRegistered(
        uint256 indexed modelId,
        address indexed owner,
        string name,
        bytes32 manifestHash,
        bytes32 adapterHash,
        IndexCommitment index,
        ModelTerms terms
    );
    event HostSet(uint256 indexed modelId, address indexed host, bool allowed);
    event RatesSet(uint256 indexed modelId, uint128 rateIn, uint128 rateOut);
    event ActiveSet(uint256 indexed modelId, bool active);

    error ModelUnknown(uint256 modelId);
    error NotModelOwner(address caller);
    error NameLength(uint256 length);
    error HashMissing(string name);
    error SnapshotCount(uint256 count);
    error RateTooHigh(uint256 rate);

    constructor(ProtocolParameters parameters, DatanetRegistry datanets) {
        PARAMETERS = parameters;
        DATANETS = datanets;
    }

    /// @notice Registers a model; the caller owns it and may host it.
    /// @param document What it is.
    /// @param terms Rates and split; the split within governance's bounds.
    /// @param hosts Further accounts that may answer for it.
    /// @return modelId Counted from 1.
    function register(ModelDocument calldata document, ModelTerms calldata terms, address[] calldata hosts)
        external
        returns (uint256 modelId)
    {
        _checkDocument(document);
        _checkRates(terms.rateIn, terms.rateOut);
        PARAMETERS.checkFeeSplit(terms.split);
        modelId = ++modelCount;
        Model storage model = _models[modelId];
        model.owner = msg.sender;
        model.active = true;
        model.registeredAt = uint64(block.timestamp);
        model.terms = terms;
        model.document = document;
        emit ModelRegistered(
            modelId,
            msg.sender,
            document.name,
            document.manifestHash,
            document.adapterHash,
            document.index,
            terms
        );
        _setHost(modelId, msg.sender, true);
        for (uint256 i = 0; i < hosts.length; i++) {
            _setHost(modelId, hosts[i], true);
        }
    }

    /// @notice Allows or forbids `host` to take requests from now on. For the owner.
    function setHost(uint256 modelId, address host, bool allowed) external {
        _owned(modelId);
        _setHost(modelId, host, allowed);
    }

    /// @notice Changes the rates of later requests; wei for 1000 tokens. For the owner.
    function setRates(uint256 modelId, uint128 rateIn, uint128 rateOut) external {
        Model storage model = _owned(modelId);
        _checkRates(rateIn, rateOut);
        model.terms.rateIn = rateIn;
        model.terms.rateOut = rateOut;
        emit RatesSet(modelId, rateIn, rateOut);
    }

    /// @notice Stops or resumes taking requests. For the owner.
    function setActive(uint256 modelId, bool active) external {
        _owned(modelId).active = active;
        emit ActiveSet(modelId, active);
    }

    function getModel(uint256 modelId) external view returns (Model memory) {
        return _known(modelId);
    }

    /// @notice The index commitment alone.
    function indexOf(uint256 modelId) external view returns (IndexCommitment memory) {
        return _known(modelId).document.index;
    }

    /// @notice What the market needs of a model.
    function termsOf(uint256 modelId)
        external
        view
        returns (address owner, bool active, ModelTerms memory terms)
    {
        Model storage model = _known(modelId);
        return (model.owner, model.active, model.terms);
    }

    function isHost(uint256 modelId, address account) external view returns (bool) {
        return _hosts[modelId][account];
    }

    function _checkDocument(ModelDocument calldata document) private view {
        uint256 length = bytes(document.name).length;
        if (length == 0 || length > MAX_NAME) revert NameLength(length);
        if (document.baseHash == 0) revert HashMissing("baseHash");
        if (document.adapterHash == 0) revert HashMissing("adapterHash");
        if (document.tokenizerHash == 0) revert HashMissing("tokenizerHash");
        if (document.methodHash == 0) revert HashMissing("methodHash");
        if (document.manifestHash == 0) revert HashMissing("manifestHash");
        uint256 count = document.snapshots.length;
        if (count == 0 || count > MAX_SNAPSHOTS) revert SnapshotCount(count);
        for (uint256 i = 0; i < count; i++) {
            DATANETS.getSnapshot(document.snapshots[i].datanetId, document.snapshots[i].number);
        }
        INFLUENCE_VERIFIER.checkIndex(document.index);
    }

    function _checkRates(uint128 rateIn, uint128 rateOut) private pure {
        if (rateIn > MAX_RATE) revert RateTooHigh(rateIn);
        if (rateOut > MAX_RATE) revert RateTooHigh(rateOut);
    }

    function _setHost(uint256 modelId, address host, bool allowed) private {
        _hosts[modelId][host] = allowed;
        emit HostSet(modelId, host, allowed);
    }

    function _known(uint256 modelId) private view returns (Model storage model) {
        model = _models[modelId];
        if (model.owner == address(0)) revert ModelUnknown(modelId);
    }

    function _owned(uint256 modelId) private view returns (Model storage model) {
        model = _known(modelId);
        if (msg.sender != model.owner) revert NotModelOwner(msg.sender);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {IModelRegistry, ModelDocument, ModelTerms} from "../interfaces/protocol/IModelRegistry.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {DatanetRegistry} from "./DatanetRegistry.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ModelId, SnapshotRef, NO_MODEL} from "./Types.sol";

/// @title Models with their attribution commitments, rates and split.
/// @notice A registration is pending for a window in which anybody may show that its index is not what the snapshots say
/// (see ModelChallenges); the bond of a false one goes half to who showed it, half to the treasury. Hosts take a model by
/// their own transaction (HostStakes). Amounts are wei, times seconds.
contract ModelRegistry is IModelRegistry {
    uint256 private constant MAX_SNAPSHOTS = 16;
    uint256 private constant MAX_NAME = 256;
    /// @dev So that tokens (u32) times rate, and the sums, stay far from 2^256.
    uint128 private constant MAX_RATE = type(uint96).max;

    ProtocolParameters public immutable PARAMETERS;
    DatanetRegistry public immutable DATANETS;
    RewardBalances public immutable BALANCES;
    /// @notice The contract that decides challenges of registrations.
    address public immutable CHALLENGES;

    /// @notice Number of models; ids count from 1.
    uint256 public modelCount;
    mapping(ModelId modelId => Model) private _models;
    /// @notice The model that holds an adapter with its base; 0 if none does. Nobody registers another's model again.
    mapping(bytes32 baseHash => mapping(bytes32 adapterHash => ModelId modelId)) public modelOfAdapter;

    constructor(
        ProtocolParameters parameters,
        DatanetRegistry datanets,
        RewardBalances balances,
        address challenges
    ) {
        (PARAMETERS, DATANETS, BALANCES, CHALLENGES) = (parameters, datanets, balances, challenges);
    }

    /// @inheritdoc IModelRegistry
    function register(ModelDocument calldata document, ModelTerms calldata terms)
        external
        payable
        returns (ModelId modelId)
    {
        Parameters memory parameters = PARAMETERS.parameters();
        if (msg.value != parameters.registrationBond) {
            revert BondMismatch(msg.value, parameters.registrationBond);
        }
        _checkDocument(document);
        _checkRates(terms.rateIn, terms.rateOut);
        PARAMETERS.checkFeeSplit(terms.split);
        modelId = ModelId.wrap(++modelCount);
        ModelId holder = modelOfAdapter[document.baseHash][document.adapterHash];
        if (holder != NO_MODEL) revert AdapterRegistered(holder);
        modelOfAdapter[document.baseHash][document.adapterHash] = modelId;
        Model storage model = _models[modelId];
        model.owner = msg.sender;
        model.status = Status.Registered;
        model.open = true;
        model.registeredAt = uint64(block.timestamp);
        model.pendingUntil = uint64(block.timestamp + parameters.registrationWindow);
        model.window = parameters.registrationWindow;
        model.bond = uint128(msg.value);
        model.terms = terms;
        model.document = document;
        emit ModelRegistered(modelId, msg.sender, document, terms, model.bond, model.pendingUntil);
    }

    /// @inheritdoc IModelRegistry
    function returnBond(ModelId modelId) external {
        Model storage model = _registered(modelId);
        if (block.timestamp <= model.pendingUntil) revert TooEarly(model.pendingUntil);
        uint128 bond = model.bond;
        model.bond = 0;
        emit BondReturned(modelId, bond);
        if (bond > 0) BALANCES.credit{value: bond}(model.owner);
    }

    /// @inheritdoc IModelRegistry
    function fail(ModelId modelId, address challenger, bytes32 reason) external {
        if (msg.sender != CHALLENGES) revert NotChallenges(msg.sender);
        Model storage model = _registered(modelId);
        (uint128 bond, ModelDocument storage document) = (model.bond, model.document);
        (model.status, model.bond) = (Status.Failed, 0);
        modelOfAdapter[document.baseHash][document.adapterHash] = NO_MODEL;
        emit ModelFailed(modelId, challenger, reason, bond);
        BALANCES.credit{value: bond / 2}(challenger);
        BALANCES.credit{value: bond - bond / 2}(PARAMETERS.parameters().treasury);
    }

    /// @inheritdoc IModelRegistry
    function extendPending(ModelId modelId, uint64 time) external {
        if (msg.sender != CHALLENGES) revert NotChallenges(msg.sender);
        Model storage model = _registered(modelId);
        if (time <= model.pendingUntil) return;
        model.pendingUntil = time;
        emit PendingExtended(modelId, time);
    }

    /// @inheritdoc IModelRegistry
    function setRates(ModelId modelId, uint128 rateIn, uint128 rateOut) external {
        Model storage model = _owned(modelId);
        _checkRates(rateIn, rateOut);
        (model.terms.rateIn, model.terms.rateOut) = (rateIn, rateOut);
        emit RatesSet(modelId, rateIn, rateOut);
    }

    /// @inheritdoc IModelRegistry
    function setOpen(ModelId modelId, bool open) external {
        _owned(modelId).open = open;
        emit OpenSet(modelId, open);
    }

    /// @inheritdoc IModelRegistry
    function getModel(ModelId modelId) external view returns (Model memory) {
        return _known(modelId);
    }

    /// @inheritdoc IModelRegistry
    function indexOf(ModelId modelId) external view returns (IndexCommitment memory) {
        return _known(modelId).document.index;
    }

    /// @inheritdoc IModelRegistry
    function snapshotsOf(ModelId modelId) external view returns (SnapshotRef[] memory) {
        return _known(modelId).document.snapshots;
    }

    /// @inheritdoc IModelRegistry
    function termsOf(ModelId modelId)
        external
        view
        returns (address owner, bool serves, ModelTerms memory terms)
    {
        Model storage model = _known(modelId);
        serves = model.open && model.status == Status.Registered && block.timestamp > model.pendingUntil;
        return (model.owner, serves, model.terms);
    }

    /// @inheritdoc IModelRegistry
    function isPending(ModelId modelId) external view returns (bool) {
        Model storage model = _known(modelId);
        return model.status == Status.Registered && block.timestamp <= model.pendingUntil;
    }

    function _checkDocument(ModelDocument calldata document) private view {
        uint256 length = bytes(document.name).length;
        if (length == 0 || length > MAX_NAME) revert NameLength(length);
        if (document.baseHash == 0) revert HashMissing("baseHash");
        if (document.adapterHash == 0) revert HashMissing("adapterHash");
        if (document.tokenizerHash == 0) revert HashMissing("tokenizerHash");
        if (document.methodHash == 0) revert HashMissing("methodHash");
        if (document.manifestHash == 0) revert HashMissing("manifestHash");
        INFLUENCE_VERIFIER.checkIndex(document.index);
        PARAMETERS.checkIndexBounds(document.index);
        SnapshotRef[] calldata snapshots = document.snapshots;
        if (snapshots.length == 0 || snapshots.length > MAX_SNAPSHOTS) {
            revert SnapshotCount(snapshots.length);
        }
        uint256 rows = 0;
        for (uint256 i = 0; i < snapshots.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                if (snapshots[j].datanetId == snapshots[i].datanetId) {
                    revert DatanetRepeated(snapshots[i].datanetId);
                }
            }
            rows += DATANETS.getSnapshot(snapshots[i].datanetId, snapshots[i].number).rows;
        }
        if (rows != document.index.rows) revert RowCountMismatch(document.index.rows, rows);
    }

    function _checkRates(uint128 rateIn, uint128 rateOut) private pure {
        if (rateIn > MAX_RATE) revert RateTooHigh(rateIn);
        if (rateOut > MAX_RATE) revert RateTooHigh(rateOut);
    }

    function _known(ModelId modelId) private view returns (Model storage model) {
        model = _models[modelId];
        if (model.status == Status.None) revert ModelUnknown(modelId);
    }

    function _registered(ModelId modelId) private view returns (Model storage model) {
        model = _known(modelId);
        if (model.status != Status.Registered) revert ModelNotRegistered(modelId, model.status);
    }

    function _owned(ModelId modelId) private view returns (Model storage model) {
        model = _known(modelId);
        if (msg.sender != model.owner) revert NotModelOwner(msg.sender);
    }
}

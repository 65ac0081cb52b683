// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {IDataAccess} from "../interfaces/protocol/IDataAccess.sol";
import {IModelRegistry, ModelDocument, ModelTerms} from "../interfaces/protocol/IModelRegistry.sol";
import {IModelRoyalties} from "../interfaces/protocol/IModelRoyalties.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {DatanetRegistry} from "./DatanetRegistry.sol";
import {ModelDocuments} from "./ModelDocuments.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ModelId, Parent, SnapshotRef, NO_MODEL} from "./Types.sol";

/// @title Models with their attribution commitments, rates and split.
/// @notice A registration is pending for a window in which anybody may show that its index is not what the snapshots say
/// (see ModelChallenges); the bond of a false one goes half to who showed it, half to the treasury. Hosts take a model by
/// their own transaction (HostStakes). Amounts are wei, times seconds.
contract ModelRegistry is ModelDocuments {
    RewardBalances public immutable BALANCES;
    /// @notice The contract that decides challenges of registrations.
    address public immutable CHALLENGES;
    /// @notice The contract of disputes over records; 0 on a chain that has no verifiers.
    address public immutable DISPUTES;
    /// @notice Says what may be trained on a snapshot, and for what.
    IDataAccess public immutable ACCESS;
    /// @notice Keeps parents and royalties.
    IModelRoyalties public immutable ROYALTIES;

    /// @notice Number of models; ids count from 1.
    uint256 public modelCount;
    mapping(ModelId modelId => Model) private _models;
    /// @notice The model that holds an adapter with its base; 0 if none does. Nobody registers another's model again.
    mapping(bytes32 baseHash => mapping(bytes32 adapterHash => ModelId modelId)) public modelOfAdapter;

    constructor(
        ProtocolParameters parameters,
        DatanetRegistry datanets,
        RewardBalances balances,
        address challenges,
        address disputes,
        IDataAccess access,
        IModelRoyalties royalties
    ) ModelDocuments(parameters, datanets) {
        (BALANCES, CHALLENGES, DISPUTES) = (balances, challenges, disputes);
        (ACCESS, ROYALTIES) = (access, royalties);
    }

    /// @inheritdoc IModelRegistry
    function register(ModelDocument calldata document, ModelTerms calldata terms)
        external
        payable
        returns (ModelId modelId)
    {
        modelId = _register(document, terms);
        _derive(modelId, document.snapshots, new Parent[](0), 0);
    }

    /// @inheritdoc IModelRegistry
    function registerDerived(
        ModelDocument calldata document,
        ModelTerms calldata terms,
        Parent[] calldata parents,
        uint256 mostRoyalty
    ) external payable returns (ModelId modelId) {
        modelId = _register(document, terms);
        _derive(modelId, document.snapshots, parents, mostRoyalty);
    }

    /// @inheritdoc IModelRegistry
    function returnBond(ModelId modelId) external {
        Model storage model = _registered(modelId);
        if (block.timestamp <= model.pendingUntil) revert TooEarly(model.pendingUntil);
        if (model.disputes > 0) revert UnderDispute(modelId);
        uint128 bond = model.bond;
        model.bond = 0;
        emit BondReturned(modelId, bond);
        if (bond > 0) BALANCES.creditFor{value: bond}(model.owner, "registration", ModelId.unwrap(modelId));
    }

    /// @inheritdoc IModelRegistry
    function fail(ModelId modelId, address challenger, bytes32 reason) external {
        if (msg.sender != CHALLENGES && msg.sender != DISPUTES) revert NotChallenges(msg.sender);
        uint128 bond = _end(modelId);
        emit ModelFailed(modelId, challenger, reason, bond);
        BALANCES.creditFor{value: bond / 2}(challenger, "registration", ModelId.unwrap(modelId));
        BALANCES.creditFor{value: bond - bond / 2}(
            PARAMETERS.parameters().treasury, "registration", ModelId.unwrap(modelId)
        );
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
    function beginDispute(ModelId modelId) external {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        emit DisputesMoved(modelId, ++_registered(modelId).disputes);
    }

    /// @inheritdoc IModelRegistry
    function endDispute(ModelId modelId) external {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        emit DisputesMoved(modelId, --_known(modelId).disputes);
    }

    /// @inheritdoc IModelRegistry
    function retract(ModelId modelId, bytes32 reason) external {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        uint128 bond = _end(modelId);
        emit ModelRetracted(modelId, reason, bond);
        BALANCES.creditFor{value: bond}(_models[modelId].owner, "registration", ModelId.unwrap(modelId));
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
        returns (address payee, bool serves, ModelTerms memory terms)
    {
        Model storage model = _known(modelId);
        serves = model.open && model.status == Status.Registered && !_isPending(model);
        payee = model.isDerived ? ROYALTIES.purseOf(modelId) : model.owner;
        return (payee, serves, model.terms);
    }

    /// @inheritdoc IModelRegistry
    function ownerOf(ModelId modelId) external view returns (address) {
        return _known(modelId).owner;
    }

    /// @inheritdoc IModelRegistry
    function isSettled(ModelId modelId) external view returns (bool) {
        Model storage model = _known(modelId);
        return model.status == Status.Registered && !_isPending(model);
    }

    /// @inheritdoc IModelRegistry
    function isPending(ModelId modelId) external view returns (bool) {
        Model storage model = _known(modelId);
        return model.status == Status.Registered && _isPending(model);
    }

    function _register(ModelDocument calldata document, ModelTerms calldata terms)
        private
        returns (ModelId modelId)
    {
        Parameters memory parameters = PARAMETERS.parameters();
        uint128 bond = parameters.registrationBond;
        if (msg.value < bond) revert BondMismatch(msg.value, bond);
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
        model.bond = bond;
        model.terms = terms;
        model.document = document;
        emit ModelRegistered(modelId, msg.sender, document, terms, model.bond, model.pendingUntil);
    }

    /// @dev Pays for the data and fixes what the model owes to it and to its parents.
    function _derive(
        ModelId modelId,
        SnapshotRef[] calldata snapshots,
        Parent[] memory parents,
        uint256 mostRoyalty
    ) private {
        Model storage model = _models[modelId];
        uint16[] memory royalties = ACCESS.admit{value: msg.value - model.bond}(msg.sender, snapshots);
        (address purse, uint256 bps) = ROYALTIES.adopt(modelId, parents, snapshots, royalties);
        if (bps > mostRoyalty) revert RoyaltyAboveMost(bps, mostRoyalty);
        model.isDerived = purse != address(0);
    }

    function _isPending(Model storage model) private view returns (bool) {
        return block.timestamp <= model.pendingUntil || model.disputes > 0;
    }

    /// @dev Its adapter is free again.
    function _end(ModelId modelId) private returns (uint128 bond) {
        Model storage model = _registered(modelId);
        ModelDocument storage document = model.document;
        bond = model.bond;
        (model.status, model.bond) = (Status.Failed, 0);
        modelOfAdapter[document.baseHash][document.adapterHash] = NO_MODEL;
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

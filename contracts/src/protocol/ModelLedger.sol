// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {IDataAccess} from "../interfaces/protocol/IDataAccess.sol";
import {IModelLedger, ModelDocument, ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {IModelRoyalties} from "../interfaces/protocol/IModelRoyalties.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ModelId, Parent, SnapshotRef} from "./Types.sol";

/// @title Models with their attribution commitments, rates and split, and the bonds of their registrations.
/// @notice See IModelLedger. It holds money and decides where money goes, so it has no owner and can't be upgraded.
contract ModelLedger is IModelLedger {
    /// @dev So that tokens (u32) times rate, and the sums, stay far from 2^256.
    uint128 private constant MAX_RATE = type(uint96).max;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    /// @notice The registry of models, which alone admits them.
    address public immutable REGISTRY;
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

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        address registry,
        address challenges,
        address disputes,
        IDataAccess access,
        IModelRoyalties royalties
    ) {
        (PARAMETERS, BALANCES, REGISTRY) = (parameters, balances, registry);
        (CHALLENGES, DISPUTES) = (challenges, disputes);
        (ACCESS, ROYALTIES) = (access, royalties);
    }

    /// @inheritdoc IModelLedger
    function admit(
        address owner,
        ModelDocument calldata document,
        ModelTerms calldata terms,
        Parent[] calldata parents,
        uint256 mostRoyalty
    ) external payable returns (ModelId modelId) {
        if (msg.sender != REGISTRY) revert NotModelRegistry(msg.sender);
        modelId = _write(owner, document, terms);
        Model storage model = _models[modelId];
        // Pays for the data and fixes what the model owes to it and to its parents.
        uint16[] memory royalties = ACCESS.admit{value: msg.value - model.bond}(owner, document.snapshots);
        (address purse, uint256 bps) = ROYALTIES.adopt(modelId, parents, document.snapshots, royalties);
        if (bps > mostRoyalty) revert RoyaltyAboveMost(bps, mostRoyalty);
        model.isDerived = purse != address(0);
    }

    /// @inheritdoc IModelLedger
    function returnBond(ModelId modelId) external {
        Model storage model = _registered(modelId);
        if (block.timestamp <= model.pendingUntil) revert TooEarly(model.pendingUntil);
        if (model.disputes > 0) revert UnderDispute(modelId);
        uint128 bond = model.bond;
        model.bond = 0;
        emit BondReturned(modelId, bond);
        if (bond > 0) BALANCES.creditFor{value: bond}(model.owner, "registration", ModelId.unwrap(modelId));
    }

    /// @inheritdoc IModelLedger
    function fail(ModelId modelId, address challenger, bytes32 reason) external {
        if (msg.sender != CHALLENGES && msg.sender != DISPUTES) revert NotChallenges(msg.sender);
        uint128 bond = _end(modelId);
        emit ModelFailed(modelId, challenger, reason, bond);
        BALANCES.creditFor{value: bond / 2}(challenger, "registration", ModelId.unwrap(modelId));
        BALANCES.creditFor{value: bond - bond / 2}(
            PARAMETERS.parameters().treasury, "registration", ModelId.unwrap(modelId)
        );
    }

    /// @inheritdoc IModelLedger
    function extendPending(ModelId modelId, uint64 time) external {
        if (msg.sender != CHALLENGES) revert NotChallenges(msg.sender);
        Model storage model = _registered(modelId);
        if (time <= model.pendingUntil) return;
        model.pendingUntil = time;
        emit PendingExtended(modelId, time);
    }

    /// @inheritdoc IModelLedger
    function beginDispute(ModelId modelId) external {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        emit DisputesMoved(modelId, ++_registered(modelId).disputes);
    }

    /// @inheritdoc IModelLedger
    function endDispute(ModelId modelId) external {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        emit DisputesMoved(modelId, --_known(modelId).disputes);
    }

    /// @inheritdoc IModelLedger
    function retract(ModelId modelId, bytes32 reason) external {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        uint128 bond = _end(modelId);
        emit ModelRetracted(modelId, reason, bond);
        BALANCES.creditFor{value: bond}(_models[modelId].owner, "registration", ModelId.unwrap(modelId));
    }

    /// @inheritdoc IModelLedger
    function setRates(ModelId modelId, uint128 rateIn, uint128 rateOut) external {
        Model storage model = _owned(modelId);
        _checkRates(rateIn, rateOut);
        (model.terms.rateIn, model.terms.rateOut) = (rateIn, rateOut);
        emit RatesSet(modelId, rateIn, rateOut);
    }

    /// @inheritdoc IModelLedger
    function setOpen(ModelId modelId, bool open) external {
        _owned(modelId).open = open;
        emit OpenSet(modelId, open);
    }

    /// @inheritdoc IModelLedger
    function getModel(ModelId modelId) external view returns (Model memory) {
        return _known(modelId);
    }

    /// @inheritdoc IModelLedger
    function indexOf(ModelId modelId) external view returns (IndexCommitment memory) {
        return _known(modelId).document.index;
    }

    /// @inheritdoc IModelLedger
    function snapshotsOf(ModelId modelId) external view returns (SnapshotRef[] memory) {
        return _known(modelId).document.snapshots;
    }

    /// @inheritdoc IModelLedger
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

    /// @inheritdoc IModelLedger
    function ownerOf(ModelId modelId) external view returns (address) {
        return _known(modelId).owner;
    }

    /// @inheritdoc IModelLedger
    function statusOf(ModelId modelId) external view returns (Status) {
        return _models[modelId].status;
    }

    /// @inheritdoc IModelLedger
    function isSettled(ModelId modelId) external view returns (bool) {
        Model storage model = _known(modelId);
        return model.status == Status.Registered && !_isPending(model);
    }

    /// @inheritdoc IModelLedger
    function isPending(ModelId modelId) external view returns (bool) {
        Model storage model = _known(modelId);
        return model.status == Status.Registered && _isPending(model);
    }

    function _write(address owner, ModelDocument calldata document, ModelTerms calldata terms)
        private
        returns (ModelId modelId)
    {
        Parameters memory parameters = PARAMETERS.parameters();
        uint128 bond = parameters.registrationBond;
        if (msg.value < bond) revert BondMismatch(msg.value, bond);
        _checkRates(terms.rateIn, terms.rateOut);
        PARAMETERS.checkFeeSplit(terms.split);
        modelId = ModelId.wrap(++modelCount);
        Model storage model = _models[modelId];
        model.owner = owner;
        model.status = Status.Registered;
        model.open = true;
        model.registeredAt = uint64(block.timestamp);
        model.pendingUntil = uint64(block.timestamp + parameters.registrationWindow);
        model.window = parameters.registrationWindow;
        model.bond = bond;
        model.terms = terms;
        model.document = document;
        emit ModelRegistered(modelId, owner, document, terms, model.bond, model.pendingUntil);
    }

    function _checkRates(uint128 rateIn, uint128 rateOut) private pure {
        if (rateIn > MAX_RATE) revert RateTooHigh(rateIn);
        if (rateOut > MAX_RATE) revert RateTooHigh(rateOut);
    }

    function _isPending(Model storage model) private view returns (bool) {
        return block.timestamp <= model.pendingUntil || model.disputes > 0;
    }

    function _end(ModelId modelId) private returns (uint128 bond) {
        Model storage model = _registered(modelId);
        bond = model.bond;
        (model.status, model.bond) = (Status.Failed, 0);
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

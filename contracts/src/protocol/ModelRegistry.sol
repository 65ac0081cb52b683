// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {DatanetRegistry} from "./DatanetRegistry.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {Parameters, ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {FeeSplit, SnapshotRef} from "./Types.sol";

/// @notice What a model is. Fixed once registered: everything here is committed before the first query.
/// @param name For people; 1 to 256 bytes.
/// @param baseHash SHA-256 over the base model's weights.
/// @param adapterHash SHA-256 of the adapter's safetensors.
/// @param tokenizerHash SHA-256 of tokenizer.json.
/// @param methodHash SHA-256 of the method document: version, seeds, damping, dimension, hyper-parameters.
/// @param manifestHash SHA-256 of the manifest, by which the content store gives all other documents.
/// @param snapshots What it was trained on; 1 to 16, each of another datanet. Row i of the index is row i of theirs, one after
/// the other.
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

/// @title Models with their attribution commitments, rates and split.
/// @notice A registration is pending for a window in which anybody may show that its index is not what the snapshots say
/// (see ModelChallenges); the bond of a false one goes half to who showed it, half to the treasury. Hosts take a model by
/// their own transaction (HostStakes). Amounts are wei, times seconds.
contract ModelRegistry {
    enum Status {
        None,
        /// @dev Can be challenged and serves nobody before `pendingUntil`.
        Registered,
        /// @dev Shown to be false.
        Failed
    }

    /// @param pendingUntil End of the window; a demand that waits for its answer moves it.
    /// @param bond Wei that the owner has here; 0 once it was taken back or lost.
    struct Model {
        address owner;
        Status status;
        bool open;
        uint64 registeredAt;
        uint64 pendingUntil;
        uint32 window;
        uint128 bond;
        ModelTerms terms;
        ModelDocument document;
    }

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
    mapping(uint256 modelId => Model) private _models;
    /// @notice The model that holds an adapter with its base; 0 if none does. Nobody registers another's model again.
    mapping(bytes32 baseHash => mapping(bytes32 adapterHash => uint256 modelId)) public modelOfAdapter;

    event ModelRegistered(
        uint256 indexed modelId,
        address indexed owner,
        ModelDocument document,
        ModelTerms terms,
        uint128 bond,
        uint64 pendingUntil
    );
    event PendingExtended(uint256 indexed modelId, uint64 pendingUntil);
    event ModelFailed(uint256 indexed modelId, address indexed challenger, bytes32 reason, uint128 bond);
    event BondReturned(uint256 indexed modelId, uint128 bond);
    event RatesSet(uint256 indexed modelId, uint128 rateIn, uint128 rateOut);
    event OpenSet(uint256 indexed modelId, bool open);

    error ModelUnknown(uint256 modelId);
    error ModelNotRegistered(uint256 modelId, Status actual);
    error NotModelOwner(address caller);
    error NotChallenges(address caller);
    error NameLength(uint256 length);
    error HashMissing(bytes32 name);
    error SnapshotCount(uint256 count);
    error DatanetRepeated(uint256 datanetId);
    error RowCountMismatch(uint256 indexRows, uint256 snapshotRows);
    error AdapterRegistered(uint256 modelId);
    error RateTooHigh(uint256 rate);
    error BondMismatch(uint256 sent, uint256 required);
    error TooEarly(uint256 time);

    constructor(
        ProtocolParameters parameters,
        DatanetRegistry datanets,
        RewardBalances balances,
        address challenges
    ) {
        (PARAMETERS, DATANETS, BALANCES, CHALLENGES) = (parameters, datanets, balances, challenges);
    }

    /// @notice Registers a model with the bond; the caller owns it. It can serve when its window has passed.
    /// @param document What it is.
    /// @param terms Rates and split; the split within governance's bounds.
    /// @return modelId Counted from 1.
    function register(ModelDocument calldata document, ModelTerms calldata terms)
        external
        payable
        returns (uint256 modelId)
    {
        Parameters memory parameters = PARAMETERS.parameters();
        if (msg.value != parameters.registrationBond) {
            revert BondMismatch(msg.value, parameters.registrationBond);
        }
        _checkDocument(document);
        _checkRates(terms.rateIn, terms.rateOut);
        PARAMETERS.checkFeeSplit(terms.split);
        modelId = ++modelCount;
        uint256 holder = modelOfAdapter[document.baseHash][document.adapterHash];
        if (holder != 0) revert AdapterRegistered(holder);
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

    /// @notice Returns the bond after the window. Anybody may call.
    function returnBond(uint256 modelId) external {
        Model storage model = _registered(modelId);
        if (block.timestamp <= model.pendingUntil) revert TooEarly(model.pendingUntil);
        uint128 bond = model.bond;
        model.bond = 0;
        emit BondReturned(modelId, bond);
        if (bond > 0) BALANCES.credit{value: bond}(model.owner);
    }

    /// @notice The registration was shown to be false. For ModelChallenges.
    /// @param challenger Gets half of the bond; the treasury the rest.
    function fail(uint256 modelId, address challenger, bytes32 reason) external {
        if (msg.sender != CHALLENGES) revert NotChallenges(msg.sender);
        Model storage model = _registered(modelId);
        (uint128 bond, ModelDocument storage document) = (model.bond, model.document);
        (model.status, model.bond) = (Status.Failed, 0);
        delete modelOfAdapter[document.baseHash][document.adapterHash];
        emit ModelFailed(modelId, challenger, reason, bond);
        BALANCES.credit{value: bond / 2}(challenger);
        BALANCES.credit{value: bond - bond / 2}(PARAMETERS.parameters().treasury);
    }

    /// @notice Keeps the model pending at least until `time`. For ModelChallenges.
    function extendPending(uint256 modelId, uint64 time) external {
        if (msg.sender != CHALLENGES) revert NotChallenges(msg.sender);
        Model storage model = _registered(modelId);
        if (time <= model.pendingUntil) return;
        model.pendingUntil = time;
        emit PendingExtended(modelId, time);
    }

    /// @notice Changes the rates of later requests; wei for 1000 tokens. For the owner.
    function setRates(uint256 modelId, uint128 rateIn, uint128 rateOut) external {
        Model storage model = _owned(modelId);
        _checkRates(rateIn, rateOut);
        (model.terms.rateIn, model.terms.rateOut) = (rateIn, rateOut);
        emit RatesSet(modelId, rateIn, rateOut);
    }

    /// @notice Stops or resumes taking requests. For the owner.
    function setOpen(uint256 modelId, bool open) external {
        _owned(modelId).open = open;
        emit OpenSet(modelId, open);
    }

    function getModel(uint256 modelId) external view returns (Model memory) {
        return _known(modelId);
    }

    /// @notice The index commitment alone.
    function indexOf(uint256 modelId) external view returns (IndexCommitment memory) {
        return _known(modelId).document.index;
    }

    function snapshotsOf(uint256 modelId) external view returns (SnapshotRef[] memory) {
        return _known(modelId).document.snapshots;
    }

    /// @notice What the market needs of a model.
    /// @return owner Its owner.
    /// @return serves Its window has passed, it was not refuted and its owner has it open.
    function termsOf(uint256 modelId)
        external
        view
        returns (address owner, bool serves, ModelTerms memory terms)
    {
        Model storage model = _known(modelId);
        serves = model.open && model.status == Status.Registered && block.timestamp > model.pendingUntil;
        return (model.owner, serves, model.terms);
    }

    /// @notice The registration is still open to challenges.
    function isPending(uint256 modelId) external view returns (bool) {
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

    function _known(uint256 modelId) private view returns (Model storage model) {
        model = _models[modelId];
        if (model.status == Status.None) revert ModelUnknown(modelId);
    }

    function _registered(uint256 modelId) private view returns (Model storage model) {
        model = _known(modelId);
        if (model.status != Status.Registered) revert ModelNotRegistered(modelId, model.status);
    }

    function _owned(uint256 modelId) private view returns (Model storage model) {
        model = _known(modelId);
        if (msg.sender != model.owner) revert NotModelOwner(msg.sender);
    }
}

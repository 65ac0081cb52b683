// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatanetId, FeeSplit, ModelId, SnapshotRef} from "../../protocol/Types.sol";
import {IndexCommitment} from "../IInfluenceVerifier.sol";

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
interface IModelRegistry {
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

    event ModelRegistered(
        ModelId indexed modelId,
        address indexed owner,
        ModelDocument document,
        ModelTerms terms,
        uint128 bond,
        uint64 pendingUntil
    );
    event PendingExtended(ModelId indexed modelId, uint64 pendingUntil);
    event ModelFailed(ModelId indexed modelId, address indexed challenger, bytes32 reason, uint128 bond);
    event BondReturned(ModelId indexed modelId, uint128 bond);
    event RatesSet(ModelId indexed modelId, uint128 rateIn, uint128 rateOut);
    event OpenSet(ModelId indexed modelId, bool open);

    error ModelUnknown(ModelId modelId);
    error ModelNotRegistered(ModelId modelId, Status actual);
    error NotModelOwner(address caller);
    error NotChallenges(address caller);
    error NameLength(uint256 length);
    error HashMissing(bytes32 name);
    error SnapshotCount(uint256 count);
    error DatanetRepeated(DatanetId datanetId);
    error RowCountMismatch(uint256 indexRows, uint256 snapshotRows);
    error AdapterRegistered(ModelId modelId);
    error RateTooHigh(uint256 rate);
    error BondMismatch(uint256 sent, uint256 required);
    error TooEarly(uint256 time);

    /// @notice Registers a model with the bond; the caller owns it. It can serve when its window has passed.
    /// @param document What it is.
    /// @param terms Rates and split; the split within governance's bounds.
    /// @return modelId Counted from 1.
    function register(ModelDocument calldata document, ModelTerms calldata terms)
        external
        payable
        returns (ModelId modelId);

    /// @notice Returns the bond after the window. Anybody may call.
    function returnBond(ModelId modelId) external;

    /// @notice The registration was shown to be false. For ModelChallenges.
    /// @param challenger Gets half of the bond; the treasury the rest.
    function fail(ModelId modelId, address challenger, bytes32 reason) external;

    /// @notice Keeps the model pending at least until `time`. For ModelChallenges.
    function extendPending(ModelId modelId, uint64 time) external;

    /// @notice Changes the rates of later requests; wei for 1000 tokens. For the owner.
    function setRates(ModelId modelId, uint128 rateIn, uint128 rateOut) external;

    /// @notice Stops or resumes taking requests. For the owner.
    function setOpen(ModelId modelId, bool open) external;

    function getModel(ModelId modelId) external view returns (Model memory);

    /// @notice The index commitment alone.
    function indexOf(ModelId modelId) external view returns (IndexCommitment memory);

    function snapshotsOf(ModelId modelId) external view returns (SnapshotRef[] memory);

    /// @notice What the market needs of a model.
    /// @return owner Its owner.
    /// @return serves Its window has passed, it was not refuted and its owner has it open.
    function termsOf(ModelId modelId)
        external
        view
        returns (address owner, bool serves, ModelTerms memory terms);

    /// @notice The registration is still open to challenges.
    function isPending(ModelId modelId) external view returns (bool);
}

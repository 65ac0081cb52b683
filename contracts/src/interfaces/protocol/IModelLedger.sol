// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeSplit, ModelId, Parent, SnapshotRef} from "../../protocol/Types.sol";
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
/// @notice What the registry of models admits is written here once: a model keeps its owner, document, split and royalties, and nobody can
/// write them anew, the registry neither. Rates and whether it is open change by the owner's own act. A registration is pending for a
/// window in which anybody may show that its index is not what the snapshots say (see ModelChallenges); the bond of a false one goes
/// half to who showed it, half to the treasury. Hosts take a model by their own transaction (HostStakes). Amounts are wei, times
/// seconds. The contract holds money and decides where money goes: it has no owner and can't be upgraded; the registry can.
interface IModelLedger {
    enum Status {
        None,
        /// @dev Can be challenged and serves nobody before `pendingUntil`.
        Registered,
        /// @dev Shown to be false.
        Failed
    }

    /// @param isDerived It owes royalties: see IModelRoyalties.
    /// @param pendingUntil End of the window; a demand that waits for its answer moves it.
    /// @param disputes Disputes over its records that are open: it is pending as long as there are any.
    /// @param bond Wei that the owner has here; 0 once it was taken back or lost.
    struct Model {
        address owner;
        Status status;
        bool open;
        uint64 registeredAt;
        bool isDerived;
        uint64 pendingUntil;
        uint32 window;
        uint32 disputes;
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
    event DisputesMoved(ModelId indexed modelId, uint32 open);
    /// @notice It ended without anybody's fault; the bond went back.
    event ModelRetracted(ModelId indexed modelId, bytes32 reason, uint128 bond);
    event RatesSet(ModelId indexed modelId, uint128 rateIn, uint128 rateOut);
    event OpenSet(ModelId indexed modelId, bool open);

    error ModelUnknown(ModelId modelId);
    error ModelNotRegistered(ModelId modelId, Status actual);
    error NotModelOwner(address caller);
    error NotChallenges(address caller);
    error NotDisputes(address caller);
    error UnderDispute(ModelId modelId);
    error NotModelRegistry(address caller);
    error RateTooHigh(uint256 rate);
    error BondMismatch(uint256 sent, uint256 required);
    error TooEarly(uint256 time);
    /// @notice Parents and data ask for more than the owner agrees to, in 1/10000.
    error RoyaltyAboveMost(uint256 bps, uint256 most);

    /// @notice Writes a model that the registry admits, with the bond, and the price of access to its snapshots where there is one (see
    /// IDataAccess). For the registry.
    /// @param owner Who owns it.
    /// @param parents Models that it was made from; at most 4, in the order of their ids (see IModelRoyalties).
    /// @param mostRoyalty All parts together are at most that, in 1/10000: what data asks for may have changed meanwhile.
    /// @return modelId Counted from 1.
    function admit(
        address owner,
        ModelDocument calldata document,
        ModelTerms calldata terms,
        Parent[] calldata parents,
        uint256 mostRoyalty
    ) external payable returns (ModelId modelId);

    /// @notice Returns the bond after the window. Anybody may call.
    function returnBond(ModelId modelId) external;

    /// @notice The registration was shown to be false. For ModelChallenges and ModelDisputes.
    /// @param challenger Gets half of the bond; the treasury the rest.
    function fail(ModelId modelId, address challenger, bytes32 reason) external;

    /// @notice Keeps the model pending at least until `time`. For ModelChallenges.
    function extendPending(ModelId modelId, uint64 time) external;

    /// @notice A dispute over a record of a pending model begins. For ModelDisputes.
    function beginDispute(ModelId modelId) external;

    /// @notice It is over. For ModelDisputes.
    function endDispute(ModelId modelId) external;

    /// @notice Ends a registration that can't be checked any more; the bond returns. For ModelDisputes.
    function retract(ModelId modelId, bytes32 reason) external;

    /// @notice Changes the rates of later requests; wei for 1000 tokens. For the owner.
    function setRates(ModelId modelId, uint128 rateIn, uint128 rateOut) external;

    /// @notice Stops or resumes taking requests. For the owner.
    function setOpen(ModelId modelId, bool open) external;

    function getModel(ModelId modelId) external view returns (Model memory);

    /// @notice The index commitment alone.
    function indexOf(ModelId modelId) external view returns (IndexCommitment memory);

    function snapshotsOf(ModelId modelId) external view returns (SnapshotRef[] memory);

    /// @notice What the market needs of a model.
    /// @return payee Who gets the owner's part of its fees: its owner, or the purse of its royalties.
    /// @return serves Its window has passed, it was not refuted and its owner has it open.
    function termsOf(ModelId modelId)
        external
        view
        returns (address payee, bool serves, ModelTerms memory terms);

    function ownerOf(ModelId modelId) external view returns (address);

    function statusOf(ModelId modelId) external view returns (Status);

    /// @notice It is registered, and the time for challenges is over.
    function isSettled(ModelId modelId) external view returns (bool);

    /// @notice The registration is still open to challenges.
    function isPending(ModelId modelId) external view returns (bool);
}

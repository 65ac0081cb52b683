// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatanetId, ModelId, Parent, SnapshotRef} from "../../protocol/Types.sol";

/// @notice A line of a model's royalty table: an ancestor, or a snapshot with a royalty.
/// @param modelId The ancestor; 0 where it is a snapshot.
/// @param snapshot Where it is one.
/// @param bps Its part of what comes in, in 1/10000.
struct RoyaltyLine {
    ModelId modelId;
    SnapshotRef snapshot;
    uint16 bps;
}

/// @title What models owe to the models and the data that they were made from.
/// @notice A model with parents, or over snapshots with a royalty, has a table, made once and for ever when it is registered: each
/// parent with its part, and each of the parent's own lines with that part of the parent's part, which the parent then lacks. What the
/// model's owner would have of fees comes to the model's purse instead. Whoever calls `distribute` divides it by the table;
/// the rest is the owner's. So royalties cost contributors, hosts and stakers of the model nothing. What comes to an ancestor is divided by its own
/// split without the host's part: its owner, its stakers, and by the pools of its snapshots its contributors. Wei.
interface IModelRoyalties {
    /// @param parents In the order of their ids.
    event ModelDerived(ModelId indexed modelId, Parent[] parents, RoyaltyLine[] table, address purse);
    event LeastRoyaltySet(ModelId indexed modelId, uint16 bps);
    /// @notice What came to a model's purse was divided: `parts` to the lines of its table, `owner` to its owner.
    event RoyaltiesDistributed(ModelId indexed modelId, uint256[] parts, uint256 owner);
    /// @notice What a model had as an ancestor was divided by its split.
    event AncestorPaid(ModelId indexed modelId, uint256 contributors, uint256 owner, uint256 stakers);

    error NotRegistry(address caller);
    error ParentCount(uint256 count, uint256 most);
    /// @notice Parents come in the order of their ids, each once.
    error ParentOrder(ModelId modelId);
    /// @notice Still open to challenges, or shown to be false.
    error ParentNotSettled(ModelId modelId);
    error ParentRoyalty(ModelId modelId, uint16 bps, uint16 least);
    error RoyaltySum(uint256 bps, uint256 most);
    error TableTooLong(uint256 lines, uint256 most);
    error NotRoyaltyOwner(address caller);
    error LeastRoyaltyTooHigh(uint16 bps, uint16 most);
    error NothingOwed(ModelId modelId);

    /// @notice Makes the table of a model that is being registered. For ModelLedger.
    /// @param parents At most MAX_PARENTS settled models.
    /// @param snapshots What it was trained on.
    /// @param royalties What each snapshot gets, in 1/10000.
    /// @return purse Where the owner's part of its fees goes; 0: it owes nothing.
    /// @return bps All parts together.
    function adopt(
        ModelId modelId,
        Parent[] calldata parents,
        SnapshotRef[] calldata snapshots,
        uint16[] calldata royalties
    ) external returns (address purse, uint256 bps);

    /// @notice Sets the least part that models which name this one as a parent give it, at most LEAST_MAX. For its owner; those that
    /// are registered keep theirs.
    function setLeastRoyalty(ModelId modelId, uint16 bps) external;

    /// @notice Divides what came to a model's purse by its table, and what it has as an ancestor by its split. Anybody may call.
    function distribute(ModelId modelId) external;

    /// @notice Where the owner's part of a model's fees goes; 0 where it has no table.
    function purseOf(ModelId modelId) external view returns (address);

    function parentsOf(ModelId modelId) external view returns (Parent[] memory);

    function tableOf(ModelId modelId) external view returns (RoyaltyLine[] memory);

    /// @notice What waits to be distributed.
    /// @return income In its purse.
    /// @return royalties As an ancestor of others.
    function waitingOf(ModelId modelId) external view returns (uint256 income, uint256 royalties);
}

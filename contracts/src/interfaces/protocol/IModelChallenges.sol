// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RowProof} from "../../protocol/RowProofs.sol";
import {ContributionId, ModelId} from "../../protocol/Types.sol";
import {OpenedRecord} from "./IClaimChallenges.sol";
import {SpanIndex} from "./ISpanChallenges.sol";

/// @notice A row of an index with its record and its example.
/// @param example At the contribution and row that the record names.
struct ShownRow {
    OpenedRecord opened;
    RowProof example;
}

/// @title Counter-examples to a model's registration, and demands for its records.
/// @notice Record i of an index must be row i of the model's snapshots, one after the other: one path refutes a record that names
/// another contribution or row. A record that nobody can show is demanded; silence fails the registration. Wei and seconds.
interface IModelChallenges {
    /// @param by Who demanded; gets the deposit back and half of the bond on silence.
    struct RecordDemand {
        address by;
        uint64 deadline;
        uint128 deposit;
    }

    event RecordDemanded(ModelId indexed modelId, uint32 indexed rowId, address indexed by, uint64 deadline);
    event RecordAnswered(ModelId indexed modelId, uint32 indexed rowId, bytes record);
    event SpansAnswered(ModelId indexed modelId, SpanIndex index);

    error NotPending(ModelId modelId);
    error RegistrationStands();
    /// @notice The example is not of the contribution and row that the record names.
    error ExampleOfAnother(uint32 rowId);
    error RowOutOfRange(uint32 rowId, uint32 rows);
    error DemandOpen(uint32 rowId);
    error TooManyDemands(uint32 open);
    error NoDemand(uint32 rowId);
    error WrongRow(uint32 given, uint32 expected);
    /// @notice The index commits no spans, or others.
    error WrongSpans(bytes32 committed);
    error TooLate(uint256 deadline);
    error NotYet(uint256 deadline);

    /// @notice Shows a committed record that is not what stands at its row of the snapshots, or that has no score for any query, or
    /// that repeats a row which the index does not have.
    function challengeRecord(ModelId modelId, OpenedRecord calldata shown, bytes32) external;

    /// @notice Shows that a row which counts as the first of its kind is not: a row that was committed earlier, by the lower
    /// contribution id and then the lower row, counts as one as well and holds the same example. Announced like every counter-example.
    /// @param later, earlier Each the committed record and the example at the place that the record names.
    function challengeProvenance(
        ModelId modelId,
        ShownRow calldata later,
        ShownRow calldata earlier,
        bytes32 salt
    ) external;

    /// @notice Shows that a record repeats a row which is not the first of its kind, or was committed later.
    function challengeFirst(
        ModelId modelId,
        OpenedRecord calldata repeat,
        OpenedRecord calldata named,
        bytes32 salt
    ) external;

    /// @notice Asks the owner to show a record, with the deposit; whoever answers earns it.
    function demandRecord(ModelId modelId, uint32 rowId) external payable;

    /// @notice Shows a demanded record. Anybody may call; the caller gets the deposit.
    function answerRecord(ModelId modelId, uint32 rowId, OpenedRecord calldata shown) external;

    /// @notice Asks the owner to show what the index's `spans` commits, as demandRecord does; its `rowId` in events, demandOf and
    /// failSilent is 2^32 - 1, which is no row's.
    function demandSpans(ModelId modelId) external payable;

    /// @notice Shows what the index's `spans` commits. Anybody may call; the caller gets the deposit.
    function answerSpans(ModelId modelId, SpanIndex calldata index) external;

    /// @notice Fails a registration whose owner let a demand pass; the deposit returns. Anybody may call.
    function failSilent(ModelId modelId, uint32 rowId) external;

    function demandOf(ModelId modelId, uint32 rowId) external view returns (RecordDemand memory);

    /// @notice Whether row `rowId` of a model's snapshots is row `row` of this contribution.
    function isPlace(ModelId modelId, uint32 rowId, ContributionId contributionId, uint32 row)
        external
        view
        returns (bool);
}

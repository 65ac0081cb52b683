// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumNode} from "../../protocol/SumTrees.sol";
import {EpochId} from "../../protocol/Types.sol";
import {Range, ShownLeaf, ShownPayout} from "./IInferenceEpochs.sol";

/// @notice A leaf by its hash alone.
struct ShownNode {
    uint32 position;
    SumNode leaf;
    SumNode[] path;
}

/// @title Counter-examples to epochs.
/// @notice Each call is announced a block before (Announcements); its last argument is a secret salt. A call whose counter-example does
/// not contradict the epoch reverts.
interface IEpochChallenges {
    error EpochStands();
    /// @notice The children given are not the node's.
    error NotChildren(bytes32 node, bytes32 given);
    error NoSuchLevel(uint256 level, uint256 depth);
    /// @notice Another leaf has to be shown.
    error WrongPosition(uint256 position, uint256 expected);

    /// @notice A node's sum is not that of its two children.
    /// @param isPayout Which of the two trees.
    /// @param level Levels above the leaves, at least 1.
    /// @param position The node's place in its level.
    /// @param path The node's siblings, bottom up.
    function challengeSum(
        EpochId epochId,
        bool isPayout,
        uint256 level,
        uint256 position,
        SumNode[3] calldata nodeLeftRight,
        SumNode[] calldata path,
        bytes32 salt
    ) external;

    /// @notice A payer's inferences have another sum than it paid.
    /// @param first, last The first and the last inference of the range.
    function challengeRange(
        EpochId epochId,
        Range[] calldata ranges,
        uint256 at,
        ShownNode calldata first,
        ShownNode calldata last,
        bytes32 salt
    ) external;

    /// @notice The payouts have another sum than the epoch says: more stands behind the last one.
    function challengeTotal(EpochId epochId, ShownNode calldata last, bytes32 salt) external;

    /// @notice A payout does not come after the one before it.
    function challengeOrder(
        EpochId epochId,
        ShownPayout calldata before,
        ShownPayout calldata later,
        bytes32 salt
    ) external;

    /// @notice An inference is false by itself: of another payer than its range is (nobody signed for it), or named wrongly, or its fee does
    /// not follow from its tokens or is above the epoch's largest, or its list, context or query has no right form.
    /// @param query What queryHash commits, or nothing where it does not matter.
    function challengeLeaf(
        EpochId epochId,
        ShownLeaf calldata shown,
        Range[] calldata ranges,
        bytes calldata query,
        bytes32 salt
    ) external;

    /// @notice A payout is not what its inference's split gives the contribution.
    /// @param inference The one that the payout names; of no matter where the epoch has none such.
    function challengePayout(
        EpochId epochId,
        ShownPayout calldata payout,
        ShownLeaf calldata inference,
        bytes32 salt
    ) external;

    /// @notice A contribution earned by an inference and has no payout for it.
    /// @param contributionId One of its list or of its context.
    /// @param gap Where the payout would stand.
    /// @param before, later The payouts at gap - 1 and at gap; of no matter where there is none.
    function challengeMissing(
        EpochId epochId,
        ShownLeaf calldata inference,
        uint64 contributionId,
        uint32 gap,
        ShownPayout calldata before,
        ShownPayout calldata later,
        bytes32 salt
    ) external;
}

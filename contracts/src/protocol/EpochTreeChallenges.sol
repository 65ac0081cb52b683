// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochChallenges, ShownNode} from "../interfaces/protocol/IEpochChallenges.sol";
import {IInferenceEpochs, Range, ShownPayout} from "../interfaces/protocol/IInferenceEpochs.sol";
import {Announcements} from "./Announcements.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {SumNode, SumTree, SumTrees} from "./SumTrees.sol";
import {EpochId} from "./Types.sol";

/// @title Counter-examples to the two trees of an epoch: sums and order.
abstract contract EpochTreeChallenges is IEpochChallenges, Announcements {
    IInferenceEpochs public immutable EPOCHS;

    constructor(IInferenceEpochs epochs) {
        EPOCHS = epochs;
    }

    /// @inheritdoc IEpochChallenges
    function challengeSum(
        EpochId epochId,
        bool isPayout,
        uint256 level,
        uint256 position,
        SumNode[3] calldata nodeLeftRight,
        SumNode[] calldata path,
        bytes32
    ) external {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        SumTree memory tree = EpochProofs.treeOf(epoch, isPayout);
        _checkNode(tree, level, position, nodeLeftRight[0], path);
        bytes32 hash = SumTrees.hashNode(nodeLeftRight[1], nodeLeftRight[2]);
        if (hash != nodeLeftRight[0].hash) revert NotChildren(nodeLeftRight[0].hash, hash);
        if (uint256(nodeLeftRight[1].sum) + nodeLeftRight[2].sum == nodeLeftRight[0].sum) {
            revert EpochStands();
        }
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "sum");
    }

    /// @inheritdoc IEpochChallenges
    function challengeRange(
        EpochId epochId,
        Range[] calldata ranges,
        uint256 at,
        ShownNode calldata first,
        ShownNode calldata last,
        bytes32
    ) external {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        uint256 start = EpochProofs.startOf(epoch, ranges, at);
        uint256 end = start + ranges[at].count - 1;
        if (first.position != start) revert WrongPosition(first.position, start);
        if (last.position != end) revert WrongPosition(last.position, end);
        SumTree memory tree = EpochProofs.treeOf(epoch, false);
        uint256 sum = _before(tree, last) + last.leaf.sum - _before(tree, first);
        if (sum == ranges[at].net) revert EpochStands();
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "range");
    }

    /// @inheritdoc IEpochChallenges
    function challengeTotal(EpochId epochId, ShownNode calldata last, bytes32) external {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        SumTree memory tree = EpochProofs.treeOf(epoch, true);
        uint256 before = _before(tree, last);
        if (last.position + 1 != tree.count) revert WrongPosition(last.position, tree.count - 1);
        if (before + last.leaf.sum == tree.sum) revert EpochStands();
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "total");
    }

    /// @inheritdoc IEpochChallenges
    function challengeOrder(EpochId epochId, ShownPayout calldata before, ShownPayout calldata later, bytes32)
        external
    {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        SumTree memory tree = EpochProofs.treeOf(epoch, true);
        EpochProofs.checkPayout(tree, before);
        EpochProofs.checkPayout(tree, later);
        if (later.position != before.position + 1) revert WrongPosition(later.position, before.position + 1);
        if (EpochProofs.keyOf(before) < EpochProofs.keyOf(later)) revert EpochStands();
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "order");
    }

    /// @dev Uses the announcement.
    function _begin(EpochId epochId)
        internal
        returns (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch)
    {
        return (_useAnnouncement(), EPOCHS.checkRefutable(epochId));
    }

    /// @dev Reverts unless the inner node stands there.
    function _checkNode(
        SumTree memory tree,
        uint256 level,
        uint256 position,
        SumNode calldata node,
        SumNode[] calldata path
    ) private pure {
        uint256 depth = SumTrees.depthOf(tree.count);
        if (level == 0 || level > depth || position >> (depth - level) != 0) {
            revert NoSuchLevel(level, depth);
        }
        (SumNode memory root,) = SumTrees.climb(node, position, depth - level, path);
        if (root.hash != tree.root || root.sum != tree.sum) revert SumTrees.NotInTree(position);
    }

    function _before(SumTree memory tree, ShownNode calldata shown) private pure returns (uint256) {
        return SumTrees.check(tree, shown.position, shown.leaf, shown.path);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A subtree of a sum tree: its hash, and the sum of its leaves.
struct SumNode {
    bytes32 hash;
    uint128 sum;
}

/// @notice What is stored of a sum tree.
struct SumTree {
    bytes32 root;
    uint128 sum;
    uint32 count;
}

/// @title Merkle trees whose nodes commit the sums of their leaves.
/// @notice node = keccak256(0x01 | left hash | left sum | right hash | right sum), sums as u128 big endian; its sum is that of both. A
/// leaf's sum stands beside its hash, not in it. Leaves are padded to the next power of two with hash 0 and sum 0. A path says the sum of
/// all leaves before its own: what stands to its left.
library SumTrees {
    error SumPathLength(uint256 length, uint256 expected);
    error SumAboveRange(uint256 sum);
    error PositionOutOfTree(uint256 position, uint256 count);
    /// @notice The path does not lead to the tree's root and sum.
    error NotInTree(uint256 position);

    /// @notice Levels above the leaves.
    function depthOf(uint256 count) internal pure returns (uint256 depth) {
        while ((1 << depth) < count) depth++;
    }

    /// @notice Hash of an inner node.
    function hashNode(SumNode memory left, SumNode memory right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left.hash, left.sum, right.hash, right.sum));
    }

    /// @notice The root that a node's path leads to, with its sum.
    /// @param position The node's place in its level.
    /// @param levels Levels above it.
    /// @return root What the path leads to.
    /// @return before Sum of all leaves to the left of the node.
    function climb(SumNode memory node, uint256 position, uint256 levels, SumNode[] calldata path)
        internal
        pure
        returns (SumNode memory root, uint256 before)
    {
        if (path.length != levels) revert SumPathLength(path.length, levels);
        root = SumNode(node.hash, node.sum);
        for (uint256 level = 0; level < levels; level++) {
            SumNode memory sibling = path[level];
            bool isRight = (position >> level) & 1 == 1;
            root.hash = isRight ? hashNode(sibling, root) : hashNode(root, sibling);
            uint256 sum = uint256(root.sum) + sibling.sum;
            if (sum > type(uint128).max) revert SumAboveRange(sum);
            root.sum = uint128(sum);
            if (isRight) before += sibling.sum;
        }
    }

    /// @notice Reverts unless the leaf stands there; returns the sum of those before it.
    function check(SumTree memory tree, uint256 position, SumNode memory leaf, SumNode[] calldata path)
        internal
        pure
        returns (uint256 before)
    {
        if (position >= tree.count) revert PositionOutOfTree(position, tree.count);
        SumNode memory root;
        (root, before) = climb(leaf, position, depthOf(tree.count), path);
        if (root.hash != tree.root || root.sum != tree.sum) revert NotInTree(position);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An append-only Merkle tree of which only the right edge is kept.
/// @notice node = keccak256(0x01 | left | right); leaves are padded to the next power of two with bytes32(0); the root of one
/// leaf is the leaf. Appending and the root take a number of hashes that is logarithmic in the leaves.
library MerkleFrontier {
    struct Tree {
        uint32 count;
        /// @dev Per level, the newest complete left subtree.
        mapping(uint256 level => bytes32 hash) edge;
    }

    error TreeEmpty();
    error PathLength(uint256 length, uint256 expected);

    /// @notice Adds a leaf; returns its position.
    function append(Tree storage tree, bytes32 leaf) internal returns (uint32 position) {
        position = tree.count++;
        uint256 level = 0;
        for (uint256 rest = position; rest & 1 == 1; rest >>= 1) {
            leaf = hashNode(tree.edge[level++], leaf);
        }
        tree.edge[level] = leaf;
    }

    /// @notice Root over all leaves so far.
    function root(Tree storage tree) internal view returns (bytes32 hash) {
        uint256 count = tree.count;
        if (count == 0) revert TreeEmpty();
        uint256 depth = 0;
        while ((1 << depth) < count) depth++;
        if (1 << depth == count) return tree.edge[depth];
        bytes32 padding = 0;
        for (uint256 level = 0; level < depth; level++) {
            hash = (count >> level) & 1 == 1 ? hashNode(tree.edge[level], hash) : hashNode(hash, padding);
            padding = hashNode(padding, padding);
        }
    }

    /// @notice Root that follows from a leaf's path; `count` leaves say how long it is.
    function rootOf(bytes32 leaf, uint256 position, uint256 count, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 hash)
    {
        uint256 depth = 0;
        while ((1 << depth) < count) depth++;
        if (path.length != depth) revert PathLength(path.length, depth);
        hash = leaf;
        for (uint256 level = 0; level < depth; level++) {
            bool isRight = (position >> level) & 1 == 1;
            hash = isRight ? hashNode(path[level], hash) : hashNode(hash, path[level]);
        }
    }

    /// @notice Hash of an inner node.
    function hashNode(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }
}

// Merkle trees as the protocol has them: leaf = keccak256(0x00 | bytes), node = keccak256(0x01 | left | right), leaves
// padded to the next power of two with 32 zero bytes. Padding is not stored.
#pragma once
#include <functional>

#include "spans/common.h"

namespace spans {

// keccak256(0x01 | left | right).
void node_hash(const uint8_t* left, const uint8_t* right, uint8_t* out);

// Bytes of all levels of a tree over `leaves` leaves, leaves first, the root last.
uint64_t tree_bytes(uint64_t leaves);

// Writes the tree to `out`; leaf(i, bytes) appends what is hashed for leaf i and returns its length, at most `longest`.
using leaf_writer = std::function<size_t(uint64_t, uint8_t*)>;
void build_tree(uint64_t leaves, size_t longest, unsigned threads, const leaf_writer& leaf, uint8_t* out);

// Sibling hashes that open leaves first...last, bottom up, at each level the left one before the right one.
std::vector<uint8_t> siblings(const uint8_t* tree, uint64_t leaves, uint64_t first, uint64_t last);

}  // namespace spans

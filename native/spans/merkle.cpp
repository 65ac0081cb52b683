#include "spans/merkle.h"

#include <cstring>

#include "openledger_crypto.h"

namespace spans {

void node_hash(const uint8_t* left, const uint8_t* right, uint8_t* out) {
  uint8_t node[1 + 2 * HASH] = {1};
  std::memcpy(node + 1, left, HASH);
  std::memcpy(node + 1 + HASH, right, HASH);
  ol_keccak256(node, sizeof node, out);
}

namespace {

uint64_t above(uint64_t count) { return (count + 1) / 2; }

// The hash of a subtree of padding of height 0, 1, ...
void raise_padding(uint8_t* padding) {
  uint8_t next[HASH];
  node_hash(padding, padding, next);
  std::memcpy(padding, next, HASH);
}

}  // namespace

uint64_t tree_bytes(uint64_t leaves) {
  uint64_t nodes = leaves;
  for (uint64_t count = leaves; count > 1; count = above(count)) nodes += above(count);
  return nodes * HASH;
}

void build_tree(uint64_t leaves, size_t longest, unsigned threads, const leaf_writer& leaf, uint8_t* out) {
  in_parallel(leaves, threads, 64, [&](uint64_t from, uint64_t to) {
    std::vector<uint8_t> bytes(1 + longest);
    for (uint64_t i = from; i < to; ++i) {
      bytes[0] = 0;
      const size_t length = leaf(i, bytes.data() + 1);
      ol_keccak256(bytes.data(), 1 + length, out + i * HASH);
    }
  });
  uint8_t padding[HASH] = {};
  for (uint64_t count = leaves; count > 1; count = above(count)) {
    uint8_t* const next = out + count * HASH;
    in_parallel(above(count), threads, 64, [&](uint64_t from, uint64_t to) {
      for (uint64_t i = from; i < to; ++i) {
        const bool paired = 2 * i + 1 < count;
        node_hash(out + 2 * i * HASH, paired ? out + (2 * i + 1) * HASH : padding, next + i * HASH);
      }
    });
    raise_padding(padding);
    out = next;
  }
}

std::vector<uint8_t> siblings(const uint8_t* tree, uint64_t leaves, uint64_t first, uint64_t last) {
  std::vector<uint8_t> result;
  uint8_t padding[HASH] = {};
  for (uint64_t count = leaves; count > 1; count = above(count)) {
    if (first % 2 == 1) result.insert(result.end(), tree + (first - 1) * HASH, tree + first * HASH);
    if (last % 2 == 0) {
      const uint8_t* const right = last + 1 < count ? tree + (last + 1) * HASH : padding;
      result.insert(result.end(), right, right + HASH);
    }
    raise_padding(padding);
    tree += count * HASH;
    first /= 2;
    last /= 2;
  }
  return result;
}

}  // namespace spans

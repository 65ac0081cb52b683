// The part of an index's Merkle tree that a stretch of its rows makes alone: every node above whole rows of it. Of level h these are
// the nodes ceil(first / 2^h) to floor(end / 2^h) - 1; level after level, leaves first.
#pragma once
#include "sketches/file.h"

namespace sketches {

struct level {
  uint64_t from, to;
  bool has(uint64_t index) const { return index >= from && index < to; }
  uint64_t count() const { return to - from; }
};

inline level level_of(uint64_t first, uint64_t rows, int height) {
  const uint64_t size = uint64_t{1} << height;
  const uint64_t from = (first + size - 1) / size, to = (first + rows) / size;
  return {from, std::max(from, to)};
}

inline uint64_t tree_bytes(uint64_t first, uint64_t rows) {
  uint64_t nodes = 0;
  for (int height = 0; level_of(first, rows, height).count() > 0; ++height) nodes += level_of(first, rows, height).count();
  return nodes * HASH;
}

// Writes the nodes above `rows` records that lie end to end at `records`.
void build_tree(uint64_t first, uint64_t rows, const uint8_t* records, size_t size, unsigned threads, uint8_t* out);

}  // namespace sketches

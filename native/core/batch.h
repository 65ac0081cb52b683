// Examples and the micro-batches made from them.
#pragma once
#include <vector>

#include "core/backend.h"
#include "core/config.h"

namespace ol {

// A job's own copy of the caller's sequences.
struct example_set {
  std::vector<int32_t> ids;
  std::vector<uint8_t> targets;
  std::vector<int32_t> offsets;
  int count() const { return static_cast<int>(offsets.size()) - 1; }
  int length(int e) const { return offsets[e + 1] - offsets[e]; }
  int longest() const;
};

// Copies and checks: offsets ascending, ids within the vocabulary, lengths within the context, first token no target.
example_set copy_examples(const ol_config& config, const ol_examples& examples);

// Whole examples laid end to end, without padding: each is a causal sequence of its own.
struct micro_batch {
  int tokens = 0;
  std::vector<int> examples;           // indices in the set
  std::vector<int32_t> ids, positions;
  std::vector<int32_t> offsets;        // rows of example i: offsets[i] .. offsets[i+1]-1
  std::vector<int32_t> target_rows;    // row that predicts a target: the row before it
  std::vector<int32_t> targets;        // the target's id
  std::vector<int32_t> target_offsets; // targets of example i
  void clear();
  void add(const example_set& set, int example);
};

// Consecutive entries of `order` grouped so that each group has at most `limit` tokens (or one example).
std::vector<micro_batch> group(const example_set& set, const int32_t* order, int count, int limit);

}  // namespace ol

#include "core/batch.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace ol {

int example_set::longest() const {
  int best = 0;
  for (int e = 0; e < count(); ++e) best = std::max(best, length(e));
  return best;
}

example_set copy_examples(const ol_config& config, const ol_examples& given) {
  if (given.count <= 0 || !given.ids || !given.targets || !given.offsets) {
    fail(OL_ERROR_ARGUMENT, "no examples given");
  }
  if (given.offsets[0] != 0) fail(OL_ERROR_ARGUMENT, "the first example must start at 0");
  for (int e = 0; e < given.count; ++e) {
    const int64_t length = static_cast<int64_t>(given.offsets[e + 1]) - given.offsets[e];
    if (length <= 0 || length > config.max_positions) {
      fail(OL_ERROR_ARGUMENT, "example " + std::to_string(e) + " has " + std::to_string(length) +
                                  " tokens; it must be 1.." + std::to_string(config.max_positions));
    }
    if (given.targets[given.offsets[e]] != 0) {
      fail(OL_ERROR_ARGUMENT, "example " + std::to_string(e) + ": the first token has no context and cannot be a target");
    }
  }
  const int32_t total = given.offsets[given.count];
  for (int32_t t = 0; t < total; ++t) {
    if (given.ids[t] < 0 || given.ids[t] >= config.vocab) {
      fail(OL_ERROR_ARGUMENT, "token id " + std::to_string(given.ids[t]) + " is outside the vocabulary of " +
                                  std::to_string(config.vocab));
    }
  }
  example_set set;
  set.ids.assign(given.ids, given.ids + total);
  set.targets.assign(given.targets, given.targets + total);
  set.offsets.assign(given.offsets, given.offsets + given.count + 1);
  return set;
}

void micro_batch::clear() { *this = micro_batch(); }

void micro_batch::add(const example_set& set, int example) {
  if (offsets.empty()) {
    offsets.push_back(0);
    target_offsets.push_back(0);
  }
  examples.push_back(example);
  const int first = set.offsets[example], length = set.length(example);
  for (int t = 0; t < length; ++t) {
    ids.push_back(set.ids[first + t]);
    positions.push_back(t);
    if (set.targets[first + t]) {
      target_rows.push_back(tokens + t - 1);
      targets.push_back(set.ids[first + t]);
    }
  }
  tokens += length;
  offsets.push_back(tokens);
  target_offsets.push_back(static_cast<int32_t>(targets.size()));
}

std::vector<micro_batch> group(const example_set& set, const int32_t* order, int count, int limit) {
  std::vector<micro_batch> groups;
  for (int i = 0; i < count; ++i) {
    if (groups.empty() || groups.back().tokens + set.length(order[i]) > limit) groups.emplace_back();
    groups.back().add(set, order[i]);
  }
  return groups;
}

}  // namespace ol

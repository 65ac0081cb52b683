#include "cuda/attention_plan.h"

#include <algorithm>

namespace ol {
namespace cuda {

// A launch grid's third side ends there.
static const int most_sequences = 65535;

static const int few_rows = 16;

forward_plan plan_forward(const attention_sequence* sequences, int count, int group) {
  forward_plan plan;
  for (const bool few : {true, false}) {
    bool open = false;
    for (int i = 0; i < count; ++i) {
      const int64_t rows = static_cast<int64_t>(sequences[i].count) * group;
      if ((rows <= few_rows) != few) continue;
      if (!open || plan.parts.back().count == most_sequences) {
        plan.parts.push_back({static_cast<int>(plan.sequences.size()), 0, 0, few});
      }
      open = true;
      plan.sequences.push_back(sequences[i]);
      forward_part& part = plan.parts.back();
      part.count++;
      part.most_rows = std::max(part.most_rows, static_cast<int>(rows));
    }
  }
  return plan;
}

backward_plan plan_backward(const attention_sequence* sequences, int count) {
  backward_plan plan;
  for (int i = 0; i < count; ++i) {
    if (i % most_sequences == 0) plan.parts.push_back({i, 0, 0});
    backward_part& part = plan.parts.back();
    part.count++;
    part.most_queries = std::max(part.most_queries, sequences[i].count);
    plan.rows = std::max(plan.rows, static_cast<size_t>(sequences[i].row) + sequences[i].count);
  }
  return plan;
}

}  // namespace cuda
}  // namespace ol

#include "cuda/attention_plan.h"

#include <algorithm>

namespace ol {
namespace cuda {

// A launch grid's third side ends at 65535, and the backward pass counts sequences twice.
static const int most_sequences = 32767;

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

attention_plan plan_attention(const attention_sequence* sequences, int count, int heads, int head_step, size_t budget) {
  attention_plan plan;
  for (int i = 0; i < count; ++i) {
    const attention_sequence& s = sequences[i];
    const int keys = s.position + s.count, ld = (keys + 15) / 16 * 16;
    const size_t a_head = static_cast<size_t>(s.count) * ld;
    const size_t fitting = std::max<size_t>(1, budget / a_head / head_step) * head_step;
    const int step = static_cast<int>(std::min<size_t>(heads, fitting));
    attention_part* open = plan.parts.empty() ? nullptr : &plan.parts.back();
    const bool joins = open && step == heads && open->heads == heads && open->sequences < most_sequences &&
                       open->scores + a_head * heads <= budget;
    if (joins) {
      plan.tasks.push_back({s.row, s.count, s.position, keys, ld, s.k, s.v, open->scores});
      open->sequences++;
      open->scores += a_head * heads;
      open->most_queries = std::max(open->most_queries, s.count);
      open->most_keys = std::max(open->most_keys, keys);
    } else {
      const int task = static_cast<int>(plan.tasks.size());
      plan.tasks.push_back({s.row, s.count, s.position, keys, ld, s.k, s.v, 0});
      for (int head = 0; head < heads; head += step) {
        const int these = std::min(step, heads - head);
        plan.parts.push_back({task, 1, head, these, s.count, keys, a_head * these});
      }
    }
    plan.scores = std::max(plan.scores, plan.parts.back().scores);
    if (!joins && step < heads) plan.scores = std::max(plan.scores, a_head * step);
  }
  return plan;
}

}  // namespace cuda
}  // namespace ol

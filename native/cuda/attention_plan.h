// Cuts a call of attention into launches.
#pragma once
#include <vector>

#include "cuda/ops.h"

namespace ol {
namespace cuda {

// Forward: sequences of few rows (queries times heads of a key-value head) have a kernel of their own.
struct forward_part {
  int first, count;  // of the plan's sequences
  int most_rows;
  bool few;
};

struct forward_plan {
  std::vector<attention_sequence> sequences;
  std::vector<forward_part> parts;
};

forward_plan plan_forward(const attention_sequence* sequences, int count, int group);

// Backward: launches whose scores fit the scratch: whole sequences, or one sequence's heads.
struct attention_part {
  int first_task, sequences, first_head, heads, most_queries, most_keys;
  size_t scores;  // floats
};

struct attention_plan {
  std::vector<attention_task> tasks;
  std::vector<attention_part> parts;
  size_t scores = 0;  // floats of the largest part
};

// `head_step`: heads that must stay together. A part exceeds `budget` floats only where one step of heads does.
attention_plan plan_attention(const attention_sequence* sequences, int count, int heads, int head_step, size_t budget);

}  // namespace cuda
}  // namespace ol

// Cuts a call of attention into launches.
#pragma once
#include <vector>

#include "cuda/ops.h"

namespace ol {
namespace cuda {

// Forward: sequences of few rows (queries times heads of a key-value head) have a kernel of their own.
struct forward_part {
  int first, count;  // of the plan's sequences
  int most_rows;     // of one of them
  bool few;
};

struct forward_plan {
  std::vector<attention_sequence> sequences;
  std::vector<forward_part> parts;
};

forward_plan plan_forward(const attention_sequence* sequences, int count, int group);

// Backward: sequences as they are, as many as a launch takes.
struct backward_part {
  int first, count, most_queries;
};

struct backward_plan {
  std::vector<backward_part> parts;
  size_t rows = 0;  // of q, up to the last sequence's end
};

backward_plan plan_backward(const attention_sequence* sequences, int count);

}  // namespace cuda
}  // namespace ol

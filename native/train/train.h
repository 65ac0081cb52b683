// Training jobs: all weights (pre-training) or LoRA factors only.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "core/batch.h"
#include "core/job.h"

namespace ol {

// Weights and optimizer state between jobs (host memory).
struct trainer {
  ol_config config;
  model_layout layout;
  std::vector<float> weights, m, v;
  int64_t step = 0;
  mutable std::mutex in_use;  // held by the job that trains it
};

struct train_plan {
  example_set examples;
  std::vector<int32_t> order, step_offsets;
  ol_optimizer optimizer;
  int steps() const { return static_cast<int>(step_offsets.size()) - 1; }
};

// Optimizer state that a fine-tuning goes on from; empty moments are zeros.
struct moments {
  std::vector<float> m, v;
  int64_t step = 0;
};

// Checks them against an adapter of that many parameters. `from` may be null.
moments copy_moments(const ol_moments* from, size_t count);

train_plan copy_plan(const ol_config& config, const ol_examples& examples, const ol_steps& steps,
                     const ol_optimizer& optimizer);
// Number of steps that a job trains between two copies of its state back to the trainer; also on cancel.
void run_pretrain(job& self, trainer& state, const train_plan& plan);
void run_lora_train(job& self, const std::shared_ptr<const model>& base, const adapter& initial, const moments& from,
                    const train_plan& plan);

}  // namespace ol

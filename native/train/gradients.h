#pragma once
#include <memory>

#include "core/batch.h"
#include "core/executor.h"
#include "core/job.h"

namespace ol {

// Gradient of the token-summed loss over all examples for every weight.
void run_gradients(job& self, const std::shared_ptr<const model>& base, const example_set& examples);
// Per example: gradient of its token-summed loss for the adapter's factors.
void run_lora_gradients(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                        const example_set& examples);

// Runs forward and backward over all examples with weight 1 a target and shows every adapted module's activations and
// gradients to the visitor. `after` runs after each micro-batch, inside the session's turn. Returns the losses.
std::vector<double> visit_lora(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                               const example_set& examples, lora_visitor& visitor,
                               const std::function<void(const micro_batch&)>& after = nullptr);

}  // namespace ol

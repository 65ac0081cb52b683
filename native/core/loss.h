#pragma once
#include <vector>

#include "core/batch.h"

namespace ol {

// Sums a micro-batch's target losses into losses[example], in fp64 and token order.
void add_example_losses(const micro_batch& batch, const std::vector<float>& nll, std::vector<double>* losses);

}  // namespace ol

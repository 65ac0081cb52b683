#pragma once
#include "openledger.h"

namespace ol {

void check_optimizer(const ol_optimizer& o);

// Learning rate of step `step` (from 0): linear warm-up, then constant or half a cosine down to min_lr at total_steps.
double learning_rate(const ol_optimizer& o, int64_t step);

// base^exponent by repeated multiplication in fp64.
double integer_power(double base, int64_t exponent);

}  // namespace ol

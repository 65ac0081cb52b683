#include "train/schedule.h"

#include <cmath>

#include "core/error.h"
#include "core/math64.h"

namespace ol {

void check_optimizer(const ol_optimizer& o) {
  const bool ok = o.beta1 >= 0.0f && o.beta1 < 1.0f && o.beta2 >= 0.0f && o.beta2 < 1.0f && o.eps > 0.0f &&
                  o.weight_decay >= 0.0f && o.weight_decay < 100.0f && o.clip_norm >= 0.0f &&
                  std::isfinite(o.clip_norm) && o.lr > 0.0 && o.lr < 10.0 && o.min_lr >= 0.0 && o.min_lr <= o.lr;
  if (!ok) fail(OL_ERROR_ARGUMENT, "the optimizer's numbers are out of range (0 < lr < 10, 0 <= beta < 1, eps > 0)");
  if (o.warmup_steps < 0) fail(OL_ERROR_ARGUMENT, "warm-up steps must not be negative");
  if (o.cosine && o.total_steps <= o.warmup_steps) {
    fail(OL_ERROR_ARGUMENT, "a cosine schedule needs totalSteps, more than the warm-up");
  }
}

double learning_rate(const ol_optimizer& o, int64_t step) {
  if (step < o.warmup_steps) return o.lr * static_cast<double>(step + 1) / static_cast<double>(o.warmup_steps);
  if (!o.cosine) return o.lr;
  if (step >= o.total_steps) return o.min_lr;
  const double part =
      static_cast<double>(step - o.warmup_steps) / static_cast<double>(o.total_steps - o.warmup_steps);
  double sine, cosine;
  sincos64(3.14159265358979323846 * part, &sine, &cosine);
  return o.min_lr + 0.5 * (o.lr - o.min_lr) * (1.0 + cosine);
}

double integer_power(double base, int64_t exponent) {
  double result = 1.0;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

}  // namespace ol

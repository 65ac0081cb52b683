#pragma once
#include <vector>

#include "core/backend.h"
#include "core/config.h"

namespace ol {

// AdamW over a flat parameter vector on a device.
class adamw {
 public:
  adamw(backend& device, const std::vector<tensor_info>& tensors, size_t count, bool decay_vectors);

  // Host copies; null: zeros.
  void load(const float* m, const float* v);
  void store(float* m, float* v);

  // One update with gradient g. `step` counts from 0. Returns the gradient's norm (0 when clipping is off).
  double update(float* weights, const float* g, const ol_optimizer& o, int64_t step);

 private:
  double norm(const float* g);

  struct range {
    size_t offset, count;
    bool decay;
  };
  backend& device_;
  std::vector<range> ranges_;
  size_t count_;
  device_array<float> m_, v_, chunks_;
};

}  // namespace ol

// Frozen models and adapters as the handles hold them, and their form on a device.
#pragma once
#include <memory>
#include <vector>

#include "core/backend.h"
#include "core/config.h"

namespace ol {

struct model {
  ol_config config;
  model_layout layout;
  std::vector<float> weights;  // flat, canonical order
};

struct adapter {
  ol_config config;
  int rank, targets;
  float scale;
  adapter_layout layout;
  std::vector<float> factors;  // flat, canonical order
  bool has(int proj) const { return targets >> proj & 1; }
};

std::shared_ptr<const model> make_model(const ol_config& config, const float* flat, size_t count);
std::shared_ptr<const adapter> make_adapter(const ol_config& config, int rank, float scale, int targets,
                                            const float* flat, size_t count);
void init_model(const ol_config& config, uint64_t seed, float* flat);
void init_adapter(const ol_config& config, int rank, int targets, uint64_t seed, float* flat);
// Refuses NaN and infinities, naming the tensor.
void check_finite(const std::vector<tensor_info>& tensors, const float* flat);

// A model's weights on a device, ready for the matrix products.
struct device_model {
  device_model(backend& device, const ol_config& config, const model_layout& layout, const float* host_flat,
               bool copy);
  // After the values changed.
  void repack(backend& device);

  ol_config config;
  model_layout layout;
  device_array<float> owned;
  float* flat;  // device memory, canonical order; host memory of the model when not copied
  std::vector<linear_weight> linears;  // [layer * projection_count + projection]
  linear_weight head;
  const linear_weight& linear(int layer, int proj) const { return linears[layer * projection_count + proj]; }
};

struct device_adapter {
  device_adapter(backend& device, const adapter& source);
  void repack(backend& device);

  int rank, targets;
  float scale;
  adapter_layout layout;
  device_array<float> flat;
  std::vector<linear_weight> a, b;  // [layer * projection_count + projection]
  bool has(int proj) const { return targets >> proj & 1; }
};

}  // namespace ol

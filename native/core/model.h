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
  std::vector<stored_matrix> matrices;      // by tensor of the layout; empty for vectors
  std::vector<std::vector<float>> vectors;  // by tensor of the layout; empty for matrices

  size_t bytes() const;
  // fp32 values of tensor `index`, row-major.
  void read(size_t index, float* out) const;
};

struct adapter {
  ol_config config;
  int rank, targets;
  float scale;
  adapter_layout layout;
  std::vector<float> factors;  // flat, canonical order
  bool has(int proj) const { return targets >> proj & 1; }
};

// From fp32 values in canonical order.
std::shared_ptr<const model> make_model(const ol_config& config, const float* flat, size_t count);
// From sources in any format; see ol_model_load.
std::shared_ptr<const model> load_model(const ol_config& config, const ol_tensor_source* sources, size_t count,
                                        const ol_weight_file* files, size_t file_count);
// OL_ERROR_ARGUMENT for a number that is no arithmetic.
void check_arithmetic(int32_t arithmetic);
void check_weights(const model_layout& layout, const float* flat, size_t count);
std::shared_ptr<const adapter> make_adapter(const ol_config& config, int rank, float scale, int targets,
                                            const float* flat, size_t count);
void init_model(const ol_config& config, uint64_t seed, float* flat);
void init_adapter(const ol_config& config, int rank, int targets, uint64_t seed, float* flat);
// Refuses NaN and infinities, naming the tensor.
void check_finite(const std::vector<tensor_info>& tensors, const float* flat);

// A frozen model's weights in the memory of a device that has its own: matrices in the format they came in, vectors and fp32
// matrices as their values.
struct resident_model {
  resident_model(backend& device, const model& source);
  device_array<float> values;
  std::vector<linear_weight> tensors;  // by tensor of the layout; of a vector the values alone
};

// A model's weights on a device, ready for the matrix products.
struct device_model {
  struct layer_vectors {
    const float *norm1, *norm2, *q_norm, *k_norm, *bias[projection_count];  // null where the model has none
  };

  // fp32 values that will change (training): a copy in canonical order.
  device_model(backend& device, const ol_config& config, const model_layout& layout, const float* host_flat);
  // A frozen model: a table of pointers into it, or into what the device has of it (null on the CPU).
  device_model(std::shared_ptr<const model> source, std::shared_ptr<const resident_model> resident, int32_t arithmetic);
  // After the values of `flat` changed.
  void repack(backend& device);

  ol_config config;
  model_layout layout;
  device_array<float> flat;  // canonical order; empty where the model's own memory is used
  std::vector<linear_weight> linears;  // [layer * projection_count + projection]
  linear_weight embed, head;
  std::vector<layer_vectors> vectors;
  const float* final_norm;
  const linear_weight& linear(int layer, int proj) const { return linears[layer * projection_count + proj]; }

 private:
  template <typename M, typename V>
  void bind(M&& matrix, V&& vector);

  std::shared_ptr<const model> source_;
  std::shared_ptr<const resident_model> resident_;
};

struct device_adapter {
  // `backward`: for gradients too, which serving has no use for.
  device_adapter(backend& device, const adapter& source, bool backward = true);
  void repack(backend& device, bool backward = true);

  int rank, targets;
  float scale;
  adapter_layout layout;
  device_array<float> flat;
  std::vector<linear_weight> a, b;  // [layer * projection_count + projection]
  bool has(int proj) const { return targets >> proj & 1; }
};

}  // namespace ol

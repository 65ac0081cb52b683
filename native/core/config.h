// Model shapes and the canonical flat order of weights and LoRA factors.
#pragma once
#include <string>
#include <vector>

#include "openledger.h"

namespace ol {

// The seven linears, in the order used everywhere.
enum projection { proj_q, proj_k, proj_v, proj_o, proj_gate, proj_up, proj_down, projection_count };

struct tensor_info {
  std::string name;
  int64_t rows, cols;  // cols 0: vector
  size_t offset, count;
};

struct linear_shape {
  int out, in;
};

struct layer_offsets {
  size_t norm1, norm2;
  size_t weight[projection_count];
  size_t bias[projection_count];  // where the model has them
  size_t q_norm, k_norm;          // with qk_norm
};

struct model_layout {
  std::vector<tensor_info> tensors;
  size_t count = 0;
  size_t embed = 0, final_norm = 0, head = 0;  // head equals embed when tied
  std::vector<layer_offsets> layers;
};

struct adapter_layout {
  std::vector<tensor_info> tensors;
  size_t count = 0;
  struct factors {
    size_t a, b;
  };
  std::vector<factors> at;  // [layer * projection_count + projection]; unset where not adapted
};

// Refuses impossible or absurd shapes (OL_ERROR_CONFIG).
void check_config(const ol_config& config);
void check_adapter_shape(const ol_config& config, int rank, int targets);
bool same_shape(const ol_config& a, const ol_config& b);

linear_shape shape_of(const ol_config& config, int proj);
model_layout layout_of(const ol_config& config);
adapter_layout layout_of(const ol_config& config, int rank, int targets);

// Cosines and sines of the rotary angles, [positions, head_dim / 2] each, computed in fp64.
void rope_tables(const ol_config& config, int positions, std::vector<float>* cosine, std::vector<float>* sine);

}  // namespace ol

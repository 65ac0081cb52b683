// The Kronecker factors of every LoRA module, summed over positions: what EK-FAC's eigenbases come from.
#pragma once
#include <cstddef>
#include <vector>

#include "core/executor.h"

namespace ol {

// Linears of one layer that read the same input share its covariance: q, k, v; o; gate, up; down.
enum input_group { group_attention, group_o, group_mlp, group_down, input_group_count };
input_group group_of(int proj);

// Uncentred second moments, summed over positions in token order, examples in batch order. fp32 on the host.
struct kronecker_factors {
  struct module {
    std::vector<float> u, delta_a, delta_b;  // [rank, rank], [rank, rank], [out, out]
  };
  std::vector<std::vector<float>> inputs;  // [layer * input_group_count + group]: [in, in]; empty where not adapted
  std::vector<module> modules;             // [layer * projection_count + proj]; empty where not adapted
};

// Keeps the sums on the device while micro-batches go through.
class factor_sums : public lora_visitor {
 public:
  factor_sums(backend& device, const ol_config& config, int rank, int targets);
  void module(const micro_batch& batch, const lora_capture& capture) override;
  kronecker_factors read();

 private:
  struct sum {
    device_array<float> data;
    int n = 0;
  };
  sum make(int n);
  void accumulate(sum& into, const float* rows, int tokens);
  std::vector<float> download(const sum& from);

  backend& device_;
  std::vector<sum> inputs_, u_, delta_a_, delta_b_;
  std::vector<int> first_of_group_;  // the projection whose input is summed for a group
};

}  // namespace ol

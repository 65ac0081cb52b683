#include "influence/factors.h"

namespace ol {

input_group group_of(int proj) {
  switch (proj) {
    case proj_o: return group_o;
    case proj_gate:
    case proj_up: return group_mlp;
    case proj_down: return group_down;
    default: return group_attention;
  }
}

factor_sums::factor_sums(backend& device, const ol_config& config, int rank, int targets) : device_(device) {
  inputs_.resize(config.layers * input_group_count);
  first_of_group_.assign(input_group_count, -1);
  const size_t modules = static_cast<size_t>(config.layers) * projection_count;
  u_.resize(modules);
  delta_a_.resize(modules);
  delta_b_.resize(modules);
  for (int proj = 0; proj < projection_count; proj++) {
    if (!(targets >> proj & 1)) continue;
    const linear_shape shape = shape_of(config, proj);
    const input_group group = group_of(proj);
    const bool first = first_of_group_[group] < 0;
    if (first) first_of_group_[group] = proj;
    for (int layer = 0; layer < config.layers; layer++) {
      const size_t at = static_cast<size_t>(layer) * projection_count + proj;
      if (first) inputs_[layer * input_group_count + group] = make(shape.in);
      u_[at] = make(rank);
      delta_a_[at] = make(rank);
      delta_b_[at] = make(shape.out);
    }
  }
}

factor_sums::sum factor_sums::make(int n) {
  sum result;
  result.n = n;
  result.data = device_array<float>(device_, static_cast<size_t>(n) * n);
  device_.zero(result.data.get(), sizeof(float) * n * n);
  return result;
}

void factor_sums::accumulate(sum& into, const float* rows, int tokens) {
  device_.add_gram(into.data.get(), rows, tokens, into.n);
}

void factor_sums::module(const micro_batch& batch, const lora_capture& capture) {
  const size_t at = static_cast<size_t>(capture.layer) * projection_count + capture.proj;
  const input_group group = group_of(capture.proj);
  if (first_of_group_[group] == capture.proj) {
    accumulate(inputs_[capture.layer * input_group_count + group], capture.x, batch.tokens);
  }
  accumulate(u_[at], capture.u, batch.tokens);
  accumulate(delta_a_[at], capture.delta_a, batch.tokens);
  accumulate(delta_b_[at], capture.delta_b, batch.tokens);
}

std::vector<float> factor_sums::download(const sum& from) {
  std::vector<float> host(static_cast<size_t>(from.n) * from.n);
  if (!host.empty()) device_.download(host.data(), from.data.get(), host.size() * sizeof(float));
  for (int i = 0; i < from.n; i++)
    for (int j = 0; j < i; j++) host[static_cast<size_t>(i) * from.n + j] = host[static_cast<size_t>(j) * from.n + i];
  return host;
}

kronecker_factors factor_sums::read() {
  device_.finish();
  kronecker_factors result;
  for (const sum& input : inputs_) result.inputs.push_back(download(input));
  for (size_t at = 0; at < u_.size(); at++) {
    result.modules.push_back({download(u_[at]), download(delta_a_[at]), download(delta_b_[at])});
  }
  return result;
}

}  // namespace ol

// The whitening of each LoRA factor's gradient by its own Fisher: one number for each of the leading eigenvectors of its longer side
// and each of its rank side's, and for all that the leading ones leave out one for each of the rank side's.
#pragma once
#include <cstdint>
#include <vector>

#include "core/backend.h"
#include "cpu/pool.h"
#include "influence/block.h"
#include "influence/factors.h"

namespace ol {

struct factor_whitening;

// What a device makes of the gradients of one factor on the way; the next factor's takes its place.
struct factor_scratch {
  device_array<float> rows, narrow, wider;
};

// A gradient's probes: value i of the whitened gradient, times a sign, is added to probe i mod `probes`.
struct probing {
  probing(backend& device, const factor_whitening& factor, int probes, const std::vector<int8_t>& signs);
  int probes;
  device_array<float> weights;  // [count]: signs times what is left beside the axes
  device_array<float> along;    // [rank * axes, probes]: of each axis
};

// Of one factor. The symmetric operator W on [rank, longer] in the turned space, and the turn before it. Gradients, directions and
// what is here lie in one device's memory.
struct factor_whitening : factor_block {
  int axes = 0;
  device_array<float> into;    // [longer, axes]: the axes as columns
  device_array<float> back;    // [axes, longer]
  device_array<float> turn;    // [rank, rank]
  device_array<float> beside;  // [rank]: of what the axes leave out; 0 where they leave nothing
  device_array<float> scale;   // [rank, axes], less `beside`

  // turn G of gradients as the adapter holds them, the first of them at `first` and each `stride` after the last, to scratch.rows, and
  // what it has along the axes to scratch.narrow.
  void turn_in(backend& device, factor_scratch& scratch, const float* first, size_t stride, int n) const;
  // W turn G, [n, count], to scratch.rows.
  void apply(backend& device, factor_scratch& scratch, const float* first, size_t stride, int n) const;
  // Probes of W turn G, [n, probes], without making it; its squared length is added to each example's `squares`.
  void probe(backend& device, factor_scratch& scratch, const probing& by, const float* first, size_t stride, int n, float* probes,
             double* squares) const;
  // The adjoint: turn' W V of directions [n, count] in the whitened space, in place; the result is as the adapter holds it.
  void apply_adjoint(backend& device, factor_scratch& scratch, float* directions, int n) const;

 private:
  void along_axes(backend& device, factor_scratch& scratch, int n) const;
  void whiten(backend& device, factor_scratch& scratch, int n) const;
};

// Second moments of every factor's gradient over the examples, and from them the whitening.
class fisher_sums {
 public:
  // Takes eigenvectors from the factors; `axes` of a longer side, at most.
  fisher_sums(backend& device, pool& threads, const ol_config& config, int targets, const std::vector<factor_block>& blocks, int axes,
              const kronecker_factors& factors, size_t parameters);
  void add(const float* gradients, int n);
  // (mean square + damping * the factor's mean over all its directions)^-1/2; all zeros where a factor has no gradient.
  std::vector<factor_whitening> whitenings(double damping);

 private:
  backend& device_;
  factor_scratch scratch_;
  std::vector<factor_whitening> parts_;
  std::vector<device_array<double>> along_;  // [rank, axes] of each factor: squares along the axes
  std::vector<device_array<double>> whole_;  // [rank] of each: squares of all
  size_t parameters_;
  int64_t count_ = 0;
};

}  // namespace ol

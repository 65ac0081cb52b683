// From gradients and Kronecker factors to the committed basis: EK-FAC eigenbases and eigenvalues, half-whitening,
// uncentred PCA over the whole adapter, and the product of all three as one quantised matrix.
#pragma once
#include <cstdint>
#include <vector>

#include "core/backend.h"
#include "core/config.h"
#include "cpu/pool.h"
#include "influence/factors.h"

namespace ol {

// Coordinate j of gradient g: sum over blocks b (the adapter's tensors, in order) of
// 2^exponents[j, b] * sum over i in b of mantissas[j, i] * g[i].
struct sketch_basis {
  int dimension = 0;
  size_t parameters = 0, blocks = 0;
  std::vector<int8_t> exponents;   // [dimension, blocks]
  std::vector<int16_t> mantissas;  // [dimension, parameters]
};

struct basis_fit {
  sketch_basis basis;
  std::vector<double> spectrum;  // eigenvalues of the whitened Gram matrix, descending
};

// gradients: [n, parameters] in the adapter's flat order, in the device's memory. damping: multiple of each module's mean eigenvalue.
basis_fit fit_basis(backend& device, pool& threads, const ol_config& config, int rank, int targets,
                    const kronecker_factors& factors, const float* gradients, int n, int dimension, double damping);

// A basis ready to use on a device: its blocks as fp32, [values, dimension] each.
class sketcher {
 public:
  sketcher(backend& device, pool& threads, const adapter_layout& layout, const sketch_basis& basis);
  // coordinates [n, dimension] (host memory) of gradients [n, parameters] in the device's. A row's result does not depend on the
  // others.
  void run(const float* gradients, int n, float* coordinates) const;

 private:
  struct block {
    size_t offset, count;
    device_array<float> directions, scales;
  };
  backend& device_;
  std::vector<block> blocks_;
  size_t dimension_, parameters_;
};

}  // namespace ol

// Sketches whose cost and memory are linear in rows and parameters: each LoRA factor's gradient, whitened, is projected on the
// directions that some rows of that factor span. So the basis is a matrix with one block a factor.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/backend.h"
#include "core/config.h"
#include "cpu/pool.h"
#include "influence/block.h"

namespace ol {

struct sketch_terms {
  int dimension = 0;  // k
  bool unit = false;  // every sketch has the same length
};

// The adapter's tensors in order: A and B of each of its modules.
std::vector<factor_block> factor_blocks_of(const ol_config& config, int rank, int targets);

// Directions of each block, block after block. Coordinate j of gradient g, in block b: 2^exponents[j] * sum over i in b of
// mantissas[j, i] * g[i].
struct factored_basis {
  std::vector<int32_t> counts;     // of directions, by block
  std::vector<int8_t> exponents;   // one a direction
  std::vector<int16_t> mantissas;  // of each direction as many as its block has parameters, in the adapter's flat order

  size_t dimension() const { return exponents.size(); }
};

// How many mantissas directions of those counts have.
size_t factored_mantissas(const std::vector<factor_block>& blocks, const std::vector<int32_t>& counts);

// The same where it lies elsewhere.
struct factored_view {
  const int32_t* counts;
  const int8_t* exponents;
  size_t dimension;
  const int16_t* mantissas;
};

// A basis ready to use.
class factored_sketcher {
 public:
  factored_sketcher(const std::vector<factor_block>& blocks, size_t parameters, const factored_view& basis);
  factored_sketcher(const std::vector<factor_block>& blocks, size_t parameters, const factored_basis& basis)
      : factored_sketcher(blocks, parameters, {basis.counts.data(), basis.exponents.data(), basis.dimension(), basis.mantissas.data()}) {}
  size_t directions() const { return scales_.size(); }

  // The directions in a device's memory: as they lie where that is the host's.
  struct resident {
    device_array<float> held, scales;
    std::vector<row_part> parts;
  };
  std::shared_ptr<const resident> on_device(backend& device) const;

  // coordinates [n, k] (host memory) of gradients [n, parameters] in the device's memory: fixed point with 20 fractional bits, unit
  // length where asked for, zeros where the basis has fewer than k directions. A row's result does not depend on the others.
  void run(backend& device, pool& threads, const resident& basis, const sketch_terms& terms, const float* gradients, int n,
           float* coordinates) const;

 private:
  struct part {
    size_t offset, values, first;
    int count;
    std::vector<float> directions;  // [values, count], mantissas
  };
  void finish(const sketch_terms& terms, const float* raw, float* out) const;

  std::vector<part> parts_;
  std::vector<float> scales_;
  size_t parameters_;
};

}  // namespace ol

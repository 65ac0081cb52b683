// Sketches whose cost and memory are linear in rows and parameters: each LoRA factor's gradient goes through a committed
// factored projection (leading eigenvectors of its longer side, all of its rank side), is whitened there by its own Fisher,
// becomes fixed point, and all of them are folded by seeded signs.
#pragma once
#include <cstdint>
#include <vector>

#include "core/backend.h"
#include "core/config.h"
#include "cpu/pool.h"
#include "influence/block.h"
#include "influence/factors.h"

namespace ol {

struct fold_terms {
  int axes = 0;       // of a factor's longer side, at most
  int dimension = 0;  // k
  uint32_t seed = 0;  // of the signs
  bool unit = false;  // before the fold every row has the same length
};

// Where one factor's part of the basis lies. Mantissas: axes [axes, longer], turn [rank, rank], whiten [rank, axes], one behind the
// other; each row has an exponent of its own, in the same order.
struct factored_block : factor_block {
  int axes = 0;
  size_t mantissas = 0, exponents = 0;  // offsets
  size_t coordinates() const { return static_cast<size_t>(rank) * axes; }
  size_t mantissa_count() const { return static_cast<size_t>(axes) * longer + static_cast<size_t>(rank) * rank + coordinates(); }
  size_t exponent_count() const { return static_cast<size_t>(axes) + 2 * rank; }
};

struct factored_layout {
  std::vector<factored_block> blocks;  // the adapter's tensors, in order
  size_t parameters = 0, coordinates = 0, mantissas = 0, exponents = 0;
};

factored_layout factored_layout_of(const ol_config& config, int rank, int targets, int axes);

struct factored_basis {
  std::vector<int8_t> exponents;
  std::vector<int16_t> mantissas;
};

// Eigenvectors of the factors, rounded; the whitening is one everywhere.
factored_basis fit_axes(pool& threads, const ol_config& config, int targets, const factored_layout& layout,
                        const kronecker_factors& factors);

// Gradients in the small spaces: [n, coordinates], whitened as far as the basis is.
class factored_projection {
 public:
  factored_projection(const factored_layout& layout, const factored_basis& basis);
  void run(backend& host, pool& threads, const float* gradients, int n, float* out) const;

 private:
  struct part {
    factored_block block;
    std::vector<float> across;  // [longer, axes]
    std::vector<float> turn;    // [rank, rank]
    std::vector<float> whiten;  // [rank, axes]
  };
  std::vector<part> parts_;
  size_t parameters_, coordinates_;
};

// Second moments of every coordinate over the examples, and from them the whitening.
class fisher_sums {
 public:
  explicit fisher_sums(const factored_layout& layout);
  // projected: [n, coordinates] of gradients [n, parameters].
  void add(pool& threads, const float* projected, const float* gradients, int n);
  // (mean + damping * the factor's mean eigenvalue)^-1/2; zeros where a factor has no gradient. That mean is over all of the factor's
  // directions, those that the projection leaves out too: a gradient's squared length is the sum over them.
  void whiten(double damping, factored_basis* basis) const;

 private:
  const factored_layout& layout_;
  std::vector<double> sums_;     // [coordinates]
  std::vector<double> lengths_;  // squared, [blocks]
  std::vector<size_t> firsts_;   // of each block's coordinates
  int64_t count_ = 0;
};

// Coordinates -> [k]: fixed point with 20 fractional bits, unit length where asked for, folded in whole numbers.
class folder {
 public:
  folder(size_t coordinates, const fold_terms& terms);
  void run(const float* projected, float* out) const;

 private:
  std::vector<int8_t> signs_;
  fold_terms terms_;
};

}  // namespace ol

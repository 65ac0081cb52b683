// The directions of a factored basis: those that the whitened gradients of some examples span, factor by factor.
#pragma once
#include <cstdint>
#include <vector>

#include "core/backend.h"
#include "cpu/pool.h"
#include "influence/factored.h"
#include "influence/whitening.h"

namespace ol {

// Directions that one factor may have, at most: twice its even part.
int most_directions(size_t factors, int dimension);

// Chooses at most `dimension` directions, each an example's gradient in one factor less what those chosen before it in that factor
// span: always the longest that is left, each example counting as one of unit length over all factors (pivoted Cholesky: Fine and
// Scheinberg 2001; Harbrecht, Peters and Schneider 2012, Algorithm 1). What is chosen goes by probes, sums of a gradient's values with
// seeded signs (Charikar et al. 2002); the directions themselves are exact. So memory does not grow with examples times parameters, and
// no eigenproblem as large as the examples are many is solved.
class direction_finder {
 public:
  direction_finder(backend& device, pool& threads, const std::vector<factor_whitening>& factors, int examples, size_t parameters,
                   int dimension);

  // A first pass over all examples, in order: gradients [n, parameters] of those from `first` on, in the device's memory.
  void probe(int first, int n, const float* gradients);
  void choose();
  // A second one.
  void collect(int first, int n, const float* gradients);
  factored_basis finish();

 private:
  struct part {
    probing by;
    device_array<float> probed;      // [examples, probes]
    std::vector<int> chosen;         // examples, in the order of their directions
    device_array<float> directions;  // [chosen, count]
  };
  // Gram matrices of some factors, and probes of one, [probes, examples].
  struct gram_scratch {
    device_array<float> grams, across;
  };
  std::vector<std::vector<factor_pivot>> pivots_of(size_t first, size_t count, const device_array<float>& units, gram_scratch& scratch);
  void orthonormalise_all();

  backend& device_;
  pool& threads_;
  const std::vector<factor_whitening>& factors_;
  int examples_;
  size_t parameters_;
  int dimension_;
  factor_scratch scratch_;
  std::vector<part> parts_;
  device_array<double> lengths_;  // squared, of each example over all factors
};

}  // namespace ol

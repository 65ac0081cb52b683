// Products with matrices in a block format by the arithmetic q8: rows of x become whole numbers once, then every panel of the
// matrix is read as it is.
#pragma once
#include <cstdint>
#include <vector>

#include "core/matrix.h"
#include "cpu/isa.h"
#include "cpu/pool.h"

namespace ol {

class block_products {
 public:
  block_products(pool& threads, const kernels& table);
  // y[m, rows] (+)= x[m, cols] W^T; W's format has blocks.
  void forward(float* y, const float* x, const stored_matrix& w, int m, bool accumulate);

 private:
  // Makes `values_`, `scales_` and `sums_` of m rows.
  block_operand round(const float* x, int cols, int m, int block);

  pool& pool_;
  const kernels& kernels_;
  std::vector<int8_t> values_;
  std::vector<float> scales_;
  std::vector<int32_t> sums_;
};

}  // namespace ol

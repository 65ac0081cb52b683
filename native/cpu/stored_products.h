// Products with stored matrices: blocks of the weight are widened into the first cache, once for many rows of x.
#pragma once
#include <vector>

#include "core/matrix.h"
#include "cpu/gemm.h"

namespace ol {

class stored_products {
 public:
  stored_products(pool& threads, const kernels& table);
  // y[m, rows] (+)= x[m, cols] W^T: chain over cols.
  void forward(float* y, const float* x, const stored_matrix& w, int m, bool accumulate);
  // dx[m, cols] (+)= dy[m, rows] W: chain over rows.
  void backward(float* dx, const float* dy, const stored_matrix& w, int m, bool accumulate);

 private:
  struct product {
    float* c;
    const float* a;
    const stored_matrix* w;
    int n, k;
    bool transposed, accumulate;
  };
  struct scratch {
    aligned_buffer b, square;
  };
  void run(int m, const product& whole);
  void run_packed(int m, const product& p);
  void pack(const product& p, int m);
  void task(const product& p, int m0, int m1, int p0, int p1, scratch& memory) const;
  const float* block(const product& p, int panel, int k0, int depth, scratch& memory) const;

  pool& pool_;
  const kernels& kernels_;
  aligned_buffer rows_;           // packed
  std::vector<scratch> scratch_;  // one per worker
};

}  // namespace ol

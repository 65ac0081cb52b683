// Matrix product on the CPU: packed panels of B, blocks of A, register tiles; one ascending chain over k per output.
#pragma once
#include <cstddef>
#include <vector>

#include "cpu/isa.h"
#include "cpu/pool.h"

namespace ol {

struct aligned_buffer {
  float* data = nullptr;
  size_t count = 0;
  ~aligned_buffer();
  aligned_buffer() = default;
  aligned_buffer(const aligned_buffer&) = delete;
  aligned_buffer& operator=(const aligned_buffer&) = delete;
  float* reserve(size_t n);
};

// An element (i, j) lies at data[i*rs + j*cs].
struct matrix_view {
  const float* data;
  ptrdiff_t rs, cs;
};

// to[p*mr + q] = from[q*rs + p]: rows become the short side.
void pack_rows(float* to, const float* from, ptrdiff_t rs, int rows, int depth, int mr);

class gemm_engine {
 public:
  gemm_engine(pool& threads, const kernels& table);
  size_t packed_size(int n, int k) const;
  // Panels of nr columns, each [k][nr]; the last one [k][what is left].
  void pack(float* out, matrix_view b, int n, int k);
  // C[m, n] (+)= A[m, k] B[k, n] with B packed.
  void run_packed(int m, int n, int k, matrix_view a, const float* packed_b, float* c, ptrdiff_t ldc, bool accumulate);
  void run(int m, int n, int k, matrix_view a, matrix_view b, float* c, ptrdiff_t ldc, bool accumulate);
  // C[n, n] += X^T X of X [k, n], in panels from the one that holds the diagonal on: what is below it is left or wrong.
  void add_gram(int n, int k, const float* x, float* c);
  // Single-threaded, for use inside a worker's task.
  void run_packed_serial(int m, int n, int k, matrix_view a, const float* packed_b, float* c, ptrdiff_t ldc,
                         bool accumulate, int worker) const;
  void run_serial(int m, int n, int k, matrix_view a, matrix_view b, float* c, ptrdiff_t ldc, bool accumulate) const;

 private:
  void task(int m0, int m1, int p0, int p1, int n, int k, matrix_view a, const float* packed_b, float* c,
            ptrdiff_t ldc, bool accumulate, float* scratch) const;
  void gram_task(int n, int k, int k0, int depth, int first, int rows, const float* packed, float* c) const;

  pool& pool_;
  const kernels& kernels_;
  aligned_buffer panels_;
  std::vector<aligned_buffer> blocks_;  // one per worker
};

}  // namespace ol

// The algebra of sketches on the device: what core/factor_algebra.h says. Kernels are queued on the stream.
#pragma once
#include <cuda_runtime.h>

#include "core/backend.h"
#include "cuda/arena.h"
#include "cuda/memory.h"

namespace ol {
namespace cuda {

// factors.cu
void load_factors(cudaStream_t stream, float* to, const float* from, size_t stride, int n, int rank, int longer, bool tensors);
void turn_factors(cudaStream_t stream, float* to, const float* from, const float* turn, const factor_turn& how, int n);
void scale_columns(cudaStream_t stream, float* x, const float* by, int rows, size_t cols);
void blend_factors(cudaStream_t stream, float* x, const float* y, const float* beside, int n, int rank, int longer);
void add_squares(cudaStream_t stream, double* sums, const float* x, int rows, size_t cols);
// out[r] = the sum of squares of row r.
void row_squares(cudaStream_t stream, double* out, const float* x, size_t rows, int n);
// sums[c] += x[r, c], r ascending.
void add_rows(cudaStream_t stream, double* sums, const double* x, int rows, int cols);
void add_doubles(cudaStream_t stream, double* sums, const float* x, size_t n);
void probe_factors(cudaStream_t stream, float* probes, double* squares, const factor_probe& by, const float* rows,
                   const double* row_squares, float* narrow, int n);
void turn_over(cudaStream_t stream, float* to, const float* from, const float* by, int rows, int cols);

// sketch.cu. `parts` is device memory; most_count: the largest count among them.
void gemm_parts(cudaStream_t stream, float* c, size_t ldc, const float* a, size_t lda, const row_part* parts, int count, int rows,
                int most_count);

// pivots.cu. `scratch` has room for pivot_scratch doubles.
size_t pivot_scratch(int matrices, int n, int most);
void choose_pivots(cudaStream_t stream, factor_pivot* out, const float* grams, int matrices, int n, int most, double least_part,
                   double* scratch);
// Sets as the kernel sees them (device memory): `wide` has the rows in fp64.
struct wide_set {
  float* rows;
  double* wide;
  int count, n;
};
void orthonormalise_rows(cudaStream_t stream, const wide_set* sets, int count);

// A back end that has this algebra on its stream.
class factors_on_device : public backend {
 public:
  void load_factors(float* to, const float* from, size_t stride, int n, int rank, int longer, bool tensors) override;
  void turn_factors(float* to, const float* from, const float* turn, const factor_turn& how, int n) override;
  void scale_columns(float* x, const float* by, int rows, size_t cols) override;
  void blend_factors(float* x, const float* y, const float* beside, int n, int rank, int longer) override;
  void add_squares(double* sums, const float* x, int rows, size_t cols) override;
  void add_row_squares(double* sums, const float* x, int n, int rank, int longer) override;
  void add_doubles(double* sums, const float* x, size_t n) override;
  void probe_factors(float* probes, double* squares, const factor_probe& by, const float* rows, float* narrow, int n) override;
  void turn_over(float* to, const float* from, const float* by, int rows, int cols) override;
  void choose_pivots(factor_pivot* out, const float* grams, int matrices, int n, int most, double least_part) override;
  void orthonormalise_rows(const row_set* sets, int count) override;
  void gemm_parts(float* c, size_t ldc, const float* a, size_t lda, const row_part* parts, int count, int rows) override;

 protected:
  virtual cudaStream_t stream() const = 0;
};

}  // namespace cuda
}  // namespace ol

// Which gradients give directions, and the directions made orthonormal: fp64, in the order of core/factor_algebra.h. A block takes
// a Gram matrix, or a set of rows.
#include "cuda/factors.h"
#include "cuda/launch.h"
#include "cuda/wide.cuh"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;
const int nowhere = 0x7fffffff;

// The first of the largest values, as std::max_element finds it: one that is not a number is passed over unless it is the first. All
// threads call it, after each wrote what it has of the values.
__device__ int largest_of(const double* values, int n) {
  __shared__ double best[threads];
  __shared__ int where[threads];
  const int thread = static_cast<int>(threadIdx.x);
  int at = nowhere;
  double most = 0.0;
  for (int i = thread; i < n; i += static_cast<int>(threads)) {
    const double value = values[i];
    if (value != value || (at != nowhere && !(value > most))) continue;
    at = i;
    most = value;
  }
  best[thread] = most;
  where[thread] = at;
  __syncthreads();
  for (int half = static_cast<int>(threads) / 2; half >= 1; half /= 2) {
    if (thread < half && where[thread + half] != nowhere) {
      const double other = best[thread + half];
      const bool first = where[thread] == nowhere || other > best[thread];
      if (first || (other == best[thread] && where[thread + half] < where[thread])) {
        best[thread] = other;
        where[thread] = where[thread + half];
      }
    }
    __syncthreads();
  }
  return values[0] != values[0] || where[0] == nowhere ? 0 : where[0];
}

// Scratch of a matrix: what is left [n], 1 where an example was chosen [n], then columns [most, n]. A thread keeps to its own examples.
__global__ void pivots_kernel(factor_pivot* out, const float* grams, int n, int most, double least_part, double* scratch) {
  const float* gram = grams + static_cast<size_t>(blockIdx.x) * n * n;
  double* left = scratch + static_cast<size_t>(blockIdx.x) * (most + 2) * n;
  double* taken = left + n;
  out += static_cast<size_t>(blockIdx.x) * most;
  const int thread = static_cast<int>(threadIdx.x), step = static_cast<int>(threads);
  for (int i = thread; i < most; i += step) out[i] = {-1, 0.0};
  for (int e = thread; e < n; e += step) {
    left[e] = gram[static_cast<size_t>(e) * n + e];
    taken[e] = 0.0;
  }
  int p = largest_of(left, n);
  const double least = wide_mul(least_part, left[p]);
  for (int chosen = 0; chosen < most && chosen < n; ++chosen) {
    if (chosen > 0) p = largest_of(left, n);
    const double value = left[p];
    if (!(value > least)) return;  // all threads together
    if (thread == 0) out[chosen] = {p, value};
    const double scale = wide_div(1.0, wide_sqrt(value));
    double* column = taken + static_cast<size_t>(chosen + 1) * n;
    __syncthreads();  // all have read what is left at p, and where it is
    for (int e = thread; e < n; e += step) {
      double x = gram[static_cast<size_t>(e < p ? e : p) * n + (e < p ? p : e)];
      for (int c = 1; c <= chosen; ++c) {
        const double* before = taken + static_cast<size_t>(c) * n;
        x = wide_sub(x, wide_mul(before[p], before[e]));
      }
      x = wide_mul(x, scale);
      column[e] = x;
      if (e == p) taken[e] = 1.0;
      left[e] = taken[e] > 0.0 ? 0.0 : wide_sub(left[e], wide_mul(x, x));
    }
  }
}

__device__ double product(const double* x, const double* y, int n) {
  return block_chain(n, [&](int k) { return wide_mul(x[k], y[k]); });
}

// As orthonormalise in influence/leading.cpp, with one pass. A thread keeps to its own columns.
__global__ void orthonormalise_kernel(const wide_set* sets) {
  const wide_set set = sets[blockIdx.x];
  const int thread = static_cast<int>(threadIdx.x), step = static_cast<int>(threads), n = set.n;
  for (int i = 0; i < set.count; ++i) {
    double* row = set.wide + static_cast<size_t>(i) * n;
    float* narrow = set.rows + static_cast<size_t>(i) * n;
    for (int k = thread; k < n; k += step) row[k] = narrow[k];
    const double before = wide_sqrt(product(row, row, n));
    for (int j = 0; j < i; ++j) {
      const double* other = set.wide + static_cast<size_t>(j) * n;
      const double along = product(row, other, n);
      for (int k = thread; k < n; k += step) row[k] = wide_sub(row[k], wide_mul(along, other[k]));
    }
    const double length = wide_sqrt(product(row, row, n));
    const double scale = length > wide_mul(before, 1e-10) ? wide_div(1.0, length) : 0.0;
    for (int k = thread; k < n; k += step) {
      row[k] = wide_mul(row[k], scale);
      narrow[k] = static_cast<float>(row[k]);
    }
  }
}

}  // namespace

size_t pivot_scratch(int matrices, int n, int most) {
  return static_cast<size_t>(matrices) * (static_cast<size_t>(most) + 2) * n;
}

void choose_pivots(cudaStream_t stream, factor_pivot* out, const float* grams, int matrices, int n, int most, double least_part,
                   double* scratch) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(matrices), threads, pivots_kernel, out, grams, n, most, least_part, scratch);
}

void orthonormalise_rows(cudaStream_t stream, const wide_set* sets, int count) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(count), threads, orthonormalise_kernel, sets);
}

}  // namespace cuda
}  // namespace ol

// Factors' gradients turned, whitened and probed, in the order of core/factor_algebra.h. A thread makes one result, or sixteen
// threads the lanes of a row.
#include "cuda/factors.h"
#include "cuda/launch.h"
#include "cuda/wide.cuh"

#include "core/math.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;
const int lanes = 16, rows_a_block = static_cast<int>(threads) / lanes;

__device__ __forceinline__ size_t this_thread() { return static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; }

// Where value k of row i of an example lies.
__device__ __forceinline__ size_t place(bool tensor, int rank, int longer, int i, int k) {
  return tensor ? static_cast<size_t>(k) * rank + i : static_cast<size_t>(i) * longer + k;
}

__global__ void load_kernel(float* to, const float* from, size_t stride, size_t count, int rank, int longer, bool tensors) {
  const size_t at = this_thread(), size = static_cast<size_t>(rank) * longer;
  if (at >= count) return;
  const size_t inside = at % size;
  to[at] = from[at / size * stride + place(tensors, rank, longer, static_cast<int>(inside / longer), static_cast<int>(inside % longer))];
}

__global__ void turn_kernel(float* to, const float* from, const float* turn, factor_turn how, size_t count) {
  const size_t at = this_thread(), size = static_cast<size_t>(how.rank) * how.longer;
  if (at >= count) return;
  const size_t inside = at % size;
  const int i = static_cast<int>(inside / how.longer), k = static_cast<int>(inside % how.longer);
  const float* own = from + at / size * how.stride;
  float sum = 0.0f;
  for (int j = 0; j < how.rank; ++j) {
    const float q = turn[how.adjoint ? j * how.rank + i : i * how.rank + j];
    sum = ol_add(sum, ol_mul(q, own[place(how.from_tensors, how.rank, how.longer, j, k)]));
  }
  to[at / size * size + place(how.to_tensors, how.rank, how.longer, i, k)] = sum;
}

__global__ void scale_columns_kernel(float* x, const float* by, size_t count, size_t cols) {
  const size_t at = this_thread();
  if (at < count) x[at] = ol_mul(x[at], by[at % cols]);
}

__global__ void blend_kernel(float* x, const float* y, const float* beside, size_t count, int rank, int longer) {
  const size_t at = this_thread();
  if (at < count) x[at] = ol_add(ol_mul(beside[at / longer % rank], x[at]), y[at]);
}

__global__ void add_squares_kernel(double* sums, const float* x, int rows, size_t cols) {
  const size_t c = this_thread();
  if (c >= cols) return;
  double sum = sums[c];
  for (int r = 0; r < rows; ++r) {
    const double value = x[r * cols + c];
    sum = wide_add(sum, wide_mul(value, value));
  }
  sums[c] = sum;
}

// out[r] = the sum of squares of row r.
__global__ void row_squares_kernel(double* out, const float* x, size_t rows, int n) {
  __shared__ double chains[threads];
  const size_t row = static_cast<size_t>(blockIdx.x) * rows_a_block + threadIdx.x / lanes;
  const int lane = static_cast<int>(threadIdx.x) % lanes;
  double chain = 0.0;
  if (row < rows) {
    for (int k = lane; k < n; k += lanes) {
      const double value = x[row * n + k];
      chain = wide_add(chain, wide_mul(value, value));
    }
  }
  chains[threadIdx.x] = chain;
  __syncthreads();
  if (lane != 0 || row >= rows) return;
  double sum = 0.0;
  for (int l = 0; l < lanes; ++l) sum = wide_add(sum, chains[threadIdx.x + l]);
  out[row] = sum;
}

__global__ void add_rows_kernel(double* sums, const double* x, int rows, int cols) {
  const int c = static_cast<int>(this_thread());
  if (c >= cols) return;
  double sum = sums[c];
  for (int r = 0; r < rows; ++r) sum = wide_add(sum, x[static_cast<size_t>(r) * cols + c]);
  sums[c] = sum;
}

__global__ void add_doubles_kernel(double* sums, const float* x, size_t n) {
  const size_t i = this_thread();
  if (i < n) sums[i] = wide_add(sums[i], x[i]);
}

// A block an example.
__global__ void lengths_kernel(double* squares, factor_probe by, const double* rows, const float* narrow) {
  const size_t e = blockIdx.x;
  const int steps = by.axes + 1;
  const double sum = block_chain(by.rank * steps, [&](int at) {
    const int i = at / steps, k = at % steps - 1;
    const double rest = by.beside[i], least = wide_mul(rest, rest);
    if (k < 0) return wide_mul(least, rows[e * by.rank + i]);
    const int axis = i * by.axes + k;
    const double whole = wide_add(rest, by.scale[axis]), along = narrow[e * by.rank * by.axes + axis];
    return wide_mul(wide_sub(wide_mul(whole, whole), least), wide_mul(along, along));
  });
  if (threadIdx.x == 0) squares[e] = wide_add(squares[e], sum > 0.0 ? sum : 0.0);
}

__global__ void probes_kernel(float* probes, factor_probe by, const float* rows, size_t count) {
  const size_t at = this_thread();
  if (at >= count) return;
  const size_t size = static_cast<size_t>(by.rank) * by.longer;
  const float* row = rows + at / by.probes * size;
  float sum = 0.0f;
  for (size_t i = at % by.probes; i < size; i += by.probes) sum = ol_add(sum, ol_mul(by.weights[i], row[i]));
  probes[at] = sum;
}

const int square = 32;

__global__ void turn_over_kernel(float* to, const float* from, const float* by, int rows, int cols, int across) {
  __shared__ float tile[square][square + 1];
  const int tile_number = static_cast<int>(blockIdx.x);
  const int row0 = tile_number / across * square, col0 = tile_number % across * square;
  const int x = static_cast<int>(threadIdx.x) % square, y = static_cast<int>(threadIdx.x) / square;
  const int step = static_cast<int>(threads) / square;
  for (int r = y; r < square; r += step) {
    if (row0 + r >= rows || col0 + x >= cols) continue;
    const float value = from[static_cast<size_t>(row0 + r) * cols + col0 + x];
    tile[r][x] = by ? ol_mul(value, by[row0 + r]) : value;
  }
  __syncthreads();
  for (int c = y; c < square; c += step)
    if (row0 + x < rows && col0 + c < cols) to[static_cast<size_t>(col0 + c) * rows + row0 + x] = tile[x][c];
}

}  // namespace

void load_factors(cudaStream_t stream, float* to, const float* from, size_t stride, int n, int rank, int longer, bool tensors) {
  const size_t count = static_cast<size_t>(n) * rank * longer;
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, load_kernel, to, from, stride, count, rank, longer, tensors);
}

void turn_factors(cudaStream_t stream, float* to, const float* from, const float* turn, const factor_turn& how, int n) {
  const size_t count = static_cast<size_t>(n) * how.rank * how.longer;
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, turn_kernel, to, from, turn, how, count);
}

void scale_columns(cudaStream_t stream, float* x, const float* by, int rows, size_t cols) {
  const size_t count = rows * cols;
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, scale_columns_kernel, x, by, count, cols);
}

void blend_factors(cudaStream_t stream, float* x, const float* y, const float* beside, int n, int rank, int longer) {
  const size_t count = static_cast<size_t>(n) * rank * longer;
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, blend_kernel, x, y, beside, count, rank, longer);
}

void add_squares(cudaStream_t stream, double* sums, const float* x, int rows, size_t cols) {
  OL_CUDA_LAUNCH(stream, blocks_for(cols, threads), threads, add_squares_kernel, sums, x, rows, cols);
}

void row_squares(cudaStream_t stream, double* out, const float* x, size_t rows, int n) {
  OL_CUDA_LAUNCH(stream, blocks_for(rows, rows_a_block), threads, row_squares_kernel, out, x, rows, n);
}

void add_rows(cudaStream_t stream, double* sums, const double* x, int rows, int cols) {
  OL_CUDA_LAUNCH(stream, blocks_for(cols, threads), threads, add_rows_kernel, sums, x, rows, cols);
}

void add_doubles(cudaStream_t stream, double* sums, const float* x, size_t n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, threads), threads, add_doubles_kernel, sums, x, n);
}

void probe_factors(cudaStream_t stream, float* probes, double* squares, const factor_probe& by, const float* rows,
                   const double* row_squares, float* narrow, int n) {
  const size_t count = static_cast<size_t>(n) * by.probes;
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(n), threads, lengths_kernel, squares, by, row_squares, narrow);
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, probes_kernel, probes, by, rows, count);
  scale_columns(stream, narrow, by.scale, n, static_cast<size_t>(by.rank) * by.axes);
}

void turn_over(cudaStream_t stream, float* to, const float* from, const float* by, int rows, int cols) {
  const unsigned across = blocks_for(cols, square);
  OL_CUDA_LAUNCH(stream, across * blocks_for(rows, square), threads, turn_over_kernel, to, from, by, rows, cols,
                 static_cast<int>(across));
}

}  // namespace cuda
}  // namespace ol

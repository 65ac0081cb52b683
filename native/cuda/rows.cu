// Rows of a matrix: look-up, scatter, biases. A sum over tokens is one thread's chain in token order.
#include "core/math.h"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;
const unsigned column_threads = 64;  // few columns: spread over more blocks

__device__ size_t element() { return static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; }

// out[i] = in[rows[i]]
__global__ void take_rows(float* out, const float* in, const int32_t* rows, size_t count, int n) {
  const size_t at = element();
  if (at < count) out[at] = in[static_cast<size_t>(rows[at / n]) * n + at % n];
}

// out[rows[i]] = in[i]
__global__ void put_rows(float* out, const float* in, const int32_t* rows, size_t count, int n) {
  const size_t at = element();
  if (at < count) out[static_cast<size_t>(rows[at / n]) * n + at % n] = in[at];
}

// The block of an id's first token adds the rows of all tokens with that id, in order: no two blocks share a row.
__global__ void add_rows_by_id(float* table, const float* in, const int32_t* ids, int tokens, int n) {
  __shared__ int seen;
  const int first = static_cast<int>(blockIdx.x), id = ids[first];
  if (threadIdx.x == 0) seen = 0;
  __syncthreads();
  for (int t = static_cast<int>(threadIdx.x); t < first; t += static_cast<int>(blockDim.x))
    if (ids[t] == id) seen = 1;
  __syncthreads();
  if (seen) return;
  for (int j = static_cast<int>(threadIdx.x); j < n; j += static_cast<int>(blockDim.x)) {
    float* to = table + static_cast<size_t>(id) * n + j;
    float sum = *to;
    for (int t = first; t < tokens; ++t)
      if (ids[t] == id) sum = ol_add(sum, in[static_cast<size_t>(t) * n + j]);
    *to = sum;
  }
}

__global__ void add_bias_kernel(float* y, const float* bias, size_t count, int n) {
  const size_t at = element();
  if (at < count) y[at] = ol_add(y[at], bias[at % n]);
}

__global__ void add_columns(float* sums, const float* in, int tokens, int n) {
  const size_t j = element();
  if (j >= static_cast<size_t>(n)) return;
  float sum = sums[j];
  for (int t = 0; t < tokens; ++t) sum = ol_add(sum, in[static_cast<size_t>(t) * n + j]);
  sums[j] = sum;
}

}  // namespace

void embed_forward(cudaStream_t stream, float* out, const float* table, const int32_t* ids, int tokens, int hidden) {
  const size_t count = static_cast<size_t>(tokens) * hidden;
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, take_rows, out, table, ids, count, hidden);
}

void embed_backward(cudaStream_t stream, float* dtable, const float* dout, const int32_t* ids, int tokens, int hidden) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tokens), threads, add_rows_by_id, dtable, dout, ids, tokens, hidden);
}

void add_bias(cudaStream_t stream, float* y, const float* bias, int tokens, int n) {
  const size_t count = static_cast<size_t>(tokens) * n;
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, add_bias_kernel, y, bias, count, n);
}

void bias_backward(cudaStream_t stream, float* dbias, const float* dy, int tokens, int n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, column_threads), column_threads, add_columns, dbias, dy, tokens, n);
}

void scatter_rows(cudaStream_t stream, float* out, const float* x, const int32_t* rows, int count, int n) {
  const size_t values = static_cast<size_t>(count) * n;
  OL_CUDA_LAUNCH(stream, blocks_for(values, threads), threads, put_rows, out, x, rows, values, n);
}

}  // namespace cuda
}  // namespace ol

// AdamW and the gradient's norm, as cpu/elementwise.inc and cpu/lanes.inc.
#include "core/backend.h"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;

struct adamw_constants {
  float lr, b1, c1, b2, c2, eps, keep, bc1, bc2, factor;
};

__global__ void adamw_kernel(float* w, float* m, float* v, const float* g, size_t n, adamw_constants k) {
  const size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float d = ol_mul(g[i], k.factor);
  const float mi = ol_fma(k.b1, m[i], ol_mul(k.c1, d));
  const float vi = ol_fma(k.b2, v[i], ol_mul(ol_mul(k.c2, d), d));
  m[i] = mi;
  v[i] = vi;
  const float step = ol_div(ol_div(mi, k.bc1), ol_add(ol_sqrt(ol_div(vi, k.bc2)), k.eps));
  w[i] = ol_fma(-k.lr, step, ol_mul(w[i], k.keep));
}

__global__ void sum_squares_kernel(float* out, const float* x, size_t n, size_t chunk) {
  const size_t first = blockIdx.x * chunk;
  const int count = static_cast<int>(n - first < chunk ? n - first : chunk);
  x += first;
  const float sum = block_lanes<float>(
      count, [&](int i) { return x[i]; }, [](float v, float chain) { return ol_fma(v, v, chain); });
  if (threadIdx.x == 0) out[blockIdx.x] = sum;
}

}  // namespace

void adamw(cudaStream_t stream, float* w, float* m, float* v, const float* g, size_t n, const float* c) {
  const adamw_constants constants{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]};
  OL_CUDA_LAUNCH(stream, blocks_for(n, threads), threads, adamw_kernel, w, m, v, g, n, constants);
}

void sum_squares(cudaStream_t stream, float* out, const float* x, size_t n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, norm_chunk), threads, sum_squares_kernel, out, x, n, norm_chunk);
}

}  // namespace cuda
}  // namespace ol

// RMSNorm, as cpu/rmsnorm.inc. One block a row; the 16-lane sum is ordered, everything else is per element.
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;
const unsigned column_threads = 64;

__global__ void rmsnorm_forward_kernel(float* y, float* rstd, const float* x, const float* gain, int n, float eps) {
  const size_t at = static_cast<size_t>(blockIdx.x) * n;
  x += at;
  y += at;
  const float sum = block_lanes<float>(
      n, [&](int i) { return x[i]; }, [](float v, float chain) { return ol_fma(v, v, chain); });
  const float r = ol_div(1.0f, ol_sqrt(ol_add(ol_div(sum, static_cast<float>(n)), eps)));
  if (threadIdx.x == 0) rstd[blockIdx.x] = r;
  for (int j = static_cast<int>(threadIdx.x); j < n; j += static_cast<int>(blockDim.x))
    y[j] = ol_mul(ol_mul(x[j], r), gain[j]);
}

__global__ void rmsnorm_backward_kernel(float* dx, const float* dy, const float* x, const float* rstd,
                                        const float* gain, int n) {
  const size_t at = static_cast<size_t>(blockIdx.x) * n;
  dx += at;
  dy += at;
  x += at;
  const float r = rstd[blockIdx.x];
  const float sum = block_lanes<float2>(
      n, [&](int i) { return make_float2(ol_mul(dy[i], gain[i]), ol_mul(x[i], r)); },
      [](float2 v, float chain) { return ol_fma(v.x, v.y, chain); });
  const float mean = ol_div(sum, static_cast<float>(n));
  for (int j = static_cast<int>(threadIdx.x); j < n; j += static_cast<int>(blockDim.x)) {
    const float inner = ol_fma(-ol_mul(x[j], r), mean, ol_mul(dy[j], gain[j]));
    dx[j] = ol_add(dx[j], ol_mul(r, inner));
  }
}

__global__ void rmsnorm_gain_kernel(float* dgain, const float* dy, const float* x, const float* rstd, int tokens,
                                    int n) {
  const size_t j = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (j >= static_cast<size_t>(n)) return;
  float sum = dgain[j];
  for (int t = 0; t < tokens; ++t) {
    const size_t at = static_cast<size_t>(t) * n + j;
    sum = ol_fma(dy[at], ol_mul(x[at], rstd[t]), sum);
  }
  dgain[j] = sum;
}

}  // namespace

void rmsnorm_forward(cudaStream_t stream, float* y, float* rstd, const float* x, const float* gain, int tokens, int n,
                     float eps) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tokens), threads, rmsnorm_forward_kernel, y, rstd, x, gain, n, eps);
}

void rmsnorm_backward(cudaStream_t stream, float* dx, const float* dy, const float* x, const float* rstd,
                      const float* gain, int tokens, int n) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tokens), threads, rmsnorm_backward_kernel, dx, dy, x, rstd, gain, n);
}

void rmsnorm_gain(cudaStream_t stream, float* dgain, const float* dy, const float* x, const float* rstd, int tokens,
                  int n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, column_threads), column_threads, rmsnorm_gain_kernel, dgain, dy, x, rstd, tokens,
                 n);
}

}  // namespace cuda
}  // namespace ol

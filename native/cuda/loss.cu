// Cross-entropy over rows of logits, as cpu/softmax.inc. One block a row.
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 256;

// The largest value does not depend on the order (a zero's sign vanishes in e^(x - max)).
__device__ float block_maximum(const float* x, int n) {
  __shared__ float best[threads];
  const int thread = static_cast<int>(threadIdx.x);
  float mine = x[0];
  for (int i = thread; i < n; i += threads) mine = x[i] > mine ? x[i] : mine;
  best[thread] = mine;
  __syncthreads();
  for (int half = threads / 2; half >= 1; half >>= 1) {
    if (thread < half && best[thread + half] > best[thread]) best[thread] = best[thread + half];
    __syncthreads();
  }
  return best[0];
}

__global__ void loss_kernel(float* logits, float* nll, const int32_t* targets, const float* weights, int n,
                            bool gradient) {
  logits += static_cast<size_t>(blockIdx.x) * n;
  const int target = targets[blockIdx.x];
  const float max = block_maximum(logits, n);
  const float own = ol_sub(logits[target], max);
  const float sum = block_lanes<float>(
      n, [&](int i) { return ol_exp(ol_sub(logits[i], max)); },
      [](float e, float chain) { return ol_add(chain, e); });
  if (threadIdx.x == 0) nll[blockIdx.x] = ol_sub(ol_log(sum), own);
  if (!gradient) return;
  const float w = weights[blockIdx.x];
  for (int j = static_cast<int>(threadIdx.x); j < n; j += threads) {
    const float p = ol_div(ol_exp(ol_sub(logits[j], max)), sum);
    logits[j] = ol_mul(j == target ? ol_sub(p, 1.0f) : p, w);
  }
}

}  // namespace

void loss(cudaStream_t stream, float* logits, float* nll, const int32_t* targets, const float* weights, int rows, int n,
          bool gradient) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(rows), threads, loss_kernel, logits, nll, targets, weights, n, gradient);
}

}  // namespace cuda
}  // namespace ol

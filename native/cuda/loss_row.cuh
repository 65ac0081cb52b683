// A row's loss, as cpu/softmax.inc, by all threads of a block.
#pragma once
#include "cuda/lanes.cuh"

namespace ol {
namespace cuda {

// The largest value does not depend on the order (a zero's sign vanishes in e^(x - max)).
template <int THREADS>
static __device__ float block_maximum(const float* x, int n) {
  __shared__ float best[THREADS];
  const int thread = static_cast<int>(threadIdx.x);
  float mine = x[0];
  for (int i = thread; i < n; i += THREADS) mine = x[i] > mine ? x[i] : mine;
  best[thread] = mine;
  __syncthreads();
  for (int half = THREADS / 2; half >= 1; half >>= 1) {
    if (thread < half && best[thread + half] > best[thread]) best[thread] = best[thread + half];
    __syncthreads();
  }
  return best[0];
}

// The 16-lane sum of e^(x - max).
static __device__ float block_exponentials(const float* x, int n, float max) {
  return block_lanes<float>(
      n, [&](int i) { return ol_exp(ol_sub(x[i], max)); }, [](float e, float chain) { return ol_add(chain, e); });
}

static __device__ __forceinline__ float row_loss(float own, float max, float sum) {
  return ol_sub(ol_log(sum), ol_sub(own, max));
}

}  // namespace cuda
}  // namespace ol

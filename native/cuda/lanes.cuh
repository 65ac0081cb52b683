// The fixed tree of 16 lanes (see cpu/lanes.inc) by 16 threads: lane = index mod 16, each lane one ascending chain
// from +0, then lanes l and l+8, l+4, l+2, l+1 are added.
#pragma once
#include <cuda_runtime.h>

#include "core/math.h"

namespace ol {
namespace cuda {

// Adds up 16 neighbouring threads' chains; all 16 get the sum. `mask` names these 16 threads of the warp.
static __device__ __forceinline__ float lanes_sum(float chain, unsigned mask) {
  for (int half = 8; half >= 1; half >>= 1) chain = ol_add(chain, __shfl_down_sync(mask, chain, half, 16));
  return __shfl_sync(mask, chain, 0, 16);
}

// The largest value of 16 neighbouring threads; all 16 get it.
static __device__ __forceinline__ float lanes_maximum(float value, unsigned mask) {
  for (int half = 8; half >= 1; half >>= 1) {
    const float other = __shfl_down_sync(mask, value, half, 16);
    value = other > value ? other : value;
  }
  return __shfl_sync(mask, value, 0, 16);
}

// The mask of this thread's half of the warp.
static __device__ __forceinline__ unsigned half_warp() { return 0xffffu << (threadIdx.x & 16u); }

// A whole block works out value(i) for i = 0 .. n-1; threads 0..15 then chain acc = step(value, acc) per lane. All
// threads call it and get the sum. Only the chains are ordered, so the values are made in parallel.
template <typename T, typename Value, typename Step>
static __device__ float block_lanes(int n, Value value, Step step) {
  const int chunk = 1024;  // a multiple of 16: a lane stays a lane
  __shared__ T staged[chunk];
  __shared__ float total;
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  float chain = 0.0f;
  for (int first = 0; first < n; first += chunk) {
    const int count = n - first < chunk ? n - first : chunk;
    for (int i = thread; i < count; i += threads) staged[i] = value(first + i);
    __syncthreads();
    if (thread < 16) {
#pragma unroll 8
      for (int i = thread; i < count; i += 16) chain = step(staged[i], chain);
    }
    __syncthreads();
  }
  if (thread < 16) {
    chain = lanes_sum(chain, 0xffffu);
    if (thread == 0) total = chain;
  }
  __syncthreads();
  return total;
}

}  // namespace cuda
}  // namespace ol

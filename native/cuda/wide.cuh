// fp64 in the CPU's order: sums and products that no compiler fuses, and one chain whose terms a whole block makes.
#pragma once
#include <cuda_runtime.h>

namespace ol {
namespace cuda {

static __device__ __forceinline__ double wide_add(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __dadd_rn(a, b);
#else
  return a + b;
#endif
}
static __device__ __forceinline__ double wide_mul(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}
static __device__ __forceinline__ double wide_sub(double a, double b) { return wide_add(a, -b); }
static __device__ __forceinline__ double wide_div(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __ddiv_rn(a, b);
#else
  return a / b;
#endif
}
static __device__ __forceinline__ double wide_sqrt(double a) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(a);
#else
  return __builtin_sqrt(a);
#endif
}

// term(0) + term(1) + ... term(n-1), one chain of additions from +0; n > 0. All threads of the block call it and get the sum; what they
// wrote before it is seen by all after it.
template <typename Term>
static __device__ double block_chain(int n, Term term) {
  const int chunk = 1024;
  __shared__ double staged[chunk];
  __shared__ double total;
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  double chain = 0.0;
  for (int first = 0; first < n; first += chunk) {
    const int count = n - first < chunk ? n - first : chunk;
    for (int i = thread; i < count; i += threads) staged[i] = term(first + i);
    __syncthreads();
    if (thread == 0) {
#pragma unroll 16
      for (int i = 0; i < count; ++i) chain = wide_add(chain, staged[i]);
    }
    __syncthreads();
  }
  if (thread == 0) total = chain;
  __syncthreads();
  return total;
}

}  // namespace cuda
}  // namespace ol

#include "bench/peaks.h"

#include "core/math.h"
#include "cuda/launch.h"

namespace ol {
namespace bench {
namespace {

constexpr int chains = 16, block_threads = 256;
constexpr int fma_rounds = OL_EMULATED ? 4 : 16384;
constexpr int blocks_a_processor = OL_EMULATED ? 1 : 8;

__global__ void __launch_bounds__(block_threads) fma_kernel(float* out, float a, float b) {
  float x[chains];
#pragma unroll
  for (int i = 0; i < chains; ++i) x[i] = static_cast<float>(threadIdx.x + static_cast<unsigned>(i));
  for (int round = 0; round < fma_rounds; ++round) {
#pragma unroll
    for (int i = 0; i < chains; ++i) x[i] = ol_fma(x[i], a, b);
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < chains; ++i) sum = ol_add(sum, x[i]);
  out[blockIdx.x * block_threads + threadIdx.x] = sum;
}

__global__ void __launch_bounds__(block_threads) copy_kernel(float4* to, const float4* from, size_t count) {
  const size_t step = static_cast<size_t>(gridDim.x) * block_threads;
  for (size_t i = static_cast<size_t>(blockIdx.x) * block_threads + threadIdx.x; i < count; i += step) to[i] = from[i];
}

unsigned blocks(int processors) { return static_cast<unsigned>(processors * blocks_a_processor); }

}  // namespace

size_t fma_threads(int processors) { return static_cast<size_t>(blocks(processors)) * block_threads; }

double fma_loop(cudaStream_t stream, float* out, int processors) {
  OL_CUDA_LAUNCH(stream, dim3(blocks(processors)), block_threads, fma_kernel, out, 0.999f, 0.5f);
  return 2.0 * chains * fma_rounds * static_cast<double>(fma_threads(processors));
}

void copy_loop(cudaStream_t stream, float* to, const float* from, size_t count, int processors) {
  OL_CUDA_LAUNCH(stream, dim3(blocks(processors)), block_threads, copy_kernel, reinterpret_cast<float4*>(to),
                 reinterpret_cast<const float4*>(from), count / 4);
}

}  // namespace bench
}  // namespace ol

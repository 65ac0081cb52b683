// Rows of fp32 as blocks of whole numbers with a power of two each: what the arithmetic q8 makes of activations (spec.md).
#include "cuda/whole_rows.cuh"

#include "cuda/launch.h"

namespace ol {
namespace cuda {
namespace {

__global__ void __launch_bounds__(round_threads) round_kernel(whole_rows out, const float* x, size_t sixteens, int block) {
  const size_t at = static_cast<size_t>(blockIdx.x) * round_threads + threadIdx.x;
  round_sixteen(out, x + at * 16, at, at < sixteens, block);
}

}  // namespace

whole_rows room_for_rows(device_scratch& scratch, int tokens, int cols, int block) {
  const size_t values = static_cast<size_t>(tokens) * cols;
  // The values first: they are read sixteen bytes at a time.
  auto* memory = static_cast<char*>(scratch.reserve(values + values / 16 * sizeof(int32_t) + values / block * sizeof(float)));
  return {reinterpret_cast<int8_t*>(memory), reinterpret_cast<float*>(memory + values + values / 16 * sizeof(int32_t)),
          reinterpret_cast<int32_t*>(memory + values)};
}

whole_rows round_rows(cudaStream_t stream, device_scratch& scratch, const float* x, int tokens, int cols, int block) {
  const size_t values = static_cast<size_t>(tokens) * cols;
  const whole_rows out = room_for_rows(scratch, tokens, cols, block);
  OL_CUDA_LAUNCH(stream, blocks_for(values / 16, round_threads), round_threads, round_kernel, out, x, values / 16, block);
  return out;
}

}  // namespace cuda
}  // namespace ol

// Rows of fp32 as blocks of whole numbers with a power of two each: what the arithmetic q8 makes of activations (spec.md).
#include "core/whole.h"
#include "cuda/launch.h"
#include "cuda/stored.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;

// A thread has sixteen values; those of a block are neighbours and in one CUDA block.
__global__ void __launch_bounds__(threads) round_kernel(whole_rows out, const float* x, size_t sixteens, int block) {
  __shared__ uint32_t largest[threads];
  const size_t at = static_cast<size_t>(blockIdx.x) * threads + threadIdx.x;
  const bool there = at < sixteens;
  const float* from = x + at * 16;
  uint32_t most = 0;
  for (int i = 0; there && i < 16; ++i) {
    const uint32_t magnitude = ol_bits(from[i]) & 0x7fffffffu;
    most = magnitude > most ? magnitude : most;
  }
  largest[threadIdx.x] = most;
  __syncthreads();
  if (!there) return;
  const unsigned group = static_cast<unsigned>(block) / 16, first = threadIdx.x / group * group;
  for (unsigned i = first; i < first + group; ++i) most = largest[i] > most ? largest[i] : most;
  // What is not finite makes the whole output so: the answer's own logits end it.
  const bool finite = most < 0x7f800000u;
  const int e = finite ? ol_block_exponent(most) : 0;
  const ol_whole_scale scale = ol_scale_of(e);
  int32_t sum = 0;
  for (int i = 0; i < 16; ++i) {
    const int32_t n = finite ? ol_whole(from[i], scale) : 0;
    out.values[at * 16 + i] = static_cast<int8_t>(n);
    sum += n;
  }
  out.sums[at] = sum;
  if (threadIdx.x == first) out.scales[at / group] = finite ? ol_power_of_two(e) : ol_float(0x7fc00000u);
}

}  // namespace

whole_rows round_rows(cudaStream_t stream, device_scratch& scratch, const float* x, int tokens, int cols, int block) {
  const size_t values = static_cast<size_t>(tokens) * cols;
  // The values first: they are read sixteen bytes at a time.
  auto* memory = static_cast<char*>(scratch.reserve(values + values / 16 * sizeof(int32_t) + values / block * sizeof(float)));
  const whole_rows out{reinterpret_cast<int8_t*>(memory),
                       reinterpret_cast<float*>(memory + values + values / 16 * sizeof(int32_t)),
                       reinterpret_cast<int32_t*>(memory + values)};
  OL_CUDA_LAUNCH(stream, blocks_for(values / 16, threads), threads, round_kernel, out, x, values / 16, block);
  return out;
}

}  // namespace cuda
}  // namespace ol

// Rounding rows of fp32 to blocks of whole numbers with a power of two each (spec.md, the arithmetic q8), by all threads of a block.
#pragma once
#include "core/whole.h"
#include "cuda/stored.h"

namespace ol {
namespace cuda {

const unsigned round_threads = 256;

// This thread's sixteen values, number `at` of all sixteens; those of a block are neighbouring threads'. All threads call it.
static __device__ void round_sixteen(const whole_rows& out, const float* from, size_t at, bool there, int block) {
  __shared__ uint32_t largest[round_threads];
  uint32_t most = 0;
  for (int i = 0; there && i < 16; ++i) {
    const uint32_t magnitude = ol_bits(from[i]) & 0x7fffffffu;
    most = magnitude > most ? magnitude : most;
  }
  largest[threadIdx.x] = most;
  __syncthreads();
  const unsigned group = static_cast<unsigned>(block) / 16, first = threadIdx.x / group * group;
  for (unsigned i = first; i < first + group; ++i) most = largest[i] > most ? largest[i] : most;
  __syncthreads();
  if (!there) return;
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

}  // namespace cuda
}  // namespace ol

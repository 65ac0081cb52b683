// A norm with the residual before it, and with the rounding of the arithmetic q8 behind it: one block a row.
#include "cuda/fused.h"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/whole_rows.cuh"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = round_threads;

// Without WHOLE nothing is rounded. Sixteen values a thread at a time, as rounding has them.
template <bool WHOLE>
__global__ void __launch_bounds__(threads) norm_kernel(norm_args a, whole_rows out, int block) {
  const size_t first = static_cast<size_t>(blockIdx.x) * a.n;
  const auto value = [&](int i) { return a.added ? ol_add(a.x[first + i], a.added[first + i]) : a.x[first + i]; };
  const float sum = block_lanes<float>(a.n, value, [](float v, float chain) { return ol_fma(v, v, chain); });
  const float r = ol_div(1.0f, ol_sqrt(ol_add(ol_div(sum, static_cast<float>(a.n)), a.eps)));
  const int sixteens = WHOLE ? a.n / 16 : (a.n + 15) / 16;
  for (int at = 0; at < sixteens; at += static_cast<int>(threads)) {
    const int mine = at + static_cast<int>(threadIdx.x);
    float made[16] = {};
#pragma unroll
    for (int j = 0; j < 16; ++j) {
      const int i = 16 * mine + j;
      if (i >= a.n) continue;
      const float v = value(i);
      made[j] = ol_mul(ol_mul(v, r), a.gain[i]);
      if (a.added) a.sum[first + i] = v;
      a.norm[first + i] = made[j];
    }
    if constexpr (WHOLE) round_sixteen(out, made, first / 16 + mine, mine < sixteens, block);
  }
}

}  // namespace

void norm_rows(cudaStream_t stream, const norm_args& a, int tokens) {
  const auto kernel = norm_kernel<false>;
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tokens), threads, kernel, a, whole_rows{}, 0);
}

whole_rows norm_whole_rows(cudaStream_t stream, device_scratch& scratch, const norm_args& a, int tokens, int block) {
  const whole_rows out = room_for_rows(scratch, tokens, a.n, block);
  const auto kernel = norm_kernel<true>;
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tokens), threads, kernel, a, out, block);
  return out;
}

}  // namespace cuda
}  // namespace ol

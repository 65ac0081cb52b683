// The arithmetic q8 for few rows of x: whole numbers inside a block are summed in any order, so the warps of a panel share
// out its blocks; each output's chain across blocks is one thread's.
#include "cuda/launch.h"
#include "cuda/stored.cuh"

namespace ol {
namespace cuda {
namespace {

const int warps = 8;
const unsigned threads = 32 * warps;

// Adds the products of sixteen values of the lane's block, from value i on, with R rows of x.
template <int FORMAT, int R>
__device__ __forceinline__ void add_sixteen(int32_t (&dots)[R], const uint8_t* block, int lane, int i,
                                            const int8_t* const (&x)[R]) {
  const int w[4] = {static_cast<int>(quants_at<FORMAT>(block, lane, i)), static_cast<int>(quants_at<FORMAT>(block, lane, i + 4)),
                    static_cast<int>(quants_at<FORMAT>(block, lane, i + 8)),
                    static_cast<int>(quants_at<FORMAT>(block, lane, i + 12))};
#pragma unroll
  for (int r = 0; r < R; ++r) {
    const int4 four = *reinterpret_cast<const int4*>(x[r] + i);
    dots[r] = __dp4a(w[0], four.x, dots[r]);
    dots[r] = __dp4a(w[1], four.y, dots[r]);
    dots[r] = __dp4a(w[2], four.z, dots[r]);
    dots[r] = __dp4a(w[3], four.w, dots[r]);
  }
}

// spec.md's I of the lane's block for R rows of x, and N or M where the format has minima.
template <int FORMAT, int R>
__device__ __forceinline__ void sum_block(int32_t (&main)[R], int32_t (&minimum)[R], const uint8_t* block, int lane,
                                          const int8_t* const (&x)[R], const int32_t* const (&sums)[R]) {
  typedef block_shape<FORMAT> shape;
  const int run = FORMAT == OL_FORMAT_Q6_K ? 16 : 32;  // values with one scale
  for (int i = 0; i < shape::values; i += run) {
    int32_t dots[R] = {};
    add_sixteen<FORMAT, R>(dots, block, lane, i, x);
    if (run == 32) add_sixteen<FORMAT, R>(dots, block, lane, i + 16, x);
    int scale = 1, least = -1;
    if constexpr (shape::is_k) group_scale<FORMAT>(block, lane, i, &scale, &least);
#pragma unroll
    for (int r = 0; r < R; ++r) {
      main[r] += scale * dots[r];
      if (shape::has_minimum) minimum[r] -= least * (sums[r][i / 16] + sums[r][i / 16 + 1]);
    }
  }
}

template <int FORMAT, int R>
struct shared_sums {
  int32_t main[warps][R][32], minimum[block_shape<FORMAT>::has_minimum ? warps : 1][R][32];
  float d[warps][32], m[warps][32];
};

// What one warp does: the sums of one block with R rows of x from `first` on; rows that are not there repeat the last.
template <int FORMAT, int R>
__device__ __forceinline__ void put_block(shared_sums<FORMAT, R>& to, const whole_rows& x, const stored_view& w, int panel,
                                          int first, int tokens, int b) {
  typedef block_shape<FORMAT> shape;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const uint8_t* block = w.data + static_cast<size_t>(panel) * w.panel_bytes + static_cast<size_t>(b) * shape::bytes * 32;
  const int8_t* values[R];
  const int32_t* sums[R];
  int32_t main[R] = {}, minimum[R] = {};
#pragma unroll
  for (int r = 0; r < R; ++r) {
    const int token = first + r < tokens ? first + r : tokens - 1;
    const size_t at = static_cast<size_t>(token) * w.cols + static_cast<size_t>(b) * shape::values;
    values[r] = x.values + at;
    sums[r] = x.sums + at / 16;
  }
  sum_block<FORMAT, R>(main, minimum, block, lane, values, sums);
#pragma unroll
  for (int r = 0; r < R; ++r) {
    to.main[warp][r][lane] = main[r];
    if (shape::has_minimum) to.minimum[warp][r][lane] = minimum[r];
  }
  to.d[warp][lane] = half_at(block, shape::d_at, lane);
  if (shape::has_minimum) to.m[warp][lane] = half_at(block, 2, lane);
}

template <int FORMAT, int R>
__global__ void __launch_bounds__(threads) few_kernel(stored_list list, whole_rows x, int tokens, bool accumulate) {
  static_assert(R <= warps, "a warp has the chains of one row");
  __shared__ shared_sums<FORMAT, R> at_hand;
  int panel = static_cast<int>(blockIdx.x);
  const stored_product product = product_of(list, panel);
  const stored_view& w = product.w;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int first = static_cast<int>(blockIdx.y) * R, token = first + warp, blocks = w.cols / block_shape<FORMAT>::values;
  const int row = panel * 32 + lane;
  const bool chains = warp < R && token < tokens && row < w.rows;
  float* to = product.y + static_cast<size_t>(token) * w.rows + row;
  float sum = chains && accumulate ? *to : 0.0f;
  for (int b0 = 0; b0 < blocks; b0 += warps) {
    if (b0 + warp < blocks) put_block<FORMAT, R>(at_hand, x, w, panel, first, tokens, b0 + warp);
    __syncthreads();
    for (int i = 0; chains && i < warps && b0 + i < blocks; ++i) {
      const float scale = x.scales[static_cast<size_t>(token) * blocks + b0 + i];
      sum = ol_fma(ol_mul(at_hand.d[i][lane], scale), static_cast<float>(at_hand.main[i][warp][lane]), sum);
      if (!block_shape<FORMAT>::has_minimum) continue;
      sum = ol_fma(ol_mul(at_hand.m[i][lane], scale), static_cast<float>(at_hand.minimum[i][warp][lane]), sum);
    }
    __syncthreads();
  }
  if (chains) *to = sum;
}

template <int FORMAT, int R>
void start(cudaStream_t stream, const stored_list& list, const whole_rows& x, int tokens, bool accumulate) {
  const dim3 grid(static_cast<unsigned>(list.first[list.count]), blocks_for(tokens, R));
  const auto kernel = few_kernel<FORMAT, R>;
  OL_CUDA_LAUNCH(stream, grid, threads, kernel, list, x, tokens, accumulate);
}

template <int FORMAT>
void start_rows(cudaStream_t stream, const stored_list& list, const whole_rows& x, int tokens, bool accumulate) {
  if (tokens == 1) return start<FORMAT, 1>(stream, list, x, tokens, accumulate);
  if (tokens <= 4) return start<FORMAT, 4>(stream, list, x, tokens, accumulate);
  start<FORMAT, 8>(stream, list, x, tokens, accumulate);
}

void start_format(cudaStream_t stream, const stored_list& list, const whole_rows& x, int tokens, bool accumulate) {
  switch (list.products[0].w.format) {
#define OL_CASE(format) \
  case format: return start_rows<format>(stream, list, x, tokens, accumulate);
    OL_BLOCK_FORMATS(OL_CASE)
#undef OL_CASE
  }
}

}  // namespace

void blocks_few(cudaStream_t stream, const stored_product* all, int count, const whole_rows& x, int tokens, bool accumulate) {
  each_stored_list(all, count, [](const stored_view& w) { return blocks_for(w.rows, 32); },
                   [&](const stored_list& list) { start_format(stream, list, x, tokens, accumulate); });
}

}  // namespace cuda
}  // namespace ol

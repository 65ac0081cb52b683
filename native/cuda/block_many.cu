// The arithmetic q8 for many rows of x: tiles of 64 rows of x and 64 outputs, 32 values of a block at a time as signed
// bytes in shared memory. Each output is one thread's chain over the blocks.
#include "cuda/launch.h"
#include "cuda/stored.cuh"

namespace ol {
namespace cuda {
namespace {

const int side = 64;           // outputs, and rows of x, of a tile
const unsigned threads = 256;  // sixteen by sixteen, each with 4 x 4 outputs

// Thirty-two values of a block: four of them in an int. Scales are those of the block, group numbers those of the 32 values.
struct tile_memory {
  int32_t w[8][side + 4], x[8][side + 4];
  int32_t scale[2][side], least[side], sum[side];
  float d[side], m[side], s[side];
};

template <int FORMAT>
class block_tile {
 public:
  __device__ block_tile(const whole_rows& x, const stored_view& w, int tokens, int row0, int col0)
      : x_(x), w_(w), tokens_(tokens), row0_(row0), col0_(col0) {}

  // Values 32 g .. 32 g + 31 of block b.
  __device__ __forceinline__ void fill(tile_memory& to, int b, int g) const {
    const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
    for (int l = 0; l < 2; ++l) {
      const int e = thread + l * static_cast<int>(threads), col = e % side, row = e / 8;
      const uint8_t* block = block_of(col, b);
      const int four = 4 * (e % 8);
      to.w[e / side][col] = block ? static_cast<int32_t>(quants_at<FORMAT>(block, col % 32, 32 * g + 4 * (e / side))) : 0;
      to.x[e % 8][row] = row0_ + row < tokens_ ? *reinterpret_cast<const int32_t*>(values_of(row, b) + 32 * g + four) : 0;
    }
    if (thread < side) {
      fill_output(to, thread, b, g);
    } else if (thread < 2 * side) {
      fill_row(to, thread - side, b, g);
    }
  }

  static constexpr int groups = block_shape<FORMAT>::values / 32;

 private:
  typedef block_shape<FORMAT> shape;

  // Null behind the last panel.
  __device__ __forceinline__ const uint8_t* block_of(int col, int b) const {
    const int at = col0_ + col;
    if (at / 32 * 32 >= w_.rows) return nullptr;
    return w_.data + static_cast<size_t>(at / 32) * w_.panel_bytes + static_cast<size_t>(b) * shape::bytes * 32;
  }
  __device__ __forceinline__ const int8_t* values_of(int row, int b) const {
    return x_.values + static_cast<size_t>(row0_ + row) * w_.cols + static_cast<size_t>(b) * shape::values;
  }
  __device__ __forceinline__ void fill_output(tile_memory& to, int col, int b, int g) const {
    const uint8_t* block = block_of(col, b);
    const int lane = col % 32;
    if (g == 0) to.d[col] = block ? half_at(block, shape::d_at, lane) : 0.0f;
    if (g == 0 && shape::has_minimum) to.m[col] = block ? half_at(block, 2, lane) : 0.0f;
    if constexpr (shape::is_k) {
      int least = 0, none = 0;
      for (int half = 0; half < 2; ++half) {
        to.scale[half][col] = 0;
        if (block) group_scale<FORMAT>(block, lane, 32 * g + 16 * half, &to.scale[half][col], half ? &none : &least);
      }
      to.least[col] = least;
    }
  }
  __device__ __forceinline__ void fill_row(tile_memory& to, int row, int b, int g) const {
    const bool there = row0_ + row < tokens_;
    const size_t blocks = static_cast<size_t>(w_.cols / shape::values), token = static_cast<size_t>(row0_ + row);
    if (g == 0) to.s[row] = there ? x_.scales[token * blocks + b] : 0.0f;
    if (!shape::has_minimum) return;
    const int32_t* sums = x_.sums + token * (w_.cols / 16) + (static_cast<size_t>(b) * shape::values + 32 * g) / 16;
    to.sum[row] = there ? sums[0] + sums[1] : 0;
  }

  const whole_rows& x_;
  const stored_view& w_;
  const int tokens_, row0_, col0_;
};

// dots += the products of sixteen of the 32 values.
__device__ __forceinline__ void add_sixteen(int32_t (&dots)[4][4], const tile_memory& from, int half, int ty, int tx) {
#pragma unroll
  for (int t = 4 * half; t < 4 * half + 4; ++t) {
    const int4 a = *reinterpret_cast<const int4*>(&from.x[t][4 * ty]), b = *reinterpret_cast<const int4*>(&from.w[t][4 * tx]);
    const int x[4] = {a.x, a.y, a.z, a.w}, w[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int j = 0; j < 4; ++j) dots[i][j] = __dp4a(w[j], x[i], dots[i][j]);
  }
}

// I and N or M of the outputs go on with 32 values.
template <int FORMAT>
__device__ __forceinline__ void add_group(int32_t (&main)[4][4], int32_t (&minimum)[4][4], const tile_memory& from, int ty,
                                          int tx) {
  typedef block_shape<FORMAT> shape;
  int32_t dots[4][4] = {};
  add_sixteen(dots, from, 0, ty, tx);
  if (FORMAT != OL_FORMAT_Q6_K) add_sixteen(dots, from, 1, ty, tx);
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      main[i][j] += shape::is_k ? from.scale[0][4 * tx + j] * dots[i][j] : dots[i][j];
      if (shape::has_minimum) minimum[i][j] += from.sum[4 * ty + i] * (shape::is_k ? -from.least[4 * tx + j] : 1);
    }
  if (FORMAT != OL_FORMAT_Q6_K) return;
  int32_t second[4][4] = {};
  add_sixteen(second, from, 1, ty, tx);
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) main[i][j] += from.scale[1][4 * tx + j] * second[i][j];
}

template <int FORMAT>
__global__ void __launch_bounds__(threads) many_kernel(stored_list list, whole_rows x, int tokens, bool accumulate) {
  __shared__ __align__(16) tile_memory at_hand;
  int number = static_cast<int>(blockIdx.x);
  const stored_product product = product_of(list, number);
  const stored_view& w = product.w;
  const int col_tiles = (w.rows + side - 1) / side, row0 = number / col_tiles * side, col0 = number % col_tiles * side;
  const int ty = static_cast<int>(threadIdx.x) / 16, tx = static_cast<int>(threadIdx.x) % 16;
  const block_tile<FORMAT> tile(x, w, tokens, row0, col0);
  float sum[4][4] = {};
  const auto each = [&](auto body) {
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int j = 0; j < 4; ++j) body(i, j);
  };
  const auto output = [&](int i, int j) -> float* {
    const int row = row0 + 4 * ty + i, col = col0 + 4 * tx + j;
    return row < tokens && col < w.rows ? product.y + static_cast<size_t>(row) * w.rows + col : nullptr;
  };
  each([&](int i, int j) {
    if (accumulate && output(i, j)) sum[i][j] = *output(i, j);
  });
  for (int b = 0; b < w.cols / block_shape<FORMAT>::values; ++b) {
    int32_t main[4][4] = {}, minimum[4][4] = {};
    for (int g = 0; g < tile.groups; ++g) {
      tile.fill(at_hand, b, g);
      __syncthreads();
      add_group<FORMAT>(main, minimum, at_hand, ty, tx);
      if (g == tile.groups - 1) {
        each([&](int i, int j) {
          const float s = at_hand.s[4 * ty + i];
          sum[i][j] = ol_fma(ol_mul(at_hand.d[4 * tx + j], s), static_cast<float>(main[i][j]), sum[i][j]);
          if (!block_shape<FORMAT>::has_minimum) return;
          sum[i][j] = ol_fma(ol_mul(at_hand.m[4 * tx + j], s), static_cast<float>(minimum[i][j]), sum[i][j]);
        });
      }
      __syncthreads();
    }
  }
  each([&](int i, int j) {
    if (output(i, j)) *output(i, j) = sum[i][j];
  });
}

template <int FORMAT>
void start(cudaStream_t stream, const stored_list& list, const whole_rows& x, int tokens, bool accumulate) {
  const auto kernel = many_kernel<FORMAT>;
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(list.first[list.count]), threads, kernel, list, x, tokens, accumulate);
}

void start_format(cudaStream_t stream, const stored_list& list, const whole_rows& x, int tokens, bool accumulate) {
  switch (list.products[0].w.format) {
#define OL_CASE(format) \
  case format: return start<format>(stream, list, x, tokens, accumulate);
    OL_BLOCK_FORMATS(OL_CASE)
#undef OL_CASE
  }
}

}  // namespace

void blocks_many(cudaStream_t stream, const stored_product* all, int count, const whole_rows& x, int tokens, bool accumulate) {
  each_stored_list(all, count, [&](const stored_view& w) { return blocks_for(w.rows, side) * blocks_for(tokens, side); },
                   [&](const stored_list& list) { start_format(stream, list, x, tokens, accumulate); });
}

}  // namespace cuda
}  // namespace ol

// Products with stored matrices in fp32: one accumulator per output, k ascending, the weight widened exactly on the way.
#include "cuda/launch.h"
#include "cuda/ops.h"
#include "cuda/stored.cuh"

namespace ol {
namespace cuda {
namespace {

const int slab = 64;  // terms at a time
const int warps = 8;  // that share a panel: all widen, each has the tokens w and w + 8
const unsigned threads = 32 * warps;
const int most_tokens = 2 * warps;

// One slab of the panel and of x, in shared memory.
struct slab_memory {
  float w[slab][32], x[most_tokens][slab];
};

__device__ __forceinline__ void fill(slab_memory& to, const float* x, const stored_view& w, int panel, int tokens, int k0) {
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
#pragma unroll
  for (int l = 0; l < slab / 4 / warps; ++l) {
    const int p = 4 * (warp + l * warps);
    if (k0 + p >= w.cols) continue;
    float four[4];
    widen_four(w, panel * 32 + lane, k0 + p, four);
#pragma unroll
    for (int j = 0; j < 4; ++j) to.w[p + j][lane] = four[j];
  }
  for (int e = thread; e < tokens * slab; e += static_cast<int>(threads)) {
    const int token = e / slab, p = e % slab;
    if (k0 + p < w.cols) to.x[token][p] = x[static_cast<size_t>(token) * w.cols + k0 + p];
  }
}

// A block has one panel: each lane an output. While the terms of one slab are added, the next one is filled.
__global__ void __launch_bounds__(threads) few_rows_kernel(stored_list list, const float* x, int tokens, bool accumulate) {
  __shared__ slab_memory memory[2];
  int panel = static_cast<int>(blockIdx.x);
  const stored_product product = product_of(list, panel);
  const stored_view& w = product.w;
  float* y = product.y;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int row = panel * 32 + lane;
  float sum[2] = {0.0f, 0.0f};
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int token = warp + i * warps;
    if (accumulate && row < w.rows && token < tokens) sum[i] = y[static_cast<size_t>(token) * w.rows + row];
  }
  fill(memory[0], x, w, panel, tokens, 0);
  __syncthreads();
  for (int k0 = 0, at = 0; k0 < w.cols; k0 += slab, at ^= 1) {
    if (k0 + slab < w.cols) fill(memory[at ^ 1], x, w, panel, tokens, k0 + slab);
    const int depth = w.cols - k0 < slab ? w.cols - k0 : slab;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int token = warp + i * warps;
      if (token >= tokens) continue;
#pragma unroll 8
      for (int p = 0; p < depth; ++p) sum[i] = ol_fma(memory[at].x[token][p], memory[at].w[p][lane], sum[i]);
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int token = warp + i * warps;
    if (row < w.rows && token < tokens) y[static_cast<size_t>(token) * w.rows + row] = sum[i];
  }
}

// Calls body(values, ld, first, count) for stretches of whole panels, widened one after the other in the same memory: the
// stream keeps them in order.
template <typename F>
void each_part(cudaStream_t stream, device_scratch& scratch, const stored_view& w, const F& body) {
  const size_t row_bytes = static_cast<size_t>(w.cols) * sizeof(float);
  const size_t fit = widened_budget / row_bytes / 32 * 32, all = (static_cast<size_t>(w.rows) + 31) / 32 * 32;
  const int most = static_cast<int>(fit < 32 ? 32 : fit < all ? fit : all);
  auto* values = static_cast<float*>(scratch.reserve(static_cast<size_t>(most) * row_bytes));
  for (int first = 0; first < w.rows; first += most) {
    const int count = w.rows - first < most ? w.rows - first : most;
    widen_stored(stream, values, w, first, count);
    body(values, (count + 31) / 32 * 32, first, count);
  }
}

}  // namespace

void stored_forward(cudaStream_t stream, device_scratch& scratch, const stored_product* all, int count, const float* x,
                    int tokens, bool accumulate) {
  if (tokens <= 0) return;
  if (tokens <= most_tokens) {
    each_stored_list(all, count, [](const stored_view& w) { return blocks_for(w.rows, 32); }, [&](const stored_list& list) {
      OL_CUDA_LAUNCH(stream, static_cast<unsigned>(list.first[list.count]), threads, few_rows_kernel, list, x, tokens, accumulate);
    });
    return;
  }
  for (int i = 0; i < count; ++i) {
    const stored_view& w = all[i].w;
    each_part(stream, scratch, w, [&](const float* values, int ld, int first, int rows) {
      multiply(stream, {all[i].y + first, x, values, w.rows, w.cols, ld, tokens, rows, w.cols}, true, false, accumulate);
    });
  }
}

// A part's terms go on with the chain that the parts before it left.
void stored_backward(cudaStream_t stream, device_scratch& scratch, float* dx, const float* dy, const stored_view& w,
                     int tokens, bool accumulate) {
  if (tokens <= 0) return;
  each_part(stream, scratch, w, [&](const float* values, int ld, int first, int count) {
    multiply(stream, {dx, dy + first, values, w.cols, w.rows, ld, tokens, w.cols, count}, true, true,
             accumulate || first > 0);
  });
}

}  // namespace cuda
}  // namespace ol

// A norm of few rows and the products of it, in one launch: each block makes the norm it needs itself, from the same sums in the same
// order. Products: one accumulator per output, k ascending, a stored weight widened exactly on the way.
#include "cuda/fused.h"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/stored.cuh"

namespace ol {
namespace cuda {
namespace {

const int slab = 64;  // terms at a time
const int warps = 8;  // that share 32 outputs: all fetch, each has the tokens w and w + 8
const unsigned threads = 32 * warps;
static_assert(most_few_tokens == 2 * warps && threads == 16 * most_few_tokens, "sixteen threads a token, two tokens a warp");

// One slab of WEIGHTS weights' 32 rows and of the norm.
template <int WEIGHTS>
struct slab_memory {
  float w[WEIGHTS][slab][33];  // a term's outputs side by side, terms in banks of their own
  float x[most_few_tokens][slab];
};

// Outputs of all products side by side, 32 a block.
struct few_products {
  int count;
  few_weight w[most_few_products];
  float* y[most_few_products];
  int first[most_few_products];  // blocks before this product's
};

__device__ __forceinline__ float value_of(const norm_args& a, int token, int i) {
  const size_t at = static_cast<size_t>(token) * a.n + i;
  return a.added ? ol_add(a.x[at], a.added[at]) : a.x[at];
}

// 1 / the root of a row's mean square, by sixteen threads.
__device__ float row_scale(const norm_args& a, int token) {
  float chain = 0.0f;
#pragma unroll 8
  for (int i = static_cast<int>(threadIdx.x) % 16; i < a.n; i += 16) {
    const float v = value_of(a, token, i);
    chain = ol_fma(v, v, chain);
  }
  const float sum = lanes_sum(chain, half_warp());
  return ol_div(1.0f, ol_sqrt(ol_add(ol_div(sum, static_cast<float>(a.n)), a.eps)));
}

// Terms k0 .. of 32 outputs; what is not there is not read either.
__device__ __forceinline__ void fill_weight(float (*to)[33], const few_weight& w, int panel, int n, int k0) {
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  if (w.values) {
    const int row = thread / 8, k = thread % 8 * 8;
    const float* from = w.values + (static_cast<size_t>(panel) * 32 + row) * n + k0 + k;
#pragma unroll
    for (int j = 0; j < 8; ++j)
      if (panel * 32 + row < w.rows && k0 + k + j < n) to[k + j][row] = from[j];
    return;
  }
#pragma unroll
  for (int l = 0; l < slab / 4 / warps; ++l) {
    const int p = 4 * (warp + l * warps);
    if (k0 + p >= n) continue;
    float four[4];
    widen_four(w.stored, panel * 32 + lane, k0 + p, four);
#pragma unroll
    for (int j = 0; j < 4; ++j) to[p + j][lane] = four[j];
  }
}

// The norm's terms; each slab is told by one block of the grid.
__device__ __forceinline__ void fill_norm(float (*to)[slab], const norm_args& a, const float* scale, int tokens, int k0) {
  const bool tells = static_cast<unsigned>(k0 / slab) % gridDim.x == blockIdx.x;
  for (int e = static_cast<int>(threadIdx.x); e < tokens * slab; e += static_cast<int>(threads)) {
    const int token = e / slab, i = k0 + e % slab;
    if (i >= a.n) continue;
    const float v = value_of(a, token, i), made = ol_mul(ol_mul(v, scale[token]), a.gain[i]);
    to[token][e % slab] = made;
    if (!tells) continue;
    if (a.added) a.sum[static_cast<size_t>(token) * a.n + i] = v;
    if (a.norm) a.norm[static_cast<size_t>(token) * a.n + i] = made;
  }
}

// While the terms of one slab are added, the next one is filled.
template <int WEIGHTS>
__device__ __forceinline__ void add_terms(float (&sum)[WEIGHTS][2], const norm_args& a, const few_weight* w, const float* scale,
                                          int panel, int tokens) {
  __shared__ slab_memory<WEIGHTS> memory[2];
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const auto fill = [&](int at, int k0) {
#pragma unroll
    for (int i = 0; i < WEIGHTS; ++i) fill_weight(memory[at].w[i], w[i], panel, a.n, k0);
    fill_norm(memory[at].x, a, scale, tokens, k0);
  };
  fill(0, 0);
  __syncthreads();
  for (int k0 = 0, at = 0; k0 < a.n; k0 += slab, at ^= 1) {
    if (k0 + slab < a.n) fill(at ^ 1, k0 + slab);
    const int depth = a.n - k0 < slab ? a.n - k0 : slab;
#pragma unroll
    for (int t = 0; t < 2; ++t) {
      const int token = warp + t * warps;
      if (token >= tokens) continue;
#pragma unroll 8
      for (int p = 0; p < depth; ++p)
#pragma unroll
        for (int i = 0; i < WEIGHTS; ++i) sum[i][t] = ol_fma(memory[at].x[token][p], memory[at].w[i][p][lane], sum[i][t]);
    }
    __syncthreads();
  }
}

// GATED: h = SwiGLU of the first two weights' products, in the first one's place.
template <bool GATED>
__global__ void __launch_bounds__(threads) few_kernel(norm_args a, few_products p, int tokens) {
  __shared__ float scale[most_few_tokens];
  const int thread = static_cast<int>(threadIdx.x);
  if (thread / 16 < tokens) {
    const float r = row_scale(a, thread / 16);
    if (thread % 16 == 0) scale[thread / 16] = r;
  }
  __syncthreads();
  int at = 0;
  while (!GATED && at + 1 < p.count && static_cast<int>(blockIdx.x) >= p.first[at + 1]) ++at;
  const int panel = static_cast<int>(blockIdx.x) - p.first[at], row = panel * 32 + thread % 32;
  float sum[GATED ? 2 : 1][2] = {};
  add_terms<GATED ? 2 : 1>(sum, a, p.w + at, scale, panel, tokens);
#pragma unroll
  for (int t = 0; t < 2; ++t) {
    const int token = thread / 32 + t * warps;
    if (row >= p.w[at].rows || token >= tokens) continue;
    float out = sum[0][t];
    if constexpr (GATED) out = ol_mul(ol_mul(out, ol_sigmoid(out)), sum[1][t]);
    p.y[at][static_cast<size_t>(token) * p.w[at].rows + row] = out;
  }
}

}  // namespace

void norm_products(cudaStream_t stream, const norm_args& a, const few_weight* w, float* const* y, int count, int tokens) {
  few_products p{count, {}, {}, {}};
  int blocks = 0;
  for (int i = 0; i < count; ++i) {
    p.w[i] = w[i];
    p.y[i] = y[i];
    p.first[i] = blocks;
    blocks += static_cast<int>(blocks_for(static_cast<size_t>(w[i].rows), 32));
  }
  const auto kernel = few_kernel<false>;
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(blocks), threads, kernel, a, p, tokens);
}

void norm_gated(cudaStream_t stream, const norm_args& a, const few_weight& gate, const few_weight& up, float* h, int tokens) {
  const few_products p{2, {gate, up, {}}, {h, nullptr, nullptr}, {}};
  const auto kernel = few_kernel<true>;
  OL_CUDA_LAUNCH(stream, blocks_for(static_cast<size_t>(gate.rows), 32), threads, kernel, a, p, tokens);
}

}  // namespace cuda
}  // namespace ol

// What comes between the products of a norm and attention, in one launch: sixteen threads have a head of a token.
#include "core/backend.h"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 128, heads_a_block = threads / 16;

// A head as its product gave it, and what is to become of it.
struct head_work {
  const float *from, *bias, *gain;
  float* to;
  bool turns;  // by its position

  __device__ __forceinline__ float value(int i) const { return bias ? ol_add(from[i], bias[i]) : from[i]; }
};

__device__ __forceinline__ head_work work_of(const heads_args& a, int token, int head) {
  const int hd = a.head_dim;
  const size_t t = static_cast<size_t>(token), kv = static_cast<size_t>(a.kv_heads) * hd;
  if (head < a.heads) {
    const size_t at = (t * a.heads + head) * hd;
    return {a.raw_q + at, a.q_bias ? a.q_bias + head * hd : nullptr, a.q_norm, a.q + at, true};
  }
  head -= a.heads;
  const bool is_key = head < a.kv_heads;
  if (!is_key) head -= a.kv_heads;
  const float *from = is_key ? a.raw_k : a.v, *bias = is_key ? a.k_bias : a.v_bias;
  float* to = is_key ? a.keys : a.values;
  const size_t row = a.slots ? static_cast<size_t>(a.slots[token]) : t;
  return {from + t * kv + head * hd, bias ? bias + head * hd : nullptr, is_key ? a.k_norm : nullptr, to + row * kv + head * hd, is_key};
}

// A thread changes what it read, if anything: both values of a pair.
__global__ void __launch_bounds__(threads) heads_kernel(heads_args a, int tokens) {
  const int all = a.heads + 2 * a.kv_heads, lane = static_cast<int>(threadIdx.x) % 16, hd = a.head_dim, half = hd / 2;
  const size_t at = static_cast<size_t>(blockIdx.x) * heads_a_block + threadIdx.x / 16;
  if (at >= static_cast<size_t>(tokens) * all) return;  // sixteen threads together
  const int token = static_cast<int>(at / all);
  const head_work w = work_of(a, token, static_cast<int>(at % all));
  float r = 0.0f;
  if (w.gain) {
    float chain = 0.0f;
    for (int i = lane; i < hd; i += 16) chain = ol_fma(w.value(i), w.value(i), chain);
    const float sum = lanes_sum(chain, half_warp());
    r = ol_div(1.0f, ol_sqrt(ol_add(ol_div(sum, static_cast<float>(hd)), a.eps)));
  }
  const size_t angle = static_cast<size_t>(a.positions[token]) * half;
  for (int i = lane; i < half; i += 16) {
    float x = w.value(i), y = w.value(i + half);
    if (w.gain) {
      x = ol_mul(ol_mul(x, r), w.gain[i]);
      y = ol_mul(ol_mul(y, r), w.gain[i + half]);
    }
    const float c = a.cosine[angle + i], s = a.sine[angle + i];
    w.to[i] = w.turns ? ol_fma(x, c, -ol_mul(y, s)) : x;
    w.to[i + half] = w.turns ? ol_fma(y, c, ol_mul(x, s)) : y;
  }
}

}  // namespace

void finish_heads(cudaStream_t stream, const heads_args& a, int tokens) {
  const size_t heads = static_cast<size_t>(tokens) * (a.heads + 2 * a.kv_heads);
  OL_CUDA_LAUNCH(stream, blocks_for(heads, heads_a_block), threads, heads_kernel, a, tokens);
}

}  // namespace cuda
}  // namespace ol

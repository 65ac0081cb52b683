// 64 x 64 scores in registers, and sums that go on over them: what attention is made of, forward with many queries and backward.
// A block has 256 threads, sixteen to a row.
#pragma once
#include "cuda/ops.h"

#include "core/math.h"

namespace ol {
namespace cuda {
namespace tiles {

const int size = 64, depth = 16, threads = 256;
const int own = 4;  // a thread has rows y + 16 i and keys x + 16 j: of each row one lane of the sum

// A line holds number y + 16 i at 4 y + i, so that a thread reads its four at once.
typedef float lines[depth][size + 4];
typedef float weights[size][size + 4];

static __device__ __forceinline__ int across() { return static_cast<int>(threadIdx.x) % 16; }
static __device__ __forceinline__ int down() { return static_cast<int>(threadIdx.x) / 16; }
static __device__ __forceinline__ float4 four(const float* at) { return *reinterpret_cast<const float4*>(at); }
static __device__ __forceinline__ void put_four(float* at, const float* x) {
  *reinterpret_cast<float4*>(at) = {x[0], x[1], x[2], x[3]};
}

// Products of 64 rows with 64 keys at a time.
class score_maker {
 public:
  // row(n): where the n-th of the 64 rows lies; null where it is not there.
  template <class Row>
  __device__ score_maker(Row row, const float* k, ptrdiff_t ldk, int head_dim, lines& rows, lines& keys)
      : k_(k), ldk_(ldk), head_dim_(head_dim), rows_(rows), keys_(keys) {
#pragma unroll
    for (int i = 0; i < own; ++i) row_[i] = row(other() + 16 * i);
  }

  // s[i][j]: the chain over d of row times key for key key0 + x + 16 j; keys from `keys` on are not read. All threads call it;
  // it begins and ends with the lines free.
  __device__ void make(float (&s)[own][own], int key0, int keys) {
#pragma unroll
    for (int i = 0; i < own; ++i)
#pragma unroll
      for (int j = 0; j < own; ++j) s[i][j] = 0.0f;
    float a[own], b[own];
    fetch(a, b, key0, keys, 0);
    for (int d = 0; d < head_dim_; d += depth) {
      put_four(&rows_[term()][4 * other()], a);
      put_four(&keys_[term()][4 * other()], b);
      __syncthreads();
      if (d + depth < head_dim_) fetch(a, b, key0, keys, d + depth);
      if (head_dim_ - d >= depth) {
#pragma unroll
        for (int p = 0; p < depth; ++p) multiply(s, p);
      } else {
#pragma unroll 1
        for (int p = 0; p < head_dim_ - d; ++p) multiply(s, p);
      }
      __syncthreads();
    }
  }

 private:
  // While loading, neighbouring threads take neighbouring values of one row or key.
  static __device__ int term() { return static_cast<int>(threadIdx.x) % depth; }
  static __device__ int other() { return static_cast<int>(threadIdx.x) / depth; }

  __device__ __forceinline__ void fetch(float* a, float* b, int key0, int keys, int d) const {
    const int at = d + term();
#pragma unroll
    for (int i = 0; i < own; ++i) {
      const int key = key0 + other() + 16 * i;
      a[i] = row_[i] && at < head_dim_ ? row_[i][at] : 0.0f;
      b[i] = key < keys && at < head_dim_ ? k_[key * ldk_ + at] : 0.0f;
    }
  }

  __device__ __forceinline__ void multiply(float (&s)[own][own], int p) const {
    const float4 a = four(&rows_[p][4 * down()]), b = four(&keys_[p][4 * across()]);
    const float x[own] = {a.x, a.y, a.z, a.w}, y[own] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < own; ++i)
#pragma unroll
      for (int j = 0; j < own; ++j) s[i][j] = ol_fma(x[i], y[j], s[i][j]);
  }

  const float *k_, *row_[own];
  const ptrdiff_t ldk_;
  const int head_dim_;
  lines &rows_, &keys_;
};

// COLS of the values' columns, from column `col0` on: the rows' chains go on over keys.
template <int COLS>
class value_sums {
 public:
  __device__ value_sums(ptrdiff_t ldv, int col0, int head_dim, const weights& ws, float (&vs)[depth][COLS + 4])
      : ldv_(ldv), col0_(col0), head_dim_(head_dim), ws_(ws), vs_(vs) {
#pragma unroll
    for (int i = 0; i < own; ++i)
#pragma unroll
      for (int c = 0; c < cols; ++c) out_[i][c] = 0.0f;
  }

  // Keys key0 .. last-1 of `v`, at most 64; the weights are written, but no barrier was since. It ends with the weights free.
  // takes.all(k): every row takes keys k .. k+15; takes.one(i, k): this thread's i-th takes key k.
  template <class Takes>
  __device__ void add(const float* v, int key0, int last, const Takes& takes) {
    float next[loads];
    fetch(next, v, key0, last);
    for (int k = key0; k < last; k += depth) {
#pragma unroll
      for (int l = 0; l < loads; ++l) vs_[load_key(l)][load_col(l)] = next[l];
      __syncthreads();
      if (k + depth < last) fetch(next, v, k + depth, last);
      if (k + depth <= last && takes.all(k)) {
#pragma unroll
        for (int p = 0; p < depth; ++p) multiply(k - key0, p, [](int) { return true; });
      } else {
        // A term that is not there must not be added as zero: -0 would become +0.
#pragma unroll 1
        for (int p = 0; p < depth && k + p < last; ++p) multiply(k - key0, p, [&](int i) { return takes.one(i, k + p); });
      }
      __syncthreads();
    }
  }

  __device__ void store(float* to, int i) const {
#pragma unroll
    for (int c = 0; c < cols; ++c) {
      const int col = col0_ + c / 4 * 64 + 4 * across() + c % 4;
      if (col < head_dim_) to[col] = out_[i][c];
    }
  }

 private:
  static constexpr int cols = COLS / 16, loads = depth * COLS / threads;
  static __device__ int load_key(int l) { return (static_cast<int>(threadIdx.x) + l * threads) / COLS; }
  static __device__ int load_col(int l) { return (static_cast<int>(threadIdx.x) + l * threads) % COLS; }

  __device__ __forceinline__ void fetch(float* next, const float* v, int k, int last) const {
#pragma unroll
    for (int l = 0; l < loads; ++l) {
      const int key = k + load_key(l), col = col0_ + load_col(l);
      next[l] = key < last && col < head_dim_ ? v[key * ldv_ + col] : 0.0f;
    }
  }

  template <class Check>
  __device__ __forceinline__ void multiply(int line, int p, Check takes) {
    const float4 a = four(&ws_[line + p][4 * down()]);
    const float w[own] = {a.x, a.y, a.z, a.w};
#pragma unroll
    for (int c = 0; c < cols; c += 4) {
      const float4 b = four(&vs_[p][c * 16 + 4 * across()]);
      const float x[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
      for (int i = 0; i < own; ++i) {
        if (!takes(i)) continue;
#pragma unroll
        for (int n = 0; n < 4; ++n) out_[i][c + n] = ol_fma(w[i], x[n], out_[i][c + n]);
      }
    }
  }

  const ptrdiff_t ldv_;
  const int col0_, head_dim_;
  const weights& ws_;
  float (&vs_)[depth][COLS + 4];
  float out_[own][cols];
};

// Rows that take the keys before a place of their own; all of them those before `common`.
struct seen_keys {
  int seen[own], common;
  __device__ bool all(int k) const { return k + depth <= common; }
  __device__ bool one(int i, int k) const { return k < seen[i]; }
};

}  // namespace tiles
}  // namespace cuda
}  // namespace ol

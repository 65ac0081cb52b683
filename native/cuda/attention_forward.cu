// Causal attention of many queries in the order of cpu/attention.inc. A block makes a tile of rows; the scores of 64 keys at
// a time live in registers and shared memory, and are made again for each of the three passes over the keys: the maximum,
// the sum, the values. No score reaches device memory.
#include "cuda/attention_group.cuh"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int tile_rows = 64, tile_keys = 64, depth = 16, threads = 256;
const int own = 4;  // a thread has rows y + 16 i and keys x + 16 j: of each row one lane of the sum

// A line holds number y + 16 i at 4 y + i, so that a thread reads its four at once.
typedef float lines[depth][tile_rows + 4];
typedef float weights[tile_keys][tile_rows + 4];

__device__ __forceinline__ float4 four(const float* at) { return *reinterpret_cast<const float4*>(at); }
__device__ __forceinline__ void put_four(float* at, const float* x) {
  *reinterpret_cast<float4*>(at) = {x[0], x[1], x[2], x[3]};
}

// Scores of the tile's rows with 64 keys.
class score_maker {
 public:
  __device__ score_maker(const group_rows& rows, const float* q, const float* k, ptrdiff_t ldk, int row0, lines& qs,
                         lines& ks)
      : k_(k), ldk_(ldk), head_dim_(rows.head_dim), qs_(qs), ks_(ks) {
#pragma unroll
    for (int i = 0; i < own; ++i) {
      const int r = row0 + other() + 16 * i;
      q_[i] = r < rows.count ? q + rows.values(r) : nullptr;
    }
  }

  // s[i][j]: the chain over d of q k for key key0 + x + 16 j; keys from `keys` on are not read. All threads call it; it begins
  // and ends with the lines free.
  __device__ void make(float (&s)[own][own], int key0, int keys) {
#pragma unroll
    for (int i = 0; i < own; ++i)
#pragma unroll
      for (int j = 0; j < own; ++j) s[i][j] = 0.0f;
    float a[own], b[own];
    fetch(a, b, key0, keys, 0);
    for (int d = 0; d < head_dim_; d += depth) {
      put_four(&qs_[term()][4 * other()], a);
      put_four(&ks_[term()][4 * other()], b);
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
      a[i] = q_[i] && at < head_dim_ ? q_[i][at] : 0.0f;
      b[i] = key < keys && at < head_dim_ ? k_[key * ldk_ + at] : 0.0f;
    }
  }

  __device__ __forceinline__ void multiply(float (&s)[own][own], int p) const {
    const float4 a = four(&qs_[p][4 * (threadIdx.x / 16)]), b = four(&ks_[p][4 * (threadIdx.x % 16)]);
    const float x[own] = {a.x, a.y, a.z, a.w}, y[own] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < own; ++i)
#pragma unroll
      for (int j = 0; j < own; ++j) s[i][j] = ol_fma(x[i], y[j], s[i][j]);
  }

  const float *k_, *q_[own];
  const ptrdiff_t ldk_;
  const int head_dim_;
  lines &qs_, &ks_;
};

// COLS of the head's values, from column `col0` on: out[i] goes on over keys that its row sees.
template <int COLS>
class value_sums {
 public:
  __device__ value_sums(const float* v, ptrdiff_t ldv, int col0, int head_dim, const weights& ws,
                        float (&vs)[depth][COLS + 4])
      : v_(v), ldv_(ldv), col0_(col0), head_dim_(head_dim), ws_(ws), vs_(vs) {
#pragma unroll
    for (int i = 0; i < own; ++i)
#pragma unroll
      for (int c = 0; c < cols; ++c) out_[i][c] = 0.0f;
  }

  // Keys key0 .. last-1, at most 64; the weights are written, but no barrier was since. Rows take keys below `seen`, all of
  // them those below `common`.
  __device__ void add(int key0, int last, const int (&seen)[own], int common) {
    float next[loads];
    fetch(next, key0, last);
    for (int k = key0; k < last; k += depth) {
#pragma unroll
      for (int l = 0; l < loads; ++l) vs_[load_key(l)][load_col(l)] = next[l];
      __syncthreads();
      if (k + depth < last) fetch(next, k + depth, last);
      if (k + depth <= common) {
#pragma unroll
        for (int p = 0; p < depth; ++p) multiply<false>(k - key0, p, k, seen);
      } else {
        // A term that is not there must not be added as zero: -0 would become +0.
#pragma unroll 1
        for (int p = 0; p < depth && k + p < last; ++p) multiply<true>(k - key0, p, k, seen);
      }
      __syncthreads();
    }
  }

  __device__ void store(float* to, int i) const {
#pragma unroll
    for (int c = 0; c < cols; ++c) {
      const int col = col0_ + c / 4 * 64 + 4 * (static_cast<int>(threadIdx.x) % 16) + c % 4;
      if (col < head_dim_) to[col] = out_[i][c];
    }
  }

 private:
  static constexpr int cols = COLS / 16, loads = depth * COLS / threads;
  static __device__ int load_key(int l) { return (static_cast<int>(threadIdx.x) + l * threads) / COLS; }
  static __device__ int load_col(int l) { return (static_cast<int>(threadIdx.x) + l * threads) % COLS; }

  __device__ __forceinline__ void fetch(float* next, int k, int last) const {
#pragma unroll
    for (int l = 0; l < loads; ++l) {
      const int key = k + load_key(l), col = col0_ + load_col(l);
      next[l] = key < last && col < head_dim_ ? v_[key * ldv_ + col] : 0.0f;
    }
  }

  template <bool CHECK>
  __device__ __forceinline__ void multiply(int line, int p, int k, const int (&seen)[own]) {
    const float4 a = four(&ws_[line + p][4 * (threadIdx.x / 16)]);
    const float w[own] = {a.x, a.y, a.z, a.w};
#pragma unroll
    for (int c = 0; c < cols; c += 4) {
      const float4 b = four(&vs_[p][c * 16 + 4 * (threadIdx.x % 16)]);
      const float x[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
      for (int i = 0; i < own; ++i) {
        if (CHECK && k + p >= seen[i]) continue;
#pragma unroll
        for (int n = 0; n < 4; ++n) out_[i][c + n] = ol_fma(w[i], x[n], out_[i][c + n]);
      }
    }
  }

  const float* v_;
  const ptrdiff_t ldv_;
  const int col0_, head_dim_;
  const weights& ws_;
  float (&vs_)[depth][COLS + 4];
  float out_[own][cols];
};

// Does step(i, key, score) for each score that counts, keys ascending.
template <typename Step>
__device__ __forceinline__ void each_score(score_maker& scores, int key0, int keys, const int (&seen)[own], float scale,
                                           Step step) {
  float s[own][own];
  scores.make(s, key0, keys);
#pragma unroll
  for (int j = 0; j < own; ++j) {
    const int key = key0 + static_cast<int>(threadIdx.x) % 16 + 16 * j;
#pragma unroll
    for (int i = 0; i < own; ++i)
      if (key < seen[i]) step(i, j, ol_mul(s[i][j], scale));
  }
}

// max and sum of this thread's four rows: passes over all keys that the tile sees.
__device__ void row_statistics(score_maker& scores, int keys, const int (&seen)[own], float scale, float (&max)[own],
                               float (&sum)[own]) {
  const unsigned mask = half_warp();
#pragma unroll
  for (int i = 0; i < own; ++i) max[i] = ol_float(0xff800000u), sum[i] = 0.0f;
  for (int key0 = 0; key0 < keys; key0 += tile_keys)
    each_score(scores, key0, keys, seen, scale, [&](int i, int, float s) { max[i] = s > max[i] ? s : max[i]; });
#pragma unroll
  for (int i = 0; i < own; ++i) max[i] = lanes_maximum(max[i], mask);
  for (int key0 = 0; key0 < keys; key0 += tile_keys)
    each_score(scores, key0, keys, seen, scale,
               [&](int i, int, float s) { sum[i] = ol_add(sum[i], ol_exp(ol_sub(s, max[i]))); });
#pragma unroll
  for (int i = 0; i < own; ++i) sum[i] = lanes_sum(sum[i], mask);
}

// Grid: tiles of rows times `parts` of the head's columns, the tiles with most keys first; key-value heads; sequences.
template <int COLS>
__global__ void __launch_bounds__(threads, 2) attention_kernel(attention_forward_args args,
                                                               const attention_sequence* sequences, int parts) {
  __shared__ __align__(16) lines qs, ks;
  __shared__ __align__(16) weights ws;
  __shared__ __align__(16) float vs[depth][COLS + 4];
  const attention_sequence sequence = sequences[blockIdx.z];
  const int kv = static_cast<int>(blockIdx.y), hd = args.shape.head_dim, part = static_cast<int>(blockIdx.x) % parts;
  const group_rows rows(args.shape, sequence, kv);
  const int row0 = (static_cast<int>(gridDim.x) / parts - 1 - static_cast<int>(blockIdx.x) / parts) * tile_rows;
  if (row0 >= rows.count) return;
  const ptrdiff_t ldk = static_cast<ptrdiff_t>(args.shape.kv_heads) * hd;
  const int y = static_cast<int>(threadIdx.x) / 16, x = static_cast<int>(threadIdx.x) % 16;
  const int last_row = row0 + tile_rows < rows.count ? row0 + tile_rows - 1 : rows.count - 1;
  const int keys = rows.seen(last_row), common = rows.seen(row0);
  int seen[own];
#pragma unroll
  for (int i = 0; i < own; ++i) seen[i] = rows.seen(row0 + y + 16 * i);

  score_maker scores(rows, args.q, sequence.k + kv * hd, ldk, row0, qs, ks);
  float max[own], sum[own];
  row_statistics(scores, keys, seen, args.shape.scale, max, sum);
  value_sums<COLS> values(sequence.v + kv * hd, ldk, part * COLS, hd, ws, vs);
  for (int key0 = 0; key0 < keys; key0 += tile_keys) {
    each_score(scores, key0, keys, seen, args.shape.scale, [&](int i, int j, float s) {
      ws[x + 16 * j][4 * y + i] = ol_div(ol_exp(ol_sub(s, max[i])), sum[i]);
    });
    values.add(key0, key0 + tile_keys < keys ? key0 + tile_keys : keys, seen, common);
  }
#pragma unroll
  for (int i = 0; i < own; ++i) {
    const int r = row0 + y + 16 * i;
    if (r >= rows.count) continue;
    values.store(args.out + rows.values(r), i);
    if (part > 0 || x > 0) continue;
    if (args.row_max) args.row_max[rows.place(r)] = max[i];
    if (args.row_sum) args.row_sum[rows.place(r)] = sum[i];
  }
}

template <int COLS>
void start(cudaStream_t stream, const attention_forward_args& args, const attention_sequence* sequences, int count,
           int most_rows) {
  const unsigned parts = blocks_for(args.shape.head_dim, COLS);
  const auto kernel = attention_kernel<COLS>;
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(most_rows, tile_rows) * parts, args.shape.kv_heads, count), threads, kernel, args,
                 sequences, static_cast<int>(parts));
}

}  // namespace

void attention_forward(cudaStream_t stream, const attention_forward_args& args, const attention_sequence* sequences,
                       int count, int most_rows) {
  if (args.shape.head_dim <= 64) return start<64>(stream, args, sequences, count, most_rows);
  start<128>(stream, args, sequences, count, most_rows);
}

}  // namespace cuda
}  // namespace ol

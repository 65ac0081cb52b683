// The backward pass of attention in the order of cpu/attention.inc. Sequences start at position 0. No score and no gradient of
// one reaches device memory: tiles of 64 queries and 64 keys are made again wherever they are needed, from the rows' maxima and
// sums that the forward pass kept. Between the two kernels one number a query and head is kept: its sum of p * dp.
#include "cuda/attention_group.cuh"
#include "cuda/attention_tiles.cuh"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

using namespace tiles;

__device__ __forceinline__ float probability(float s, float scale, float max, float sum) {
  return ol_div(ol_exp(ol_sub(ol_mul(s, scale), max)), sum);
}
__device__ __forceinline__ float slope(float p, float dp, float dot, float scale) {
  return ol_mul(ol_mul(p, ol_sub(dp, dot)), scale);
}

// Does step(i, j, p, dp) for each pair of row and key that counts, keys ascending; rows are queries.
template <typename Step>
__device__ __forceinline__ void each_pair(score_maker& scores, score_maker& slopes, int key0, int keys, const seen_keys& rows,
                                          float scale, const float (&max)[own], const float (&sum)[own], Step step) {
  float s[own][own], dp[own][own];
  scores.make(s, key0, keys);
  slopes.make(dp, key0, keys);
#pragma unroll
  for (int j = 0; j < own; ++j) {
    const int key = key0 + across() + 16 * j;
#pragma unroll
    for (int i = 0; i < own; ++i)
      if (rows.one(i, key)) step(i, j, probability(s[i][j], scale, max[i], sum[i]), dp[i][j]);
  }
}

// The rows' sums of p * dp, then dq. Grid: tiles of rows times `parts` of the head's columns, the tiles with most keys first;
// key-value heads; sequences.
template <int COLS>
__global__ void __launch_bounds__(threads) queries_kernel(attention_backward_args args, const attention_sequence* sequences,
                                                          float* dots, int parts) {
  __shared__ __align__(16) lines as, bs;
  __shared__ __align__(16) weights ws;
  __shared__ __align__(16) float vs[depth][COLS + 4];
  const attention_sequence sequence = sequences[blockIdx.z];
  const int kv = static_cast<int>(blockIdx.y), hd = args.shape.head_dim, part = static_cast<int>(blockIdx.x) % parts;
  const group_rows rows(args.shape, sequence, kv);
  const int row0 = (static_cast<int>(gridDim.x) / parts - 1 - static_cast<int>(blockIdx.x) / parts) * size;
  if (row0 >= rows.count) return;
  const ptrdiff_t ldk = static_cast<ptrdiff_t>(args.shape.kv_heads) * hd;
  const int y = down(), x = across();
  const int keys = rows.seen(row0 + size < rows.count ? row0 + size - 1 : rows.count - 1);
  const float scale = args.shape.scale;
  seen_keys seen{{}, rows.seen(row0)};
  float max[own], sum[own], dot[own];
#pragma unroll
  for (int i = 0; i < own; ++i) {
    const int r = row0 + y + 16 * i;
    seen.seen[i] = rows.seen(r);
    max[i] = r < rows.count ? args.row_max[rows.place(r)] : 0.0f;
    sum[i] = r < rows.count ? args.row_sum[rows.place(r)] : 1.0f;
    dot[i] = 0.0f;
  }

  const auto query = [&](int n) { return row0 + n < rows.count ? args.q + rows.values(row0 + n) : nullptr; };
  const auto gradient = [&](int n) { return row0 + n < rows.count ? args.dout + rows.values(row0 + n) : nullptr; };
  score_maker scores(query, sequence.k + kv * hd, ldk, hd, as, bs), slopes(gradient, sequence.v + kv * hd, ldk, hd, as, bs);
  for (int key0 = 0; key0 < keys; key0 += size)
    each_pair(scores, slopes, key0, keys, seen, scale, max, sum,
              [&](int i, int, float p, float dp) { dot[i] = ol_fma(p, dp, dot[i]); });
#pragma unroll
  for (int i = 0; i < own; ++i) dot[i] = lanes_sum(dot[i], half_warp());
  value_sums<COLS> dq(ldk, part * COLS, hd, ws, vs);
  for (int key0 = 0; key0 < keys; key0 += size) {
    each_pair(scores, slopes, key0, keys, seen, scale, max, sum,
              [&](int i, int j, float p, float dp) { ws[x + 16 * j][4 * y + i] = slope(p, dp, dot[i], scale); });
    dq.add(sequence.k + kv * hd, key0, key0 + size < keys ? key0 + size : keys, seen);
  }
#pragma unroll
  for (int i = 0; i < own; ++i) {
    const int r = row0 + y + 16 * i;
    if (r >= rows.count) continue;
    dq.store(args.dq + rows.values(r), i);
    if (part == 0 && x == 0) dots[rows.place(r)] = dot[i];
  }
}

// Keys that take the queries from their own place on.
struct later_queries {
  int key[own], last;
  __device__ bool all(int t) const { return t >= last; }
  __device__ bool one(int i, int t) const { return t >= key[i]; }
};

// dk and dv of 64 keys: one chain over the group's heads, then t >= s. Here a thread's rows are keys. Grid: tiles of keys times
// `parts` of the head's columns; key-value heads; sequences.
template <int COLS>
__global__ void __launch_bounds__(threads) keys_kernel(attention_backward_args args, const attention_sequence* sequences,
                                                       const float* dots, int parts) {
  __shared__ __align__(16) lines as, bs;
  __shared__ __align__(16) weights ws;
  __shared__ __align__(16) float vs[depth][COLS + 4];
  const attention_sequence sequence = sequences[blockIdx.z];
  const int kv = static_cast<int>(blockIdx.y), hd = args.shape.head_dim, part = static_cast<int>(blockIdx.x) % parts;
  const int key0 = static_cast<int>(blockIdx.x) / parts * size, count = sequence.count;
  if (key0 >= count) return;
  const int heads = args.shape.heads, group = heads / args.shape.kv_heads, y = down(), x = across();
  const ptrdiff_t ldq = static_cast<ptrdiff_t>(heads) * hd, ldk = static_cast<ptrdiff_t>(args.shape.kv_heads) * hd;
  const float scale = args.shape.scale;
  later_queries takes{{}, key0 + size - 1};
#pragma unroll
  for (int i = 0; i < own; ++i) takes.key[i] = key0 + y + 16 * i;
  const auto key = [&](int n) { return key0 + n < count ? sequence.k + (key0 + n) * ldk + kv * hd : nullptr; };
  const auto value = [&](int n) { return key0 + n < count ? sequence.v + (key0 + n) * ldk + kv * hd : nullptr; };

  value_sums<COLS> dk(ldq, part * COLS, hd, ws, vs), dv(ldq, part * COLS, hd, ws, vs);
  for (int head = kv * group; head < (kv + 1) * group; ++head) {
    const float *q = args.q + sequence.row * ldq + head * hd, *dout = args.dout + sequence.row * ldq + head * hd;
    score_maker scores(key, q, ldq, hd, as, bs), slopes(value, dout, ldq, hd, as, bs);
    for (int t0 = key0; t0 < count; t0 += size) {
      float s[own][own], dp[own][own];
      scores.make(s, t0, count);
      slopes.make(dp, t0, count);
#pragma unroll
      for (int j = 0; j < own; ++j) {
        const int t = t0 + x + 16 * j;
        if (t >= count) continue;
        const size_t stat = static_cast<size_t>(sequence.row + t) * heads + head;
        const float max = args.row_max[stat], sum = args.row_sum[stat], dot = dots[stat];
#pragma unroll
        for (int i = 0; i < own; ++i) {
          if (!takes.one(i, t)) continue;
          const float p = probability(s[i][j], scale, max, sum);
          ws[x + 16 * j][4 * y + i] = p;
          s[i][j] = slope(p, dp[i][j], dot, scale);
        }
      }
      const int last = t0 + size < count ? t0 + size : count;
      dv.add(dout, t0, last, takes);
#pragma unroll
      for (int j = 0; j < own; ++j)
#pragma unroll
        for (int i = 0; i < own; ++i) ws[x + 16 * j][4 * y + i] = s[i][j];
      dk.add(q, t0, last, takes);
    }
  }
#pragma unroll
  for (int i = 0; i < own; ++i) {
    if (takes.key[i] >= count) continue;
    const size_t at = (sequence.row + takes.key[i]) * ldk + kv * hd;
    dk.store(args.dk + at, i);
    dv.store(args.dv + at, i);
  }
}

template <int COLS>
void start(cudaStream_t stream, const attention_backward_args& args, const attention_sequence* sequences, int count,
           int most_queries, float* dots) {
  const unsigned parts = blocks_for(args.shape.head_dim, COLS), kv_heads = static_cast<unsigned>(args.shape.kv_heads);
  const size_t group = static_cast<size_t>(args.shape.heads / args.shape.kv_heads);
  const auto queries = queries_kernel<COLS>;
  const auto keys = keys_kernel<COLS>;
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(most_queries * group, size) * parts, kv_heads, count), threads, queries, args,
                 sequences, dots, static_cast<int>(parts));
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(most_queries, size) * parts, kv_heads, count), threads, keys, args, sequences, dots,
                 static_cast<int>(parts));
}

}  // namespace

void attention_backward(cudaStream_t stream, const attention_backward_args& args, const attention_sequence* sequences,
                        int count, int most_queries, float* dots) {
  if (args.shape.head_dim <= 64) return start<64>(stream, args, sequences, count, most_queries, dots);
  start<128>(stream, args, sequences, count, most_queries, dots);
}

}  // namespace cuda
}  // namespace ol

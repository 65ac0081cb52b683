// Causal attention of many queries in the order of cpu/attention.inc. A block makes a tile of rows; the scores of 64 keys at
// a time live in registers and shared memory, and are made again for each of the three passes over the keys: the maximum,
// the sum, the values. No score reaches device memory.
#include "cuda/attention_group.cuh"
#include "cuda/attention_tiles.cuh"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

using namespace tiles;

// Does step(i, key, score) for each score that counts, keys ascending.
template <typename Step>
__device__ __forceinline__ void each_score(score_maker& scores, int key0, int keys, const seen_keys& rows, float scale,
                                           Step step) {
  float s[own][own];
  scores.make(s, key0, keys);
#pragma unroll
  for (int j = 0; j < own; ++j) {
    const int key = key0 + across() + 16 * j;
#pragma unroll
    for (int i = 0; i < own; ++i)
      if (rows.one(i, key)) step(i, j, ol_mul(s[i][j], scale));
  }
}

// max and sum of this thread's four rows: passes over all keys that the tile sees.
__device__ void row_statistics(score_maker& scores, int keys, const seen_keys& rows, float scale, float (&max)[own],
                               float (&sum)[own]) {
  const unsigned mask = half_warp();
#pragma unroll
  for (int i = 0; i < own; ++i) max[i] = ol_float(0xff800000u), sum[i] = 0.0f;
  for (int key0 = 0; key0 < keys; key0 += size)
    each_score(scores, key0, keys, rows, scale, [&](int i, int, float s) { max[i] = s > max[i] ? s : max[i]; });
#pragma unroll
  for (int i = 0; i < own; ++i) max[i] = lanes_maximum(max[i], mask);
  for (int key0 = 0; key0 < keys; key0 += size)
    each_score(scores, key0, keys, rows, scale,
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
  const int row0 = (static_cast<int>(gridDim.x) / parts - 1 - static_cast<int>(blockIdx.x) / parts) * size;
  if (row0 >= rows.count) return;
  const ptrdiff_t ldk = static_cast<ptrdiff_t>(args.shape.kv_heads) * hd;
  const int y = down(), x = across();
  const int keys = rows.seen(row0 + size < rows.count ? row0 + size - 1 : rows.count - 1);
  seen_keys seen{{}, rows.seen(row0)};
#pragma unroll
  for (int i = 0; i < own; ++i) seen.seen[i] = rows.seen(row0 + y + 16 * i);

  const auto query = [&](int n) { return row0 + n < rows.count ? args.q + rows.values(row0 + n) : nullptr; };
  score_maker scores(query, sequence.k + kv * hd, ldk, hd, qs, ks);
  float max[own], sum[own];
  row_statistics(scores, keys, seen, args.shape.scale, max, sum);
  value_sums<COLS> values(ldk, part * COLS, hd, ws, vs);
  for (int key0 = 0; key0 < keys; key0 += size) {
    each_score(scores, key0, keys, seen, args.shape.scale, [&](int i, int j, float s) {
      ws[x + 16 * j][4 * y + i] = ol_div(ol_exp(ol_sub(s, max[i])), sum[i]);
    });
    values.add(sequence.v + kv * hd, key0, key0 + size < keys ? key0 + size : keys, seen);
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
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(most_rows, size) * parts, args.shape.kv_heads, count), threads, kernel, args,
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

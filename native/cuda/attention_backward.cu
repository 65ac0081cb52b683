// The backward pass of attention in the order of cpu/attention.inc. Sequences start at position 0.
#include "cuda/attention_rows.cuh"
#include "cuda/launch.h"

namespace ol {
namespace cuda {
namespace {

using S = medium_tile;

// blockIdx.z counts sequences twice: first q*k into the scores, then dout*v into the gradients.
__global__ void __launch_bounds__(S::threads) scores_kernel(attention_backward_args args, attention_launch part) {
  const bool second = static_cast<int>(blockIdx.z) >= part.sequences;
  const attention_task task = part.tasks[blockIdx.z - (second ? part.sequences : 0)];
  const int hd = args.shape.head_dim, head = part.first_head + static_cast<int>(blockIdx.y);
  const int kv = head / (args.shape.heads / args.shape.kv_heads);
  const ptrdiff_t ldq = static_cast<ptrdiff_t>(args.shape.heads) * hd;
  score_tile<S>(task, static_cast<int>(blockIdx.x), hd, (second ? args.dout : args.q) + task.row * ldq + head * hd, ldq,
                (second ? task.v : task.k) + kv * hd, static_cast<ptrdiff_t>(args.shape.kv_heads) * hd,
                (second ? part.gradients : part.scores) + scores_of(task, static_cast<int>(blockIdx.y)));
}

// p and dp become p and ds.
__global__ void softmax_kernel(attention_backward_args args, attention_launch part) {
  const attention_task task = part.tasks[blockIdx.z];
  const int row = static_cast<int>(blockIdx.x * rows_a_block + threadIdx.x / 16), lane = threadIdx.x % 16;
  if (row >= task.count) return;  // sixteen threads together
  const unsigned mask = half_warp();
  const size_t at = scores_of(task, static_cast<int>(blockIdx.y)) + static_cast<size_t>(row) * task.ld;
  const size_t stat = static_cast<size_t>(task.row + row) * args.shape.heads + part.first_head + blockIdx.y;
  float *x = part.scores + at, *dx = part.gradients + at;
  const float max = args.row_max[stat], sum = args.row_sum[stat], c = args.shape.scale;
  float chain = 0.0f;
  for (int s = lane; s <= row; s += 16) {
    const float p = ol_div(ol_exp(ol_sub(ol_mul(x[s], c), max)), sum);
    x[s] = p;
    chain = ol_fma(p, dx[s], chain);
  }
  const float dot = lanes_sum(chain, mask);
  for (int s = lane; s <= row; s += 16) dx[s] = ol_mul(ol_mul(x[s], ol_sub(dx[s], dot)), c);
}

__global__ void __launch_bounds__(S::threads) queries_kernel(attention_backward_args args, attention_launch part) {
  const attention_task task = part.tasks[blockIdx.z];
  const int hd = args.shape.head_dim, head = part.first_head + static_cast<int>(blockIdx.y);
  const int kv = head / (args.shape.heads / args.shape.kv_heads);
  const ptrdiff_t ldq = static_cast<ptrdiff_t>(args.shape.heads) * hd;
  causal_tile<S>(task, static_cast<int>(blockIdx.x), hd,
                 part.gradients + scores_of(task, static_cast<int>(blockIdx.y)), task.k + kv * hd,
                 static_cast<ptrdiff_t>(args.shape.kv_heads) * hd, args.dq + task.row * ldq + head * hd, ldq);
}

// dk and dv: one chain over the group's heads, then t >= s. blockIdx.y counts key-value heads.
__global__ void __launch_bounds__(S::threads) keys_kernel(attention_backward_args args, attention_launch part) {
  const bool second = static_cast<int>(blockIdx.z) >= part.sequences;
  const attention_task task = part.tasks[blockIdx.z - (second ? part.sequences : 0)];
  const int hd = args.shape.head_dim, group = args.shape.heads / args.shape.kv_heads;
  const int across = (hd + S::cols - 1) / S::cols, tile = static_cast<int>(blockIdx.x);
  const int row0 = tile / across * S::rows, first = static_cast<int>(blockIdx.y) * group;
  if (row0 >= task.count) return;
  const ptrdiff_t ldq = static_cast<ptrdiff_t>(args.shape.heads) * hd;
  const ptrdiff_t ldk = static_cast<ptrdiff_t>(args.shape.kv_heads) * hd;
  const float *w = second ? part.scores : part.gradients, *x = (second ? args.dout : args.q) + task.row * ldq;
  tile_product<S, false, false, terms::from> out(row0, tile % across * S::cols, task.count, hd);
  for (int h = first; h < first + group; ++h)
    out.add(w + scores_of(task, h), task.ld, x + (part.first_head + h) * hd, ldq, row0, task.count);
  const int kv = part.first_head / group + static_cast<int>(blockIdx.y);
  out.store((second ? args.dv : args.dk) + task.row * ldk + kv * hd, ldk);
}

}  // namespace

void attention_backward(cudaStream_t stream, const attention_backward_args& args, const attention_launch& part) {
  const unsigned heads = static_cast<unsigned>(part.heads), sequences = static_cast<unsigned>(part.sequences);
  const unsigned groups = heads / static_cast<unsigned>(args.shape.heads / args.shape.kv_heads);
  const unsigned narrow = tile_count<S>(part.most_queries, args.shape.head_dim);
  OL_CUDA_LAUNCH(stream, dim3(tile_count<S>(part.most_queries, part.most_keys), heads, 2 * sequences), S::threads,
                 scores_kernel, args, part);
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(part.most_queries, rows_a_block), heads, sequences), row_threads,
                 softmax_kernel, args, part);
  OL_CUDA_LAUNCH(stream, dim3(narrow, heads, sequences), S::threads, queries_kernel, args, part);
  OL_CUDA_LAUNCH(stream, dim3(narrow, groups, 2 * sequences), S::threads, keys_kernel, args, part);
}

}  // namespace cuda
}  // namespace ol

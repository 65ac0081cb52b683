// Causal attention in the order of cpu/attention.inc: scores, softmax by rows, values. Grid: tiles or rows, heads,
// sequences.
#include "cuda/attention_rows.cuh"
#include "cuda/launch.h"

namespace ol {
namespace cuda {
namespace {

template <class S>
__global__ void __launch_bounds__(S::threads) scores_kernel(attention_forward_args args, attention_launch part) {
  const attention_task task = part.tasks[blockIdx.z];
  const int hd = args.shape.head_dim, head = part.first_head + static_cast<int>(blockIdx.y);
  const int kv = head / (args.shape.heads / args.shape.kv_heads);
  const ptrdiff_t ldq = static_cast<ptrdiff_t>(args.shape.heads) * hd;
  score_tile<S>(task, static_cast<int>(blockIdx.x), hd, args.q + task.row * ldq + head * hd, ldq, task.k + kv * hd,
                static_cast<ptrdiff_t>(args.shape.kv_heads) * hd,
                part.scores + scores_of(task, static_cast<int>(blockIdx.y)));
}

__global__ void softmax_kernel(attention_forward_args args, attention_launch part) {
  const attention_task task = part.tasks[blockIdx.z];
  const int row = static_cast<int>(blockIdx.x * rows_a_block + threadIdx.x / 16), lane = threadIdx.x % 16;
  if (row >= task.count) return;  // sixteen threads together
  const unsigned mask = half_warp();
  const int n = task.position + row + 1;
  float* x = part.scores + scores_of(task, static_cast<int>(blockIdx.y)) + static_cast<size_t>(row) * task.ld;
  float max = ol_float(0xff800000u);  // -inf: a lane may have no value
  for (int s = lane; s < n; s += 16) {
    const float v = ol_mul(x[s], args.shape.scale);
    x[s] = v;
    max = v > max ? v : max;
  }
  for (int half = 8; half >= 1; half >>= 1) {
    const float other = __shfl_down_sync(mask, max, half, 16);
    max = other > max ? other : max;
  }
  max = __shfl_sync(mask, max, 0, 16);
  float chain = 0.0f;
  for (int s = lane; s < n; s += 16) {
    const float e = ol_exp(ol_sub(x[s], max));
    x[s] = e;
    chain = ol_add(chain, e);
  }
  const float sum = lanes_sum(chain, mask);
  for (int s = lane; s < n; s += 16) x[s] = ol_div(x[s], sum);
  if (lane == 0) {
    const size_t at = static_cast<size_t>(task.row + row) * args.shape.heads + part.first_head + blockIdx.y;
    if (args.row_max) args.row_max[at] = max;
    if (args.row_sum) args.row_sum[at] = sum;
  }
}

template <class S>
__global__ void __launch_bounds__(S::threads) values_kernel(attention_forward_args args, attention_launch part) {
  const attention_task task = part.tasks[blockIdx.z];
  const int hd = args.shape.head_dim, head = part.first_head + static_cast<int>(blockIdx.y);
  const int kv = head / (args.shape.heads / args.shape.kv_heads);
  const ptrdiff_t ldq = static_cast<ptrdiff_t>(args.shape.heads) * hd;
  causal_tile<S>(task, static_cast<int>(blockIdx.x), hd,
                 part.scores + scores_of(task, static_cast<int>(blockIdx.y)), task.v + kv * hd,
                 static_cast<ptrdiff_t>(args.shape.kv_heads) * hd, args.out + task.row * ldq + head * hd, ldq);
}

template <class S>
void start(cudaStream_t stream, const attention_forward_args& args, const attention_launch& part) {
  const unsigned heads = static_cast<unsigned>(part.heads), sequences = static_cast<unsigned>(part.sequences);
  const auto scores = scores_kernel<S>;
  const auto values = values_kernel<S>;
  OL_CUDA_LAUNCH(stream, dim3(tile_count<S>(part.most_queries, part.most_keys), heads, sequences), S::threads, scores,
                 args, part);
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(part.most_queries, rows_a_block), heads, sequences), row_threads,
                 softmax_kernel, args, part);
  OL_CUDA_LAUNCH(stream, dim3(tile_count<S>(part.most_queries, args.shape.head_dim), heads, sequences), S::threads,
                 values, args, part);
}

}  // namespace

void attention_forward(cudaStream_t stream, const attention_forward_args& args, const attention_launch& part) {
  if (part.most_queries <= 8) return start<flat_tile>(stream, args, part);
  start<medium_tile>(stream, args, part);
}

}  // namespace cuda
}  // namespace ol

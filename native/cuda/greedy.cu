// The greedy choice of each row of logits: no logit leaves the device. One block a row.
#include "core/backend.h"
#include "cuda/launch.h"
#include "cuda/leaders.cuh"
#include "cuda/loss_row.cuh"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 512;

__global__ void __launch_bounds__(threads) greedy_kernel(greedy_choice* choices, const float* logits, int n, int limit) {
  __shared__ leaders all[threads];
  __shared__ int broken;
  const int thread = static_cast<int>(threadIdx.x);
  logits += static_cast<size_t>(blockIdx.x) * n;
  const float nothing = ol_float(0xff800000u);  // -inf
  leaders mine{nothing, nothing, nobody, nobody};
  bool finite = true;
  for (int i = thread; i < limit; i += threads) {
    const float v = logits[i];
    finite = finite && ol_sub(v, v) == 0.0f;
    mine.add(v, i);
  }
  if (thread == 0) broken = 0;
  all[thread] = mine;
  __syncthreads();
  if (!finite) broken = 1;
  for (int half = threads / 2; half >= 1; half >>= 1) {
    if (thread < half) {
      all[thread].add(all[thread + half].first, all[thread + half].first_id);
      all[thread].add(all[thread + half].second, all[thread + half].second_id);
    }
    __syncthreads();
  }
  const float max = block_maximum<threads>(logits, n), sum = block_exponentials(logits, n, max);
  if (thread > 0) return;
  const leaders best = all[0];
  const int id = best.first_id == nobody ? 0 : best.first_id;
  choices[blockIdx.x] = {id, broken == 0, logits[id], best.second, row_loss(logits[id], max, sum)};
}

}  // namespace

void choose_greedily(cudaStream_t stream, greedy_choice* choices, const float* logits, int rows, int n, int limit) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(rows), threads, greedy_kernel, choices, logits, n, limit);
}

}  // namespace cuda
}  // namespace ol

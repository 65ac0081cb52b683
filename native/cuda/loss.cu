// Cross-entropy over rows of logits, as cpu/softmax.inc. One block a row.
#include "cuda/launch.h"
#include "cuda/loss_row.cuh"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 256;

__global__ void loss_kernel(float* logits, float* nll, const int32_t* targets, const float* weights, int n,
                            bool gradient) {
  logits += static_cast<size_t>(blockIdx.x) * n;
  const int target = targets[blockIdx.x];
  const float own = logits[target];  // before a gradient takes its place
  const float max = block_maximum<threads>(logits, n), sum = block_exponentials(logits, n, max);
  if (threadIdx.x == 0) nll[blockIdx.x] = row_loss(own, max, sum);
  if (!gradient) return;
  const float w = weights[blockIdx.x];
  for (int j = static_cast<int>(threadIdx.x); j < n; j += threads) {
    const float p = ol_div(ol_exp(ol_sub(logits[j], max)), sum);
    logits[j] = ol_mul(j == target ? ol_sub(p, 1.0f) : p, w);
  }
}

}  // namespace

void loss(cudaStream_t stream, float* logits, float* nll, const int32_t* targets, const float* weights, int rows, int n,
          bool gradient) {
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(rows), threads, loss_kernel, logits, nll, targets, weights, n, gradient);
}

}  // namespace cuda
}  // namespace ol

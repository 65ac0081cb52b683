// The best rows of each stretch of an index for one query, and scores of single rows.
#include "cuda/launch.h"
#include "cuda/scan.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;

__device__ bool is_in(uint32_t row, const uint32_t* ascending, int count) {
  int low = 0, high = count;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (ascending[middle] < row) low = middle + 1;
    else high = middle;
  }
  return low < count && ascending[low] == row;
}

// No two rows are the same, so there is one order.
__device__ __forceinline__ bool comes_first(int64_t a, int a_row, int64_t b, int b_row) {
  return a != b ? a > b : a_row < b_row;
}

// Sorts by a network of comparisons: the best comes first.
__device__ void sort_stretch(int64_t* score, int* row) {
  for (int size = 2; size <= stretch; size *= 2) {
    for (int step = size / 2; step > 0; step /= 2) {
      __syncthreads();
      for (int e = static_cast<int>(threadIdx.x); e < stretch / 2; e += static_cast<int>(threads)) {
        const int a = e / step * step * 2 + e % step, b = a + step;
        const bool forward = (a & size) == 0;
        if (comes_first(score[b], row[b], score[a], row[a]) != forward) continue;
        const int64_t kept_score = score[a];
        const int kept_row = row[a];
        score[a] = score[b];
        row[a] = row[b];
        score[b] = kept_score;
        row[b] = kept_row;
      }
    }
  }
  __syncthreads();
}

__global__ void __launch_bounds__(threads) best_kernel(scan_hit* out, best_request asked) {
  __shared__ int64_t score[stretch];
  __shared__ int row[stretch];
  const uint64_t begin = static_cast<uint64_t>(blockIdx.x) * stretch;
  for (int i = static_cast<int>(threadIdx.x); i < stretch; i += static_cast<int>(threads)) {
    const uint64_t at = begin + i;
    bool takes_part = at < asked.rows && asked.scores[at] > 0 && (asked.marks[at] & row_takes_part) != 0;
    if (takes_part) takes_part = !is_in(static_cast<uint32_t>(asked.first + at), asked.except, asked.except_count);
    score[i] = takes_part ? asked.scores[at] : no_score;
    row[i] = i;
  }
  sort_stretch(score, row);
  for (int i = static_cast<int>(threadIdx.x); i < asked.keep; i += static_cast<int>(threads)) {
    out[static_cast<size_t>(blockIdx.x) * asked.keep + i] = {asked.first + begin + row[i], score[i]};
  }
}

__global__ void pick_kernel(int64_t* out, const int64_t* scores, const uint32_t* rows, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) out[i] = scores[rows[i]];
}

}  // namespace

void best_of_stretches(cudaStream_t stream, scan_hit* out, const best_request& request) {
  OL_CUDA_LAUNCH(stream, blocks_for(request.rows, stretch), threads, best_kernel, out, request);
}

void pick_scores(cudaStream_t stream, int64_t* out, const int64_t* scores, const uint32_t* rows, int count) {
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, pick_kernel, out, scores, rows, count);
}

}  // namespace cuda
}  // namespace ol

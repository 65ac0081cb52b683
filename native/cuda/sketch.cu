// Sketches by factors: the coordinates of some rows along all factors' directions in one launch. One chain of fused multiply-adds per
// coordinate, however long the factor is.
#include "cuda/factors.h"
#include "cuda/launch.h"

#include "core/math.h"

namespace ol {
namespace cuda {
namespace {

const int rows_a_block = 8, cols = 32, depth = 32, threads = rows_a_block * cols;
const int loads = depth / rows_a_block;

// Grid: tiles of rows times `across` tiles of directions; parts. A warp has a row, a lane a direction.
__global__ void __launch_bounds__(threads) parts_kernel(float* c, size_t ldc, const float* a, size_t lda, const row_part* parts,
                                                        int rows, int across) {
  __shared__ float as[rows_a_block][depth], bs[depth][cols];
  const row_part part = parts[blockIdx.y];
  const int x = static_cast<int>(threadIdx.x) % cols, y = static_cast<int>(threadIdx.x) / cols;
  const int row = static_cast<int>(blockIdx.x) / across * rows_a_block + y, col = static_cast<int>(blockIdx.x) % across * cols + x;
  if (col - x >= part.count) return;  // the block together
  const float* const own = a + row * lda + part.from;
  float next_a = 0.0f, next_b[loads];
  const auto fetch = [&](int k) {
    next_a = row < rows && k + x < part.values ? own[k + x] : 0.0f;
#pragma unroll
    for (int l = 0; l < loads; ++l) {
      const int at = k + y + l * rows_a_block;
      next_b[l] = at < part.values && col < part.count ? part.by[static_cast<size_t>(at) * part.count + col] : 0.0f;
    }
  };
  float sum = 0.0f;
  fetch(0);
  for (int k = 0; k < part.values; k += depth) {
    as[y][x] = next_a;
#pragma unroll
    for (int l = 0; l < loads; ++l) bs[y + l * rows_a_block][x] = next_b[l];
    __syncthreads();
    if (k + depth < part.values) fetch(k + depth);
    const int terms = part.values - k < depth ? part.values - k : depth;
#pragma unroll 8
    for (int p = 0; p < terms; ++p) sum = ol_fma(as[y][p], bs[p][x], sum);
    __syncthreads();
  }
  if (row < rows && col < part.count) c[row * ldc + part.first + col] = sum;
}

}  // namespace

void gemm_parts(cudaStream_t stream, float* c, size_t ldc, const float* a, size_t lda, const row_part* parts, int count, int rows,
                int most_count) {
  const unsigned across = blocks_for(static_cast<size_t>(most_count), cols);
  OL_CUDA_LAUNCH(stream, dim3(blocks_for(static_cast<size_t>(rows), rows_a_block) * across, static_cast<unsigned>(count)),
                 static_cast<unsigned>(threads), parts_kernel, c, ldc, a, lda, parts, rows, static_cast<int>(across));
}

}  // namespace cuda
}  // namespace ol

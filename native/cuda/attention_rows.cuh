// What the kernels of attention backward share: scores of a tile of queries, and sixteen threads to a row.
#pragma once
#include "cuda/lanes.cuh"
#include "cuda/ops.h"
#include "cuda/tile.cuh"

namespace ol {
namespace cuda {

const unsigned row_threads = 128;
const unsigned rows_a_block = row_threads / 16;

// c[t][s] = chain over d of a[t][d] * b[s][d], for the tiles with a key that some query of theirs sees.
template <class S>
static __device__ void score_tile(const attention_task& task, int tile, int head_dim, const float* a, ptrdiff_t lda,
                                  const float* b, ptrdiff_t ldb, float* c) {
  const int across = (task.keys + S::cols - 1) / S::cols;
  const int row0 = tile / across * S::rows, col0 = tile % across * S::cols;
  if (row0 >= task.count || col0 > task.position + row0 + S::rows - 1) return;
  tile_product<S, true, true> out(row0, col0, task.count, task.keys);
  out.add(a, lda, b, ldb, 0, head_dim);
  out.store(c, task.ld);
}

// c[t] = chain over s <= position + t of w[t][s] * x[s].
template <class S>
static __device__ void causal_tile(const attention_task& task, int tile, int head_dim, const float* w, const float* x,
                                   ptrdiff_t ldx, float* c, ptrdiff_t ldc) {
  const int across = (head_dim + S::cols - 1) / S::cols;
  const int row0 = tile / across * S::rows, col0 = tile % across * S::cols;
  if (row0 >= task.count) return;
  const int seen = task.position + row0 + S::rows;
  tile_product<S, true, false, terms::until> out(row0, col0, task.count, head_dim);
  out.add(w, task.ld, x, ldx, 0, seen < task.keys ? seen : task.keys, task.position);
  out.store(c, ldc);
}

static __device__ __forceinline__ size_t scores_of(const attention_task& task, int head_in_launch) {
  return task.scores + static_cast<size_t>(head_in_launch) * task.count * task.ld;
}

// Tiles that cover rows x cols, for the largest sequence of a launch; the others leave early.
template <class S>
static unsigned tile_count(int rows, int cols) {
  return static_cast<unsigned>((rows + S::rows - 1) / S::rows) * static_cast<unsigned>((cols + S::cols - 1) / S::cols);
}

}  // namespace cuda
}  // namespace ol

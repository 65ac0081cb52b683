// Rows of many adapters at once: u = c (A x) for all of them in one launch, then y goes on over u with B in another. Each
// value is one chain, as the products of gemm.cu make it one adapter after the other.
#include "cuda/launch.h"
#include "cuda/ops.h"
#include "cuda/tile.cuh"

namespace ol {
namespace cuda {
namespace {

using thin_tile = tile_shape<8, 8, 128, 1, 1>;

// Grid: tiles of the largest segment's product, the others leave early; segments.
template <class S>
__global__ void __launch_bounds__(S::threads) down_kernel(const lora_segment* segments) {
  const lora_segment s = segments[blockIdx.y];
  const int across = (s.rank + S::cols - 1) / S::cols, tile = static_cast<int>(blockIdx.x);
  const int row0 = tile / across * S::rows;
  if (row0 >= s.rows) return;
  tile_product<S, true, true> u(row0, tile % across * S::cols, s.rows, s.rank);
  u.add(s.x, s.in, s.a, s.in, 0, s.in);
  u.scale(s.scale);
  u.store(s.u, s.rank);
}

template <class S>
__global__ void __launch_bounds__(S::threads) up_kernel(const lora_segment* segments) {
  const lora_segment s = segments[blockIdx.y];
  const int across = (s.out + S::cols - 1) / S::cols, tile = static_cast<int>(blockIdx.x);
  const int row0 = tile / across * S::rows;
  if (row0 >= s.rows) return;
  tile_product<S, true, true> y(row0, tile % across * S::cols, s.rows, s.out);
  y.load(s.y, s.out);
  y.add(s.u, s.rank, s.b, s.rank, 0, s.rank);
  y.store(s.y, s.out);
}

template <class S>
unsigned tiles(int rows, int cols) {
  return blocks_for(rows, S::rows) * blocks_for(cols, S::cols);
}

template <class DOWN, class UP>
void start(cudaStream_t stream, const lora_segment* segments, int count, int rows, int rank, int out) {
  const auto down = down_kernel<DOWN>;
  const auto up = up_kernel<UP>;
  OL_CUDA_LAUNCH(stream, dim3(tiles<DOWN>(rows, rank), count), DOWN::threads, down, segments);
  OL_CUDA_LAUNCH(stream, dim3(tiles<UP>(rows, out), count), UP::threads, up, segments);
}

}  // namespace

void lora_forward(cudaStream_t stream, const lora_segment* segments, int count, int rows, int rank, int out) {
  if (rows <= thin_tile::rows) return start<thin_tile, flat_tile>(stream, segments, count, rows, rank, out);
  start<tall_tile, medium_tile>(stream, segments, count, rows, rank, out);
}

}  // namespace cuda
}  // namespace ol

// Matrix products: one accumulator per output, k ascending, never split (see tile.cuh).
#include "cuda/launch.h"
#include "cuda/ops.h"
#include "cuda/tile.cuh"

namespace ol {
namespace cuda {
namespace {

template <class S, bool A_DEEP, bool B_DEEP>
__global__ void __launch_bounds__(S::threads, 2) product_kernel(product p, int col_tiles, bool accumulate) {
  const int tile = static_cast<int>(blockIdx.x);
  tile_product<S, A_DEEP, B_DEEP> out(tile / col_tiles * S::rows, tile % col_tiles * S::cols, p.m, p.n);
  if (accumulate) out.load(p.c, p.ldc);
  out.add(p.a, p.lda, p.b, p.ldb, 0, p.k);
  out.store(p.c, p.ldc);
}

template <class S>
__global__ void __launch_bounds__(S::threads) each_kernel(product p, size_t stride, const int32_t* offsets, int tiles,
                                                          int col_tiles) {
  const int example = static_cast<int>(blockIdx.x) / tiles, tile = static_cast<int>(blockIdx.x) % tiles;
  const int first = offsets[example];
  float* c = p.c + example * stride;
  tile_product<S, false, false> out(tile / col_tiles * S::rows, tile % col_tiles * S::cols, p.m, p.n);
  out.add(p.a, p.lda, p.b, p.ldb, first, offsets[example + 1]);
  out.store(c, p.ldc);
}

template <class S>
int tiles_across(const product& p) {
  return (p.n + S::cols - 1) / S::cols;
}

template <class S>
int tiles_of(const product& p) {
  return (p.m + S::rows - 1) / S::rows * tiles_across<S>(p);
}

template <class S>
void start(cudaStream_t stream, const product& p, bool a_deep, bool b_deep, bool accumulate) {
  const auto kernel = a_deep ? (b_deep ? product_kernel<S, true, true> : product_kernel<S, true, false>)
                             : product_kernel<S, false, false>;
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tiles_of<S>(p)), S::threads, kernel, p, tiles_across<S>(p), accumulate);
}

template <class S>
void start_each(cudaStream_t stream, const product& p, size_t stride, const int32_t* offsets, int examples) {
  const auto kernel = each_kernel<S>;
  const int tiles = tiles_of<S>(p);
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(tiles) * static_cast<unsigned>(examples), S::threads, kernel, p, stride,
                 offsets, tiles, tiles_across<S>(p));
}

const int thin = 16;         // at most so many rows or columns: a thin tile
const int fills_a_gpu = 128;  // from so many large tiles on, every multiprocessor has one

}  // namespace

void multiply(cudaStream_t stream, const product& p, bool a_deep, bool b_deep, bool accumulate) {
  if (p.m <= thin) return start<flat_tile>(stream, p, a_deep, b_deep, accumulate);
  if (p.n <= thin) return start<tall_tile>(stream, p, a_deep, b_deep, accumulate);
  if (tiles_of<large_tile>(p) >= fills_a_gpu) return start<large_tile>(stream, p, a_deep, b_deep, accumulate);
  start<medium_tile>(stream, p, a_deep, b_deep, accumulate);
}

void multiply_each(cudaStream_t stream, const product& p, size_t stride, const int32_t* offsets, int examples) {
  if (p.m <= thin) return start_each<flat_tile>(stream, p, stride, offsets, examples);
  if (p.n <= thin) return start_each<tall_tile>(stream, p, stride, offsets, examples);
  start_each<medium_tile>(stream, p, stride, offsets, examples);
}

}  // namespace cuda
}  // namespace ol

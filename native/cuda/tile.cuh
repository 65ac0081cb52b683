// One block's tile of a matrix product. Every element of the tile is one thread's accumulator: fused multiply-adds, k
// ascending from what it held. Tiles may differ in size from call to call; the bytes do not.
#pragma once
#include <cuda_runtime.h>

#include "core/math.h"

namespace ol {
namespace cuda {

// A block works on ROWS x COLS outputs, DEPTH terms at a time, each thread on TM x TN of them.
template <int ROWS, int COLS, int DEPTH, int TM, int TN>
struct tile_shape {
  static constexpr int rows = ROWS, cols = COLS, depth = DEPTH, tm = TM, tn = TN;
  static constexpr int across = COLS / TN, threads = (ROWS / TM) * across;
  static_assert(ROWS * DEPTH % threads == 0 && COLS * DEPTH % threads == 0, "loads are shared out evenly");
};

using medium_tile = tile_shape<64, 64, 16, 4, 4>;
using flat_tile = tile_shape<8, 32, 32, 1, 1>;
using tall_tile = tile_shape<32, 8, 32, 1, 1>;

// DEEP: k is contiguous in that operand.
template <class S, bool A_DEEP, bool B_DEEP>
class tile_product {
 public:
  // The tile's first row and column of an m x n product.
  __device__ tile_product(int row0, int col0, int m, int n) : row0_(row0), col0_(col0), m_(m), n_(n) {
#pragma unroll
    for (int i = 0; i < S::tm; ++i)
#pragma unroll
      for (int j = 0; j < S::tn; ++j) acc_[i][j] = 0.0f;
  }

  __device__ void load(const float* c, ptrdiff_t ldc) {
#pragma unroll
    for (int i = 0; i < S::tm; ++i)
#pragma unroll
      for (int j = 0; j < S::tn; ++j)
        if (row(i) < m_ && col(j) < n_) acc_[i][j] = c[row(i) * ldc + col(j)];
  }

  __device__ void store(float* c, ptrdiff_t ldc) const {
#pragma unroll
    for (int i = 0; i < S::tm; ++i)
#pragma unroll
      for (int j = 0; j < S::tn; ++j)
        if (row(i) < m_ && col(j) < n_) c[row(i) * ldc + col(j)] = acc_[i][j];
  }

  __device__ void scale(float c) {
#pragma unroll
    for (int i = 0; i < S::tm; ++i)
#pragma unroll
      for (int j = 0; j < S::tn; ++j) acc_[i][j] = ol_mul(acc_[i][j], c);
  }

  // Goes on with terms k0 .. k1-1. All threads of the block call it.
  __device__ void add(const float* a, ptrdiff_t lda, const float* b, ptrdiff_t ldb, int k0, int k1) {
    __shared__ __align__(16) float as[S::depth][S::rows + 4];
    __shared__ __align__(16) float bs[S::depth][S::cols + 4];
    float ra[loads_a], rb[loads_b];
    fetch(ra, rb, a, lda, b, ldb, k0, k1);
    for (int k = k0; k < k1; k += S::depth) {
      put(ra, rb, as, bs);
      __syncthreads();
      // The next terms are on their way while these are multiplied.
      if (k + S::depth < k1) fetch(ra, rb, a, lda, b, ldb, k + S::depth, k1);
      const int depth = k1 - k < S::depth ? k1 - k : S::depth;
      if (depth == S::depth) {
#pragma unroll
        for (int p = 0; p < S::depth; ++p) multiply(as[p], bs[p]);
      } else {
        // A term that is not there must not be added as zero: -0 would become +0.
#pragma unroll 1
        for (int p = 0; p < depth; ++p) multiply(as[p], bs[p]);
      }
      __syncthreads();
    }
  }

 private:
  static constexpr int loads_a = S::rows * S::depth / S::threads, loads_b = S::cols * S::depth / S::threads;

  // A thread's outputs lie in groups of four, so that shared memory is read in fours without conflicts.
  template <int COUNT, int SIZE>
  static __device__ __forceinline__ int place(int i, int thread) {
    if constexpr (COUNT % 4 == 0) return (i / 4) * (SIZE / (COUNT / 4)) + thread * 4 + i % 4;
    return i * (SIZE / COUNT) + thread;
  }
  __device__ __forceinline__ int row(int i) const {
    return row0_ + place<S::tm, S::rows>(i, static_cast<int>(threadIdx.x) / S::across);
  }
  __device__ __forceinline__ int col(int j) const {
    return col0_ + place<S::tn, S::cols>(j, static_cast<int>(threadIdx.x) % S::across);
  }

  __device__ __forceinline__ void fetch(float* ra, float* rb, const float* a, ptrdiff_t lda, const float* b,
                                        ptrdiff_t ldb, int k, int k1) const {
#pragma unroll
    for (int l = 0; l < loads_a; ++l) {
      const int e = static_cast<int>(threadIdx.x) + l * S::threads;
      const int p = k + (A_DEEP ? e % S::depth : e / S::rows), i = row0_ + (A_DEEP ? e / S::depth : e % S::rows);
      ra[l] = p < k1 && i < m_ ? a[A_DEEP ? i * lda + p : p * lda + i] : 0.0f;
    }
#pragma unroll
    for (int l = 0; l < loads_b; ++l) {
      const int e = static_cast<int>(threadIdx.x) + l * S::threads;
      const int p = k + (B_DEEP ? e % S::depth : e / S::cols), j = col0_ + (B_DEEP ? e / S::depth : e % S::cols);
      rb[l] = p < k1 && j < n_ ? b[B_DEEP ? j * ldb + p : p * ldb + j] : 0.0f;
    }
  }

  __device__ __forceinline__ void put(const float* ra, const float* rb, float (*as)[S::rows + 4],
                                      float (*bs)[S::cols + 4]) const {
#pragma unroll
    for (int l = 0; l < loads_a; ++l) {
      const int e = static_cast<int>(threadIdx.x) + l * S::threads;
      as[A_DEEP ? e % S::depth : e / S::rows][A_DEEP ? e / S::depth : e % S::rows] = ra[l];
    }
#pragma unroll
    for (int l = 0; l < loads_b; ++l) {
      const int e = static_cast<int>(threadIdx.x) + l * S::threads;
      bs[B_DEEP ? e % S::depth : e / S::cols][B_DEEP ? e / S::depth : e % S::cols] = rb[l];
    }
  }

  template <int COUNT, int SIZE>
  static __device__ __forceinline__ void read(float* to, const float* line, int thread) {
    if constexpr (COUNT % 4 == 0) {
#pragma unroll
      for (int g = 0; g < COUNT; g += 4) {
        const float4 four = *reinterpret_cast<const float4*>(line + place<COUNT, SIZE>(g, thread));
        to[g] = four.x;
        to[g + 1] = four.y;
        to[g + 2] = four.z;
        to[g + 3] = four.w;
      }
    } else {
#pragma unroll
      for (int i = 0; i < COUNT; ++i) to[i] = line[place<COUNT, SIZE>(i, thread)];
    }
  }

  __device__ __forceinline__ void multiply(const float* as, const float* bs) {
    float x[S::tm], y[S::tn];
    read<S::tm, S::rows>(x, as, static_cast<int>(threadIdx.x) / S::across);
    read<S::tn, S::cols>(y, bs, static_cast<int>(threadIdx.x) % S::across);
#pragma unroll
    for (int i = 0; i < S::tm; ++i)
#pragma unroll
      for (int j = 0; j < S::tn; ++j) acc_[i][j] = ol_fma(x[i], y[j], acc_[i][j]);
  }

  float acc_[S::tm][S::tn];
  const int row0_, col0_, m_, n_;
};

}  // namespace cuda
}  // namespace ol

// One block's tile of a large product. Slabs of sixteen terms travel to shared memory by asynchronous copies, two slabs ahead
// of the one that is multiplied. Every element of the tile is one thread's accumulator: fused multiply-adds, k ascending from
// what it held.
#pragma once
#include "core/math.h"
#include "cuda/ops.h"
#include "cuda/slab_source.cuh"

namespace ol {
namespace cuda {

const int slab = 16, stages = 3;

// A warp has WARP_ROWS x WARP_COLS of the block's outputs, its lanes eight down and four across.
template <int ROWS, int COLS, int WARP_ROWS, int WARP_COLS, int BLOCKS>
struct staged_shape {
  static constexpr int rows = ROWS, cols = COLS, warp_rows = WARP_ROWS, warp_cols = WARP_COLS;
  static constexpr int across = COLS / WARP_COLS, threads = 32 * (ROWS / WARP_ROWS) * across;
  static constexpr int tm = WARP_ROWS / 8, tn = WARP_COLS / 4;
  static constexpr int blocks = BLOCKS;  // at least so many on a multiprocessor
  static_assert(tm % 4 == 0 && tn % 4 == 0, "shared memory is read in fours");
};

using staged_large = staged_shape<128, 128, 64, 32, 2>;
using staged_medium = staged_shape<64, 64, 32, 32, 3>;
using staged_small = staged_shape<32, 32, 32, 16, 8>;

template <class S>
struct staged_memory {
  float a[stages][S::rows * slab], b[stages][S::cols * slab];
};

// QUADS: both operands can be copied in quads.
template <class S, bool A_DEEP, bool B_DEEP, bool QUADS>
class staged_tile {
 public:
  __device__ staged_tile(staged_memory<S>& memory, const product& p, int row0, int col0, int k0, int k1)
      : memory_(memory), p_(p), a_(p.a, p.lda, row0, p.m, k0), b_(p.b, p.ldb, col0, p.n, k0), row0_(row0), col0_(col0),
        terms_(k1 - k0), inside_(row0 + S::rows <= p.m && col0 + S::cols <= p.n) {
#pragma unroll
    for (int i = 0; i < S::tm; ++i)
#pragma unroll
      for (int j = 0; j < S::tn; ++j) acc_[i][j] = 0.0f;
  }

  // The first slabs are on their way while c is read.
  __device__ void begin() {
#pragma unroll
    for (int s = 0; s < stages - 1; ++s) fill(s, terms_ - s * slab);
  }

  __device__ void load() {
    each_four([&](int i, int j, float* c, int there, bool whole) {
      if (whole) {
        const float4 four = *reinterpret_cast<const float4*>(c);
        acc_[i][j] = four.x;
        acc_[i][j + 1] = four.y;
        acc_[i][j + 2] = four.z;
        acc_[i][j + 3] = four.w;
      } else {
#pragma unroll
        for (int e = 0; e < 4; ++e)
          if (e < there) acc_[i][j + e] = c[e];
      }
    });
  }

  __device__ void store() const {
    each_four([&](int i, int j, float* c, int there, bool whole) {
      if (whole) {
        *reinterpret_cast<float4*>(c) = {acc_[i][j], acc_[i][j + 1], acc_[i][j + 2], acc_[i][j + 3]};
      } else {
#pragma unroll
        for (int e = 0; e < 4; ++e)
          if (e < there) c[e] = acc_[i][j + e];
      }
    });
  }

  // All terms, after begin(). All threads of the block call it.
  __device__ void run() {
    int at = 0, free = stages - 1;
    for (int left = terms_; left > 0; left -= slab) {
      wait_for_copies<stages - 2>();
      // Now all threads' copies of this slab are there, and nobody reads the slab before it any more.
      __syncthreads();
      fill(free, left - (stages - 1) * slab);
      if (left >= slab) {
        multiply<true>(memory_.a[at], memory_.b[at], slab);
      } else {
        multiply<false>(memory_.a[at], memory_.b[at], left);
      }
      free = at;
      at = at + 1 < stages ? at + 1 : 0;
    }
  }

 private:
  // Eight lanes read rows side by side, or four read columns four apart.
  using source_a = slab_source<S::rows, slab, A_DEEP, 2, 4, S::threads>;
  using source_b = slab_source<S::cols, slab, B_DEEP, 4, 4, S::threads>;

  // The thread's rows and columns within the tile. Columns lie in groups of four; rows too, where their lines do.
  __device__ __forceinline__ int row(int i) const {
    const int warp = static_cast<int>(threadIdx.x) / 32 / S::across, lane = static_cast<int>(threadIdx.x) % 32 / 4;
    return warp * S::warp_rows + (A_DEEP ? 8 * i + lane : i / 4 * 32 + lane * 4 + i % 4);
  }
  __device__ __forceinline__ int col(int j) const {
    const int warp = static_cast<int>(threadIdx.x) / 32 % S::across, lane = static_cast<int>(threadIdx.x) % 4;
    return warp * S::warp_cols + j / 4 * 16 + lane * 4 + j % 4;
  }

  // body(i, j, place of outputs j .. j+3 of the thread's row i, how many of them are there, whether they are read as one).
  template <typename F>
  __device__ __forceinline__ void each_four(F body) const {
    const bool aligned = in_quads(p_.c, p_.ldc);
#pragma unroll
    for (int i = 0; i < S::tm; ++i) {
      const int r = row0_ + row(i);
      if (r >= p_.m) continue;
#pragma unroll
      for (int j = 0; j < S::tn; j += 4) {
        const int c = col0_ + col(j), there = p_.n - c;
        if (there > 0) body(i, j, p_.c + r * p_.ldc + c, there, aligned && there >= 4);
      }
    }
  }

  // The next slab, of the terms that are left with it.
  __device__ __forceinline__ void fill(int stage, int left) {
    if (QUADS && inside_ && left >= slab) {
      a_.template fill<slab_is::whole, true>(memory_.a[stage], left);
      b_.template fill<slab_is::whole, true>(memory_.b[stage], left);
    } else if (left > 0) {
      a_.template fill<slab_is::any, QUADS>(memory_.a[stage], left);
      b_.template fill<slab_is::any, QUADS>(memory_.b[stage], left);
    }
    close_copies();
  }

  static __device__ __forceinline__ float4 four(const float* at) { return *reinterpret_cast<const float4*>(at); }

  // x[p][i]: term 4 q + p of the thread's row i. `a`: the thread's first row in the slab.
  __device__ __forceinline__ void read_rows(float (&x)[4][S::tm], const float* a, int q) const {
    const unsigned turn = source_a::turn_of(static_cast<unsigned>(row(0)));
#pragma unroll
    for (int l = 0; l < S::tm; ++l) {
      const int p = l / (S::tm / 4), i = l % (S::tm / 4) * 4;
      const float4 v = four(A_DEEP ? a + 8 * l * slab + 4 * (q ^ turn) : a + (4 * q + p) * S::rows + i * 8);
      if constexpr (A_DEEP) {
        x[0][l] = v.x, x[1][l] = v.y, x[2][l] = v.z, x[3][l] = v.w;
      } else {
        x[p][i] = v.x, x[p][i + 1] = v.y, x[p][i + 2] = v.z, x[p][i + 3] = v.w;
      }
    }
  }

  // The first `depth` terms of a slab. A term that is not there must not be added as zero: -0 would become +0.
  template <bool WHOLE>
  __device__ __forceinline__ void multiply(const float* a, const float* b, int depth) {
    const unsigned turn = source_b::turn_of(static_cast<unsigned>(col(0)));
    a += A_DEEP ? row(0) * slab : row(0);
    b += B_DEEP ? col(0) * slab : col(0);
#pragma unroll(WHOLE ? 2 : 1)
    for (int q = 0; q < slab / 4; ++q) {
      const int terms = WHOLE ? 4 : depth - 4 * q;
      if (!WHOLE && terms <= 0) break;
      float x[4][S::tm];
      read_rows(x, a, q);
      if constexpr (B_DEEP) {
#pragma unroll
        for (int j = 0; j < S::tn; ++j) {
          const float4 v = four(b + (j / 4 * 16 + j % 4) * slab + 4 * (q ^ turn));
          const float y[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
          for (int p = 0; p < 4; ++p) {
            if (!WHOLE && p >= terms) break;
#pragma unroll
            for (int i = 0; i < S::tm; ++i) acc_[i][j] = ol_fma(x[p][i], y[p], acc_[i][j]);
          }
        }
      } else {
#pragma unroll
        for (int p = 0; p < 4; ++p) {
          if (!WHOLE && p >= terms) break;
#pragma unroll
          for (int j = 0; j < S::tn; j += 4) {
            const float4 v = four(b + (4 * q + p) * S::cols + j * 4);
            const float y[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
            for (int e = 0; e < 4; ++e)
#pragma unroll
              for (int i = 0; i < S::tm; ++i) acc_[i][j + e] = ol_fma(x[p][i], y[e], acc_[i][j + e]);
          }
        }
      }
    }
  }

  float acc_[S::tm][S::tn];
  staged_memory<S>& memory_;
  const product& p_;
  source_a a_;
  source_b b_;
  const int row0_, col0_, terms_;
  const bool inside_;
};

}  // namespace cuda
}  // namespace ol

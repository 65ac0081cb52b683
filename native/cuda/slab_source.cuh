// An operand of a product on its way to shared memory, a slab of terms at a time, by asynchronous copies.
#pragma once
#include "cuda/async_copy.cuh"

namespace ol {
namespace cuda {

// True if four values side by side can be copied as one: address and leading dimension are multiples of sixteen bytes.
#if defined(__CUDACC__)
__host__ __device__
#endif
static __forceinline__ bool in_quads(const float* from, ptrdiff_t ld) {
  return ((reinterpret_cast<size_t>(from) | static_cast<size_t>(ld) * sizeof(float)) & 15) == 0;
}

// What is known of a slab: all of it is there; whole lines of it are; nothing. The first two go by quads.
enum class slab_is { whole, whole_lines, any };

// Slabs of SLAB terms of SIZE rows. DEEP (k is contiguous in device memory): a line of terms for each row, whose quads are turned
// by the row's number (counted in TURNs, below TURNS), so that lanes that read so many rows read other banks; else a line
// of SIZE for each term. What is not there is not copied: the shared memory keeps what it had.
template <int SIZE, int SLAB, bool DEEP, int TURN, int TURNS, int THREADS>
class slab_source {
 public:
  // Rows first .. first+SIZE-1 of which those from `end` on are not there, from term k0 on.
  __device__ slab_source(const float* from, ptrdiff_t ld, int first, int end, int k0)
      : left_(end - first), step_(lines * ld),
        next_(from + (DEEP ? (first + line()) * ld + k0 + four() : (k0 + line()) * ld + first + four())) {}

  // By how much a row's quads are turned: its terms 4 q .. 4 q + 3 lie at 4 * (q ^ turn_of(row)) of its line.
  static __device__ __forceinline__ unsigned turn_of(unsigned row) { return row / TURN % TURNS; }

  // Begins the copies of the next slab, of which `depth` terms are there.
  template <slab_is IS, bool QUADS>
  __device__ __forceinline__ void fill(float* to, int depth) {
#pragma unroll
    for (int l = 0; l < loads; ++l) {
      const int at = line() + l * lines;
      if (all_lines % lines && at >= all_lines) break;
      const unsigned turn = turn_of(static_cast<unsigned>(lines % (TURN * TURNS) ? at : line()));
      float* place = to + at * (DEEP ? SLAB : SIZE) + (DEEP ? four() ^ static_cast<int>(4 * turn) : four());
      const float* from = next_ + l * step_;
      if constexpr (IS == slab_is::whole) {
        copy_async<16>(place, from);
      } else if constexpr (IS == slab_is::whole_lines) {
        static_assert(DEEP, "lines are rows");
        if (at < left_) copy_async<16>(place, from);
      } else {
        if (at >= (DEEP ? left_ : depth)) continue;
        const int there = (DEEP ? depth : left_) - four();
        if constexpr (QUADS) {
          if (there > 0) copy_async<16>(place, from, there > 4 ? 16 : 4 * there);
        } else {
#pragma unroll
          for (int j = 0; j < 4; ++j)
            if (j < there) copy_async<4>(place + j, from + j);
        }
      }
    }
    next_ += DEEP ? SLAB : all_lines / lines * step_;
  }

 private:
  static constexpr int across = (DEEP ? SLAB : SIZE) / 4, all_lines = DEEP ? SIZE : SLAB, lines = THREADS / across;
  static constexpr int loads = (all_lines + lines - 1) / lines;
  static_assert(DEEP || all_lines % lines == 0, "the next slab begins where a thread's lines end");

  // A thread's first line, and its four values of each of its lines.
  static __device__ __forceinline__ int line() { return static_cast<int>(threadIdx.x) / across; }
  static __device__ __forceinline__ int four() { return static_cast<int>(threadIdx.x) % across * 4; }

  const int left_;
  const ptrdiff_t step_;
  const float* next_;
};

}  // namespace cuda
}  // namespace ol

// Products with at most sixteen rows, or columns, and ever so many of the other: rows of x in decoding, the rank of an
// adapter in training. Lanes run over the many, whose values come from device memory once, by asynchronous copies three slabs
// ahead; the few are broadcast. A thread has the chains of one of the many with up to four of the few; nobody multiplies what
// is not there.
#include "core/math.h"
#include "cuda/launch.h"
#include "cuda/product_list.h"
#include "cuda/slab_source.cuh"

namespace ol {
namespace cuda {
namespace {

const int threads = 128;

// MANY of the many a block, R of the few a thread; as many slabs as 48 KiB of shared memory hold.
template <int MANY, int R>
struct thin_shape {
  static constexpr int many = MANY, each = R, step = threads / MANY, most_few = R * step;
  static constexpr int slab = MANY + most_few <= 24 ? 128 : 64;  // terms at a time
  static constexpr int stages = (48 << 10) / ((MANY + most_few) * slab * static_cast<int>(sizeof(float)));
  static_assert(stages >= 4, "three slabs on their way");
};

template <class S>
struct thin_memory {
  float many[S::stages][S::many * S::slab], few[S::stages][S::most_few * S::slab];
};

// A product with its rows and columns named by how many there are.
struct thin_part {
  const float *many, *few;
  ptrdiff_t many_ld, few_ld, many_step, few_step;  // of the operands; of c
  float* c;
  int many_count, few_count, first, k0, k1;
};

__device__ __forceinline__ thin_part thin_part_of(const product_part& part, int many, bool rows_few) {
  const product& p = part.p;
  thin_part t;
  t.many = rows_few ? p.b : p.a;
  t.few = rows_few ? p.a : p.b;
  t.many_ld = rows_few ? p.ldb : p.lda;
  t.few_ld = rows_few ? p.lda : p.ldb;
  t.many_step = rows_few ? 1 : p.ldc;
  t.few_step = rows_few ? p.ldc : 1;
  t.c = p.c;
  t.many_count = rows_few ? p.n : p.m;
  t.few_count = rows_few ? p.m : p.n;
  t.first = part.tile * many;
  t.k0 = part.k0;
  t.k1 = part.k1;
  return t;
}

// Both operands on their way to shared memory.
template <class S, bool MANY_DEEP, bool FEW_DEEP>
class thin_source {
 public:
  __device__ thin_source(thin_memory<S>& memory, const thin_part& t)
      : memory_(memory), many_(t.many, t.many_ld, t.first, t.many_count, t.k0),
        few_(t.few, t.few_ld, 0, t.few_count, t.k0), from_(t.few + t.k0 * t.few_ld), ld_(t.few_ld), count_(t.few_count),
        many_quads_(in_quads(t.many, t.many_ld)), few_quads_(in_quads(t.few, t.few_ld)),
        inside_(t.first + S::many <= t.many_count) {}

  // The next slab, of the terms that are left with it.
  __device__ __forceinline__ void fill(int stage, int left) {
    float *many = memory_.many[stage], *few = memory_.few[stage];
    if (left >= S::slab && inside_ && many_quads_) {
      many_.template fill<slab_is::whole, true>(many, left);
    } else if (left > 0) {
      if (many_quads_) many_.template fill<slab_is::any, true>(many, left);
      else many_.template fill<slab_is::any, false>(many, left);
    }
    if constexpr (!FEW_DEEP) {
      if (left > 0) turn_round(few, left);
    } else if (left >= S::slab && few_quads_) {
      few_.template fill<slab_is::whole_lines, true>(few, left);
    } else if (left > 0) {
      if (few_quads_) few_.template fill<slab_is::any, true>(few, left);
      else few_.template fill<slab_is::any, false>(few, left);
    }
    close_copies();
  }

  using many_lines = slab_source<S::many, S::slab, MANY_DEEP, 1, 8, threads>;

 private:
  // Lines of each term become lines of each of the few.
  __device__ __forceinline__ void turn_round(float* to, int left) {
#pragma unroll 2
    for (int e = static_cast<int>(threadIdx.x); e < S::most_few * S::slab; e += threads) {
      const int f = e % S::most_few, p = e / S::most_few;
      if (f < count_ && p < left) copy_async<4>(to + f * S::slab + p, from_ + p * ld_ + f);
    }
    from_ += S::slab * ld_;
  }

  thin_memory<S>& memory_;
  many_lines many_;
  // Eight lanes side by side read the same: the few need no turning.
  slab_source<S::most_few, S::slab, true, 1, 1, threads> few_;
  const float* from_;
  const ptrdiff_t ld_;
  const int count_;
  const bool many_quads_, few_quads_, inside_;
};

__device__ __forceinline__ void read_four(float (&to)[4], const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
}

// `terms` of the four terms 4 q .. 4 q + 3, `many` and `few` of which are the thread's first. A term that is not there must
// not be added as zero: -0 would become +0. Of the few the thread has every S::step-th, `count` of them.
template <class S, bool MANY_DEEP>
__device__ __forceinline__ void multiply_four(float (&sum)[S::each], const float* many, const float* few, unsigned turn,
                                              int count, int q, int terms) {
  float w[4];
  if constexpr (MANY_DEEP) {
    read_four(w, many + 4 * (static_cast<unsigned>(q) ^ turn));
  } else {
#pragma unroll
    for (int p = 0; p < 4; ++p) w[p] = many[(4 * q + p) * S::many];
  }
#pragma unroll
  for (int i = 0; i < S::each; ++i) {
    if (i > 0 && i >= count) break;
    float x[4];
    read_four(x, few + i * S::step * S::slab + 4 * q);
#pragma unroll
    for (int p = 0; p < 4; ++p)
      if (p < terms) sum[i] = ol_fma(x[p], w[p], sum[i]);
  }
}

template <class S, bool MANY_DEEP, bool FEW_DEEP>
__global__ void __launch_bounds__(threads) thin_kernel(product_list list, bool rows_few, bool accumulate) {
  __shared__ __align__(16) thin_memory<S> memory;
  const thin_part t = thin_part_of(part_of(list, static_cast<int>(blockIdx.x)), S::many, rows_few);
  const int terms = t.k1 - t.k0;
  using source = thin_source<S, MANY_DEEP, FEW_DEEP>;
  source from(memory, t);
#pragma unroll
  for (int s = 0; s < S::stages - 1; ++s) from.fill(s, terms - s * S::slab);
  const int o = static_cast<int>(threadIdx.x) % S::many, f = static_cast<int>(threadIdx.x) / S::many;
  const unsigned turn = source::many_lines::turn_of(static_cast<unsigned>(o));
  const bool there = t.first + o < t.many_count;
  const int count = (t.few_count - f + S::step - 1) / S::step;  // chains of this thread
  float* c = t.c + (t.first + o) * t.many_step + f * t.few_step;
  float sum[S::each];
#pragma unroll
  for (int i = 0; i < S::each; ++i) sum[i] = accumulate && there && i < count ? c[i * S::step * t.few_step] : 0.0f;
  int at = 0, free = S::stages - 1;
  for (int left = terms; left > 0; left -= S::slab) {
    wait_for_copies<S::stages - 2>();
    // Now all threads' copies of this slab are there, and nobody reads the slab before it any more.
    __syncthreads();
    from.fill(free, left - (S::stages - 1) * S::slab);
    const float *many = memory.many[at] + o * (MANY_DEEP ? S::slab : 1), *few = memory.few[at] + f * S::slab;
    if (count > 0 && left >= S::slab) {
#pragma unroll 8
      for (int q = 0; q < S::slab / 4; ++q) multiply_four<S, MANY_DEEP>(sum, many, few, turn, count, q, 4);
    } else if (count > 0) {
#pragma unroll 1
      for (int q = 0; 4 * q < left; ++q) multiply_four<S, MANY_DEEP>(sum, many, few, turn, count, q, left - 4 * q);
    }
    free = at;
    at = at + 1 < S::stages ? at + 1 : 0;
  }
#pragma unroll
  for (int i = 0; i < S::each; ++i)
    if (there && i < count) c[i * S::step * t.few_step] = sum[i];
}

const int fills_a_gpu = 128;  // from so many blocks on, every multiprocessor has one

int many_of(const product& p, bool rows_few) { return rows_few ? p.n : p.m; }
int few_of(const product& p, bool rows_few) { return rows_few ? p.m : p.n; }

// Tiles of MANY; sets each product's first.
int set_tiles(product_list& list, bool rows_few, int many) {
  for (int i = 0; i < list.count; ++i)
    list.first[i + 1] = list.first[i] + (many_of(list.products[i], rows_few) + many - 1) / many;
  return list.first[list.count];
}

template <class S>
void start(cudaStream_t stream, product_list& list, int examples, bool rows_few, bool many_deep, bool few_deep,
           bool accumulate) {
  const auto kernel = many_deep ? (few_deep ? thin_kernel<S, true, true> : thin_kernel<S, true, false>)
                                : (few_deep ? thin_kernel<S, false, true> : thin_kernel<S, false, false>);
  const unsigned tiles = static_cast<unsigned>(set_tiles(list, rows_few, S::many));
  OL_CUDA_LAUNCH(stream, tiles * static_cast<unsigned>(examples), threads, kernel, list, rows_few, accumulate);
}

}  // namespace

// The widest blocks that fill a GPU, so that many bytes are on their way; a thread has as few of the few as there are.
void multiply_thin(cudaStream_t stream, product_list list, int examples, bool rows_few, bool a_deep, bool b_deep,
                   bool accumulate) {
  const bool many_deep = rows_few ? b_deep : a_deep, few_deep = rows_few ? a_deep : b_deep;
  int most = 0;
  for (int i = 0; i < list.count; ++i) {
    const int n = few_of(list.products[i], rows_few);
    most = n > most ? n : most;
  }
  const auto run = [&](auto shape) {
    start<decltype(shape)>(stream, list, examples, rows_few, many_deep, few_deep, accumulate);
  };
  if (set_tiles(list, rows_few, 32) * examples >= fills_a_gpu) {
    if (most <= 4) return run(thin_shape<32, 1>());
    if (most <= 8) return run(thin_shape<32, 2>());
    return run(thin_shape<32, 4>());
  }
  if (set_tiles(list, rows_few, 16) * examples >= fills_a_gpu) {
    if (most <= 8) return run(thin_shape<16, 1>());
    return run(thin_shape<16, 2>());
  }
  run(thin_shape<8, 1>());
}

}  // namespace cuda
}  // namespace ol

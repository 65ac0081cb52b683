// Products with at most sixteen rows, or columns, and ever so many of the other: rows of x in decoding, the rank of an
// adapter in training. Lanes run over the many, whose values come from device memory once, by asynchronous copies three slabs
// ahead; the few are broadcast. A thread has the chains of one of the many with up to four of the few; nobody multiplies what
// is not there.
#include "core/math.h"
#include "cuda/async_copy.cuh"
#include "cuda/launch.h"
#include "cuda/product_list.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 128, stages = 4;

// MANY of the many a block, R of the few a thread.
template <int MANY, int R>
struct thin_shape {
  static constexpr int many = MANY, each = R, step = threads / MANY, most_few = R * step;
  static constexpr int slab = MANY + most_few <= 24 ? 128 : 64;  // terms at a time
  static_assert((MANY + most_few) * slab * stages * sizeof(float) <= 48 << 10, "what a block has of shared memory");
};

template <class S>
struct thin_memory {
  float many[stages][S::many * S::slab], few[stages][S::most_few * S::slab];
};

// A product with its rows and columns named by how many there are.
struct thin_part {
  const float *many, *few;
  ptrdiff_t many_ld, few_ld, many_step, few_step;  // of the operands; of c
  float* c;
  int many_count, few_count, first, k0, k1;
  bool many_quads, few_quads;  // copied sixteen bytes at a time
};

__device__ __forceinline__ bool in_quads(const float* from, ptrdiff_t ld) {
  return ((reinterpret_cast<size_t>(from) | static_cast<size_t>(ld) * sizeof(float)) & 15) == 0;
}

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
  t.many_quads = in_quads(t.many, t.many_ld);
  t.few_quads = in_quads(t.few, t.few_ld);
  return t;
}

// Terms 4 q .. 4 q + 3 of a line: turned, so that neighbouring lines' lie in other banks.
template <class S>
__device__ __forceinline__ int quad(int line, int q) {
  return line * S::slab + 4 * (q / 8 * 8 + ((q ^ line) & 7));
}

// The first `there` of four values; the others are zeros.
__device__ __forceinline__ void copy_four(float* to, const float* from, int there, bool quads, const float* some) {
  there = there < 0 ? 0 : there > 4 ? 4 : there;
  if (quads) {
    copy_async<16>(to, there > 0 ? from : some, 4 * there);
  } else {
#pragma unroll
    for (int j = 0; j < 4; ++j) copy_async<4>(to + j, j < there ? from + j : some, j < there ? 4 : 0);
  }
}

template <class S, bool MANY_DEEP, bool FEW_DEEP>
__device__ __forceinline__ void fill(thin_memory<S>& memory, int stage, const thin_part& t, int k) {
  const int thread = static_cast<int>(threadIdx.x);
  if (k < t.k1) {
#pragma unroll
    for (int l = 0; l < S::many * S::slab / 4 / threads; ++l) {
      const int e = thread + l * threads, across = (MANY_DEEP ? S::slab : S::many) / 4, line = e / across, q = e % across;
      const int o = t.first + (MANY_DEEP ? line : 4 * q), p = k + (MANY_DEEP ? 4 * q : line);
      const int there = MANY_DEEP ? (o < t.many_count ? t.k1 - p : 0) : (p < t.k1 ? t.many_count - o : 0);
      copy_four(memory.many[stage] + (MANY_DEEP ? quad<S>(line, q) : 4 * e),
                t.many + (MANY_DEEP ? o * t.many_ld + p : p * t.many_ld + o), there, t.many_quads, t.many);
    }
    if constexpr (FEW_DEEP) {
      for (int e = thread; e < t.few_count * (S::slab / 4); e += threads) {
        const int f = e / (S::slab / 4), q = e % (S::slab / 4);
        copy_four(memory.few[stage] + quad<S>(f, q), t.few + f * t.few_ld + k + 4 * q, t.k1 - k - 4 * q, t.few_quads, t.few);
      }
    } else {
#pragma unroll 2
      for (int e = thread; e < S::most_few * S::slab; e += threads) {
        const int f = e % S::most_few, p = e / S::most_few;
        if (f >= t.few_count) continue;
        const bool there = k + p < t.k1;
        copy_async<4>(memory.few[stage] + quad<S>(f, p / 4) + p % 4, there ? t.few + (k + p) * t.few_ld + f : t.few,
                      there ? 4 : 0);
      }
    }
  }
  close_copies();
}

__device__ __forceinline__ void read_four(float (&to)[4], const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
}

// `terms` of the four terms 4 q .. 4 q + 3: one that is not there must not be added as zero, -0 would become +0.
template <class S, bool MANY_DEEP>
__device__ __forceinline__ void multiply_four(float (&sum)[S::each], const float* many, const float* few, int o, int f0,
                                              int few_count, int q, int terms) {
  float w[4];
  if constexpr (MANY_DEEP) {
    read_four(w, many + quad<S>(o, q));
  } else {
#pragma unroll
    for (int p = 0; p < 4; ++p) w[p] = many[(4 * q + p) * S::many + o];
  }
#pragma unroll
  for (int i = 0; i < S::each; ++i) {
    const int f = f0 + i * S::step;
    if (f >= few_count) continue;
    float x[4];
    read_four(x, few + quad<S>(f, q));
#pragma unroll
    for (int p = 0; p < 4; ++p)
      if (p < terms) sum[i] = ol_fma(x[p], w[p], sum[i]);
  }
}

// As in multiply_four: the factors' order makes no difference to a product.
template <class S, bool MANY_DEEP, bool FEW_DEEP>
__global__ void __launch_bounds__(threads) thin_kernel(product_list list, bool rows_few, bool accumulate) {
  __shared__ __align__(16) thin_memory<S> memory;
  const thin_part t = thin_part_of(part_of(list, static_cast<int>(blockIdx.x)), S::many, rows_few);
#pragma unroll
  for (int s = 0; s < stages - 1; ++s) fill<S, MANY_DEEP, FEW_DEEP>(memory, s, t, t.k0 + s * S::slab);
  const int o = static_cast<int>(threadIdx.x) % S::many, f0 = static_cast<int>(threadIdx.x) / S::many;
  const bool there = t.first + o < t.many_count;
  float* c = t.c + (t.first + o) * t.many_step;
  float sum[S::each];
#pragma unroll
  for (int i = 0; i < S::each; ++i) {
    const int f = f0 + i * S::step;
    sum[i] = accumulate && there && f < t.few_count ? c[f * t.few_step] : 0.0f;
  }
  int at = 0;
  for (int k = t.k0; k < t.k1; k += S::slab) {
    wait_for_copies<stages - 2>();
    // Now all threads' copies of this slab are there, and nobody reads the slab before it any more.
    __syncthreads();
    fill<S, MANY_DEEP, FEW_DEEP>(memory, (at + stages - 1) % stages, t, k + (stages - 1) * S::slab);
    const int depth = t.k1 - k < S::slab ? t.k1 - k : S::slab;
    const float *many = memory.many[at], *few = memory.few[at];
    if (f0 < t.few_count) {
#pragma unroll 4
      for (int q = 0; q < depth / 4; ++q) multiply_four<S, MANY_DEEP>(sum, many, few, o, f0, t.few_count, q, 4);
      if (depth % 4) multiply_four<S, MANY_DEEP>(sum, many, few, o, f0, t.few_count, depth / 4, depth % 4);
    }
    at = (at + 1) % stages;
  }
#pragma unroll
  for (int i = 0; i < S::each; ++i) {
    const int f = f0 + i * S::step;
    if (there && f < t.few_count) c[f * t.few_step] = sum[i];
  }
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

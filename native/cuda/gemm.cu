// Matrix products: one accumulator per output, k ascending, never split.
#include "cuda/launch.h"
#include "cuda/product_list.h"
#include "cuda/staged_tile.cuh"

namespace ol {
namespace cuda {
namespace {

template <class S, bool A_DEEP, bool B_DEEP, bool QUADS>
__global__ void __launch_bounds__(S::threads, S::blocks) staged_kernel(product_list list, bool accumulate) {
  __shared__ __align__(16) staged_memory<S> memory;
  const product_part part = part_of(list, static_cast<int>(blockIdx.x));
  const int across = (part.p.n + S::cols - 1) / S::cols;
  staged_tile<S, A_DEEP, B_DEEP, QUADS> out(memory, part.p, part.tile / across * S::rows, part.tile % across * S::cols,
                                            part.k0, part.k1);
  out.begin();
  if (accumulate) out.load();
  out.run();
  out.store();
}

// Tiles of the shape; sets each product's first.
template <class S>
int set_tiles(product_list& list) {
  for (int i = 0; i < list.count; ++i) {
    const product& p = list.products[i];
    list.first[i + 1] = list.first[i] + (p.m + S::rows - 1) / S::rows * ((p.n + S::cols - 1) / S::cols);
  }
  return list.first[list.count];
}

template <class S, bool QUADS>
void start(cudaStream_t stream, product_list& list, int examples, bool a_deep, bool b_deep, bool accumulate) {
  const auto kernel = a_deep ? (b_deep ? staged_kernel<S, true, true, QUADS> : staged_kernel<S, true, false, QUADS>)
                             : staged_kernel<S, false, false, QUADS>;
  const unsigned tiles = static_cast<unsigned>(set_tiles<S>(list));
  OL_CUDA_LAUNCH(stream, tiles * static_cast<unsigned>(examples), S::threads, kernel, list, accumulate);
}

// The choice of a kernel, the one place where it is made. Bytes do not depend on it.
//
// | product                                   | kernel                                                                   |
// | ----------------------------------------- | ------------------------------------------------------------------------ |
// | at most 16 rows, or columns               | thin.cu: lanes over the many, the few broadcast; 32, 16 or 8 of the many |
// |                                           | a block, the most of which there are 128 blocks                          |
// | else, operands in quads of 16 bytes       | staged tiles of 128 x 128, 64 x 64 or 32 x 32 outputs, the largest that  |
// |                                           | the product fills by more than half and of which there are 128           |
// | else, other addresses or lines            | staged tiles of 64 x 64 or 32 x 32, copied four bytes at a time          |
//
// Fewer rows than columns, or as many: the rows are the few.
enum class kind { few_rows, few_cols, quads, singles, none };

kind kind_of(const product& p) {
  if (p.m <= 0 || p.n <= 0) return kind::none;
  if (p.m <= few && p.m <= p.n) return kind::few_rows;
  if (p.n <= few) return kind::few_cols;
  return in_quads(p.a, p.lda) && in_quads(p.b, p.ldb) ? kind::quads : kind::singles;
}

const int fills_a_gpu = 128;  // from so many tiles on, every multiprocessor has one

template <class S>
bool suits(product_list& list, int examples) {
  for (int i = 0; i < list.count; ++i)
    if (list.products[i].m <= S::rows / 2 || list.products[i].n <= S::cols / 2) return false;
  return set_tiles<S>(list) * examples >= fills_a_gpu;
}

void run(cudaStream_t stream, kind of, product_list& list, int examples, bool a_deep, bool b_deep, bool accumulate) {
  if (of == kind::few_rows || of == kind::few_cols) {
    return multiply_thin(stream, list, examples, of == kind::few_rows, a_deep, b_deep, accumulate);
  }
  const bool quads = of == kind::quads;
  if (quads && suits<staged_large>(list, examples)) {
    return start<staged_large, true>(stream, list, examples, a_deep, b_deep, accumulate);
  }
  const bool medium = suits<staged_medium>(list, examples);
  const auto go = medium ? (quads ? start<staged_medium, true> : start<staged_medium, false>)
                         : (quads ? start<staged_small, true> : start<staged_small, false>);
  go(stream, list, examples, a_deep, b_deep, accumulate);
}

}  // namespace

void multiply(cudaStream_t stream, const product* all, int count, bool a_deep, bool b_deep, bool accumulate) {
  for (const kind of : {kind::few_rows, kind::few_cols, kind::quads, kind::singles}) {
    product_list list{};
    for (int i = 0; i < count; ++i) {
      if (kind_of(all[i]) != of) continue;
      list.products[list.count++] = all[i];
      if (list.count < product_list::most) continue;
      run(stream, of, list, 1, a_deep, b_deep, accumulate);
      list.count = 0;
    }
    if (list.count > 0) run(stream, of, list, 1, a_deep, b_deep, accumulate);
  }
}

void multiply(cudaStream_t stream, const product& p, bool a_deep, bool b_deep, bool accumulate) {
  multiply(stream, &p, 1, a_deep, b_deep, accumulate);
}

void multiply_each(cudaStream_t stream, const product& p, size_t stride, const int32_t* offsets, int examples) {
  product_list list{};
  list.products[list.count++] = p;
  list.offsets = offsets;
  list.stride = stride;
  const kind of = kind_of(p);
  if (of != kind::none && examples > 0) run(stream, of, list, examples, false, false, false);
}

}  // namespace cuda
}  // namespace ol

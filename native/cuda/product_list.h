// Products that one launch makes, as its kernel gets them: tile after tile, product after product.
#pragma once
#include "cuda/ops.h"

namespace ol {
namespace cuda {

struct product_list {
  static constexpr int most = 8;
  product products[most];
  int first[most + 1];  // each product's first tile; one more: all tiles
  int count;
  // With examples (of one product): each has all tiles, its own terms offsets[e] .. offsets[e+1]-1, and its c `stride` further.
  const int32_t* offsets;
  size_t stride;
};

// What a block has to do: a tile of a product, and the product's terms k0 .. k1-1.
struct product_part {
  product p;
  int tile, k0, k1;
};

#if defined(__CUDACC__) || defined(OL_CUDA_EMULATED)
static __device__ __forceinline__ product_part part_of(const product_list& list, int block) {
  if (list.offsets) {
    const int example = block / list.first[1];
    product_part out{list.products[0], block % list.first[1], list.offsets[example], list.offsets[example + 1]};
    out.p.c += example * list.stride;
    return out;
  }
  int i = 0;
  while (block >= list.first[i + 1]) ++i;
  return {list.products[i], block - list.first[i], 0, list.products[i].k};
}
#endif

// thin.cu. Products with at most `few` rows (`rows_few`) or columns, the others ever so many.
const int few = 16;
void multiply_thin(cudaStream_t stream, product_list list, int examples, bool rows_few, bool a_deep, bool b_deep,
                   bool accumulate);

}  // namespace cuda
}  // namespace ol

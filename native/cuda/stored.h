// Products with matrices in the format they came in (core/matrix.h), kept on the device as they are on the host.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/memory.h"

namespace ol {
namespace cuda {

struct stored_view {
  const uint8_t* data;  // device memory: panels of 32 rows
  size_t panel_bytes;
  int format, rows, cols;
};

// stored_rows.cu. out[t] = row ids[t], as fp32.
void read_stored_rows(cudaStream_t stream, float* out, const stored_view& w, const int32_t* ids, int tokens);
// out[k * ld + r] = value k of row first + r, as fp32; rows up to a multiple of 32 are written.
void widen_stored(cudaStream_t stream, float* out, const stored_view& w, int first, int count);

// y[tokens, rows] (+)= x W^T.
struct stored_product {
  float* y;
  stored_view w;
};

// Some of one x, as a kernel gets them: tile after tile, product after product.
struct stored_list {
  static constexpr int most = 4;
  stored_product products[most];
  int first[most + 1];  // each product's first tile; one more: all tiles
  int count;
};

// Calls run(list) for as few lists as hold all products; tiles(w): how many a product has.
template <typename Tiles, typename Run>
void each_stored_list(const stored_product* all, int count, Tiles tiles, Run run) {
  for (int done = 0; done < count;) {
    stored_list list{};
    while (done < count && list.count < stored_list::most) {
      list.first[list.count + 1] = list.first[list.count] + static_cast<int>(tiles(all[done].w));
      list.products[list.count++] = all[done++];
    }
    run(list);
  }
}

// stored_products.cu. Products of one x, each a chain over cols; few tokens read W alone, more widen it by parts of at most
// `widened_budget` bytes in `scratch`.
void stored_forward(cudaStream_t stream, device_scratch& scratch, const stored_product* all, int count, const float* x,
                    int tokens, bool accumulate);
// dx[tokens, cols] (+)= dy W, chain over rows.
void stored_backward(cudaStream_t stream, device_scratch& scratch, float* dx, const float* dy, const stored_view& w,
                     int tokens, bool accumulate);
const size_t widened_budget = size_t{16} << 20;

// The arithmetic q8 (spec.md). Rows of x as whole numbers: blocks of them with a power of two each, sums of every sixteen.
struct whole_rows {
  int8_t* values;   // [tokens, cols]
  float* scales;    // [tokens, cols / values of a block]
  int32_t* sums;    // [tokens, cols / 16]
};
// whole_rows.cu. Memory of `scratch` for rows of `cols` values in blocks of `block`.
whole_rows room_for_rows(device_scratch& scratch, int tokens, int cols, int block);
// Rounds x, in memory of `scratch`.
whole_rows round_rows(cudaStream_t stream, device_scratch& scratch, const float* x, int tokens, int cols, int block);
// block_few.cu, block_many.cu. Products by q8 of one x with matrices of one format: for at most `few_rows` tokens, and for more.
const int few_rows = 16;
void blocks_few(cudaStream_t stream, const stored_product* all, int count, const whole_rows& x, int tokens, bool accumulate);
void blocks_many(cudaStream_t stream, const stored_product* all, int count, const whole_rows& x, int tokens, bool accumulate);

}  // namespace cuda
}  // namespace ol

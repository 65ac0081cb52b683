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

// stored_products.cu. y[tokens, rows] (+)= x W^T, chain over cols; few tokens read W alone, more widen it by parts of at most
// `widened_budget` bytes in `scratch`.
void stored_forward(cudaStream_t stream, device_scratch& scratch, float* y, const float* x, const stored_view& w, int tokens,
                    bool accumulate);
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
// block_few.cu, block_many.cu. y[tokens, rows] (+)= x W^T by q8: for at most `few_rows` tokens, and for more.
const int few_rows = 16;
void blocks_few(cudaStream_t stream, float* y, const whole_rows& x, const stored_view& w, int tokens, bool accumulate);
void blocks_many(cudaStream_t stream, float* y, const whole_rows& x, const stored_view& w, int tokens, bool accumulate);

}  // namespace cuda
}  // namespace ol

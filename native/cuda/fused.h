// A norm together with what follows it, for passes of few rows.
#pragma once
#include "core/backend.h"
#include "cuda/stored.h"

namespace ol {
namespace cuda {

// norm_rows.cu. The norm alone, of any number of rows.
void norm_rows(cudaStream_t stream, const norm_args& a, int tokens);
// And its rows rounded for the arithmetic q8, in memory of `scratch`.
whole_rows norm_whole_rows(cudaStream_t stream, device_scratch& scratch, const norm_args& a, int tokens, int block);

// A weight [rows, norm's n] that products read as fp32: as it is stored, or fp32 values.
struct few_weight {
  stored_view stored;
  const float* values;  // null: it is stored
  int rows;
};
const int most_few_products = 3, most_few_tokens = 16;

// norm_few.cu. The norm and at most three products of at most 16 rows.
void norm_products(cudaStream_t stream, const norm_args& a, const few_weight* w, float* const* y, int count, int tokens);
// The norm and SwiGLU of two products.
void norm_gated(cudaStream_t stream, const norm_args& a, const few_weight& gate, const few_weight& up, float* h, int tokens);

}  // namespace cuda
}  // namespace ol

// The number formats that weights come in: what a block holds and how it is widened to fp32 (spec.md, "Formats").
#pragma once
#include <cstddef>
#include <cstdint>

#include "openledger.h"

namespace ol {

struct format_info {
  const char* name;
  int values;  // of one block, along a row
  int bytes;   // of one block
  // Bytes of a block that are halves (d and m); all others are in groups of four.
  int half_first, half_last;
};

// Null for a number that is no format.
const format_info* find_format(int32_t format);
// Throws OL_ERROR_TENSOR for a number that is no format.
const format_info& info_of(int32_t format);
// Bytes of a row of `values` values, a multiple of the format's block.
size_t row_bytes(int32_t format, int64_t values);

// fp32 values of one block; exact but for the one addition of the formats with a minimum.
void widen_block(int32_t format, const uint8_t* block, float* out);
// Index of the first value that is NaN or infinite, or whose block's scale is; -1 if there is none.
int64_t first_not_finite(int32_t format, const uint8_t* row, int64_t values);

}  // namespace ol

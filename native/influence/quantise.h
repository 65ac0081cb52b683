#pragma once
#include <cstddef>
#include <cstdint>

namespace ol {

// 2^e, exact for -126 <= e <= 127.
float power_of_two(int e);

// Rounds to integers within +-32767, to nearest, ties to even, at the finest power of two that fits: value = q * 2^e.
// Returns e, clamped to -126..127; zeros give -126. Values must be finite and below 2^140.
int8_t quantise_int16(const float* values, size_t count, int16_t* out);

// dot[i] = sum over j of query[j] * rows[i, j], exactly.
void scan_rows(const int16_t* query, const int8_t* rows, size_t count, size_t dimension, int64_t* dot);

}  // namespace ol

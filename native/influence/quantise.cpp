#include "influence/quantise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/clones.h"

namespace ol {
namespace {

// To nearest, ties to even.
OL_CLONES("arch=skylake-avx512", "avx2", "default")
void round_scaled(const float* __restrict values, double scale, size_t count, int16_t* __restrict out) {
  for (size_t i = 0; i < count; i++) out[i] = static_cast<int16_t>(static_cast<int32_t>(__builtin_nearbyint(values[i] * scale)));
}

}  // namespace

float power_of_two(int e) {
  const uint32_t bits = static_cast<uint32_t>(e + 127) << 23;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

int8_t quantise_int16(const float* values, size_t count, int16_t* out) {
  float largest = 0;
  for (size_t i = 0; i < count; i++) largest = std::max(largest, std::fabs(values[i]));
  int e = -126;
  if (largest > 0) {
    int exponent;
    std::frexp(static_cast<double>(largest), &exponent);
    e = exponent - 15;
    if (std::nearbyint(std::ldexp(static_cast<double>(largest), -e)) > 32767) e++;
    e = std::min(127, std::max(-126, e));
  }
  const double scale = std::ldexp(1.0, -e);
  round_scaled(values, scale, count, out);
  return static_cast<int8_t>(e);
}

// Integers are exact in any order: the compiler may vectorise for the processor at hand.
OL_CLONES("arch=skylake-avx512", "avx2", "default")
void scan_rows(const int16_t* query, const int8_t* rows, size_t count, size_t dimension, int64_t* dot) {
  // 256 products of at most 32768 * 128 stay below 2^31.
  const size_t chunk = 256;
  for (size_t i = 0; i < count; i++) {
    const int8_t* row = rows + i * dimension;
    int64_t total = 0;
    for (size_t from = 0; from < dimension; from += chunk) {
      const size_t to = std::min(dimension, from + chunk);
      int32_t sum = 0;
      for (size_t j = from; j < to; j++) sum += static_cast<int32_t>(query[j]) * row[j];
      total += sum;
    }
    dot[i] = total;
  }
}

}  // namespace ol

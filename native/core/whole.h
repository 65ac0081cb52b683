// Blocks of fp32 values as whole numbers with a power of two (spec.md, "The arithmetic q8"); a header for all instruction
// sets and for nvcc, as core/math.h.
#pragma once
#include "core/math.h"

// 2^e for e in -149 .. 127.
OL_FN float ol_power_of_two(int e) {
  return e >= -126 ? ol_float(static_cast<uint32_t>(e + 127) << 23) : ol_float(1u << (e + 149));
}

// The least e, not below -149, with m * 2^-e <= 127, where m is the finite number with these bits.
OL_FN int ol_block_exponent(uint32_t bits) {
  if (bits == 0) return -149;
  if (bits >= 0x00800000u) {
    // 127 is 2^6 * 1.984375.
    const int e = static_cast<int>(bits >> 23) - 127 - 6 + ((bits & 0x7fffffu) > 0x7e0000u);
    return e < -149 ? -149 : e;
  }
  const int top = static_cast<int>(ol_bits(static_cast<float>(bits)) >> 23) - 127;  // exact below 2^24
  const int e = top - 149 - 6 + ((static_cast<uint64_t>(bits) << 6) > (static_cast<uint64_t>(127) << top));
  return e < -149 ? -149 : e;
}

// 2^-e in two factors: it may be too large for one. Both products are exact, or far below a half.
struct ol_whole_scale {
  float first, second;
};

OL_FN ol_whole_scale ol_scale_of(int e) {
  const int first = -e > 127 ? 127 : -e;
  return {ol_power_of_two(first), ol_power_of_two(-e - first)};
}

// x * 2^-e to the nearest whole number, halves to even; at most 127 in size.
OL_FN int32_t ol_whole(float x, ol_whole_scale scale) {
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number, in the low bits
  const float z = ol_add(ol_mul(ol_mul(x, scale.first), scale.second), magic);
  return static_cast<int32_t>(ol_bits(z) - 0x4b400000u);
}

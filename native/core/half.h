// Half and bfloat16 to fp32 on the bits; a header for all instruction sets, as core/math.h.
#pragma once
#include <stdint.h>

#include "core/math.h"

// Finite halves only. The half's exponent and fraction are those of a float 2^112 times too small; the product is exact,
// also where either is subnormal.
OL_FN float ol_half(uint32_t h) {
  const uint32_t magnitude = (h & 0x7fffu) << 13, sign = (h & 0x8000u) << 16;
  float x;
  __builtin_memcpy(&x, &magnitude, 4);
  x = ol_mul(x, 5192296858534827628530496329220096.0f);  // 2^112
  uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  bits |= sign;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}

OL_FN float ol_bfloat(uint32_t h) {
  const uint32_t bits = h << 16;
  float x;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}

// Half and bfloat16 to fp32 on the bits; a header for all instruction sets and for nvcc, as core/math.h.
#pragma once
#include <stdint.h>

#include "core/math.h"

// Finite halves only. The half's exponent and fraction are those of a float 2^112 times too small; the product is exact,
// also where either is subnormal.
OL_FN float ol_half(uint32_t h) {
  const float magnitude = ol_mul(ol_float((h & 0x7fffu) << 13), 5192296858534827628530496329220096.0f);  // 2^112
  return ol_float(ol_bits(magnitude) | (h & 0x8000u) << 16);
}

OL_FN float ol_bfloat(uint32_t h) { return ol_float(h << 16); }

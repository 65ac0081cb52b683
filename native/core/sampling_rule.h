// The numbers of spec.md's "Sampling" that a host and a device work out alike.
#pragma once
#include "core/math.h"

// 2^30 e^x for x <= 0, rounded to nearest even. 2^23 as an addend rounds what is smaller; larger values are whole.
OL_FN uint32_t ol_sampling_weight(float x) {
  const float scaled = ol_mul(ol_exp(x), 1073741824.0f);
  if (scaled >= 8388608.0f) return (uint32_t)scaled;
  return (uint32_t)ol_sub(ol_add(scaled, 8388608.0f), 8388608.0f);
}

// The least whole number that is at least sum * millionths / 10^6; nothing wraps below a sum of 2^63.
OL_FN uint64_t ol_share_of(uint64_t sum, uint32_t millionths) {
  const uint64_t whole = sum / 1000000u, rest = sum % 1000000u;
  return whole * millionths + (rest * millionths + 999999u) / 1000000u;
}

// The high 64 bits of a product.
OL_FN uint64_t ol_high_product(uint64_t a, uint64_t b) {
#if defined(__CUDA_ARCH__)
  return __umul64hi(a, b);
#else
  return (uint64_t)((unsigned __int128)a * b >> 64);
#endif
}

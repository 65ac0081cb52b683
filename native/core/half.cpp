// Half and bfloat16 to fp32 (exact) and fp32 to half (nearest even), by integer operations on the bits.
#include <cstring>

#include "openledger.h"

static float from_bits(uint32_t u) {
  float x;
  std::memcpy(&x, &u, 4);
  return x;
}

static float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16, e = (h >> 10) & 31, m = h & 1023;
  if (e == 31) return from_bits(sign | 0x7f800000u | (m << 13));
  if (e != 0) return from_bits(sign | ((e + 112) << 23) | (m << 13));
  const float tiny = static_cast<float>(m) * 5.9604644775390625e-8f;  // 2^-24, exact
  return sign ? -tiny : tiny;
}

static uint16_t float_to_half(float x) {
  uint32_t u;
  std::memcpy(&u, &x, 4);
  const uint16_t sign = static_cast<uint16_t>((u >> 16) & 0x8000);
  const uint32_t a = u & 0x7fffffffu;
  if (a > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00);
  if (a >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00);  // rounds to 65536 or more
  uint32_t q, rest, half;
  if (a >= 0x38800000u) {
    q = (a - 0x38000000u) >> 13;
    rest = a & 0x1fff;
    half = 0x1000;
  } else {
    const int shift = 126 - static_cast<int>(a >> 23);  // subnormal half: value = m * 2^(e-150), unit 2^-24
    if (shift > 24) return sign;
    const uint32_t m = (a & 0x7fffff) | 0x800000;
    q = m >> shift;
    rest = m & ((1u << shift) - 1);
    half = 1u << (shift - 1);
  }
  if (rest > half || (rest == half && (q & 1))) ++q;
  return static_cast<uint16_t>(sign | q);
}

extern "C" void ol_half_to_float(float* out, const uint16_t* bits, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = half_to_float(bits[i]);
}

extern "C" void ol_bfloat_to_float(float* out, const uint16_t* bits, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = from_bits(static_cast<uint32_t>(bits[i]) << 16);
}

extern "C" void ol_float_to_half(uint16_t* out, const float* values, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = float_to_half(values[i]);
}

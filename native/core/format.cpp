#include "core/format.h"

#include <cstring>
#include <string>

#include "core/error.h"
#include "core/half.h"

namespace ol {

// Numbers are ggml's, so that a GGUF file's types need no table.
const format_info* find_format(int32_t format) {
  static const struct {
    int32_t number;
    format_info info;
  } formats[] = {
      {OL_FORMAT_F32, {"F32", 1, 4, 0, 0}},        {OL_FORMAT_F16, {"F16", 1, 2, 0, 2}},
      {OL_FORMAT_BF16, {"BF16", 1, 2, 0, 2}},      {OL_FORMAT_Q8_0, {"Q8_0", 32, 34, 0, 2}},
      {OL_FORMAT_Q4_0, {"Q4_0", 32, 18, 0, 2}},    {OL_FORMAT_Q4_1, {"Q4_1", 32, 20, 0, 4}},
      {OL_FORMAT_Q5_0, {"Q5_0", 32, 22, 0, 2}},    {OL_FORMAT_Q5_1, {"Q5_1", 32, 24, 0, 4}},
      {OL_FORMAT_Q4_K, {"Q4_K", 256, 144, 0, 4}},  {OL_FORMAT_Q5_K, {"Q5_K", 256, 176, 0, 4}},
      {OL_FORMAT_Q6_K, {"Q6_K", 256, 210, 208, 210}},
  };
  for (const auto& f : formats)
    if (f.number == format) return &f.info;
  return nullptr;
}

const format_info& info_of(int32_t format) {
  const format_info* found = find_format(format);
  if (!found) fail(OL_ERROR_TENSOR, "there is no number format " + std::to_string(format));
  return *found;
}

size_t row_bytes(int32_t format, int64_t values) {
  const format_info& info = info_of(format);
  if (values < 0 || values % info.values != 0) {
    fail(OL_ERROR_TENSOR, "a row of " + std::to_string(values) + " values is no whole number of " + info.name +
                              " blocks of " + std::to_string(info.values));
  }
  return static_cast<size_t>(values / info.values) * info.bytes;
}

static uint32_t u16(const uint8_t* b) { return b[0] | static_cast<uint32_t>(b[1]) << 8; }
static uint32_t u32(const uint8_t* b) { return u16(b) | u16(b + 2) << 16; }

// Scale s and minimum t of group g of a Q4_K or Q5_K block, from its twelve bytes.
static void k_scales(const uint8_t* b, int g, uint32_t* s, uint32_t* t) {
  if (g < 4) {
    *s = b[g] & 63u;
    *t = b[g + 4] & 63u;
  } else {
    *s = (b[g + 4] & 15u) | static_cast<uint32_t>(b[g - 4] >> 6) << 4;
    *t = static_cast<uint32_t>(b[g + 4] >> 4) | static_cast<uint32_t>(b[g] >> 6) << 4;
  }
}

// 32 values: d q or d q + m, with a fifth bit from `high` where the format has one.
static void widen_small(int32_t format, const uint8_t* b, float* out) {
  const float d = ol_half(u16(b));
  const bool with_min = format == OL_FORMAT_Q4_1 || format == OL_FORMAT_Q5_1;
  const bool five = format == OL_FORMAT_Q5_0 || format == OL_FORMAT_Q5_1;
  const float m = with_min ? ol_half(u16(b + 2)) : 0.0f;
  const uint8_t* at = b + (with_min ? 4 : 2);
  const uint32_t high = five ? u32(at) : 0;
  const uint8_t* q = at + (five ? 4 : 0);
  const int zero = with_min ? 0 : five ? 16 : 8;
  for (int i = 0; i < 32; ++i) {
    const int low = i < 16 ? q[i] & 15 : q[i - 16] >> 4;
    const float x = static_cast<float>((low | static_cast<int>(high >> i & 1u) << 4) - zero);
    out[i] = with_min ? ol_add(ol_mul(d, x), m) : ol_mul(d, x);
  }
}

static void widen_k(int32_t format, const uint8_t* b, float* out) {
  const float d = ol_half(u16(b)), m = ol_half(u16(b + 2));
  const bool five = format == OL_FORMAT_Q5_K;
  const uint8_t *high = b + 16, *q = b + (five ? 48 : 16);
  for (int g = 0; g < 8; ++g) {
    uint32_t s, t;
    k_scales(b + 4, g, &s, &t);
    const float ds = ol_mul(d, static_cast<float>(s)), mt = ol_mul(m, static_cast<float>(t));
    for (int i = 0; i < 32; ++i) {
      const uint8_t byte = q[32 * (g / 2) + i];
      const int low = g % 2 ? byte >> 4 : byte & 15;
      const int x = five ? low | (high[i] >> g & 1) << 4 : low;
      out[32 * g + i] = ol_sub(ol_mul(ds, static_cast<float>(x)), mt);
    }
  }
}

static void widen_q6_k(const uint8_t* b, float* out) {
  const uint8_t *low = b, *high = b + 128;
  const float d = ol_half(u16(b + 208));
  for (int g = 0; g < 8; ++g) {
    const int h = g / 4, k = g % 4;
    for (int l = 0; l < 32; ++l) {
      const uint8_t byte = low[64 * h + 32 * (k % 2) + l];
      const int q = (k < 2 ? byte & 15 : byte >> 4) | (high[32 * h + l] >> 2 * k & 3) << 4;
      const float ds = ol_mul(d, static_cast<float>(static_cast<int8_t>(b[192 + 8 * h + 2 * k + l / 16])));
      out[32 * g + l] = ol_mul(ds, static_cast<float>(q - 32));
    }
  }
}

void widen_block(int32_t format, const uint8_t* b, float* out) {
  switch (format) {
    case OL_FORMAT_F32: std::memcpy(out, b, 4); return;
    case OL_FORMAT_F16: *out = ol_half(u16(b)); return;
    case OL_FORMAT_BF16: *out = ol_bfloat(u16(b)); return;
    case OL_FORMAT_Q8_0: {
      const float d = ol_half(u16(b));
      for (int i = 0; i < 32; ++i) out[i] = ol_mul(d, static_cast<float>(static_cast<int8_t>(b[2 + i])));
      return;
    }
    case OL_FORMAT_Q4_K:
    case OL_FORMAT_Q5_K: return widen_k(format, b, out);
    case OL_FORMAT_Q6_K: return widen_q6_k(b, out);
    default: return widen_small(format, b, out);
  }
}

static bool half_finite(const uint8_t* b) { return (u16(b) & 0x7c00u) != 0x7c00u; }

// Every other field of a block is an integer: with finite scales all its values are finite.
static bool block_finite(int32_t format, const uint8_t* b) {
  switch (format) {
    case OL_FORMAT_F32: return (u32(b) & 0x7f800000u) != 0x7f800000u;
    case OL_FORMAT_F16: return half_finite(b);
    case OL_FORMAT_BF16: return (u16(b) & 0x7f80u) != 0x7f80u;
    case OL_FORMAT_Q6_K: return half_finite(b + 208);
    case OL_FORMAT_Q4_1:
    case OL_FORMAT_Q5_1:
    case OL_FORMAT_Q4_K:
    case OL_FORMAT_Q5_K: return half_finite(b) && half_finite(b + 2);
    default: return half_finite(b);
  }
}

int64_t first_not_finite(int32_t format, const uint8_t* row, int64_t values) {
  const format_info& info = info_of(format);
  for (int64_t i = 0; i < values; i += info.values, row += info.bytes)
    if (!block_finite(format, row)) return i;
  return -1;
}

}  // namespace ol

// Reading stored matrices on the device as they lie in memory (core/matrix.h): lanes over the 32 rows of a panel, which
// are a product's outputs. The same rounded operations as widen_block in core/format.cpp.
#pragma once
#include "core/block_shape.h"
#include "core/half.h"
#include "cuda/stored.h"

namespace ol {
namespace cuda {

// The product that tile `tile` of the list is of; `tile` becomes the product's own number of it.
static __device__ __forceinline__ stored_product product_of(const stored_list& list, int& tile) {
  int i = 0;
  while (tile >= list.first[i + 1]) ++i;
  tile -= list.first[i];
  return list.products[i];
}

// The lane's four bytes from byte `at` of a block on, and its half there.
static __device__ __forceinline__ uint32_t quad_at(const uint8_t* block, int at, int lane) {
  return reinterpret_cast<const uint32_t*>(block + at * 32)[lane];
}
static __device__ __forceinline__ float half_at(const uint8_t* block, int at, int lane) {
  return ol_half(reinterpret_cast<const uint16_t*>(block + at * 32)[lane]);
}

static __device__ __forceinline__ int signed_byte(uint32_t quad, int i) {
  return static_cast<int8_t>(static_cast<uint8_t>(quad >> 8 * i));
}

// `n` off each of four bytes, 0 .. 63: no borrow crosses a byte.
static __device__ __forceinline__ uint32_t take_off(uint32_t quad, uint32_t n) {
  return ((quad | 0x80808080u) - n * 0x01010101u) ^ 0x80808080u;
}

// Whole numbers of values i .. i+3 of a lane's block, i a multiple of 4: four signed bytes.
template <int FORMAT>
static __device__ __forceinline__ uint32_t quants_at(const uint8_t* block, int lane, int i) {
  typedef block_shape<FORMAT> shape;
  if constexpr (FORMAT == OL_FORMAT_Q8_0) {
    return quad_at(block, 2 + i, lane);
  } else if constexpr (FORMAT == OL_FORMAT_Q6_K) {
    const int h = i / 128, k = i / 32 % 4, l = i % 32;
    const uint32_t low = quad_at(block, 64 * h + 32 * (k % 2) + l, lane) >> (k < 2 ? 0 : 4) & 0x0f0f0f0fu;
    const uint32_t high = quad_at(block, 128 + 32 * h + l, lane) >> 2 * k & 0x03030303u;
    return take_off(low | high << 4, 32);
  } else if constexpr (shape::is_k) {
    const bool five = FORMAT == OL_FORMAT_Q5_K;
    const int g = i / 32, l = i % 32;
    const uint32_t low = quad_at(block, (five ? 48 : 16) + 32 * (g / 2) + l, lane) >> (g % 2 * 4) & 0x0f0f0f0fu;
    return five ? low | (quad_at(block, 16 + l, lane) >> g & 0x01010101u) << 4 : low;
  } else {
    const bool five = FORMAT == OL_FORMAT_Q5_0 || FORMAT == OL_FORMAT_Q5_1;
    const int first = shape::has_minimum ? 4 : 2;
    uint32_t q = quad_at(block, first + (five ? 4 : 0) + i % 16, lane) >> (i < 16 ? 0 : 4) & 0x0f0f0f0fu;
    // Four bits become bit 4 of four bytes.
    if (five) q |= ((quad_at(block, first, lane) >> i & 15u) * 0x00204081u & 0x01010101u) << 4;
    return shape::has_minimum ? q : take_off(q, five ? 16 : 8);
  }
}

// The K formats' scale and minimum of the sixteen values that value i is among.
template <int FORMAT>
static __device__ __forceinline__ void group_scale(const uint8_t* block, int lane, int i, int* scale, int* minimum) {
  if constexpr (FORMAT == OL_FORMAT_Q6_K) {
    const int at = i / 16;
    *scale = signed_byte(quad_at(block, 192 + at / 4 * 4, lane), at % 4);
    *minimum = 0;
  } else {
    const int g = i / 32, shift = 8 * (g % 4);
    const uint32_t s = quad_at(block, 4, lane) >> shift & 255u, t = quad_at(block, 8, lane) >> shift & 255u;
    const uint32_t last = quad_at(block, 12, lane) >> shift & 255u;
    *scale = static_cast<int>(g < 4 ? s & 63u : (last & 15u) | s >> 6 << 4);
    *minimum = static_cast<int>(g < 4 ? t & 63u : last >> 4 | t >> 6 << 4);
  }
}

// fp32 values k .. k+3 of a panel's row, k a multiple of 4.
template <int FORMAT>
static __device__ __forceinline__ void widen_four_of(const uint8_t* panel, int lane, int k, float* out) {
  typedef block_shape<FORMAT> shape;
  const uint8_t* block = panel + static_cast<size_t>(k / shape::values) * shape::bytes * 32;
  const int i = k % shape::values;
  const uint32_t q = quants_at<FORMAT>(block, lane, i);
  float d = half_at(block, shape::d_at, lane), m = shape::has_minimum ? half_at(block, 2, lane) : 0.0f;
  if (shape::is_k) {
    int scale, minimum;
    group_scale<FORMAT>(block, lane, i, &scale, &minimum);
    d = ol_mul(d, static_cast<float>(scale));
    if (shape::has_minimum) m = ol_mul(m, static_cast<float>(minimum));
  }
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const float x = ol_mul(d, static_cast<float>(signed_byte(q, j)));
    out[j] = !shape::has_minimum ? x : shape::is_k ? ol_sub(x, m) : ol_add(x, m);
  }
}

// The same of the formats without blocks; `count` values are there.
static __device__ __forceinline__ void read_four_of(int format, const uint8_t* panel, int lane, int k, int count,
                                                    float* out) {
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const size_t at = static_cast<size_t>(k + (j < count ? j : 0)) * 32 + static_cast<size_t>(lane);
    if (format == OL_FORMAT_F32) {
      out[j] = reinterpret_cast<const float*>(panel)[at];
    } else {
      const uint32_t half = reinterpret_cast<const uint16_t*>(panel)[at];
      out[j] = format == OL_FORMAT_F16 ? ol_half(half) : ol_bfloat(half);
    }
  }
}

// fp32 values k .. k+3 of row `row`, k a multiple of 4; what lies behind the row's last value means nothing.
static __device__ __forceinline__ void widen_four(const stored_view& w, int row, int k, float* out) {
  const uint8_t* panel = w.data + static_cast<size_t>(row / 32) * w.panel_bytes;
  const int lane = row % 32;
  switch (w.format) {
    case OL_FORMAT_Q8_0: return widen_four_of<OL_FORMAT_Q8_0>(panel, lane, k, out);
    case OL_FORMAT_Q4_0: return widen_four_of<OL_FORMAT_Q4_0>(panel, lane, k, out);
    case OL_FORMAT_Q4_1: return widen_four_of<OL_FORMAT_Q4_1>(panel, lane, k, out);
    case OL_FORMAT_Q5_0: return widen_four_of<OL_FORMAT_Q5_0>(panel, lane, k, out);
    case OL_FORMAT_Q5_1: return widen_four_of<OL_FORMAT_Q5_1>(panel, lane, k, out);
    case OL_FORMAT_Q4_K: return widen_four_of<OL_FORMAT_Q4_K>(panel, lane, k, out);
    case OL_FORMAT_Q5_K: return widen_four_of<OL_FORMAT_Q5_K>(panel, lane, k, out);
    case OL_FORMAT_Q6_K: return widen_four_of<OL_FORMAT_Q6_K>(panel, lane, k, out);
    default: return read_four_of(w.format, panel, lane, k, w.cols - k, out);
  }
}

}  // namespace cuda
}  // namespace ol

// Elementary functions in fp32, one sequence of rounded operations each, compiled by g++ and nvcc alike.
//
// Library functions differ between machines; these do not. Only +, -, *, /, sqrt (IEEE, rounded once), explicit fused
// multiply-adds and integer operations on the bits are used. Everything has internal linkage: the same header is
// compiled for several instruction sets, and no copy may stand in for another.
#pragma once
#include <stdint.h>

#if defined(__CUDACC__)
#define OL_FN static __host__ __device__ __forceinline__
#else
#define OL_FN static inline __attribute__((always_inline))
#endif

OL_FN float ol_fma(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

OL_FN float ol_mul(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

OL_FN float ol_add(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fadd_rn(a, b);
#else
  return a + b;
#endif
}

OL_FN float ol_sub(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fsub_rn(a, b);
#else
  return a - b;
#endif
}

OL_FN float ol_div(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fdiv_rn(a, b);
#else
  return a / b;
#endif
}

OL_FN float ol_sqrt(float a) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(a);
#else
  return __builtin_sqrtf(a);
#endif
}

OL_FN uint32_t ol_bits(float x) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(x);
#else
  uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  return u;
#endif
}

OL_FN float ol_float(uint32_t u) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(u);
#else
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
#endif
}

// e^x, within 1 ulp. Below -87.3 the result is 0 (no subnormals), above 88.37 it is +inf; NaN stays NaN.
OL_FN float ol_exp(float x) {
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  const float low = -87.3f, high = 88.37f;
  float c = x < low ? low : x;
  c = c > high ? high : c;
  const float z = ol_fma(c, 1.44269504088896341f, magic);
  const float n = ol_sub(z, magic);
  float r = ol_fma(n, -0.693145751953125f, c);  // ln 2 in two parts, the first with 16 bits
  r = ol_fma(n, -1.42860682031e-6f, r);
  float p = 1.9841270e-4f;  // Taylor: 1/7!, ... |r| <= 0.347 leaves 5e-9
  p = ol_fma(p, r, 1.3888889e-3f);
  p = ol_fma(p, r, 8.3333333e-3f);
  p = ol_fma(p, r, 4.1666668e-2f);
  p = ol_fma(p, r, 1.6666667e-1f);
  p = ol_fma(p, r, 0.5f);
  p = ol_fma(p, r, 1.0f);
  p = ol_fma(p, r, 1.0f);
  // The low bits of z hold n; n is in [-126, 127] (high is just below 127.5 ln 2).
  const float scale = ol_float((ol_bits(z) + 127u) << 23);
  float y = ol_mul(p, scale);
  y = x < low ? 0.0f : y;
  return x > high ? ol_float(0x7f800000u) : y;
}

// ln x for normal x > 0, within 2 ulp near 1 and 1 ulp elsewhere. Other inputs are a caller's fault.
OL_FN float ol_log(float x) {
  const uint32_t u = ol_bits(x);
  const uint32_t t = u - 0x3f3504f3u;  // mantissa range [sqrt(1/2), sqrt(2))
  const int32_t e = (int32_t)t >> 23;
  const float m = ol_float(u - ((uint32_t)e << 23));
  const float s = ol_div(ol_sub(m, 1.0f), ol_add(m, 1.0f));  // |s| <= 0.1716
  const float q = ol_mul(s, s);
  float p = 0.22222222f;  // ln m = 2s (1 + q/3 + q^2/5 + ...); the next term is below 3e-9
  p = ol_fma(p, q, 0.28571429f);
  p = ol_fma(p, q, 0.4f);
  p = ol_fma(p, q, 0.66666667f);
  const float f = (float)e;
  const float two_s = ol_add(s, s);
  const float tail = ol_fma(ol_mul(p, q), s, ol_mul(f, 1.42860682031e-6f));
  return ol_fma(f, 0.693145751953125f, ol_add(two_s, tail));
}

// 1 / (1 + e^-x)
OL_FN float ol_sigmoid(float x) { return ol_div(1.0f, ol_add(1.0f, ol_exp(-x))); }

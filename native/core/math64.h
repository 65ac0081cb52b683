// Elementary functions in fp64 for host-side tables (RoPE, learning rates, random normals): + - * / only, so that
// the same bytes come out of every compiler and machine. Not for inner loops.
#pragma once
#include <cstdint>
#include <cstring>

namespace ol {

inline double power_of_two(int n) {
  // n in [-1022, 1023]
  const uint64_t bits = static_cast<uint64_t>(n + 1023) << 52;
  double x;
  std::memcpy(&x, &bits, 8);
  return x;
}

inline double round_to_integer(double x) {
  const double magic = 6755399441055744.0;  // 1.5 * 2^52
  return (x + magic) - magic;
}

// e^x for |x| < 700.
inline double exp64(double x) {
  const double n = round_to_integer(x * 1.4426950408889634074);
  const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double p = 1.0;
  for (int k = 16; k >= 1; --k) p = 1.0 + p * r / k;
  return p * power_of_two(static_cast<int>(n));
}

// ln x for normal x > 0.
inline double log64(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, 8);
  int e = static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffULL) | (1023ULL << 52);
  double m;
  std::memcpy(&m, &bits, 8);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++e;
  }
  const double s = (m - 1.0) / (m + 1.0), q = s * s;
  double p = 0.0;
  for (int k = 23; k >= 1; k -= 2) p = p * q + 1.0 / k;
  return e * 6.93147180369123816490e-01 + (2.0 * s * p + e * 1.90821492927058770002e-10);
}

// sin and cos for |x| < 10^6: reduction by multiples of pi/2 in three parts of 33 bits.
inline void sincos64(double x, double* sine, double* cosine) {
  const double n = round_to_integer(x * 0.63661977236758134308);
  double r = x - n * 1.57079632673412561417e+00;
  r -= n * 6.07710050630396597660e-11;
  r -= n * 2.02226624871116645580e-21;
  const double q = r * r;
  double s = 1.0, c = 1.0;
  for (int k = 20; k >= 2; k -= 2) {
    s = 1.0 - s * q / (static_cast<double>(k) * (k + 1));
    c = 1.0 - c * q / (static_cast<double>(k) * (k - 1));
  }
  s *= r;
  switch (static_cast<int64_t>(n) & 3) {
    case 0: *sine = s; *cosine = c; break;
    case 1: *sine = c; *cosine = -s; break;
    case 2: *sine = -s; *cosine = -c; break;
    default: *sine = -c; *cosine = s; break;
  }
}

}  // namespace ol

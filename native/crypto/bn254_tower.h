// Extensions of bn254's base field: Fp2 = Fp[u] / (u^2 + 1), Fp6 = Fp2[v] / (v^3 - xi), Fp12 = Fp6[w] / (w^2 - v),
// with xi = 9 + u.
#pragma once
#include "bn254_field.h"

namespace ol_crypto::bn254 {

struct Fp2 {
  Fp c0, c1;
};

inline bool operator==(const Fp2& a, const Fp2& b) { return a.c0 == b.c0 && a.c1 == b.c1; }
inline bool is_zero(const Fp2& a) { return is_zero(a.c0) && is_zero(a.c1); }
inline Fp2 operator+(const Fp2& a, const Fp2& b) { return {a.c0 + b.c0, a.c1 + b.c1}; }
inline Fp2 operator-(const Fp2& a, const Fp2& b) { return {a.c0 - b.c0, a.c1 - b.c1}; }
inline Fp2 operator-(const Fp2& a) { return {-a.c0, -a.c1}; }
inline Fp2 twice(const Fp2& a) { return {twice(a.c0), twice(a.c1)}; }
inline Fp2 half(const Fp2& a) { return {half(a.c0), half(a.c1)}; }
inline Fp2 conjugate(const Fp2& a) { return {a.c0, -a.c1}; }
inline Fp2 operator*(const Fp2& a, const Fp& b) { return {a.c0 * b, a.c1 * b}; }

inline Fp2 operator*(const Fp2& a, const Fp2& b) {
  const Fp low = a.c0 * b.c0, high = a.c1 * b.c1;
  return {low - high, (a.c0 + a.c1) * (b.c0 + b.c1) - low - high};
}

inline Fp2 square(const Fp2& a) { return {(a.c0 + a.c1) * (a.c0 - a.c1), twice(a.c0 * a.c1)}; }

inline Fp2 times_xi(const Fp2& a) {
  const Fp2 eight = twice(twice(twice(a)));
  return {eight.c0 + a.c0 - a.c1, eight.c1 + a.c1 + a.c0};
}

inline Fp2 inverse(const Fp2& a) {
  const Fp scale = inverse(square(a.c0) + square(a.c1));
  return {a.c0 * scale, -(a.c1 * scale)};
}

struct Fp6 {
  Fp2 c0, c1, c2;
};

inline Fp6 operator+(const Fp6& a, const Fp6& b) { return {a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2}; }
inline Fp6 operator-(const Fp6& a, const Fp6& b) { return {a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2}; }
inline Fp6 operator-(const Fp6& a) { return {-a.c0, -a.c1, -a.c2}; }
inline Fp6 twice(const Fp6& a) { return {twice(a.c0), twice(a.c1), twice(a.c2)}; }
inline Fp6 times_v(const Fp6& a) { return {times_xi(a.c2), a.c0, a.c1}; }
inline Fp6 operator*(const Fp6& a, const Fp2& b) { return {a.c0 * b, a.c1 * b, a.c2 * b}; }

inline Fp6 operator*(const Fp6& a, const Fp6& b) {
  const Fp2 t0 = a.c0 * b.c0, t1 = a.c1 * b.c1, t2 = a.c2 * b.c2;
  return {times_xi((a.c1 + a.c2) * (b.c1 + b.c2) - t1 - t2) + t0,
          (a.c0 + a.c1) * (b.c0 + b.c1) - t0 - t1 + times_xi(t2), (a.c0 + a.c2) * (b.c0 + b.c2) - t0 - t2 + t1};
}

// a (b0 + b1 v)
inline Fp6 times_sparse(const Fp6& a, const Fp2& b0, const Fp2& b1) {
  const Fp2 t0 = a.c0 * b0, t1 = a.c1 * b1;
  return {times_xi(a.c2 * b1) + t0, (a.c0 + a.c1) * (b0 + b1) - t0 - t1, a.c2 * b0 + t1};
}

inline Fp6 inverse(const Fp6& a) {
  const Fp2 t0 = square(a.c0) - times_xi(a.c1 * a.c2), t1 = times_xi(square(a.c2)) - a.c0 * a.c1;
  const Fp2 t2 = square(a.c1) - a.c0 * a.c2;
  const Fp2 scale = inverse(a.c0 * t0 + times_xi(a.c2 * t1 + a.c1 * t2));
  return {t0 * scale, t1 * scale, t2 * scale};
}

struct Fp12 {
  Fp6 c0, c1;
};

inline Fp12 operator*(const Fp12& a, const Fp12& b) {
  const Fp6 low = a.c0 * b.c0, high = a.c1 * b.c1;
  return {low + times_v(high), (a.c0 + a.c1) * (b.c0 + b.c1) - low - high};
}

inline Fp12 square(const Fp12& a) {
  const Fp6 cross = a.c0 * a.c1;
  return {(a.c0 + a.c1) * (a.c0 + times_v(a.c1)) - cross - times_v(cross), twice(cross)};
}

// Of a field element: its p^6-th power. In the group that the final exponentiation ends in: its inverse.
inline Fp12 conjugate(const Fp12& a) { return {a.c0, -a.c1}; }

inline Fp12 inverse(const Fp12& a) {
  const Fp6 scale = inverse(a.c0 * a.c0 - times_v(a.c1 * a.c1));
  return {a.c0 * scale, -(a.c1 * scale)};
}

inline bool is_one(const Fp12& a) {
  return a.c0.c0.c0 == one() && is_zero(a.c0.c0.c1) && is_zero(a.c0.c1) && is_zero(a.c0.c2) && is_zero(a.c1.c0) &&
         is_zero(a.c1.c1) && is_zero(a.c1.c2);
}

}  // namespace ol_crypto::bn254

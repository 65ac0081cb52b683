// Unsigned integers as little-endian arrays of 64-bit limbs.
#pragma once
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ol_crypto {

// Outside ISO C++, but in every compiler this builds with (GCC, clang, AppleClang) on 64-bit machines.
__extension__ typedef unsigned __int128 u128;

// x * y + a + b never overflows two limbs. Returns the low one.
inline uint64_t multiply_add(uint64_t x, uint64_t y, uint64_t a, uint64_t b, uint64_t* high) {
  const u128 sum = static_cast<u128>(x) * y + a + b;
  *high = static_cast<uint64_t>(sum >> 64);
  return static_cast<uint64_t>(sum);
}

// Chains of additions are what the short fields spend half their time on, and compilers make them from the intrinsics only.
#if defined(__x86_64__)
inline uint64_t add_carry(uint64_t a, uint64_t b, uint64_t* carry) {
  unsigned long long sum;
  *carry = _addcarry_u64(static_cast<unsigned char>(*carry), a, b, &sum);
  return sum;
}

inline uint64_t subtract_borrow(uint64_t a, uint64_t b, uint64_t* borrow) {
  unsigned long long difference;
  *borrow = _subborrow_u64(static_cast<unsigned char>(*borrow), a, b, &difference);
  return difference;
}
#else
inline uint64_t add_carry(uint64_t a, uint64_t b, uint64_t* carry) {
  const u128 sum = static_cast<u128>(a) + b + *carry;
  *carry = static_cast<uint64_t>(sum >> 64);
  return static_cast<uint64_t>(sum);
}

inline uint64_t subtract_borrow(uint64_t a, uint64_t b, uint64_t* borrow) {
  const u128 difference = static_cast<u128>(a) - b - *borrow;
  *borrow = static_cast<uint64_t>(difference >> 64) & 1;
  return static_cast<uint64_t>(difference);
}

#endif

// x^-1 mod 2^64 of an odd x: each step of Newton's doubles the right bits, of which x itself has three.
inline uint64_t inverse_limb(uint64_t x) {
  uint64_t inverse = x;
  for (int i = 0; i < 5; i++) inverse *= 2 - x * inverse;
  return inverse;
}

// out = a - b over n limbs if `carry` or a >= b, else a. a may be out.
inline void reduce_once(uint64_t* out, const uint64_t* a, const uint64_t* b, size_t n, uint64_t carry) {
  bool above = carry != 0;
  if (!above) {
    size_t i = n;
    while (i > 0 && a[i - 1] == b[i - 1]) i--;
    above = i == 0 || a[i - 1] > b[i - 1];
  }
  uint64_t borrow = 0;
  for (size_t i = 0; i < n; i++) out[i] = above ? subtract_borrow(a[i], b[i], &borrow) : a[i];
}

}  // namespace ol_crypto

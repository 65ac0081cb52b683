// The base field of bn254 (alt_bn128 of EIP-196) in Montgomery's form: 4 limbs, value * 2^256 mod p, always below p.
#pragma once
#include <cstring>

#include "limbs.h"

namespace ol_crypto::bn254 {

constexpr uint64_t P[4] = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029};
constexpr uint64_t NEGATIVE_INVERSE = 0x87d20782e4866389;  // -p^-1 mod 2^64

struct Fp {
  uint64_t l[4];
};

inline bool operator==(const Fp& a, const Fp& b) {
  return ((a.l[0] ^ b.l[0]) | (a.l[1] ^ b.l[1]) | (a.l[2] ^ b.l[2]) | (a.l[3] ^ b.l[3])) == 0;
}
inline bool is_zero(const Fp& a) { return (a.l[0] | a.l[1] | a.l[2] | a.l[3]) == 0; }

// a - p where that is not negative, else a. For a below 2p.
inline Fp reduced(const Fp& a) {
  Fp less{};
  uint64_t borrow = 0;
  for (int i = 0; i < 4; i++) less.l[i] = subtract_borrow(a.l[i], P[i], &borrow);
  const uint64_t keep = 0 - borrow;
  for (int i = 0; i < 4; i++) less.l[i] ^= (less.l[i] ^ a.l[i]) & keep;
  return less;
}

inline Fp operator+(const Fp& a, const Fp& b) {
  Fp sum{};
  uint64_t carry = 0;
  for (int i = 0; i < 4; i++) sum.l[i] = add_carry(a.l[i], b.l[i], &carry);
  return reduced(sum);
}

inline Fp operator-(const Fp& a, const Fp& b) {
  Fp out{};
  uint64_t borrow = 0, carry = 0;
  for (int i = 0; i < 4; i++) out.l[i] = subtract_borrow(a.l[i], b.l[i], &borrow);
  const uint64_t add = 0 - borrow;
  for (int i = 0; i < 4; i++) out.l[i] = add_carry(out.l[i], P[i] & add, &carry);
  return out;
}

inline Fp operator-(const Fp& a) { return Fp{} - a; }
inline Fp twice(const Fp& a) { return a + a; }

// Rows of the product and of its reduction in one pass. The two carries of a row fit in one limb, since p's top limb
// leaves two bits free.
inline Fp operator*(const Fp& a, const Fp& b) {
  uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0;
  for (int i = 0; i < 4; i++) {
    uint64_t high, carry;
    t0 = multiply_add(a.l[0], b.l[i], t0, 0, &high);
    const uint64_t factor = t0 * NEGATIVE_INVERSE;
    multiply_add(factor, P[0], t0, 0, &carry);
    t1 = multiply_add(a.l[1], b.l[i], t1, high, &high);
    t0 = multiply_add(factor, P[1], t1, carry, &carry);
    t2 = multiply_add(a.l[2], b.l[i], t2, high, &high);
    t1 = multiply_add(factor, P[2], t2, carry, &carry);
    t3 = multiply_add(a.l[3], b.l[i], t3, high, &high);
    t2 = multiply_add(factor, P[3], t3, carry, &carry);
    t3 = high + carry;
  }
  return reduced(Fp{{t0, t1, t2, t3}});
}

inline Fp square(const Fp& a) { return a * a; }

// 2^(256 k) mod p: the form of 1 for k = 1, and what turns values into the form (k = 2).
inline Fp power_of_radix(int k) {
  Fp out{{1, 0, 0, 0}};
  for (int i = 0; i < 256 * k; i++) out = twice(out);
  return out;
}

struct Constants {
  Fp one = power_of_radix(1);
  Fp radix_squared = power_of_radix(2);
  Fp radix_cubed = power_of_radix(3);
  Fp three = one + one + one;  // b of the curve: y^2 = x^3 + 3
};
extern const Constants CONSTANTS;

inline const Fp& one() { return CONSTANTS.one; }
inline Fp half(const Fp& a) {
  // An odd value becomes even with p added; the sum stays below 2^255.
  Fp out{};
  uint64_t carry = 0;
  const uint64_t add = 0 - (a.l[0] & 1);
  for (int i = 0; i < 4; i++) out.l[i] = add_carry(a.l[i], P[i] & add, &carry);
  for (int i = 0; i < 3; i++) out.l[i] = out.l[i] >> 1 | out.l[i + 1] << 63;
  out.l[3] >>= 1;
  return out;
}

// 1/a, and 0 for 0. Not in constant time.
Fp inverse(const Fp& a);

// Big-endian; false for p and above.
bool read(Fp* out, const uint8_t* bytes);
void write(uint8_t* out, const Fp& value);

}  // namespace ol_crypto::bn254

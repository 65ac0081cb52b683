// Montgomery multiplication: a * b / 2^(64 n) mod an odd modulus.
#pragma once
#include <cstring>
#include <vector>

#include "limbs.h"

namespace ol_crypto {

struct Modulus {
  const uint64_t* limbs;
  size_t n;
  uint64_t negative_inverse;  // -modulus^-1 mod 2^64
};

// Fixed: n known to the compiler, or 0. a, b below the modulus; out may be one of them. `space`: n + 1 limbs.
template <size_t Fixed>
inline void montgomery_multiply(uint64_t* out, const uint64_t* a, const uint64_t* b, const Modulus& modulus,
                                uint64_t* space) {
  const size_t n = Fixed != 0 ? Fixed : modulus.n;
  uint64_t fixed[Fixed + 1] = {};
  uint64_t* const sum = Fixed != 0 ? fixed : space;
  if (Fixed == 0) std::memset(sum, 0, (n + 1) * sizeof *sum);
  for (size_t i = 0; i < n; i++) {
    // Both products of a row in one pass: the low limb of the sum becomes zero and falls out.
    uint64_t high_product, high_reduction;
    const uint64_t first = multiply_add(a[i], b[0], sum[0], 0, &high_product);
    const uint64_t factor = first * modulus.negative_inverse;
    multiply_add(factor, modulus.limbs[0], first, 0, &high_reduction);
    for (size_t j = 1; j < n; j++) {
      const uint64_t part = multiply_add(a[i], b[j], sum[j], high_product, &high_product);
      sum[j - 1] = multiply_add(factor, modulus.limbs[j], part, high_reduction, &high_reduction);
    }
    uint64_t carry = 0;
    const uint64_t top = add_carry(high_product, high_reduction, &carry);
    uint64_t carry_top = 0;
    sum[n - 1] = add_carry(top, sum[n], &carry_top);
    sum[n] = carry + carry_top;
  }
  reduce_once(out, sum, modulus.limbs, n, sum[n]);
}

}  // namespace ol_crypto

// Modular exponentiation of EIP-198 for any sizes. Not in constant time: nothing here is secret.
// A modulus 2^k * q with odd q is worked off as two: Montgomery's form for q, truncation for 2^k, joined by the Chinese
// remainder theorem. So an even modulus costs no more than an odd one of its size.
#include <algorithm>
#include <vector>

#include "montgomery.h"
#include "operations.h"

namespace ol_crypto {
namespace {

using Wide = std::vector<uint64_t>;

// Big-endian bytes without leading zeros.
struct Bytes {
  const uint8_t* data;
  size_t size;
};

Bytes strip(const uint8_t* data, size_t size) {
  while (size > 0 && *data == 0) data++, size--;
  return {data, size};
}

Wide to_wide(Bytes bytes) {
  Wide out((bytes.size + 7) / 8);
  for (size_t i = 0; i < bytes.size; i++) {
    out[i / 8] |= static_cast<uint64_t>(bytes.data[bytes.size - 1 - i]) << (8 * (i % 8));
  }
  return out;
}

bool bit(Bytes bytes, size_t index) {
  return (bytes.data[bytes.size - 1 - index / 8] >> (index % 8) & 1) != 0;
}

size_t bit_length(Bytes bytes) {
  if (bytes.size == 0) return 0;
  return 8 * bytes.size - static_cast<size_t>(__builtin_clz(bytes.data[0]) - 24);
}

unsigned leading_zeros(uint64_t limb) { return static_cast<unsigned>(__builtin_clzll(limb)); }

void shift_left(uint64_t* limbs, size_t n, unsigned bits) {
  if (bits == 0) return;
  for (size_t i = n - 1; i > 0; i--) limbs[i] = limbs[i] << bits | limbs[i - 1] >> (64 - bits);
  limbs[0] <<= bits;
}

void shift_right(uint64_t* limbs, size_t n, unsigned bits) {
  if (bits == 0) return;
  for (size_t i = 0; i + 1 < n; i++) limbs[i] = limbs[i] >> bits | limbs[i + 1] << (64 - bits);
  limbs[n - 1] >>= bits;
}

// One limb of the quotient, for a top that is below or equal to the divisor's top limb (Knuth 4.3.1, step D3).
uint64_t estimate(const uint64_t* top, uint64_t d1, uint64_t d0) {
  if (top[2] >= d1) return ~0ULL;
  const u128 numerator = static_cast<u128>(top[2]) << 64 | top[1];
  u128 quotient = numerator / d1, rest = numerator - quotient * d1;
  while (quotient * d0 > (rest << 64 | top[0])) {
    quotient--;
    rest += d1;
    if (rest >> 64 != 0) break;
  }
  return static_cast<uint64_t>(quotient);
}

// value mod divisor (top limb not zero), in as many limbs. Knuth's algorithm D.
Wide remainder(Wide value, Wide divisor) {
  const size_t n = divisor.size();
  const unsigned shift = leading_zeros(divisor.back());
  if (value.size() < n) value.resize(n);
  value.push_back(0);
  shift_left(divisor.data(), n, shift);
  shift_left(value.data(), value.size(), shift);
  for (size_t row = value.size() - n; row-- > 0;) {
    uint64_t* const part = value.data() + row;
    const uint64_t top[3] = {n > 1 ? part[n - 2] : 0, part[n - 1], part[n]};
    const uint64_t quotient = estimate(top, divisor[n - 1], n > 1 ? divisor[n - 2] : 0);
    uint64_t high = 0, borrow = 0;
    for (size_t i = 0; i < n; i++) {
      const uint64_t low = multiply_add(quotient, divisor[i], high, 0, &high);
      part[i] = subtract_borrow(part[i], low, &borrow);
    }
    part[n] = subtract_borrow(part[n], high, &borrow);
    // The estimate is at most two too large.
    while (borrow != 0) {
      uint64_t carry = 0;
      for (size_t i = 0; i < n; i++) part[i] = add_carry(part[i], divisor[i], &carry);
      part[n] = add_carry(part[n], 0, &carry);
      borrow -= carry;
    }
  }
  value.resize(n);
  shift_right(value.data(), n, shift);
  return value;
}

unsigned window_width(size_t bits) {
  return bits < 24 ? 1 : bits < 80 ? 3 : bits < 240 ? 4 : bits < 700 ? 5 : 6;
}

// value^exponent by sliding windows over the exponent's bits; multiply(out, a, b) with values of n limbs, value in its
// form already. The exponent is not zero.
template <typename Multiply>
void power(uint64_t* value, size_t n, Bytes exponent, size_t bits, Multiply multiply) {
  const unsigned width = window_width(bits);
  Wide odd(n << (width - 1));  // value^1, value^3, ...
  std::copy(value, value + n, odd.begin());
  if (width > 1) {
    Wide square(n);
    multiply(square.data(), value, value);
    for (size_t i = n; i < odd.size(); i += n) multiply(&odd[i], &odd[i - n], square.data());
  }
  bool started = false;
  for (size_t at = bits; at > 0;) {
    if (!bit(exponent, at - 1)) {
      if (started) multiply(value, value, value);
      at--;
      continue;
    }
    size_t low = at > width ? at - width : 0;
    while (!bit(exponent, low)) low++;
    size_t digit = 0;
    for (size_t i = at; i > low; i--) {
      digit = digit << 1 | (bit(exponent, i - 1) ? 1 : 0);
      if (started) multiply(value, value, value);
    }
    const uint64_t* const factor = &odd[(digit >> 1) * n];
    if (started) {
      multiply(value, value, factor);
    } else {
      std::copy(factor, factor + n, value);
    }
    started = true;
    at = low;
  }
}

template <size_t Fixed>
void montgomery_power(Wide* value, Bytes exponent, const Modulus& modulus) {
  Wide space(modulus.n + 1);
  const auto multiply = [&](uint64_t* out, const uint64_t* a, const uint64_t* b) {
    montgomery_multiply<Fixed>(out, a, b, modulus, space.data());
  };
  power(value->data(), modulus.n, exponent, bit_length(exponent), multiply);
  Wide one(modulus.n);
  one[0] = 1;
  multiply(value->data(), value->data(), one.data());
}

// base^exponent mod an odd modulus above 1 whose top limb is not zero.
Wide odd_power(const Wide& base, Bytes exponent, const Wide& odd) {
  const Modulus modulus{odd.data(), odd.size(), ~inverse_limb(odd[0]) + 1};
  Wide shifted(odd.size());
  shifted.insert(shifted.end(), base.begin(), base.end());
  Wide value = remainder(std::move(shifted), odd);
  switch (odd.size()) {
    case 1: montgomery_power<1>(&value, exponent, modulus); break;
    case 2: montgomery_power<2>(&value, exponent, modulus); break;
    case 3: montgomery_power<3>(&value, exponent, modulus); break;
    case 4: montgomery_power<4>(&value, exponent, modulus); break;
    default: montgomery_power<0>(&value, exponent, modulus);
  }
  return value;
}

// The low n limbs of a * b.
void multiply_low(uint64_t* out, const uint64_t* a, const uint64_t* b, size_t n, Wide* space) {
  space->assign(n, 0);
  for (size_t i = 0; i < n; i++) {
    uint64_t high = 0;
    for (size_t j = 0; i + j < n; j++) (*space)[i + j] = multiply_add(a[i], b[j], (*space)[i + j], high, &high);
  }
  std::copy(space->begin(), space->end(), out);
}

void keep_bits(Wide* value, size_t bits) {
  value->resize((bits + 63) / 64);
  if (bits % 64 != 0) value->back() &= (1ULL << (bits % 64)) - 1;
}

// base^exponent mod 2^bits, bits above 0. The exponent is not zero.
Wide binary_power(const Wide& base, Bytes exponent, size_t bits) {
  Wide value = base;
  keep_bits(&value, bits);
  const size_t length = bit_length(exponent);
  if ((value[0] & 1) == 0) {
    // An even base has at least one factor 2 for each unit of the exponent.
    uint64_t small = 0;
    if (length < 64) small = to_wide(exponent)[0];
    if (length >= 64 || small >= bits) return Wide(value.size());
  }
  // The order of an odd base divides 2^bits, so higher bits of the exponent change nothing; an even one's is shorter.
  const size_t used = std::min(length, bits);
  size_t top = used;
  while (top > 0 && !bit(exponent, top - 1)) top--;
  if (top == 0) {
    std::fill(value.begin(), value.end(), 0);
    value[0] = 1;
    return value;
  }
  const size_t n = value.size();
  Wide space;
  power(value.data(), n, exponent, top, [&](uint64_t* out, const uint64_t* a, const uint64_t* b) {
    multiply_low(out, a, b, n, &space);
  });
  keep_bits(&value, bits);
  return value;
}

// odd^-1 mod 2^(64 n): Newton's steps, each in twice the limbs.
Wide binary_inverse(Wide odd, size_t n) {
  odd.resize(n);
  Wide inverse(n), product(n), space;
  inverse[0] = inverse_limb(odd[0]);
  for (size_t have = 1; have < n;) {
    have = std::min(2 * have, n);
    multiply_low(product.data(), odd.data(), inverse.data(), have, &space);
    uint64_t borrow = 0;
    for (size_t i = 0; i < have; i++) product[i] = subtract_borrow(i == 0 ? 2 : 0, product[i], &borrow);
    multiply_low(inverse.data(), inverse.data(), product.data(), have, &space);
  }
  return inverse;
}

// The number below odd * 2^bits that is `low` mod 2^bits and `rest` mod odd.
Wide join(const Wide& rest, const Wide& odd, Wide low, size_t bits) {
  const size_t n = low.size();
  uint64_t borrow = 0;
  for (size_t i = 0; i < n; i++) low[i] = subtract_borrow(low[i], i < rest.size() ? rest[i] : 0, &borrow);
  Wide space;
  multiply_low(low.data(), low.data(), binary_inverse(odd, n).data(), n, &space);
  keep_bits(&low, bits);
  Wide out(rest);
  out.resize(odd.size() + n);
  for (size_t i = 0; i < n; i++) {
    uint64_t high = 0;
    for (size_t j = 0; j < odd.size(); j++) out[i + j] = multiply_add(low[i], odd[j], out[i + j], high, &high);
    for (size_t j = i + odd.size(); high != 0 && j < out.size(); j++) {
      uint64_t carry = 0;
      out[j] = add_carry(out[j], high, &carry);
      high = carry;
    }
  }
  return out;
}

size_t trailing_zeros(const Wide& value) {
  size_t limb = 0;
  while (value[limb] == 0) limb++;
  return 64 * limb + static_cast<size_t>(__builtin_ctzll(value[limb]));
}

Wide product(const Wide& a, const Wide& b) {
  Wide out(a.size() + b.size());
  for (size_t i = 0; i < a.size(); i++) {
    uint64_t high = 0;
    for (size_t j = 0; j < b.size(); j++) out[i + j] = multiply_add(a[i], b[j], out[i + j], high, &high);
    out[i + b.size()] = high;
  }
  return out;
}

// With an exponent of a few bits the way into Montgomery's form would cost more than it saves.
constexpr size_t SHORT_BITS = 4;

Wide short_power(const Wide& base, Bytes exponent, const Wide& modulus) {
  const Wide first = remainder(base, modulus);
  Wide value = first;
  for (size_t at = bit_length(exponent) - 1; at-- > 0;) {
    value = remainder(product(value, value), modulus);
    if (bit(exponent, at)) value = remainder(product(value, first), modulus);
  }
  return value;
}

// modulus above 1, exponent above 0.
Wide solve(const Wide& base, Bytes exponent, const Wide& modulus) {
  if (bit_length(exponent) <= SHORT_BITS) return short_power(base, exponent, modulus);
  const size_t twos = trailing_zeros(modulus);
  Wide odd(modulus.begin() + static_cast<std::ptrdiff_t>(twos / 64), modulus.end());
  shift_right(odd.data(), odd.size(), twos % 64);
  if (odd.back() == 0) odd.pop_back();
  if (twos == 0) return odd_power(base, exponent, odd);
  Wide low = binary_power(base, exponent, twos);
  if (odd.size() == 1 && odd[0] == 1) return low;
  return join(odd_power(base, exponent, odd), odd, std::move(low), twos);
}

}  // namespace

void modexp(const uint8_t* base, size_t base_length, const uint8_t* exponent, size_t exponent_length,
            const uint8_t* modulus, size_t modulus_length, uint8_t* output) {
  const Bytes power_bytes = strip(exponent, exponent_length);
  const Wide divisor = to_wide(strip(modulus, modulus_length));
  Wide result;
  if (divisor.empty() || (divisor.size() == 1 && divisor[0] == 1)) {
    result = {};
  } else if (power_bytes.size == 0) {
    result = {1};
  } else {
    Wide value = to_wide(strip(base, base_length));
    if (!value.empty()) result = solve(value, power_bytes, divisor);
  }
  for (size_t i = 0; i < modulus_length; i++) {
    const size_t limb = i / 8;
    output[modulus_length - 1 - i] =
        limb < result.size() ? static_cast<uint8_t>(result[limb] >> (8 * (i % 8))) : static_cast<uint8_t>(0);
  }
}

}  // namespace ol_crypto

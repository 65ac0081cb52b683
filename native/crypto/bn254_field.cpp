#include "bn254_field.h"

namespace ol_crypto::bn254 {

const Constants CONSTANTS;

namespace {

// Inversion by the division steps of Bernstein and Yang (2019), 62 at a time on the low limbs; the long numbers are
// touched once for each 62 steps. Numbers are five signed digits in radix 2^62, the lower four not negative.
constexpr int STEPS = 62;
constexpr uint64_t MASK = (1ULL << STEPS) - 1;
constexpr int64_t P62[5] = {0x3c208c16d87cfd47, 0x1e05aa45a1c72a34, 0x05045b68181585d9, 0x19139cb84c680a6e, 0x30};
constexpr uint64_t P_INVERSE62 = 0x382df87d1b799c77;  // p^-1 mod 2^62

__extension__ typedef __int128 i128;

struct Signed62 {
  int64_t d[5];
};

// 62 steps together: (f, g) becomes (u f + v g, q f + r g) / 2^62.
struct Matrix {
  int64_t u, v, q, r;
};

int trailing_zeros(uint64_t x) { return __builtin_ctzll(x); }

// A step is (delta, f, g) -> (1 - delta, g, (g - f) / 2) for odd g and delta above 0,
// else (1 + delta, f, (g + (g mod 2) f) / 2). Steps that only halve g are taken together.
Matrix steps(int64_t* delta, uint64_t f, uint64_t g) {
  uint64_t u = 1, v = 0, q = 0, r = 1;
  for (int left = STEPS;;) {
    const int zeros = trailing_zeros(g | ~0ULL << left);
    g >>= zeros;
    u <<= zeros;
    v <<= zeros;
    *delta += zeros;
    left -= zeros;
    if (left == 0) break;
    if (*delta > 0) {
      *delta = -*delta;
      const uint64_t old_f = f, old_u = u, old_v = v;
      f = g, u = q, v = r;
      g = 0 - old_f, q = 0 - old_u, r = 0 - old_v;
    }
    // Until delta is above 0 again f stays, so a multiple of f may clear as many low bits of g as steps are sure to
    // follow; f (2 - f^2) is f^-1 mod 64.
    const int64_t sure = 1 - *delta < left ? 1 - *delta : left;
    const uint64_t mask = sure >= 6 ? 63 : (1ULL << sure) - 1;
    const uint64_t multiple = (0 - g) * (f * (2 - f * f)) & mask;
    g += f * multiple;
    q += u * multiple;
    r += v * multiple;
  }
  return {static_cast<int64_t>(u), static_cast<int64_t>(v), static_cast<int64_t>(q), static_cast<int64_t>(r)};
}

// One row of the matrix times (a, b), an exact multiple of 2^62 once `multiple` times p is added.
Signed62 apply(int64_t x, int64_t y, const Signed62& a, const Signed62& b, int64_t multiple) {
  Signed62 out{};
  i128 sum = 0;
  for (int i = 0; i < 5; i++) {
    sum += static_cast<i128>(x) * a.d[i] + static_cast<i128>(y) * b.d[i] + static_cast<i128>(multiple) * P62[i];
    if (i > 0) out.d[i - 1] = static_cast<int64_t>(static_cast<uint64_t>(sum) & MASK);
    sum >>= STEPS;
  }
  out.d[4] = static_cast<int64_t>(sum);
  return out;
}

// What makes x a + y b + multiple * p divisible by 2^62, within 2^61 of zero: so |result| grows by p / 2 a round.
int64_t multiple_of_p(int64_t x, int64_t y, const Signed62& a, const Signed62& b) {
  const uint64_t low = static_cast<uint64_t>(x) * static_cast<uint64_t>(a.d[0]) +
                       static_cast<uint64_t>(y) * static_cast<uint64_t>(b.d[0]);
  const int64_t wanted = static_cast<int64_t>((0 - low) * P_INVERSE62 & MASK);
  return wanted >= (int64_t{1} << (STEPS - 1)) ? wanted - (int64_t{1} << STEPS) : wanted;
}

Signed62 negated(const Signed62& a) {
  Signed62 out{};
  int64_t carry = 0;
  for (int i = 0; i < 4; i++) {
    const int64_t digit = carry - a.d[i];
    out.d[i] = static_cast<int64_t>(static_cast<uint64_t>(digit) & MASK);
    carry = digit >> STEPS;
  }
  out.d[4] = carry - a.d[4];
  return out;
}

void add_p(Signed62* a, int64_t sign) {
  int64_t carry = 0;
  for (int i = 0; i < 4; i++) {
    const int64_t sum = a->d[i] + sign * P62[i] + carry;
    a->d[i] = static_cast<int64_t>(static_cast<uint64_t>(sum) & MASK);
    carry = sum >> STEPS;
  }
  a->d[4] += sign * P62[4] + carry;
}

bool below_p(const Signed62& a) {
  for (int i = 4; i >= 0; i--) {
    if (a.d[i] != P62[i]) return a.d[i] < P62[i];
  }
  return false;
}

Signed62 split(const Fp& a) {
  return {{static_cast<int64_t>(a.l[0] & MASK), static_cast<int64_t>((a.l[0] >> 62 | a.l[1] << 2) & MASK),
           static_cast<int64_t>((a.l[1] >> 60 | a.l[2] << 4) & MASK),
           static_cast<int64_t>((a.l[2] >> 58 | a.l[3] << 6) & MASK), static_cast<int64_t>(a.l[3] >> 56)}};
}

Fp unite(const Signed62& a) {
  const auto d = [&](int i) { return static_cast<uint64_t>(a.d[i]); };
  return {{d(0) | d(1) << 62, d(1) >> 2 | d(2) << 60, d(2) >> 4 | d(3) << 58, d(3) >> 6 | d(4) << 56}};
}

bool is_zero(const Signed62& a) { return (a.d[0] | a.d[1] | a.d[2] | a.d[3] | a.d[4]) == 0; }

}  // namespace

Fp inverse(const Fp& a) {
  if (is_zero(a)) return a;
  Signed62 f{{P62[0], P62[1], P62[2], P62[3], P62[4]}}, g = split(a);
  Signed62 d{}, e{{1, 0, 0, 0, 0}};  // a d = f and a e = g mod p
  int64_t delta = 1;
  while (!is_zero(g)) {
    const Matrix t = steps(&delta, static_cast<uint64_t>(f.d[0]) | static_cast<uint64_t>(f.d[1]) << STEPS,
                           static_cast<uint64_t>(g.d[0]) | static_cast<uint64_t>(g.d[1]) << STEPS);
    const Signed62 old_f = f, old_d = d;
    f = apply(t.u, t.v, old_f, g, 0);
    g = apply(t.q, t.r, old_f, g, 0);
    d = apply(t.u, t.v, old_d, e, multiple_of_p(t.u, t.v, old_d, e));
    e = apply(t.q, t.r, old_d, e, multiple_of_p(t.q, t.r, old_d, e));
  }
  // f is now 1 or -1.
  if (f.d[4] < 0) d = negated(d);
  while (d.d[4] < 0) add_p(&d, 1);
  while (!below_p(d)) add_p(&d, -1);
  // (a R)^-1 R^3 / R = a^-1 R.
  return unite(d) * CONSTANTS.radix_cubed;
}

bool read(Fp* out, const uint8_t* bytes) {
  Fp value{};
  for (int i = 0; i < 32; i++) value.l[3 - i / 8] |= static_cast<uint64_t>(bytes[i]) << (8 * (7 - i % 8));
  uint64_t borrow = 0;
  for (int i = 0; i < 4; i++) subtract_borrow(value.l[i], P[i], &borrow);
  if (borrow == 0) return false;
  *out = value * CONSTANTS.radix_squared;
  return true;
}

void write(uint8_t* out, const Fp& value) {
  const Fp plain = value * Fp{{1, 0, 0, 0}};
  for (int i = 0; i < 32; i++) out[i] = static_cast<uint8_t>(plain.l[3 - i / 8] >> (8 * (7 - i % 8)));
}

}  // namespace ol_crypto::bn254

// The pairing check of EIP-197: the optimal ate pairing of Vercauteren over the parameter u of bn254.
#include <vector>

#include "bn254_points.h"
#include "operations.h"

namespace ol_crypto {
namespace bn254 {
namespace {

constexpr uint64_t U = 4965661367192848881;

// 6u + 2 in signed bits (non-adjacent form), the lowest first.
constexpr int8_t LOOP[] = {0, 0, 0,  1, 0, 1,  0, -1, 0, 0, -1, 0, 0, 0, 1,  0, 0, -1, 0,  -1, 0, 0,
                           0, 1, 0, -1, 0, 0,  0, 0, -1, 0, 0, 1, 0, -1, 0, 0, 1, 0,  0,  0,  0, 0,
                           -1, 0, 0, -1, 0, 1, 0, -1, 0, 0, 0, -1, 0, -1, 0, 0, 0, 1,  0, -1, 0, 1};
constexpr int LOOP_LENGTH = sizeof LOOP;

// 6 u^2, by which Frobenius multiplies on G2 (it is p mod r), as big-endian bytes.
constexpr uint8_t FROBENIUS_EIGENVALUE[16] = {0x6f, 0x4d, 0x82, 0x48, 0xee, 0xb8, 0x59, 0xfb,
                                              0xf8, 0x3e, 0x96, 0x82, 0xe8, 0x7c, 0xfd, 0x46};

// xi^(i (p - 1) / 6): what Frobenius does to w^i; and the same for p^2, which lies in Fp.
struct Frobenius {
  Fp2 once[6];
  Fp twice[6];
  Fp2 twist_b;  // 3 / xi
  Frobenius() {
    const Fp2 unit{one(), {}};
    const Fp2 xi = times_xi(unit);
    const Fp2 base = power(xi);
    once[0] = unit;
    for (int i = 1; i < 6; i++) once[i] = once[i - 1] * base;
    for (int i = 0; i < 6; i++) twice[i] = (once[i] * conjugate(once[i])).c0;
    twist_b = inverse(xi) * CONSTANTS.three;
  }

 private:
  // x^((p - 1) / 6), by long division of p - 1 and squaring.
  static Fp2 power(const Fp2& x) {
    uint64_t exponent[4];
    u128 rest = 0;
    for (int i = 3; i >= 0; i--) {
      rest = rest << 64 | (P[i] - (i == 0 ? 1 : 0));
      exponent[i] = static_cast<uint64_t>(rest / 6);
      rest %= 6;
    }
    Fp2 out{one(), {}};
    for (int i = 255; i >= 0; i--) {
      out = square(out);
      if (exponent[i / 64] >> (i % 64) & 1) out = out * x;
    }
    return out;
  }
};

const Frobenius& frobenius() {
  static const Frobenius made;
  return made;
}

Fp12 power_of_p(const Fp12& a) {
  const Fp2* const by = frobenius().once;
  return {{conjugate(a.c0.c0), conjugate(a.c0.c1) * by[2], conjugate(a.c0.c2) * by[4]},
          {conjugate(a.c1.c0) * by[1], conjugate(a.c1.c1) * by[3], conjugate(a.c1.c2) * by[5]}};
}

Fp12 power_of_p2(const Fp12& a) {
  const Fp* const by = frobenius().twice;
  return {{a.c0.c0, a.c0.c1 * by[2], a.c0.c2 * by[4]}, {a.c1.c0 * by[1], a.c1.c1 * by[3], a.c1.c2 * by[5]}};
}

// The endomorphism of the twist: Frobenius between the two ways through the curve over Fp12.
G2Point endomorphism(const G2Point& q) {
  const Fp2* const by = frobenius().once;
  return {conjugate(q.x) * by[2], conjugate(q.y) * by[3], q.infinity};
}

// Homogeneous: x = X / Z, y = Y / Z.
struct Running {
  Fp2 x, y, z;
};

// A line through points of the twist, at (px, py): a py + b px w + c w^3.
struct Line {
  Fp2 a, b, c;
};

// Doubling and addition with their lines: Costello, Lange and Naehrig 2010, in the form of Aranha et al. 2011.
Line double_step(Running* t) {
  const Fp2 a = half(t->x * t->y), b = square(t->y), c = square(t->z);
  const Fp2 e = frobenius().twist_b * (twice(c) + c), f = twice(e) + e;
  const Fp2 g = half(b + f), h = square(t->y + t->z) - b - c, xx = square(t->x), ee = square(e);
  t->x = a * (b - f);
  t->y = square(g) - (twice(ee) + ee);
  t->z = b * h;
  return {-h, twice(xx) + xx, e - b};
}

Line add_step(Running* t, const Fp2& qx, const Fp2& qy) {
  const Fp2 theta = t->y - qy * t->z, lambda = t->x - qx * t->z;
  const Fp2 d = square(lambda), e = lambda * d, f = t->z * square(theta), g = t->x * d;
  const Fp2 h = e + f - twice(g);
  t->x = lambda * h;
  t->y = theta * (g - h) - e * t->y;
  t->z = t->z * e;
  return {lambda, -theta, theta * qx - lambda * qy};
}

Fp12 times_line(const Fp12& f, const Line& line, const G1Point& p) {
  const Fp2 a = line.a * p.y, b = line.b * p.x;
  const Fp6 low = f.c0 * a, high = times_sparse(f.c1, b, line.c);
  const Fp6 both = times_sparse(f.c0 + f.c1, a + b, line.c);
  return {low + times_v(high), both - low - high};
}

// Is frobenius(q) = [6 u^2] q? Then [p + 1 - t] q = 0 by Frobenius' characteristic equation, since 6 u^2 = t - 1; and
// p + 1 - t is the order of the group. So the test holds for the points of G2 alone.
bool in_group(const G2Point& q) {
  Running sum{q.x, q.y, {one(), {}}};
  for (int i = 2; i < 128; i++) {  // bit 0 from the top is not set, bit 1 starts the sum
    double_step(&sum);
    if (FROBENIUS_EIGENVALUE[i / 8] >> (7 - i % 8) & 1) {
      // The addition below has no case for equal or opposite points: they occur for points of small order only.
      const Fp2 x = q.x * sum.z;
      if (x == sum.x || is_zero(sum.z)) return false;
      add_step(&sum, q.x, q.y);
    }
  }
  const G2Point image = endomorphism(q);
  return !is_zero(sum.z) && image.x * sum.z == sum.x && image.y * sum.z == sum.y;
}

bool read(Fp2* out, const uint8_t* bytes) {
  // The imaginary part comes first.
  return bn254::read(&out->c1, bytes) && bn254::read(&out->c0, bytes + 32);
}

bool read_g2(G2Point* out, const uint8_t* bytes) {
  if (!read(&out->x, bytes) || !read(&out->y, bytes + 64)) return false;
  out->infinity = is_zero(out->x) && is_zero(out->y);
  if (out->infinity) return true;
  return square(out->y) == square(out->x) * out->x + frobenius().twist_b && in_group(*out);
}

struct Pair {
  G1Point p;
  G2Point q;
  Running t;
};

Fp12 miller_loop(std::vector<Pair>* pairs) {
  Fp12 f{};
  f.c0.c0.c0 = one();
  for (int i = LOOP_LENGTH - 2; i >= 0; i--) {
    f = square(f);
    for (Pair& pair : *pairs) {
      f = times_line(f, double_step(&pair.t), pair.p);
      if (LOOP[i] != 0) f = times_line(f, add_step(&pair.t, pair.q.x, LOOP[i] > 0 ? pair.q.y : -pair.q.y), pair.p);
    }
  }
  for (Pair& pair : *pairs) {
    const G2Point once = endomorphism(pair.q), twice = endomorphism(once);
    f = times_line(f, add_step(&pair.t, once.x, once.y), pair.p);
    f = times_line(f, add_step(&pair.t, twice.x, -twice.y), pair.p);
  }
  return f;
}

// (a + b s)^2 over s^2 = xi, as a pair.
void square_pair(const Fp2& a, const Fp2& b, Fp2* c, Fp2* d) {
  const Fp2 aa = square(a), bb = square(b);
  *c = times_xi(bb) + aa;
  *d = square(a + b) - aa - bb;
}

Fp2 three_less_two(const Fp2& t, const Fp2& z) { return twice(t - z) + t; }
Fp2 three_and_two(const Fp2& t, const Fp2& z) { return twice(t + z) + t; }

// Squaring in the cyclotomic group (Granger and Scott 2010).
Fp12 cyclotomic_square(const Fp12& a) {
  Fp2 t0, t1, t2, t3, t4, t5;
  square_pair(a.c0.c0, a.c1.c1, &t0, &t1);
  square_pair(a.c1.c0, a.c0.c2, &t2, &t3);
  square_pair(a.c0.c1, a.c1.c2, &t4, &t5);
  return {{three_less_two(t0, a.c0.c0), three_less_two(t2, a.c0.c1), three_less_two(t4, a.c0.c2)},
          {three_and_two(times_xi(t5), a.c1.c0), three_and_two(t1, a.c1.c1), three_and_two(t3, a.c1.c2)}};
}

Fp12 power_of_u(const Fp12& a) {
  Fp12 out = a;
  for (int i = 61; i >= 0; i--) {
    out = cyclotomic_square(out);
    if (U >> i & 1) out = out * a;
  }
  return out;
}

// f^((p^12 - 1) / r); the hard part by the vectorial addition chain of Scott et al. 2009.
Fp12 final_exponentiation(Fp12 f) {
  f = conjugate(f) * inverse(f);
  f = power_of_p2(f) * f;
  const Fp12 fu = power_of_u(f), fu2 = power_of_u(fu), fu3 = power_of_u(fu2);
  const Fp12 fp = power_of_p(f), fp2 = power_of_p2(f);
  const Fp12 y0 = fp * fp2 * power_of_p(fp2), y1 = conjugate(f), y2 = power_of_p2(fu2);
  const Fp12 y3 = conjugate(power_of_p(fu)), y4 = conjugate(fu * power_of_p(fu2)), y5 = conjugate(fu2);
  const Fp12 y6 = conjugate(fu3 * power_of_p(fu3));
  const Fp12 a = cyclotomic_square(y6) * y4 * y5;
  const Fp12 b = cyclotomic_square(cyclotomic_square(y3 * y5 * a) * (a * y2));
  return cyclotomic_square(b * y1) * (b * y0);
}

}  // namespace
}  // namespace bn254

bool bn254_pairing(const uint8_t* input, size_t pairs, uint8_t* output) {
  std::vector<bn254::Pair> parsed;
  parsed.reserve(pairs);
  for (size_t i = 0; i < pairs; i++) {
    bn254::Pair pair{};
    if (!bn254::read_g1(&pair.p, input + 192 * i) || !bn254::read_g2(&pair.q, input + 192 * i + 64)) return false;
    if (pair.p.infinity || pair.q.infinity) continue;
    pair.t = {pair.q.x, pair.q.y, {bn254::one(), {}}};
    parsed.push_back(pair);
  }
  *output = parsed.empty() || bn254::is_one(bn254::final_exponentiation(bn254::miller_loop(&parsed))) ? 1 : 0;
  return true;
}

}  // namespace ol_crypto

// Addition and multiplication on bn254's G1: y^2 = x^3 + 3 (EIP-196). The curve has prime order, so a point on it is in
// the group.
#include "bn254_points.h"
#include "operations.h"

namespace ol_crypto {
namespace bn254 {
namespace {

// Homogeneous in Jacobi's sense: x = X / Z^2, y = Y / Z^3; infinity has Z = 0.
struct Jacobian {
  Fp x, y, z;
};

Jacobian doubled(const Jacobian& a) {
  const Fp xx = square(a.x), yy = square(a.y);
  const Fp four_xyy = twice(twice(a.x * yy)), slope = twice(xx) + xx;
  const Fp x = square(slope) - twice(four_xyy);
  const Fp yyyy8 = twice(twice(twice(square(yy))));
  return {x, slope * (four_xyy - x) - yyyy8, twice(a.y * a.z)};
}

Jacobian add(const Jacobian& a, const Jacobian& b) {
  if (is_zero(a.z)) return b;
  if (is_zero(b.z)) return a;
  const Fp za = square(a.z), zb = square(b.z);
  const Fp x1 = a.x * zb, x2 = b.x * za;
  const Fp y1 = a.y * zb * b.z, y2 = b.y * za * a.z;
  const Fp h = x2 - x1, r = y2 - y1;
  if (is_zero(h)) return is_zero(r) ? doubled(a) : Jacobian{};
  const Fp hh = square(h), hhh = hh * h, v = x1 * hh;
  const Fp x = square(r) - hhh - twice(v);
  return {x, r * (v - x) - y1 * hhh, a.z * b.z * h};
}

G1Point to_affine(const Jacobian& a) {
  if (is_zero(a.z)) return {{}, {}, true};
  const Fp inverted = inverse(a.z), squared = square(inverted);
  return {a.x * squared, a.y * squared * inverted, false};
}

// One inversion, so cheaper than the way over Jacobi's coordinates.
G1Point add(const G1Point& a, const G1Point& b) {
  if (a.infinity) return b;
  if (b.infinity) return a;
  Fp rise = b.y - a.y, run = b.x - a.x;
  if (is_zero(run)) {
    if (!is_zero(rise) || is_zero(a.y)) return {{}, {}, true};
    const Fp xx = square(a.x);
    rise = twice(xx) + xx;
    run = twice(a.y);
  }
  const Fp slope = rise * inverse(run);
  const Fp x = square(slope) - a.x - b.x;
  return {x, slope * (a.x - x) - a.y, false};
}

constexpr int WINDOW = 4;

// By digits of four bits from the top. The scalar may be above the group's order.
Jacobian multiply(const G1Point& point, const uint8_t* scalar) {
  Jacobian multiples[1 << WINDOW] = {};
  if (point.infinity) return multiples[0];
  multiples[1] = {point.x, point.y, one()};
  for (int i = 2; i < 1 << WINDOW; i++) {
    multiples[i] = i % 2 == 0 ? doubled(multiples[i / 2]) : add(multiples[i - 1], multiples[1]);
  }
  Jacobian sum{};
  for (int i = 0; i < 64; i++) {
    if (!is_zero(sum.z)) {
      for (int j = 0; j < WINDOW; j++) sum = doubled(sum);
    }
    const unsigned digit = i % 2 == 0 ? scalar[i / 2] >> 4 : scalar[i / 2] & 15U;
    if (digit != 0) sum = add(sum, multiples[digit]);
  }
  return sum;
}

void write_point(uint8_t* out, const G1Point& point) {
  if (point.infinity) {
    std::memset(out, 0, 64);
    return;
  }
  write(out, point.x);
  write(out + 32, point.y);
}

}  // namespace

bool read_g1(G1Point* out, const uint8_t* bytes) {
  if (!read(&out->x, bytes) || !read(&out->y, bytes + 32)) return false;
  out->infinity = is_zero(out->x) && is_zero(out->y);
  return out->infinity || square(out->y) == square(out->x) * out->x + CONSTANTS.three;
}

}  // namespace bn254

bool bn254_add(const uint8_t* input, uint8_t* output) {
  bn254::G1Point a, b;
  if (!bn254::read_g1(&a, input) || !bn254::read_g1(&b, input + 64)) return false;
  bn254::write_point(output, bn254::add(a, b));
  return true;
}

bool bn254_mul(const uint8_t* input, uint8_t* output) {
  bn254::G1Point point;
  if (!bn254::read_g1(&point, input)) return false;
  bn254::write_point(output, bn254::to_affine(bn254::multiply(point, input + 64)));
  return true;
}

}  // namespace ol_crypto

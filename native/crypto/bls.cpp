// BLS12-381 (EIP-2537) by blst, from the sources that the npm package c-kzg carries.
// Adds and maps do not ask for the subgroup, multi-scalar multiplication and pairing do.
#include <blst.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "operations.h"

namespace ol_crypto {
namespace {

constexpr size_t FP = 48;
constexpr size_t SCALAR = 32;

constexpr uint8_t MODULUS[FP] = {0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6,
                                 0x43, 0x4b, 0xac, 0xd7, 0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf,
                                 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24, 0x1e, 0xab, 0xff, 0xfe,
                                 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab};

bool zero(const uint8_t* bytes, size_t length) {
  return std::all_of(bytes, bytes + length, [](uint8_t byte) { return byte == 0; });
}

bool read(blst_fp* out, const uint8_t* bytes) {
  if (std::memcmp(bytes, MODULUS, FP) >= 0) return false;
  blst_fp_from_bendian(out, bytes);
  return true;
}

bool read(blst_fp2* out, const uint8_t* bytes) { return read(&out->fp[0], bytes) && read(&out->fp[1], bytes + FP); }

void write(uint8_t* out, const blst_fp& value) { blst_bendian_from_fp(out, &value); }

void write(uint8_t* out, const blst_fp2& value) {
  write(out, value.fp[0]);
  write(out + FP, value.fp[1]);
}

// The two groups under the same names. Infinity is (0, 0) in bytes and in blst's affine form.
struct G1 {
  using Affine = blst_p1_affine;
  using Point = blst_p1;
  static constexpr size_t bytes = 2 * FP;
  static bool on_curve(const Affine& p) { return blst_p1_affine_on_curve(&p); }
  static bool in_group(const Affine& p) { return blst_p1_affine_in_g1(&p); }
  static void lift(Point* out, const Affine& p) { blst_p1_from_affine(out, &p); }
  static void drop(Affine* out, const Point& p) { blst_p1_to_affine(out, &p); }
  static void add(Point* out, const Point& a, const Affine& b) { blst_p1_add_or_double_affine(out, &a, &b); }
  static void mul(Point* out, const Point& p, const uint8_t* scalar) { blst_p1_mult(out, &p, scalar, 256); }
  static size_t scratch(size_t points) { return blst_p1s_mult_pippenger_scratch_sizeof(points); }
  static void msm(Point* out, const Affine* const* points, size_t n, const uint8_t* const* scalars, limb_t* scratch) {
    blst_p1s_mult_pippenger(out, points, n, scalars, 256, scratch);
  }
};

struct G2 {
  using Affine = blst_p2_affine;
  using Point = blst_p2;
  static constexpr size_t bytes = 4 * FP;
  static bool on_curve(const Affine& p) { return blst_p2_affine_on_curve(&p); }
  static bool in_group(const Affine& p) { return blst_p2_affine_in_g2(&p); }
  static void lift(Point* out, const Affine& p) { blst_p2_from_affine(out, &p); }
  static void drop(Affine* out, const Point& p) { blst_p2_to_affine(out, &p); }
  static void add(Point* out, const Point& a, const Affine& b) { blst_p2_add_or_double_affine(out, &a, &b); }
  static void mul(Point* out, const Point& p, const uint8_t* scalar) { blst_p2_mult(out, &p, scalar, 256); }
  static size_t scratch(size_t points) { return blst_p2s_mult_pippenger_scratch_sizeof(points); }
  static void msm(Point* out, const Affine* const* points, size_t n, const uint8_t* const* scalars, limb_t* scratch) {
    blst_p2s_mult_pippenger(out, points, n, scalars, 256, scratch);
  }
};

template <typename G>
bool read_point(typename G::Affine* out, const uint8_t* bytes, bool subgroup) {
  if (!read(&out->x, bytes) || !read(&out->y, bytes + G::bytes / 2) || !G::on_curve(*out)) return false;
  return !subgroup || G::in_group(*out);
}

template <typename G>
void write_point(uint8_t* out, const typename G::Point& point) {
  typename G::Affine affine;
  G::drop(&affine, point);
  write(out, affine.x);
  write(out + G::bytes / 2, affine.y);
}

template <typename G>
bool add(const uint8_t* input, uint8_t* output) {
  typename G::Affine a, b;
  if (!read_point<G>(&a, input, false) || !read_point<G>(&b, input + G::bytes, false)) return false;
  typename G::Point sum;
  G::lift(&sum, a);
  G::add(&sum, sum, b);
  write_point<G>(output, sum);
  return true;
}

// Every point is checked; then those that add nothing are left out.
template <typename G>
bool msm(const uint8_t* input, size_t pairs, uint8_t* output) {
  std::vector<typename G::Affine> points;
  std::vector<blst_scalar> scalars;
  points.reserve(pairs);
  scalars.reserve(pairs);
  for (size_t i = 0; i < pairs; i++) {
    const uint8_t* const at = input + i * (G::bytes + SCALAR);
    typename G::Affine point;
    if (!read_point<G>(&point, at, true)) return false;
    if (zero(at, G::bytes) || zero(at + G::bytes, SCALAR)) continue;
    blst_scalar scalar;
    blst_scalar_from_bendian(&scalar, at + G::bytes);
    points.push_back(point);
    scalars.push_back(scalar);
  }
  typename G::Point sum;
  if (points.empty()) {
    std::memset(output, 0, G::bytes);
    return true;
  }
  if (points.size() == 1) {
    G::lift(&sum, points[0]);
    G::mul(&sum, sum, scalars[0].b);
  } else {
    // A list of one pointer and null says that the rest follows in memory.
    const typename G::Affine* const point_list[] = {points.data(), nullptr};
    const uint8_t* const scalar_list[] = {scalars[0].b, nullptr};
    const std::unique_ptr<limb_t[]> scratch(new limb_t[G::scratch(points.size()) / sizeof(limb_t)]);
    G::msm(&sum, point_list, points.size(), scalar_list, scratch.get());
  }
  write_point<G>(output, sum);
  return true;
}

}  // namespace

bool bls_g1_add(const uint8_t* input, uint8_t* output) { return add<G1>(input, output); }
bool bls_g2_add(const uint8_t* input, uint8_t* output) { return add<G2>(input, output); }
bool bls_g1_msm(const uint8_t* input, size_t pairs, uint8_t* output) { return msm<G1>(input, pairs, output); }
bool bls_g2_msm(const uint8_t* input, size_t pairs, uint8_t* output) { return msm<G2>(input, pairs, output); }

bool bls_pairing(const uint8_t* input, size_t pairs, uint8_t* output) {
  std::vector<blst_p1_affine> lefts;
  std::vector<blst_p2_affine> rights;
  lefts.reserve(pairs);
  rights.reserve(pairs);
  for (size_t i = 0; i < pairs; i++) {
    const uint8_t* const at = input + i * (G1::bytes + G2::bytes);
    blst_p1_affine left;
    blst_p2_affine right;
    if (!read_point<G1>(&left, at, true) || !read_point<G2>(&right, at + G1::bytes, true)) return false;
    if (zero(at, G1::bytes) || zero(at + G1::bytes, G2::bytes)) continue;
    lefts.push_back(left);
    rights.push_back(right);
  }
  *output = 1;
  if (lefts.empty()) return true;
  const blst_p1_affine* const left_list[] = {lefts.data(), nullptr};
  const blst_p2_affine* const right_list[] = {rights.data(), nullptr};
  blst_fp12 product;
  blst_miller_loop_n(&product, right_list, left_list, lefts.size());
  blst_final_exp(&product, &product);
  *output = blst_fp12_is_one(&product) ? 1 : 0;
  return true;
}

bool bls_map_g1(const uint8_t* input, uint8_t* output) {
  blst_fp element;
  if (!read(&element, input)) return false;
  blst_p1 point;
  blst_map_to_g1(&point, &element, nullptr);
  write_point<G1>(output, point);
  return true;
}

bool bls_map_g2(const uint8_t* input, uint8_t* output) {
  blst_fp2 element;
  if (!read(&element, input)) return false;
  blst_p2 point;
  blst_map_to_g2(&point, &element, nullptr);
  write_point<G2>(output, point);
  return true;
}

}  // namespace ol_crypto

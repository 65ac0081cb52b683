// The KZG commitment to a blob (EIP-4844): the sum of its 4096 numbers times the ceremony's Lagrange points.
#include <blst.h>

#include <vector>

#include "operations.h"

namespace ol_crypto {
namespace {

constexpr size_t ELEMENTS = 4096;
constexpr size_t POINT = 48;
constexpr size_t SCALAR = 32;

constexpr uint8_t POINTS[ELEMENTS * POINT] = {
#include "kzg_points.inc"
};

// A blob's numbers lie in bit-reversed order.
size_t reversed(size_t index) {
  size_t result = 0;
  for (size_t bit = 0; bit < 12; bit++) result |= (index >> bit & 1) << (11 - bit);
  return result;
}

struct Setup {
  std::vector<blst_p1_affine> points{ELEMENTS};
  Setup() {
    for (size_t i = 0; i < ELEMENTS; i++) blst_p1_uncompress(&points[i], POINTS + POINT * reversed(i));
  }
};

}  // namespace

bool blob_commitment(const uint8_t* blob, uint8_t* commitment) {
  static const Setup setup;
  std::vector<blst_scalar> numbers(ELEMENTS);
  for (size_t i = 0; i < ELEMENTS; i++) {
    blst_scalar_from_bendian(&numbers[i], blob + SCALAR * i);
    if (!blst_scalar_fr_check(&numbers[i])) return false;
  }
  std::vector<limb_t> scratch(blst_p1s_mult_pippenger_scratch_sizeof(ELEMENTS) / sizeof(limb_t) + 1);
  const blst_p1_affine* const points[] = {setup.points.data(), nullptr};
  const byte* const scalars[] = {numbers[0].b, nullptr};
  blst_p1 sum;
  blst_p1s_mult_pippenger(&sum, points, ELEMENTS, scalars, 255, scratch.data());
  blst_p1_compress(commitment, &sum);
  return true;
}

}  // namespace ol_crypto

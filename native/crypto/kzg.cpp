// The KZG point evaluation of EIP-4844: does the polynomial behind a commitment take the value y at z?
#include <blst.h>

#include <cstring>

#include "operations.h"

namespace ol_crypto {
namespace {

// [tau]_2 of the KZG ceremony: g2_monomial[1] of trusted_setup.txt in the npm package c-kzg 4.1.0, compressed.
constexpr uint8_t TAU_G2[96] = {
    0xb5, 0xbf, 0xd7, 0xdd, 0x8c, 0xde, 0xb1, 0x28, 0x84, 0x3b, 0xc2, 0x87, 0x23, 0x0a, 0xf3, 0x89, 0x26, 0x18, 0x70, 0x75,
    0xcb, 0xfb, 0xef, 0xa8, 0x10, 0x09, 0xa2, 0xce, 0x61, 0x5a, 0xc5, 0x3d, 0x29, 0x14, 0xe5, 0x87, 0x0c, 0xb4, 0x52, 0xd2,
    0xaf, 0xaa, 0xab, 0x24, 0xf3, 0x49, 0x9f, 0x72, 0x18, 0x5c, 0xbf, 0xee, 0x53, 0x49, 0x27, 0x14, 0x73, 0x44, 0x29, 0xb7,
    0xb3, 0x86, 0x08, 0xe2, 0x39, 0x26, 0xc9, 0x11, 0xcc, 0xec, 0xea, 0xc9, 0xa3, 0x68, 0x51, 0x47, 0x7b, 0xa4, 0xc6, 0x0b,
    0x08, 0x70, 0x41, 0xde, 0x62, 0x10, 0x00, 0xed, 0xc9, 0x8e, 0xda, 0xda, 0x20, 0xc1, 0xde, 0xf2};

// The lines of the Miller loop at the two fixed points of G2; both hold for every proof.
struct Lines {
  blst_fp6 tau[68];
  blst_fp6 generator[68];
  Lines() {
    blst_p2_affine point;
    blst_p2_uncompress(&point, TAU_G2);
    blst_precompute_lines(tau, &point);
    blst_precompute_lines(generator, &BLS12_381_G2);
  }
};

bool read_point(blst_p1_affine* out, const uint8_t* bytes) {
  return blst_p1_uncompress(out, bytes) == BLST_SUCCESS && blst_p1_affine_in_g1(out);
}

bool read_scalar(blst_scalar* out, const uint8_t* bytes) {
  blst_scalar_from_bendian(out, bytes);
  return blst_scalar_fr_check(out);
}

bool infinity(const blst_p1_affine& point) { return blst_p1_affine_is_inf(&point); }

void multiply_into(blst_fp12* product, const blst_fp6* lines, const blst_p1_affine& point) {
  if (infinity(point)) return;
  blst_fp12 factor;
  blst_miller_loop_lines(&factor, lines, &point);
  blst_fp12_mul(product, product, &factor);
}

}  // namespace

// e(C - [y]G1 + [z]proof, G2) = e(proof, [tau]G2): the check of verify_kzg_proof_impl with z moved to the side of G1,
// so that no point of G2 depends on the input.
uint8_t kzg_verify(const uint8_t* z_bytes, const uint8_t* y_bytes, const uint8_t* commitment_bytes,
                   const uint8_t* proof_bytes) {
  static const Lines lines;
  blst_p1_affine commitment, proof;
  blst_scalar z, y;
  if (!read_point(&commitment, commitment_bytes) || !read_point(&proof, proof_bytes)) return 0;
  if (!read_scalar(&z, z_bytes) || !read_scalar(&y, y_bytes)) return 0;
  blst_p1 left, term;
  blst_p1_mult(&left, blst_p1_generator(), y.b, 255);
  blst_p1_cneg(&left, true);
  blst_p1_add_or_double_affine(&left, &left, &commitment);
  blst_p1_from_affine(&term, &proof);
  blst_p1_mult(&term, &term, z.b, 255);
  blst_p1_add_or_double(&left, &left, &term);
  blst_p1_affine left_affine, right;
  blst_p1_to_affine(&left_affine, &left);
  blst_p1_from_affine(&term, &proof);
  blst_p1_cneg(&term, true);
  blst_p1_to_affine(&right, &term);
  blst_fp12 product = *blst_fp12_one();
  multiply_into(&product, lines.generator, left_affine);
  multiply_into(&product, lines.tau, right);
  blst_final_exp(&product, &product);
  return blst_fp12_is_one(&product) ? 1 : 0;
}

}  // namespace ol_crypto

// From an operation's number to its function, with every check of lengths in one place.
#include <cstring>

#include "openledger_crypto.h"
#include "operations.h"

namespace ol_crypto {
namespace {

constexpr size_t MODEXP_HEADER = 12;

size_t u32(const uint8_t* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<size_t>(bytes[3]) << 24;
}

int64_t run_modexp(const uint8_t* input, size_t length, uint8_t* output, size_t capacity) {
  if (length < MODEXP_HEADER) return OL_CRYPTO_INVALID;
  const uint64_t base = u32(input), exponent = u32(input + 4), modulus = u32(input + 8);
  if (base + exponent + modulus != length - MODEXP_HEADER) return OL_CRYPTO_INVALID;
  if (capacity < modulus) return OL_CRYPTO_NO_SPACE;
  const uint8_t* at = input + MODEXP_HEADER;
  modexp(at, base, at + base, exponent, at + base + exponent, modulus, output);
  return static_cast<int64_t>(modulus);
}

int64_t run_ecrecover(const uint8_t* input, uint8_t* output) {
  std::memset(output, 0, 12);
  return ecrecover(input, input[64], input + 65, output + 12) ? 32 : OL_CRYPTO_INVALID;
}

// `unit`: the exact length of the input, or of one item of a list.
struct Shape {
  size_t unit;
  bool list;
  size_t output;
};

bool shape(uint32_t operation, Shape* out) {
  switch (operation) {
    case OL_CRYPTO_ECRECOVER: *out = {97, false, 32}; return true;
    case OL_CRYPTO_BN254_ADD: *out = {128, false, 64}; return true;
    case OL_CRYPTO_BN254_MUL: *out = {96, false, 64}; return true;
    case OL_CRYPTO_BN254_PAIRING: *out = {192, true, 1}; return true;
    case OL_CRYPTO_KZG: *out = {160, false, 1}; return true;
    case OL_CRYPTO_BLS_G1_ADD: *out = {192, false, 96}; return true;
    case OL_CRYPTO_BLS_G1_MSM: *out = {128, true, 96}; return true;
    case OL_CRYPTO_BLS_G2_ADD: *out = {384, false, 192}; return true;
    case OL_CRYPTO_BLS_G2_MSM: *out = {224, true, 192}; return true;
    case OL_CRYPTO_BLS_PAIRING: *out = {288, true, 1}; return true;
    case OL_CRYPTO_BLS_MAP_G1: *out = {48, false, 96}; return true;
    case OL_CRYPTO_BLS_MAP_G2: *out = {96, false, 192}; return true;
    case OL_CRYPTO_P256: *out = {160, false, 1}; return true;
    case OL_CRYPTO_BLOB: *out = {131072, false, 48}; return true;
    case OL_CRYPTO_CELL_PROOFS: *out = {131072, false, 6144}; return true;
    default: return false;
  }
}

bool run(uint32_t operation, const uint8_t* in, size_t items, uint8_t* out) {
  switch (operation) {
    case OL_CRYPTO_BN254_ADD: return bn254_add(in, out);
    case OL_CRYPTO_BN254_MUL: return bn254_mul(in, out);
    case OL_CRYPTO_BN254_PAIRING: return bn254_pairing(in, items, out);
    case OL_CRYPTO_BLS_G1_ADD: return bls_g1_add(in, out);
    case OL_CRYPTO_BLS_G1_MSM: return bls_g1_msm(in, items, out);
    case OL_CRYPTO_BLS_G2_ADD: return bls_g2_add(in, out);
    case OL_CRYPTO_BLS_G2_MSM: return bls_g2_msm(in, items, out);
    case OL_CRYPTO_BLS_PAIRING: return bls_pairing(in, items, out);
    case OL_CRYPTO_BLS_MAP_G1: return bls_map_g1(in, out);
    case OL_CRYPTO_BLS_MAP_G2: return bls_map_g2(in, out);
    case OL_CRYPTO_KZG: *out = kzg_verify(in, in + 32, in + 64, in + 112); return true;
    case OL_CRYPTO_P256: *out = p256_verify(in); return true;
    case OL_CRYPTO_BLOB: return blob_commitment(in, out);
    case OL_CRYPTO_CELL_PROOFS: return cell_proofs(in, out);
    default: return false;
  }
}

}  // namespace
}  // namespace ol_crypto

extern "C" {

int64_t ol_crypto_run(uint32_t operation, const uint8_t* input, size_t length, uint8_t* output, size_t capacity) {
  using namespace ol_crypto;
  if (operation == OL_CRYPTO_MODEXP) return run_modexp(input, length, output, capacity);
  Shape expected{};
  if (!shape(operation, &expected) || ol_crypto_missing(operation) != nullptr) return OL_CRYPTO_NOT_AVAILABLE;
  if (expected.list ? length % expected.unit != 0 : length != expected.unit) return OL_CRYPTO_INVALID;
  if (capacity < expected.output) return OL_CRYPTO_NO_SPACE;
  if (operation == OL_CRYPTO_ECRECOVER) return run_ecrecover(input, output);
  if (!run(operation, input, length / expected.unit, output)) return OL_CRYPTO_INVALID;
  return static_cast<int64_t>(expected.output);
}

const char* ol_crypto_missing(uint32_t operation) {
  ol_crypto::Shape unused{};
  if (operation == OL_CRYPTO_MODEXP) return nullptr;
  if (!ol_crypto::shape(operation, &unused)) return "no such operation";
  return operation == OL_CRYPTO_P256 ? ol_crypto::p256_missing() : nullptr;
}
}

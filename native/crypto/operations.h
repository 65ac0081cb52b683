// What each file of this folder answers. Inputs have the length that the table in openledger_crypto.h gives; lengths of
// lists are checked by dispatch.cpp. 1: done, 0: the input is invalid.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ol_crypto {

bool ecrecover(const uint8_t* signature, unsigned recovery_id, const uint8_t* digest, uint8_t address[20]);

// Output of `modulus_length` bytes; never fails (EIP-198: x mod 0 = 0).
void modexp(const uint8_t* base, size_t base_length, const uint8_t* exponent, size_t exponent_length,
            const uint8_t* modulus, size_t modulus_length, uint8_t* output);

bool bn254_add(const uint8_t* input, uint8_t* output);
bool bn254_mul(const uint8_t* input, uint8_t* output);
bool bn254_pairing(const uint8_t* input, size_t pairs, uint8_t* output);

bool bls_g1_add(const uint8_t* input, uint8_t* output);
bool bls_g2_add(const uint8_t* input, uint8_t* output);
bool bls_g1_msm(const uint8_t* input, size_t pairs, uint8_t* output);
bool bls_g2_msm(const uint8_t* input, size_t pairs, uint8_t* output);
bool bls_pairing(const uint8_t* input, size_t pairs, uint8_t* output);
bool bls_map_g1(const uint8_t* input, uint8_t* output);
bool bls_map_g2(const uint8_t* input, uint8_t* output);

// 1 when the proof holds; anything that is not a proof is 0.
uint8_t kzg_verify(const uint8_t* z, const uint8_t* y, const uint8_t* commitment, const uint8_t* proof);

// False when one of the 4096 numbers is not below the field's order.
bool blob_commitment(const uint8_t* blob, uint8_t* commitment);

// 128 proofs of 48 bytes; false as blob_commitment. The first call takes seconds: it prepares the ceremony's points.
bool cell_proofs(const uint8_t* blob, uint8_t* proofs);

// Null where Node's own OpenSSL has what P256 needs.
const char* p256_missing();
uint8_t p256_verify(const uint8_t* input);

}  // namespace ol_crypto

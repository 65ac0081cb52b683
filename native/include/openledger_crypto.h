/* The EVM's cryptographic operations as plain functions of bytes. No state that a caller sees; safe from any thread.
 * Integers of the curves are big-endian, as the precompiles' inputs are. */
#ifndef OPENLEDGER_CRYPTO_H
#define OPENLEDGER_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Operations, numbered as the precompiles' addresses. Gas and padding are the caller's; every check of the values
 * themselves is made here. */
enum {
  OL_CRYPTO_ECRECOVER = 1,     /* r 32, s 32, recovery id u8 (0..3), digest 32 -> address, left-padded to 32 */
  OL_CRYPTO_MODEXP = 5,        /* u32 little-endian lengths of base, exponent, modulus, then the three -> modulus length */
  OL_CRYPTO_BN254_ADD = 6,     /* two points of 64 -> 64 (EIP-196) */
  OL_CRYPTO_BN254_MUL = 7,     /* point 64, scalar 32 -> 64 (EIP-196) */
  OL_CRYPTO_BN254_PAIRING = 8, /* n x (G1 64, G2 128) -> u8 (EIP-197) */
  OL_CRYPTO_KZG = 10,          /* z 32, y 32, commitment 48, proof 48 -> u8: 1 proven, 0 not (EIP-4844) */
  OL_CRYPTO_BLS_G1_ADD = 11,   /* two points of 96, without the padding of EIP-2537 -> 96 */
  OL_CRYPTO_BLS_G1_MSM = 12,   /* n x (point 96, scalar 32) -> 96 */
  OL_CRYPTO_BLS_G2_ADD = 13,   /* two points of 192: x.c0, x.c1, y.c0, y.c1 -> 192 */
  OL_CRYPTO_BLS_G2_MSM = 14,   /* n x (point 192, scalar 32) -> 192 */
  OL_CRYPTO_BLS_PAIRING = 15,  /* n x (G1 96, G2 192) -> u8 */
  OL_CRYPTO_BLS_MAP_G1 = 16,   /* field element 48 -> 96 */
  OL_CRYPTO_BLS_MAP_G2 = 17,   /* c0 48, c1 48 -> 192 */
  OL_CRYPTO_P256 = 0x100,      /* digest 32, r 32, s 32, x 32, y 32 -> u8 (EIP-7951) */
  OL_CRYPTO_BLOB = 0x1000,     /* no precompile: a blob of 131072 -> its KZG commitment 48 (EIP-4844) */
  OL_CRYPTO_CELL_PROOFS = 0x1001 /* no precompile: a blob of 131072 -> the proofs of its 128 cells, 48 each (EIP-7594) */
};

/* Answers below zero. */
enum {
  OL_CRYPTO_NOT_AVAILABLE = -2, /* no such operation in this process: use other code */
  OL_CRYPTO_INVALID = -3,       /* the precompile's error, a wrong input length included */
  OL_CRYPTO_NO_SPACE = -4       /* the output buffer is too short; a mistake of the caller */
};

/* Runs `operation`: bytes written to output (0 or more), or an answer below zero. May throw std::bad_alloc. */
int64_t ol_crypto_run(uint32_t operation, const uint8_t* input, size_t length, uint8_t* output, size_t capacity);

/* Null where the operation runs here, else why not (static text). */
const char* ol_crypto_missing(uint32_t operation);

void ol_keccak256(const uint8_t* input, size_t length, uint8_t output[32]);

/* Senders: of each job (digest 32, r 32, s 32, y parity u8 of 0 or 1) the address and a u8 of 1, or 21 zeros where no key
 * made the signature. Takes any s below n. Jobs given together share work. */
#define OL_SENDER_JOB 97
#define OL_SENDER 21
void ol_recover_senders(const uint8_t* jobs, size_t count, uint8_t* senders);

#ifdef __cplusplus
}
#endif

#endif

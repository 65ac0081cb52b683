/* Recovery of several public keys at once, with what only the inside of libsecp256k1 gives. */
#ifndef OPENLEDGER_RECOVER_MANY_H
#define OPENLEDGER_RECOVER_MANY_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct secp256k1_context_struct;

/* The most jobs of one call. */
#define OL_RECOVER_MOST 32

typedef struct {
  const uint8_t* signature; /* r 32, s 32 */
  const uint8_t* digest;    /* 32 */
  unsigned recovery_id;     /* 0..3 */
  int found;                /* out: 1 when a key made the signature */
  uint8_t key[64];          /* out: x 32, y 32 */
} ol_recovery;

/* Sets `found` and `key` of each of `count` jobs, at most OL_RECOVER_MOST; more are left unfound. */
void ol_recover_many(const struct secp256k1_context_struct* context, ol_recovery* jobs, size_t count);

#ifdef __cplusplus
}
#endif
#endif

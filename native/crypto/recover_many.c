/* libsecp256k1 as one unit, and beside it a recovery of many keys (SEC 1, 4.1.6) that inverts once modulo n and once modulo p
 * for all of them: the two inversions are a quarter of a single recovery's time (Montgomery's trick; Montgomery 1987). */
#include <secp256k1.c>

#include "recover_many.h"

typedef struct {
  secp256k1_scalar r, s, m, inverse;
  secp256k1_ge nonce_point;
} parsed_recovery;

/* Everything before the first inversion. 0: no key made this signature. */
static int parse_recovery(const ol_recovery* job, parsed_recovery* out) {
  int overflow = 0;
  secp256k1_fe x;
  if (job->recovery_id > 3) return 0;
  secp256k1_scalar_set_b32(&out->r, job->signature, &overflow);
  if (overflow || secp256k1_scalar_is_zero(&out->r)) return 0;
  secp256k1_scalar_set_b32(&out->s, job->signature + 32, &overflow);
  if (overflow || secp256k1_scalar_is_zero(&out->s)) return 0;
  secp256k1_scalar_set_b32(&out->m, job->digest, NULL);
  if (!secp256k1_fe_set_b32(&x, job->signature)) return 0;
  if (job->recovery_id & 2) {
    if (secp256k1_fe_cmp_var(&x, &secp256k1_ecdsa_const_p_minus_order) >= 0) return 0;
    secp256k1_fe_add(&x, &secp256k1_ecdsa_const_order_as_fe);
  }
  return secp256k1_ge_set_xo_var(&out->nonce_point, &x, job->recovery_id & 1);
}

/* Sets each one's inverse of r. `count` is above 0. */
static void invert_all(parsed_recovery* parsed, size_t count) {
  secp256k1_scalar all, product = parsed[0].r;
  size_t i;
  for (i = 1; i < count; i++) {
    parsed[i].inverse = product;
    secp256k1_scalar_mul(&product, &product, &parsed[i].r);
  }
  secp256k1_scalar_inverse_var(&all, &product);
  for (i = count - 1; i > 0; i--) {
    secp256k1_scalar_mul(&parsed[i].inverse, &parsed[i].inverse, &all);
    secp256k1_scalar_mul(&all, &all, &parsed[i].r);
  }
  parsed[0].inverse = all;
}

/* The key: (s R - m G) / r. */
static void multiply(const secp256k1_context* context, const parsed_recovery* parsed, secp256k1_gej* key) {
  secp256k1_scalar of_generator, of_point;
  secp256k1_gej point;
  secp256k1_scalar_mul(&of_generator, &parsed->inverse, &parsed->m);
  secp256k1_scalar_negate(&of_generator, &of_generator);
  secp256k1_scalar_mul(&of_point, &parsed->inverse, &parsed->s);
  secp256k1_gej_set_ge(&point, &parsed->nonce_point);
  secp256k1_ecmult(&context->ecmult_ctx, key, &point, &of_point, &of_generator);
}

void ol_recover_many(const secp256k1_context* context, ol_recovery* jobs, size_t count) {
  parsed_recovery parsed[OL_RECOVER_MOST];
  secp256k1_gej projective[OL_RECOVER_MOST];
  secp256k1_ge affine[OL_RECOVER_MOST];
  ol_recovery* of[OL_RECOVER_MOST];
  size_t i, good = 0;
  for (i = 0; i < count; i++) {
    jobs[i].found = 0;
    if (i < OL_RECOVER_MOST && parse_recovery(&jobs[i], &parsed[good])) of[good++] = &jobs[i];
  }
  if (good == 0) return;
  invert_all(parsed, good);
  for (i = 0; i < good; i++) multiply(context, &parsed[i], &projective[i]);
  secp256k1_ge_set_all_gej_var(affine, projective, good);
  for (i = 0; i < good; i++) {
    /* Asked of the projective point: where all of them are infinite, the affine ones are never set. */
    if (secp256k1_gej_is_infinity(&projective[i])) continue;
    secp256k1_fe_normalize_var(&affine[i].x);
    secp256k1_fe_normalize_var(&affine[i].y);
    secp256k1_fe_get_b32(of[i]->key, &affine[i].x);
    secp256k1_fe_get_b32(of[i]->key + 32, &affine[i].y);
    of[i]->found = 1;
  }
}

/*
 * Influence: the sketch basis of an adapter's training set, sketches, and the scan of an index. Conventions as in
 * openledger.h.
 */
#ifndef OPENLEDGER_INFLUENCE_H
#define OPENLEDGER_INFLUENCE_H
#include "openledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * EK-FAC factors with the true labels, half-whitening (damping = that multiple of each module's mean eigenvalue),
 * uncentred PCA. Outputs: exponents i8 [dimension, tensors], mantissas i16 [dimension, parameters],
 * spectrum f64 [min(examples, dimension)]; where `sketches` is not 0 also coordinates f32 [examples, dimension], those that
 * ol_start_sketch gives.
 */
int ol_start_fit_basis(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*, double damping,
                       int32_t dimension, int32_t sketches, ol_job** out);

/* Output: coordinates f32 [examples, dimension]. */
int ol_start_sketch(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*, const int8_t* exponents,
                    size_t exponent_count, const int16_t* mantissas, size_t mantissa_count, int32_t dimension,
                    ol_job** out);

typedef struct {
  double damping;    /* as a multiple of the mean eigenvalue of each tensor */
  int32_t axes;      /* eigenvectors of a tensor's longer side that are whitened one by one, at most; what is left is whitened as one */
  int32_t dimension; /* k: directions, at most */
  int32_t unit;      /* not 0: every sketch has the same length */
} ol_factored_terms;

/*
 * A basis whose size does not depend on the number of examples: of each tensor the directions that whitened gradients of some examples span.
 * Outputs: counts i32 [tensors], directions of each; exponents i8, one a direction; mantissas i16, of each direction as many as its tensor
 * has values. Where `sketches` is not 0 also coordinates f32 [examples, dimension], those that ol_start_sketch_factored gives. The examples
 * are passed over four or five times; of the first pass at most `most_kept` bytes of gradients are kept for the others.
 */
int ol_start_fit_factored(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*, const ol_factored_terms*,
                          int32_t sketches, size_t most_kept, ol_job** out);

/* Such a basis, ready for sketches by adapters of the given one's shape. It keeps nothing of the arrays. */
typedef struct ol_factored ol_factored;
int ol_factored_create(const ol_adapter*, const int32_t* counts, size_t tensor_count, const int8_t* exponents,
                       size_t exponent_count, const int16_t* mantissas, size_t mantissa_count, ol_factored** out);
void ol_factored_destroy(ol_factored*);

/* Output: coordinates f32 [examples, dimension], zeros beyond the basis's directions. */
int ol_start_sketch_factored(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*, const ol_factored*,
                             int32_t dimension, int32_t unit, ol_job** out);

/* dot[i] = sum over j of query[j] * rows[i, j], exact. */
void ol_scan(const int16_t* query, const int8_t* rows, size_t count, size_t dimension, int64_t* dot);

#ifdef __cplusplus
}
#endif
#endif

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
  int32_t axes;      /* as the basis was fitted */
  int32_t dimension; /* k: coordinate i goes to i mod k */
  uint32_t seed;     /* of the signs */
  int32_t unit;      /* not 0: every row has the same length before it is folded */
} ol_fold;

/*
 * A basis whose size does not depend on the number of examples: of each tensor the `axes` leading eigenvectors of its longer side, all of
 * its rank side, and the whitening in that small space by its own Fisher. Outputs: exponents i8 and mantissas i16, tensor after tensor:
 * axes [a, longer], turn [rank, rank], whitening [rank, a] with a = min(axes, longer), one exponent a row. Where `sketches` is not null
 * also coordinates f32 [examples, dimension], those that ol_start_sketch_factored gives (its axes are not read). The examples are passed
 * over two or three times; of the first pass at most `most_kept` bytes of gradients are kept for the others.
 */
int ol_start_fit_factored(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*, double damping,
                          int32_t axes, const ol_fold* sketches, size_t most_kept, ol_job** out);

/* Output: coordinates f32 [examples, dimension]. */
int ol_start_sketch_factored(ol_session*, const ol_model*, const ol_adapter*, const ol_examples*,
                             const int8_t* exponents, size_t exponent_count, const int16_t* mantissas,
                             size_t mantissa_count, const ol_fold* fold, ol_job** out);

/* dot[i] = sum over j of query[j] * rows[i, j], exact. */
void ol_scan(const int16_t* query, const int8_t* rows, size_t count, size_t dimension, int64_t* dot);

#ifdef __cplusplus
}
#endif
#endif

#pragma once
#include <memory>

#include "core/job.h"
#include "influence/basis.h"
#include "influence/factored.h"

namespace ol {

// Outputs: exponents i8 [dimension, blocks], mantissas i16 [dimension, parameters], spectrum f64; with `sketches` also the examples' own
// coordinates, as run_sketch makes them.
void run_fit_basis(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                   const example_set& examples, double damping, int dimension, bool sketches);
// Outputs: coordinates f32 [examples, dimension].
void run_sketch(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                const sketch_basis& basis);

// Outputs: exponents i8, mantissas i16, as factored_layout tells; with `sketches` also the examples' own coordinates, as
// run_sketch_factored makes them. At most `most_kept` bytes of gradients are kept from one pass over the examples for the next.
void run_fit_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                      const example_set& examples, double damping, int axes, const fold_terms* sketches, size_t most_kept);
// Outputs: coordinates f32 [examples, dimension].
void run_sketch_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                         const example_set& examples, const factored_basis& basis, const fold_terms& terms);

}  // namespace ol

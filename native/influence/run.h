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

struct factored_terms {
  double damping = 0;
  int axes = 0;  // of a factor's longer side that are whitened one by one, at most
  sketch_terms sketch;
};

// Outputs: counts i32, exponents i8, mantissas i16 of a factored_basis; with `sketches` also the examples' own coordinates, as
// run_sketch_factored makes them. At most `most_kept` bytes of gradients are kept, where they are made, from one pass over the
// examples for the next.
void run_fit_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                      const factored_terms& terms, bool sketches, size_t most_kept);
// Outputs: coordinates f32 [examples, dimension].
void run_sketch_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                         const std::shared_ptr<const factored_sketcher>& sketch, const sketch_terms& terms);

}  // namespace ol

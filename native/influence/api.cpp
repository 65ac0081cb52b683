// The C interface of influence: checks, copies inputs, hands over.
#include "openledger_influence.h"

#include <optional>

#include "core/error.h"
#include "core/handles.h"
#include "influence/quantise.h"
#include "influence/run.h"

using namespace ol;

namespace {

// More would not fit what a claim commits to (16 bits) and the addon's memory.
const int32_t most_dimensions = 8192;

const int32_t most_axes = 4096;
const size_t most_coordinates = size_t{1} << 19;

fold_terms terms_of(const ol_fold& fold) { return {fold.axes, fold.dimension, fold.seed, fold.unit != 0}; }

void check_coordinates(const ol_adapter* adapter, int32_t axes) {
  const ol::adapter& lora = *adapter->held;
  if (factored_layout_of(lora.config, lora.rank, lora.targets, axes).coordinates > most_coordinates)
    fail(OL_ERROR_ARGUMENT, "the basis has more coordinates than 2^19");
}

void check_axes(int32_t axes) {
  if (axes < 1 || axes > most_axes) fail(OL_ERROR_ARGUMENT, "the axes of a factor must be in 1..4096");
}

void check_request(const ol_model* model, const ol_adapter* adapter, const ol_examples* examples, int32_t dimension) {
  if (!same_shape(model->held->config, adapter->held->config))
    fail(OL_ERROR_ARGUMENT, "the adapter was made for a model of another shape");
  if (dimension < 1 || dimension > most_dimensions) fail(OL_ERROR_ARGUMENT, "the dimension must be in 1..8192");
  if (examples->count < 1) fail(OL_ERROR_ARGUMENT, "there are no examples");
}

template <typename F>
void launch(ol_session* session, ol_job** out, F&& body) {
  auto made = std::make_unique<ol_job>(session->held);
  made->held.start(std::forward<F>(body));
  *out = made.release();
}

}  // namespace

extern "C" {

int ol_start_fit_basis(ol_session* session, const ol_model* model, const ol_adapter* adapter,
                       const ol_examples* examples, double damping, int32_t dimension, int32_t sketches, ol_job** out) {
  return guarded([&] {
    check_request(model, adapter, examples, dimension);
    if (!(damping > 0)) fail(OL_ERROR_ARGUMENT, "the damping must be above zero");
    launch(session, out,
           [base = model->held, lora = adapter->held, set = copy_examples(model->held->config, *examples), damping,
            dimension, sketches](job& self) { run_fit_basis(self, base, *lora, set, damping, dimension, sketches != 0); });
  });
}

int ol_start_sketch(ol_session* session, const ol_model* model, const ol_adapter* adapter, const ol_examples* examples,
                    const int8_t* exponents, size_t exponent_count, const int16_t* mantissas, size_t mantissa_count,
                    int32_t dimension, ol_job** out) {
  return guarded([&] {
    check_request(model, adapter, examples, dimension);
    const adapter_layout& layout = adapter->held->layout;
    const size_t k = dimension;
    if (mantissa_count != k * layout.count || exponent_count != k * layout.tensors.size())
      fail(OL_ERROR_ARGUMENT, "the basis does not fit the adapter");
    sketch_basis basis{dimension, layout.count, layout.tensors.size(), {exponents, exponents + exponent_count},
                       {mantissas, mantissas + mantissa_count}};
    for (int8_t e : basis.exponents)
      if (e < -126) fail(OL_ERROR_ARGUMENT, "an exponent of the basis is below -126");
    launch(session, out,
           [base = model->held, lora = adapter->held, set = copy_examples(model->held->config, *examples),
            basis = std::move(basis)](job& self) { run_sketch(self, base, *lora, set, basis); });
  });
}

int ol_start_fit_factored(ol_session* session, const ol_model* model, const ol_adapter* adapter,
                          const ol_examples* examples, double damping, int32_t axes, const ol_fold* sketches,
                          size_t most_kept, ol_job** out) {
  return guarded([&] {
    check_request(model, adapter, examples, sketches ? sketches->dimension : 1);
    check_axes(axes);
    if (!(damping > 0)) fail(OL_ERROR_ARGUMENT, "the damping must be above zero");
    std::optional<fold_terms> terms;
    if (sketches) {
      terms = terms_of(*sketches);
      terms->axes = axes;
      check_coordinates(adapter, axes);
    }
    launch(session, out,
           [base = model->held, lora = adapter->held, set = copy_examples(model->held->config, *examples), damping, axes,
            terms, most_kept](job& self) {
             run_fit_factored(self, base, *lora, set, damping, axes, terms ? &*terms : nullptr, most_kept);
           });
  });
}

int ol_start_sketch_factored(ol_session* session, const ol_model* model, const ol_adapter* adapter,
                             const ol_examples* examples, const int8_t* exponents, size_t exponent_count,
                             const int16_t* mantissas, size_t mantissa_count, const ol_fold* fold, ol_job** out) {
  return guarded([&] {
    check_request(model, adapter, examples, fold->dimension);
    check_axes(fold->axes);
    const ol::adapter& lora = *adapter->held;
    const factored_layout layout = factored_layout_of(lora.config, lora.rank, lora.targets, fold->axes);
    check_coordinates(adapter, fold->axes);
    if (mantissa_count != layout.mantissas || exponent_count != layout.exponents)
      fail(OL_ERROR_ARGUMENT, "the basis does not fit the adapter");
    factored_basis basis{{exponents, exponents + exponent_count}, {mantissas, mantissas + mantissa_count}};
    for (int8_t e : basis.exponents)
      if (e < -126) fail(OL_ERROR_ARGUMENT, "an exponent of the basis is below -126");
    const fold_terms terms = terms_of(*fold);
    launch(session, out,
           [base = model->held, held = adapter->held, set = copy_examples(model->held->config, *examples), terms,
            basis = std::move(basis)](job& self) { run_sketch_factored(self, base, *held, set, basis, terms); });
  });
}

void ol_scan(const int16_t* query, const int8_t* rows, size_t count, size_t dimension, int64_t* dot) {
  scan_rows(query, rows, count, dimension, dot);
}

}  // extern "C"

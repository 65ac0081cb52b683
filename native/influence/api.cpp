// The C interface of influence: checks, copies inputs, hands over.
#include "openledger_influence.h"

#include <algorithm>

#include "core/error.h"
#include "core/handles.h"
#include "influence/quantise.h"
#include "influence/run.h"

using namespace ol;

struct ol_factored {
  std::shared_ptr<const factored_sketcher> held;
  ol_config config;  // of the model, and of adapters, that it is for
  int rank, targets;
};

namespace {

// More would not fit what a claim commits to (16 bits) and the addon's memory.
const int32_t most_dimensions = 8192;

const int32_t most_axes = 4096;
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
                          const ol_examples* examples, const ol_factored_terms* terms, int32_t sketches, size_t most_kept,
                          ol_job** out) {
  return guarded([&] {
    check_request(model, adapter, examples, terms->dimension);
    if (terms->axes < 1 || terms->axes > most_axes) fail(OL_ERROR_ARGUMENT, "the axes of a factor must be in 1..4096");
    if (!(terms->damping > 0)) fail(OL_ERROR_ARGUMENT, "the damping must be above zero");
    const factored_terms wanted{terms->damping, terms->axes, {terms->dimension, terms->unit != 0}};
    launch(session, out,
           [base = model->held, lora = adapter->held, set = copy_examples(model->held->config, *examples), wanted, sketches,
            most_kept](job& self) { run_fit_factored(self, base, *lora, set, wanted, sketches != 0, most_kept); });
  });
}

int ol_factored_create(const ol_adapter* adapter, const int32_t* counts, size_t tensor_count, const int8_t* exponents,
                       size_t exponent_count, const int16_t* mantissas, size_t mantissa_count, ol_factored** out) {
  return guarded([&] {
    const ol::adapter& lora = *adapter->held;
    const std::vector<factor_block> blocks = factor_blocks_of(lora.config, lora.rank, lora.targets);
    bool fits = tensor_count == blocks.size() && exponent_count <= static_cast<size_t>(most_dimensions);
    size_t directions = 0;
    for (size_t b = 0; fits && b < tensor_count; b++) {
      fits = counts[b] >= 0 && counts[b] <= most_dimensions;
      directions += static_cast<size_t>(std::max(0, counts[b]));
    }
    if (!fits || directions != exponent_count || mantissa_count != factored_mantissas(blocks, {counts, counts + tensor_count}))
      fail(OL_ERROR_ARGUMENT, "the basis does not fit the adapter");
    for (size_t j = 0; j < exponent_count; j++)
      if (exponents[j] < -126) fail(OL_ERROR_ARGUMENT, "an exponent of the basis is below -126");
    auto sketcher = std::make_shared<factored_sketcher>(blocks, lora.layout.count, factored_view{counts, exponents, exponent_count, mantissas});
    *out = new ol_factored{std::move(sketcher), lora.config, lora.rank, lora.targets};
  });
}

void ol_factored_destroy(ol_factored* basis) { delete basis; }

int ol_start_sketch_factored(ol_session* session, const ol_model* model, const ol_adapter* adapter,
                             const ol_examples* examples, const ol_factored* basis, int32_t dimension, int32_t unit,
                             ol_job** out) {
  return guarded([&] {
    check_request(model, adapter, examples, dimension);
    const ol::adapter& lora = *adapter->held;
    if (lora.rank != basis->rank || lora.targets != basis->targets || !same_shape(lora.config, basis->config) ||
        basis->held->directions() > static_cast<size_t>(dimension))
      fail(OL_ERROR_ARGUMENT, "the basis does not fit the adapter");
    const sketch_terms terms{dimension, unit != 0};
    launch(session, out,
           [base = model->held, held = adapter->held, set = copy_examples(model->held->config, *examples), terms,
            sketcher = basis->held](job& self) { run_sketch_factored(self, base, *held, set, sketcher, terms); });
  });
}

void ol_scan(const int16_t* query, const int8_t* rows, size_t count, size_t dimension, int64_t* dot) {
  scan_rows(query, rows, count, dimension, dot);
}

}  // extern "C"

// Influence for JavaScript.
#include <algorithm>

#include "addon.h"
#include "openledger_influence.h"
#include "values.h"

namespace ol_node {
namespace {

template <typename A>
A typed(const Napi::Value& value, napi_typedarray_type type, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " has the wrong type");
  }
  return value.As<A>();
}

Napi::Value start_fit_basis(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  ol_job* job = nullptr;
  check(info.Env(), ol_start_fit_basis(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                       unwrap<ol_adapter>(info[2]), &set, info[6].ToNumber().DoubleValue(),
                                       integer(info[7], "dimension"), info[8].ToBoolean().Value() ? 1 : 0, &job));
  return wrap(info.Env(), job);
}

Napi::Value start_sketch(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  const auto exponents = typed<Napi::Int8Array>(info[6], napi_int8_array, "exponents");
  const auto mantissas = typed<Napi::Int16Array>(info[7], napi_int16_array, "mantissas");
  ol_job* job = nullptr;
  check(info.Env(), ol_start_sketch(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                    unwrap<ol_adapter>(info[2]), &set, exponents.Data(), exponents.ElementLength(),
                                    mantissas.Data(), mantissas.ElementLength(), integer(info[8], "dimension"), &job));
  return wrap(info.Env(), job);
}

Napi::Value start_fit_factored(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  const ol_factored_terms terms{info[6].ToNumber().DoubleValue(), integer(info[7], "axes"), integer(info[8], "dimension"),
                                info[9].ToBoolean().Value() ? 1 : 0};
  const double kept = info[11].ToNumber().DoubleValue();
  ol_job* job = nullptr;
  check(info.Env(), ol_start_fit_factored(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                          unwrap<ol_adapter>(info[2]), &set, &terms, info[10].ToBoolean().Value() ? 1 : 0,
                                          static_cast<size_t>(std::max(0.0, kept)), &job));
  return wrap(info.Env(), job);
}

Napi::Value open_factored(const Napi::CallbackInfo& info) {
  const auto counts = typed<Napi::Int32Array>(info[1], napi_int32_array, "counts");
  const auto exponents = typed<Napi::Int8Array>(info[2], napi_int8_array, "exponents");
  const auto mantissas = typed<Napi::Int16Array>(info[3], napi_int16_array, "mantissas");
  ol_factored* made = nullptr;
  check(info.Env(), ol_factored_create(unwrap<ol_adapter>(info[0]), counts.Data(), counts.ElementLength(), exponents.Data(),
                                       exponents.ElementLength(), mantissas.Data(), mantissas.ElementLength(), &made));
  return wrap(info.Env(), made, mantissas.ElementLength() * sizeof(float));
}

Napi::Value start_sketch_factored(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  ol_job* job = nullptr;
  check(info.Env(), ol_start_sketch_factored(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                             unwrap<ol_adapter>(info[2]), &set, unwrap<ol_factored>(info[6]),
                                             integer(info[7], "dimension"), info[8].ToBoolean().Value() ? 1 : 0, &job));
  return wrap(info.Env(), job);
}

Napi::Value scan(const Napi::CallbackInfo& info) {
  const auto query = typed<Napi::Int16Array>(info[0], napi_int16_array, "query");
  const auto rows = typed<Napi::Int8Array>(info[1], napi_int8_array, "rows");
  const size_t dimension = query.ElementLength();
  if (dimension == 0 || rows.ElementLength() % dimension != 0) {
    raise(info.Env(), "NATIVE_ARGUMENT", "the rows are no multiple of the query's dimension");
  }
  auto dots = Napi::BigInt64Array::New(info.Env(), rows.ElementLength() / dimension);
  ol_scan(query.Data(), rows.Data(), dots.ElementLength(), dimension, dots.Data());
  return dots;
}

}  // namespace

void add_influence(Napi::Env env, Napi::Object exports) {
  add(env, exports, "startFitBasis", start_fit_basis);
  add(env, exports, "startSketch", start_sketch);
  add(env, exports, "startFitFactored", start_fit_factored);
  add(env, exports, "openFactored", open_factored);
  add(env, exports, "startSketchFactored", start_sketch_factored);
  add(env, exports, "scan", scan);
}

}  // namespace ol_node

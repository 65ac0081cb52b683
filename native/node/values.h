// Reading JavaScript values. Everything throws a JavaScript Error with a `code`.
#pragma once
#include <napi.h>

#include <string>

#include "openledger.h"

namespace ol_node {

[[noreturn]] void raise(Napi::Env env, const char* code, const std::string& text);
// Throws the calling thread's native error if `status` is one.
void check(Napi::Env env, int status);

double number(const Napi::Value& value, const char* what);
int32_t integer(const Napi::Value& value, const char* what);
// Property with a default.
double number_or(const Napi::Object& object, const char* name, double otherwise);
bool flag(const Napi::Object& object, const char* name);
uint64_t big(const Napi::Value& value, const char* what);
ol_config config(const Napi::Value& value);
ol_optimizer optimizer(const Napi::Value& adamw, const Napi::Value& schedule, const Napi::Value& clip);

template <typename T>
struct span {
  const T* data;
  size_t size;
};
span<float> floats(const Napi::Value& value, const char* what);
span<int32_t> ints(const Napi::Value& value, const char* what);
span<uint8_t> bytes(const Napi::Value& value, const char* what);
span<uint16_t> halves(const Napi::Value& value, const char* what);

// ids, targets, offsets at info[first] ...
ol_examples examples(const Napi::CallbackInfo& info, size_t first);
ol_steps steps(const Napi::CallbackInfo& info, size_t first, size_t example_count);

// Opaque handles: externals marked with a type tag, destroyed by the garbage collector.
template <typename H>
struct handle_tag;
#define OL_TAG(type, low)                                                \
  template <>                                                            \
  struct handle_tag<type> {                                              \
    static constexpr napi_type_tag value{0x6f70656e6c656467ULL, low};    \
    static constexpr const char* name = #type;                           \
    static void destroy(type* handle) { type##_destroy(handle); }        \
  }
OL_TAG(ol_model, 1);
OL_TAG(ol_adapter, 2);
OL_TAG(ol_trainer, 3);
OL_TAG(ol_session, 4);
OL_TAG(ol_job, 5);
#undef OL_TAG

template <typename H>
Napi::Value wrap(Napi::Env env, H* handle) {
  auto value = Napi::External<H>::New(env, handle, [](Napi::Env, H* dead) { handle_tag<H>::destroy(dead); });
  value.TypeTag(&handle_tag<H>::value);
  return value;
}

template <typename H>
H* unwrap(const Napi::Value& value) {
  if (value.IsExternal()) {
    auto external = value.As<Napi::External<H>>();
    if (external.CheckTypeTag(&handle_tag<H>::value)) return external.Data();
  }
  raise(value.Env(), "NATIVE_ARGUMENT", std::string("expected a handle of type ") + handle_tag<H>::name);
}

// Null for undefined.
template <typename H>
H* unwrap_or_null(const Napi::Value& value) {
  return value.IsUndefined() || value.IsNull() ? nullptr : unwrap<H>(value);
}

}  // namespace ol_node

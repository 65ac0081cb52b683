// Reading JavaScript values. Everything throws a JavaScript Error with a `code`.
#pragma once
#include <napi.h>

#include <string>

#include "openledger.h"
#include "openledger_engine.h"
#include "openledger_influence.h"

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
// The number of "f32" or "q8".
int32_t arithmetic(const Napi::Value& value);
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
OL_TAG(ol_engine, 6);
OL_TAG(ol_factored, 7);
#undef OL_TAG

// What an external holds: the handle until it is closed, and the bytes that V8 was told of, so that it knows what a
// handle of a few bytes keeps alive.
template <typename H>
struct held_handle {
  H* handle;
  int64_t bytes;
  void close(Napi::Env env) {
    if (!handle) return;
    handle_tag<H>::destroy(handle);
    handle = nullptr;
    if (bytes) Napi::MemoryManagement::AdjustExternalMemory(env, -bytes);
  }
};

// `bytes`: what the handle keeps in memory outside V8's heap.
template <typename H>
Napi::Value wrap(Napi::Env env, H* handle, size_t bytes = 0) {
  auto* held = new held_handle<H>{handle, static_cast<int64_t>(bytes)};
  if (bytes) Napi::MemoryManagement::AdjustExternalMemory(env, held->bytes);
  auto value = Napi::External<held_handle<H>>::New(env, held, [](Napi::Env where, held_handle<H>* dead) {
    dead->close(where);
    delete dead;
  });
  value.TypeTag(&handle_tag<H>::value);
  return value;
}

// Null where the value is no such external.
template <typename H>
held_handle<H>* find_held(const Napi::Value& value) {
  if (!value.IsExternal()) return nullptr;
  auto external = value.As<Napi::External<held_handle<H>>>();
  return external.CheckTypeTag(&handle_tag<H>::value) ? external.Data() : nullptr;
}

template <typename H>
H* unwrap(const Napi::Value& value) {
  const auto* held = find_held<H>(value);
  if (!held) raise(value.Env(), "NATIVE_ARGUMENT", std::string("expected a handle of type ") + handle_tag<H>::name);
  if (!held->handle) raise(value.Env(), "NATIVE_CLOSED", std::string("this ") + handle_tag<H>::name + " is closed");
  return held->handle;
}

// Null for undefined.
template <typename H>
H* unwrap_or_null(const Napi::Value& value) {
  return value.IsUndefined() || value.IsNull() ? nullptr : unwrap<H>(value);
}

}  // namespace ol_node

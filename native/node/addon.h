#pragma once
#include <napi.h>

namespace ol_node {

// Each file adds its functions; there is no state outside handles, so the addon loads in any number of threads.
void add_models(Napi::Env env, Napi::Object exports);
void add_files(Napi::Env env, Napi::Object exports);
void add_jobs(Napi::Env env, Napi::Object exports);
void add_influence(Napi::Env env, Napi::Object exports);
void add_engine(Napi::Env env, Napi::Object exports);
void add_crypto(Napi::Env env, Napi::Object exports);
void add_spans(Napi::Env env, Napi::Object exports);
void add_sketches(Napi::Env env, Napi::Object exports);

template <typename F>
void add(Napi::Env env, Napi::Object exports, const char* name, F function) {
  exports.Set(name, Napi::Function::New(env, function, name));
}

}  // namespace ol_node

// The serving engine for JavaScript.
#include <vector>

#include "addon.h"
#include "values.h"

namespace ol_node {
namespace {

Napi::Value create_engine(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[2].IsObject()) raise(env, "NATIVE_ARGUMENT", "the engine's options must be an object");
  const auto o = info[2].As<Napi::Object>();
  const ol_engine_options options{integer(o.Get("maxBatch"), "maxBatch"),       integer(o.Get("maxQueue"), "maxQueue"),
                                  integer(o.Get("chunkTokens"), "chunkTokens"), integer(o.Get("pageTokens"), "pageTokens"),
                                  integer(o.Get("pages"), "pages"),             integer(o.Get("vocabulary"), "vocabulary"),
                                  arithmetic(o.Get("arithmetic"))};
  ol_engine* engine = nullptr;
  check(env, ol_engine_create(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]), &options, &engine));
  return wrap(env, engine);
}

ol_sampling sampling(const Napi::Value& value) {
  if (!value.IsObject()) raise(value.Env(), "NATIVE_ARGUMENT", "sampling must be an object");
  const auto o = value.As<Napi::Object>();
  return {big(o.Get("seed"), "seed"),
          integer(o.Get("choice"), "choice"),
          integer(o.Get("temperature"), "temperature"),
          integer(o.Get("topK"), "topK"),
          integer(o.Get("topP"), "topP"),
          integer(o.Get("repetition"), "repetition"),
          integer(o.Get("presence"), "presence")};
}

// engine, adapter, ids, stop ids, sampling, { maxTokens, topLogprobs, account, deadlineMs }
Napi::Value submit_request(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto ids = ints(info[2], "ids"), stops = ints(info[3], "stopIds");
  const auto o = info[5].As<Napi::Object>();
  ol_request request{};
  request.ids = ids.data;
  request.count = static_cast<int32_t>(ids.size);
  request.stop_ids = stops.data;
  request.stop_count = static_cast<int32_t>(stops.size);
  request.sampling = sampling(info[4]);
  request.max_tokens = integer(o.Get("maxTokens"), "maxTokens");
  request.top_logprobs = integer(o.Get("topLogprobs"), "topLogprobs");
  request.account = static_cast<uint64_t>(integer(o.Get("account"), "account"));
  request.deadline_ms = integer(o.Get("deadlineMs"), "deadlineMs");
  uint64_t id = 0;
  check(env, ol_engine_submit(unwrap<ol_engine>(info[0]), unwrap_or_null<ol_adapter>(info[1]), &request, &id));
  return Napi::Number::New(env, static_cast<double>(id));
}

void cancel_request(const Napi::CallbackInfo& info) {
  ol_engine_cancel(unwrap<ol_engine>(info[0]), static_cast<uint64_t>(number(info[1], "request")));
}

// Events as flat lists: per event request, kind, token and the count of the top ones, then those ids; likewise the
// log-probabilities.
Napi::Value engine_events(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<ol_event> events(1024);
  size_t count = 0;
  check(env, ol_engine_events(unwrap<ol_engine>(info[0]), events.data(), events.size(), &count));
  size_t numbers = 0;
  for (size_t i = 0; i < count; ++i) numbers += 4 + static_cast<size_t>(events[i].top_count);
  auto whole = Napi::Float64Array::New(env, numbers);
  auto logprobs = Napi::Float32Array::New(env, numbers - 3 * count);
  size_t at = 0, value = 0;
  for (size_t i = 0; i < count; ++i) {
    const ol_event& event = events[i];
    whole[at++] = static_cast<double>(event.request);
    whole[at++] = event.kind;
    whole[at++] = event.token;
    whole[at++] = event.top_count;
    logprobs[value++] = event.logprob;
    for (int32_t t = 0; t < event.top_count; ++t) {
      whole[at++] = event.top_ids[t];
      logprobs[value++] = event.top_logprobs[t];
    }
  }
  auto result = Napi::Object::New(env);
  result.Set("numbers", whole);
  result.Set("logprobs", logprobs);
  return result;
}

Napi::Value engine_status(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ol_engine_state state;
  check(env, ol_engine_status(unwrap<ol_engine>(info[0]), &state));
  auto result = Napi::Object::New(env);
  result.Set("running", state.running);
  result.Set("waiting", state.waiting);
  result.Set("freePages", state.free_pages);
  result.Set("adapters", state.adapters);
  result.Set("steps", static_cast<double>(state.steps));
  result.Set("tokens", static_cast<double>(state.tokens));
  result.Set("largest", static_cast<double>(state.largest));
  result.Set("gathered", static_cast<double>(state.gathered));
  return result;
}

void close_engine(const Napi::CallbackInfo& info) {
  const Napi::Value value = info[0];
  auto* held = find_held<ol_engine>(value);
  if (!held) raise(info.Env(), "NATIVE_ARGUMENT", "expected an engine");
  held->close(info.Env());
}

Napi::Value sample(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto logits = floats(info[0], "logits");
  const auto prompt = ints(info[1], "prompt"), answer = ints(info[2], "answer");
  const ol_sampling s = sampling(info[3]);
  int32_t token = 0;
  check(env, ol_sample(logits.data, static_cast<int32_t>(logits.size), prompt.data, static_cast<int32_t>(prompt.size),
                       answer.data, static_cast<int32_t>(answer.size), &s, &token));
  return Napi::Number::New(env, token);
}

}  // namespace

void add_engine(Napi::Env env, Napi::Object exports) {
  add(env, exports, "createEngine", create_engine);
  add(env, exports, "submitRequest", submit_request);
  add(env, exports, "cancelRequest", cancel_request);
  add(env, exports, "engineEvents", engine_events);
  add(env, exports, "engineStatus", engine_status);
  add(env, exports, "closeEngine", close_engine);
  add(env, exports, "sample", sample);
}

}  // namespace ol_node

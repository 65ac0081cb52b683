// Jobs for JavaScript: start, poll, cancel, outputs.
#include "addon.h"
#include "values.h"

namespace ol_node {
namespace {

Napi::Value start_evaluate(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  ol_job* job = nullptr;
  check(info.Env(), ol_start_evaluate(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                      unwrap_or_null<ol_adapter>(info[2]), &set, info[6].ToBoolean().Value(),
                                      info[7].ToBoolean().Value(), arithmetic(info[8]), &job));
  return wrap(info.Env(), job);
}

Napi::Value start_generate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto ids = ints(info[3], "ids"), offsets = ints(info[4], "offsets"), stops = ints(info[6], "stopIds");
  if (offsets.size < 2 || offsets.data[0] != 0 || offsets.data[offsets.size - 1] != static_cast<int64_t>(ids.size)) {
    raise(env, "NATIVE_ARGUMENT", "ids and offsets do not fit together");
  }
  for (size_t i = 1; i < offsets.size; ++i) {
    if (offsets.data[i] <= offsets.data[i - 1]) raise(env, "NATIVE_ARGUMENT", "a prompt has no tokens");
  }
  ol_job* job = nullptr;
  check(env, ol_start_generate(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                               unwrap_or_null<ol_adapter>(info[2]), ids.data, offsets.data,
                               static_cast<int32_t>(offsets.size - 1), integer(info[5], "maxTokens"), stops.data,
                               static_cast<int32_t>(stops.size), integer(info[7], "vocabulary"),
                               arithmetic(info[8]), &job));
  return wrap(env, job);
}

Napi::Value start_gradients(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 2);
  ol_job* job = nullptr;
  check(info.Env(), ol_start_gradients(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]), &set, &job));
  return wrap(info.Env(), job);
}

Napi::Value start_lora_gradients(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  ol_job* job = nullptr;
  check(info.Env(), ol_start_lora_gradients(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                            unwrap<ol_adapter>(info[2]), &set, &job));
  return wrap(info.Env(), job);
}

Napi::Value start_pretrain(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 2);
  const ol_steps plan = steps(info, 5, static_cast<size_t>(set.count));
  const ol_optimizer o = optimizer(info[7], info[8], info[9]);
  ol_job* job = nullptr;
  check(info.Env(), ol_start_pretrain(unwrap<ol_session>(info[0]), unwrap<ol_trainer>(info[1]), &set, &plan, &o, &job));
  return wrap(info.Env(), job);
}

Napi::Value start_lora_train(const Napi::CallbackInfo& info) {
  const ol_examples set = examples(info, 3);
  const ol_steps plan = steps(info, 6, static_cast<size_t>(set.count));
  const ol_optimizer o = optimizer(info[8], info[9], info[10]);
  ol_moments from{};
  const bool goes_on = info[11].IsObject();
  if (goes_on) {
    const auto object = info[11].As<Napi::Object>();
    const auto m = floats(object.Get("m"), "from.m"), v = floats(object.Get("v"), "from.v");
    const double step = number(object.Get("step"), "from.step");
    if (m.size != v.size) raise(info.Env(), "NATIVE_ARGUMENT", "the two moments have different sizes");
    if (!(step >= 0 && step <= 0x1p53)) raise(info.Env(), "NATIVE_ARGUMENT", "from.step is no count of steps");
    from = {m.data, v.data, m.size, static_cast<int64_t>(step)};
  }
  ol_job* job = nullptr;
  check(info.Env(), ol_start_lora_train(unwrap<ol_session>(info[0]), unwrap<ol_model>(info[1]),
                                        unwrap<ol_adapter>(info[2]), goes_on ? &from : nullptr, &set, &plan, &o, &job));
  return wrap(info.Env(), job);
}

Napi::Value poll_job(const Napi::CallbackInfo& info) {
  static const char* const states[] = {"running", "done", "cancelled", "failed"};
  const Napi::Env env = info.Env();
  const ol_job* job = unwrap<ol_job>(info[0]);
  ol_progress progress;
  check(env, ol_job_poll(job, &progress));
  auto result = Napi::Object::New(env);
  result.Set("state", states[progress.state]);
  result.Set("done", static_cast<double>(progress.done));
  result.Set("total", static_cast<double>(progress.total));
  result.Set("loss", progress.loss);
  result.Set("code", ol_status_name(progress.status));
  result.Set("error", progress.state == OL_FAILED ? ol_job_error(job) : "");
  return result;
}

void cancel_job(const Napi::CallbackInfo& info) { ol_job_cancel(unwrap<ol_job>(info[0])); }

template <typename A>
Napi::Value read_output(Napi::Env env, const ol_job* job, int32_t index, size_t size) {
  auto values = A::New(env, size);
  check(env, ol_job_output_read(job, index, values.Data(), size));
  return values;
}

Napi::Value job_outputs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ol_job* job = unwrap<ol_job>(info[0]);
  int32_t count = 0;
  check(env, ol_job_output_count(job, &count));
  auto outputs = Napi::Object::New(env);
  for (int32_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    int32_t type = 0;
    size_t size = 0;
    check(env, ol_job_output(job, i, &name, &type, &size));
    const Napi::Value values = [&]() -> Napi::Value {
      switch (type) {
        case OL_F32: return read_output<Napi::Float32Array>(env, job, i, size);
        case OL_F64: return read_output<Napi::Float64Array>(env, job, i, size);
        case OL_I8: return read_output<Napi::Int8Array>(env, job, i, size);
        case OL_I16: return read_output<Napi::Int16Array>(env, job, i, size);
        default: return read_output<Napi::Int32Array>(env, job, i, size);
      }
    }();
    outputs.Set(name, values);
  }
  return outputs;
}

}  // namespace

void add_jobs(Napi::Env env, Napi::Object exports) {
  add(env, exports, "startEvaluate", start_evaluate);
  add(env, exports, "startGenerate", start_generate);
  add(env, exports, "startGradients", start_gradients);
  add(env, exports, "startLoraGradients", start_lora_gradients);
  add(env, exports, "startPretrain", start_pretrain);
  add(env, exports, "startLoraTrain", start_lora_train);
  add(env, exports, "pollJob", poll_job);
  add(env, exports, "cancelJob", cancel_job);
  add(env, exports, "jobOutputs", job_outputs);
}

}  // namespace ol_node

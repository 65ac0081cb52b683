// The C interface: checks, copies inputs, hands over to the C++ parts.
#include <cstdio>
#include <cstring>

#include "core/error.h"
#include "core/handles.h"
#include "cpu/isa.h"
#include "serve/serve.h"
#include "train/gradients.h"

using namespace ol;

namespace {

void require(bool ok, const char* text) {
  if (!ok) fail(OL_ERROR_ARGUMENT, text);
}

void check_pair(const ol_model* model, const ol_adapter* adapter) {
  if (adapter && !same_shape(model->held->config, adapter->held->config)) {
    fail(OL_ERROR_ARGUMENT, "the adapter was made for a model of another shape");
  }
}

template <typename F>
void launch(ol_session* session, ol_job** out, F&& body) {
  auto made = std::make_unique<ol_job>(session->held);
  made->held.start(std::forward<F>(body));
  *out = made.release();
}

template <typename L>
void describe(const L& layout, int64_t index, ol_tensor_info* info) {
  require(index >= 0 && index < static_cast<int64_t>(layout.tensors.size()), "there is no such tensor");
  const tensor_info& t = layout.tensors[static_cast<size_t>(index)];
  std::snprintf(info->name, sizeof info->name, "%s", t.name.c_str());
  info->rows = t.rows;
  info->cols = t.cols;
  info->offset = static_cast<int64_t>(t.offset);
  info->count = static_cast<int64_t>(t.count);
}

}  // namespace

extern "C" {

const char* ol_status_name(int status) {
  static const char* const names[] = {"NATIVE_OK",   "NATIVE_ARGUMENT",    "NATIVE_CONFIG",    "NATIVE_TENSOR",
                                      "NATIVE_MEMORY", "NATIVE_BUSY",      "NATIVE_UNAVAILABLE", "NATIVE_CANCELLED",
                                      "NATIVE_NUMERIC", "NATIVE_INTERNAL",  "NATIVE_NOT_FINITE",  "NATIVE_FILE"};
  return status >= 0 && status <= OL_ERROR_FILE ? names[status] : "NATIVE_INTERNAL";
}

const char* ol_error_text(void) { return last_error(); }

int ol_model_tensor_count(const ol_config* config, int64_t* count) {
  return guarded([&] {
    check_config(*config);
    *count = static_cast<int64_t>(layout_of(*config).tensors.size());
  });
}

int ol_model_tensor(const ol_config* config, int64_t index, ol_tensor_info* info) {
  return guarded([&] {
    check_config(*config);
    describe(layout_of(*config), index, info);
  });
}

int ol_adapter_tensor_count(const ol_config* config, int32_t rank, int32_t targets, int64_t* count) {
  return guarded([&] {
    check_config(*config);
    check_adapter_shape(*config, rank, targets);
    *count = static_cast<int64_t>(layout_of(*config, rank, targets).tensors.size());
  });
}

int ol_adapter_tensor(const ol_config* config, int32_t rank, int32_t targets, int64_t index, ol_tensor_info* info) {
  return guarded([&] {
    check_config(*config);
    check_adapter_shape(*config, rank, targets);
    describe(layout_of(*config, rank, targets), index, info);
  });
}

int ol_model_init(const ol_config* config, uint64_t seed, float* flat, size_t count) {
  return guarded([&] {
    check_config(*config);
    require(count == layout_of(*config).count, "the buffer does not fit the model");
    init_model(*config, seed, flat);
  });
}

int ol_adapter_init(const ol_config* config, int32_t rank, int32_t targets, uint64_t seed, float* flat, size_t count) {
  return guarded([&] {
    check_config(*config);
    check_adapter_shape(*config, rank, targets);
    require(count == layout_of(*config, rank, targets).count, "the buffer does not fit the adapter");
    init_adapter(*config, rank, targets, seed, flat);
  });
}

int ol_model_create(const ol_config* config, const float* flat, size_t count, ol_model** out) {
  return guarded([&] { *out = new ol_model{make_model(*config, flat, count)}; });
}
void ol_model_destroy(ol_model* model) { delete model; }

int ol_model_load(const ol_config* config, const ol_tensor_source* sources, size_t count, const ol_weight_file* files,
                  size_t file_count, ol_model** out) {
  return guarded([&] { *out = new ol_model{load_model(*config, sources, count, files, file_count)}; });
}

int ol_model_bytes(const ol_model* model, size_t* bytes) {
  *bytes = model->held->bytes();
  return OL_OK;
}

int ol_model_read(const ol_model* model, int64_t index, float* out, size_t count) {
  return guarded([&] {
    const auto& tensors = model->held->layout.tensors;
    require(index >= 0 && index < static_cast<int64_t>(tensors.size()), "there is no such tensor");
    require(count == tensors[static_cast<size_t>(index)].count, "the buffer does not fit the tensor");
    model->held->read(static_cast<size_t>(index), out);
  });
}

uint64_t ol_format_bytes(int32_t format, int64_t values) {
  const format_info* info = find_format(format);
  if (!info || values < 0 || values > (int64_t{1} << 40) || values % info->values != 0) return 0;
  return row_bytes(format, values);
}

int ol_adapter_create(const ol_config* config, int32_t rank, float scale, int32_t targets, const float* flat,
                      size_t count, ol_adapter** out) {
  return guarded([&] { *out = new ol_adapter{make_adapter(*config, rank, scale, targets, flat, count)}; });
}
void ol_adapter_destroy(ol_adapter* adapter) { delete adapter; }

int ol_adapter_bytes(const ol_adapter* adapter, size_t* bytes) {
  *bytes = adapter->held->factors.size() * sizeof(float);
  return OL_OK;
}

int ol_trainer_create(const ol_config* config, const float* weights, const float* m, const float* v, size_t count,
                      int64_t step, ol_trainer** out) {
  return guarded([&] {
    require(step >= 0, "the step count must not be negative");
    check_config(*config);
    auto made = std::make_shared<trainer>();
    made->config = *config;
    made->layout = layout_of(*config);
    check_weights(made->layout, weights, count);
    made->weights.assign(weights, weights + count);
    made->step = step;
    made->m.assign(count, 0.0f);
    made->v.assign(count, 0.0f);
    if (m) {
      check_finite(made->layout.tensors, m);
      std::memcpy(made->m.data(), m, count * sizeof(float));
    }
    if (v) {
      check_finite(made->layout.tensors, v);
      for (size_t i = 0; i < count; ++i) require(v[i] >= 0.0f, "a second moment is negative");
      std::memcpy(made->v.data(), v, count * sizeof(float));
    }
    *out = new ol_trainer{made};
  });
}

int ol_trainer_read(const ol_trainer* handle, float* weights, float* m, float* v, size_t count, int64_t* step) {
  return guarded([&] {
    const trainer& t = *handle->held;
    std::unique_lock<std::mutex> lock(t.in_use, std::try_to_lock);
    if (!lock) fail(OL_ERROR_BUSY, "a job is training this model");
    require(count == t.layout.count, "the buffers do not fit the model");
    std::memcpy(weights, t.weights.data(), count * sizeof(float));
    std::memcpy(m, t.m.data(), count * sizeof(float));
    std::memcpy(v, t.v.data(), count * sizeof(float));
    *step = t.step;
  });
}

int ol_trainer_count(const ol_trainer* trainer, size_t* count) {
  *count = trainer->held->layout.count;
  return OL_OK;
}
void ol_trainer_destroy(ol_trainer* trainer) { delete trainer; }

int ol_session_create(const ol_session_options* options, ol_session** out) {
  return guarded([&] { *out = new ol_session{make_session(*options)}; });
}
const char* ol_session_isa(const ol_session* session) { return session->held->isa.c_str(); }
const char* ol_session_device(const ol_session* session) { return session->held->device_name.c_str(); }
int32_t ol_session_threads(const ol_session* session) { return session->held->threads; }
void ol_session_destroy(ol_session* session) { delete session; }

int ol_isa_supported(const char* name) {
  isa which;
  return parse_isa(name, &which) && isa_supported(which) ? 1 : 0;
}

int ol_start_evaluate(ol_session* session, const ol_model* model, const ol_adapter* adapter,
                      const ol_examples* examples, int32_t logits, int32_t hidden, int32_t arithmetic,
                      ol_job** out) {
  return guarded([&] {
    check_pair(model, adapter);
    check_arithmetic(arithmetic);
    launch(session, out,
           [base = model->held, lora = adapter ? adapter->held : nullptr,
            set = copy_examples(model->held->config, *examples), logits, hidden, arithmetic](job& self) {
             run_evaluate(self, base, lora.get(), set, logits != 0, hidden != 0, arithmetic);
           });
  });
}

int ol_start_generate(ol_session* session, const ol_model* model, const ol_adapter* adapter, const int32_t* ids,
                      const int32_t* offsets, int32_t prompts, int32_t max_tokens, const int32_t* stop_ids,
                      int32_t stop_count, int32_t vocabulary, int32_t arithmetic, ol_job** out) {
  return guarded([&] {
    check_pair(model, adapter);
    check_arithmetic(arithmetic);
    require(vocabulary >= 0 && vocabulary <= model->held->config.vocab, "the vocabulary is larger than the model's");
    launch(session, out,
           [base = model->held, lora = adapter ? adapter->held : nullptr,
            set = copy_prompts(model->held->config, ids, offsets, prompts, max_tokens, stop_ids, stop_count, vocabulary),
            arithmetic](job& self) { run_generate(self, base, lora.get(), set, arithmetic); });
  });
}

int ol_start_gradients(ol_session* session, const ol_model* model, const ol_examples* examples, ol_job** out) {
  return guarded([&] {
    launch(session, out, [base = model->held, set = copy_examples(model->held->config, *examples)](job& self) {
      run_gradients(self, base, set);
    });
  });
}

int ol_start_lora_gradients(ol_session* session, const ol_model* model, const ol_adapter* adapter,
                            const ol_examples* examples, ol_job** out) {
  return guarded([&] {
    check_pair(model, adapter);
    launch(session, out,
           [base = model->held, lora = adapter->held, set = copy_examples(model->held->config, *examples)](
               job& self) { run_lora_gradients(self, base, *lora, set); });
  });
}

int ol_start_pretrain(ol_session* session, ol_trainer* handle, const ol_examples* examples, const ol_steps* steps,
                      const ol_optimizer* optimizer, ol_job** out) {
  return guarded([&] {
    auto state = handle->held;
    // The lock is taken by the job's thread; a second job on the same trainer fails as busy.
    launch(session, out, [state, plan = copy_plan(state->config, *examples, *steps, *optimizer)](job& self) {
      std::unique_lock<std::mutex> lock(state->in_use, std::try_to_lock);
      if (!lock) fail(OL_ERROR_BUSY, "another job is training this model");
      run_pretrain(self, *state, plan);
    });
  });
}

int ol_start_lora_train(ol_session* session, const ol_model* model, const ol_adapter* initial,
                        const ol_moments* from_or_null, const ol_examples* examples, const ol_steps* steps,
                        const ol_optimizer* optimizer, ol_job** out) {
  return guarded([&] {
    check_pair(model, initial);
    launch(session, out,
           [base = model->held, lora = initial->held, from = copy_moments(from_or_null, initial->held->layout.count),
            plan = copy_plan(model->held->config, *examples, *steps, *optimizer)](job& self) {
             run_lora_train(self, base, *lora, from, plan);
           });
  });
}

int ol_job_poll(const ol_job* job, ol_progress* progress) {
  *progress = job->held.progress();
  return OL_OK;
}
const char* ol_job_error(const ol_job* job) {
  return job->held.progress().state == OL_RUNNING ? "" : job->held.error().c_str();
}
void ol_job_cancel(ol_job* job) { job->held.cancel(); }
void ol_job_destroy(ol_job* job) { delete job; }

int ol_job_output_count(const ol_job* job, int32_t* count) {
  return guarded([&] {
    require(job->held.progress().state == OL_DONE, "the job is not done");
    *count = static_cast<int32_t>(job->held.outputs().size());
  });
}

int ol_job_output(const ol_job* job, int32_t index, const char** name, int32_t* type, size_t* count) {
  return guarded([&] {
    require(job->held.progress().state == OL_DONE, "the job is not done");
    const auto& outputs = job->held.outputs();
    require(index >= 0 && index < static_cast<int32_t>(outputs.size()), "there is no such output");
    *name = outputs[index].name.c_str();
    *type = outputs[index].type;
    *count = outputs[index].count;
  });
}

int ol_job_output_read(const ol_job* job, int32_t index, void* buffer, size_t count) {
  return guarded([&] {
    require(job->held.progress().state == OL_DONE, "the job is not done");
    const auto& outputs = job->held.outputs();
    require(index >= 0 && index < static_cast<int32_t>(outputs.size()), "there is no such output");
    require(count == outputs[index].count, "the buffer has another size than the output");
    if (count) std::memcpy(buffer, outputs[index].bytes.data(), outputs[index].bytes.size());
  });
}

int ol_gemm(ol_session* handle, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c,
            int32_t repeat) {
  return guarded([&] {
    require(m > 0 && n > 0 && k > 0 && m <= 1 << 20 && n <= 1 << 20 && k <= 1 << 20, "sizes must be in 1..2^20");
    session& s = *handle->held;
    std::lock_guard<fair_mutex> lock(s.turn);
    backend& device = *s.device;
    device_array<float> da(device, m * k), db(device, k * n), dc(device, m * n);
    device.upload(da.get(), a, m * k * sizeof(float));
    device.upload(db.get(), b, k * n * sizeof(float));
    require(repeat >= 1 && repeat <= 1 << 20, "repeat must be in 1..2^20");
    for (int i = 0; i < repeat; ++i) {
      device.gemm(dc.get(), da.get(), db.get(), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k));
    }
    device.download(c, dc.get(), m * n * sizeof(float));
    device.finish();
  });
}

int ol_product(ol_session* handle, int32_t arithmetic, int32_t format, const uint8_t* bytes, size_t size, int64_t rows,
               int64_t cols, const float* x, int64_t tokens, float* y) {
  return guarded([&] {
    const int64_t most = 1 << 20;
    require(rows > 0 && cols > 0 && tokens > 0 && rows <= most && cols <= most && tokens <= most,
            "sizes must be in 1..2^20");
    session& s = *handle->held;
    check_arithmetic(arithmetic);
    const stored_matrix w = matrix_of(format, static_cast<int>(rows), static_cast<int>(cols), bytes, size);
    const bool q8 = arithmetic == OL_ARITHMETIC_Q8 && info_of(format).values > 1;
    std::lock_guard<fair_mutex> lock(s.turn);
    backend& device = *s.device;
    const size_t inputs = static_cast<size_t>(tokens * cols), outputs = static_cast<size_t>(tokens * rows);
    const linear_weight weight{nullptr, w.rows(), w.cols(), device.keep(w), &w, q8};
    device_array<float> dx(device, inputs), dy(device, outputs);
    device.upload(dx.get(), x, inputs * sizeof(float));
    device.linear_forward(dy.get(), dx.get(), weight, static_cast<int>(tokens), false);
    device.download(y, dy.get(), outputs * sizeof(float));
    device.finish();
  });
}

}  // extern "C"

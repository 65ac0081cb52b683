// Sessions, models, adapters, trainers and number formats for JavaScript.
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "addon.h"
#include "values.h"

namespace ol_node {
namespace {

Napi::Value backends(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto isas = Napi::Array::New(env);
  for (const char* isa : {"scalar", "avx2", "avx512", "vnni", "amx"}) {
    if (ol_isa_supported(isa)) isas.Set(isas.Length(), Napi::String::New(env, isa));
  }
  char reason[256] = "";
  const int state = ol_cuda_state(reason, sizeof reason);
  auto cuda = Napi::Object::New(env);
  cuda.Set("compiled", state > 0);
  cuda.Set("available", state == 2);
  cuda.Set("reason", std::string(reason));
  auto result = Napi::Object::New(env);
  result.Set("isas", isas);
  result.Set("cores", static_cast<double>(std::thread::hardware_concurrency()));
  result.Set("cuda", cuda);
  return result;
}

Napi::Value tensor_list(Napi::Env env, int64_t count, const std::function<int(int64_t, ol_tensor_info*)>& get) {
  auto list = Napi::Array::New(env, static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    ol_tensor_info tensor;
    check(env, get(i, &tensor));
    auto shape = Napi::Array::New(env);
    shape.Set(0u, static_cast<double>(tensor.rows));
    if (tensor.cols) shape.Set(1u, static_cast<double>(tensor.cols));
    auto entry = Napi::Object::New(env);
    entry.Set("name", std::string(tensor.name));
    entry.Set("shape", shape);
    entry.Set("offset", static_cast<double>(tensor.offset));
    entry.Set("count", static_cast<double>(tensor.count));
    list.Set(static_cast<uint32_t>(i), entry);
  }
  return list;
}

Napi::Value model_layout(const Napi::CallbackInfo& info) {
  const ol_config c = config(info[0]);
  int64_t count = 0;
  check(info.Env(), ol_model_tensor_count(&c, &count));
  return tensor_list(info.Env(), count, [&](int64_t i, ol_tensor_info* t) { return ol_model_tensor(&c, i, t); });
}

Napi::Value adapter_layout(const Napi::CallbackInfo& info) {
  const ol_config c = config(info[0]);
  const int32_t rank = integer(info[1], "rank"), targets = integer(info[2], "targets");
  int64_t count = 0;
  check(info.Env(), ol_adapter_tensor_count(&c, rank, targets, &count));
  return tensor_list(info.Env(), count,
                     [&](int64_t i, ol_tensor_info* t) { return ol_adapter_tensor(&c, rank, targets, i, t); });
}

size_t model_size(Napi::Env env, const ol_config& c) {
  int64_t count = 0;
  check(env, ol_model_tensor_count(&c, &count));
  ol_tensor_info last;
  check(env, ol_model_tensor(&c, count - 1, &last));
  return static_cast<size_t>(last.offset + last.count);
}

Napi::Value init_model(const Napi::CallbackInfo& info) {
  const ol_config c = config(info[0]);
  auto flat = Napi::Float32Array::New(info.Env(), model_size(info.Env(), c));
  check(info.Env(), ol_model_init(&c, big(info[1], "seed"), flat.Data(), flat.ElementLength()));
  return flat;
}

Napi::Value init_adapter(const Napi::CallbackInfo& info) {
  const ol_config c = config(info[0]);
  const int32_t rank = integer(info[1], "rank"), targets = integer(info[2], "targets");
  int64_t count = 0;
  check(info.Env(), ol_adapter_tensor_count(&c, rank, targets, &count));
  ol_tensor_info last;
  check(info.Env(), ol_adapter_tensor(&c, rank, targets, count - 1, &last));
  auto flat = Napi::Float32Array::New(info.Env(), static_cast<size_t>(last.offset + last.count));
  check(info.Env(), ol_adapter_init(&c, rank, targets, big(info[3], "seed"), flat.Data(), flat.ElementLength()));
  return flat;
}

template <void (*Convert)(float*, const uint16_t*, size_t)>
Napi::Value widen(const Napi::CallbackInfo& info) {
  const auto bits = halves(info[0], "bits");
  auto out = Napi::Float32Array::New(info.Env(), bits.size);
  Convert(out.Data(), bits.data, bits.size);
  return out;
}

Napi::Value narrow(const Napi::CallbackInfo& info) {
  const auto values = floats(info[0], "values");
  auto out = Napi::Uint16Array::New(info.Env(), values.size);
  ol_float_to_half(out.Data(), values.data, values.size);
  return out;
}

Napi::Value create_session(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string isa = info[1].ToString(), device = info[2].ToString();
  const ol_session_options options{integer(info[0], "threads"), isa.c_str(), device.c_str(),
                                   integer(info[3], "microbatchTokens")};
  ol_session* session = nullptr;
  check(env, ol_session_create(&options, &session));
  auto result = Napi::Object::New(env);
  result.Set("isa", std::string(ol_session_isa(session)));
  result.Set("device", std::string(ol_session_device(session)));
  result.Set("threads", ol_session_threads(session));
  result.Set("handle", wrap(env, session));
  return result;
}

Napi::Value wrap_model(Napi::Env env, ol_model* model) {
  size_t size = 0;
  check(env, ol_model_bytes(model, &size));
  return wrap(env, model, size);
}

Napi::Value create_model(const Napi::CallbackInfo& info) {
  const ol_config c = config(info[0]);
  const auto flat = floats(info[1], "weights");
  ol_model* model = nullptr;
  check(info.Env(), ol_model_create(&c, flat.data, flat.size, &model));
  return wrap_model(info.Env(), model);
}

uint64_t whole(const Napi::Object& object, const char* name) {
  const double x = number(object.Get(name), name);
  if (!(x >= 0 && x < 9007199254740992.0) || x != std::floor(x)) {
    raise(object.Env(), "NATIVE_ARGUMENT", std::string(name) + " must be a whole number");
  }
  return static_cast<uint64_t>(x);
}

// One entry of the list of sources: { format, heads, data } or { format, heads, file, offset, bytes }.
ol_tensor_source tensor_source(const Napi::Value& value) {
  if (!value.IsObject()) raise(value.Env(), "NATIVE_ARGUMENT", "a tensor's source must be an object");
  const auto o = value.As<Napi::Object>();
  ol_tensor_source source{};
  source.format = integer(o.Get("format"), "format");
  source.heads = integer(o.Get("heads"), "heads");
  if (o.Get("data").IsUndefined()) {
    source.file = integer(o.Get("file"), "file");
    source.offset = whole(o, "offset");
    source.bytes = whole(o, "bytes");
    return source;
  }
  const auto data = bytes(o.Get("data"), "data");
  // A null pointer would mean a file; an array without bytes may have one.
  static const uint8_t nothing = 0;
  source.data = data.size ? data.data : &nothing;
  source.bytes = data.size;
  return source;
}

// What a model is read from. Bytes in arrays stay where they are for as long as `arrays` is held.
struct model_request {
  ol_config config;
  std::vector<ol_tensor_source> sources;
  std::vector<std::string> paths;
  std::vector<ol_weight_file> files;
};

std::unique_ptr<model_request> read_request(const Napi::CallbackInfo& info) {
  if (!info[1].IsArray() || !info[2].IsArray()) raise(info.Env(), "NATIVE_ARGUMENT", "sources and files must be lists");
  const auto list = info[1].As<Napi::Array>(), named = info[2].As<Napi::Array>();
  auto request = std::make_unique<model_request>();
  request->config = config(info[0]);
  for (uint32_t i = 0; i < list.Length(); ++i) request->sources.push_back(tensor_source(list.Get(i)));
  for (uint32_t i = 0; i < named.Length(); ++i) {
    request->paths.push_back(named.Get(i).As<Napi::Object>().Get("path").ToString());
  }
  for (uint32_t i = 0; i < named.Length(); ++i) {
    request->files.push_back({request->paths[i].c_str(), whole(named.Get(i).As<Napi::Object>(), "size")});
  }
  return request;
}

int run_request(const model_request& r, ol_model** model) {
  return ol_model_load(&r.config, r.sources.data(), r.sources.size(), r.files.data(), r.files.size(), model);
}

// Loads on the thread pool and answers with a promise.
class load_task : public Napi::AsyncWorker {
 public:
  static Napi::Value start(const Napi::CallbackInfo& info) {
    auto* made = new load_task(info.Env(), read_request(info));
    made->arrays_ = Napi::Persistent(info[1].As<Napi::Object>());
    const Napi::Value promise = made->promise_.Promise();
    made->Queue();
    return promise;
  }
  ~load_task() override {
    if (model_) ol_model_destroy(model_);
  }

 protected:
  void Execute() override {
    status_ = run_request(*request_, &model_);
    // The text belongs to this thread.
    if (status_ != OL_OK) SetError(ol_error_text());
  }
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    ol_model* model = model_;
    model_ = nullptr;
    promise_.Resolve(wrap_model(Env(), model));
  }
  void OnError(const Napi::Error& error) override {
    const Napi::HandleScope scope(Env());
    error.Set("code", Napi::String::New(Env(), ol_status_name(status_)));
    promise_.Reject(error.Value());
  }

 private:
  load_task(Napi::Env env, std::unique_ptr<model_request> request)
      : Napi::AsyncWorker(env, "openledger:model"),
        request_(std::move(request)),
        promise_(Napi::Promise::Deferred::New(env)) {}

  std::unique_ptr<model_request> request_;
  Napi::ObjectReference arrays_;
  Napi::Promise::Deferred promise_;
  ol_model* model_ = nullptr;
  int status_ = OL_OK;
};

Napi::Value load_model(const Napi::CallbackInfo& info) {
  const auto request = read_request(info);
  ol_model* model = nullptr;
  check(info.Env(), run_request(*request, &model));
  return wrap_model(info.Env(), model);
}

Napi::Value model_bytes(const Napi::CallbackInfo& info) {
  size_t size = 0;
  check(info.Env(), ol_model_bytes(unwrap<ol_model>(info[0]), &size));
  return Napi::Number::New(info.Env(), static_cast<double>(size));
}

Napi::Value read_tensor(const Napi::CallbackInfo& info) {
  auto values = Napi::Float32Array::New(info.Env(), static_cast<size_t>(integer(info[2], "count")));
  check(info.Env(), ol_model_read(unwrap<ol_model>(info[0]), integer(info[1], "index"), values.Data(),
                                  values.ElementLength()));
  return values;
}

template <typename H>
bool close_as(Napi::Env env, const Napi::Value& value) {
  auto* held = find_held<H>(value);
  if (held) held->close(env);
  return held != nullptr;
}

void close_handle(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Value value = info[0];
  if (close_as<ol_model>(env, value) || close_as<ol_adapter>(env, value) || close_as<ol_trainer>(env, value) ||
      close_as<ol_session>(env, value)) {
    return;
  }
  raise(env, "NATIVE_ARGUMENT", "expected a model, an adapter, a trainer or a session");
}

Napi::Value create_adapter(const Napi::CallbackInfo& info) {
  const ol_config c = config(info[0]);
  const auto flat = floats(info[4], "factors");
  ol_adapter* adapter = nullptr;
  check(info.Env(), ol_adapter_create(&c, integer(info[1], "rank"), static_cast<float>(number(info[2], "scale")),
                                      integer(info[3], "targets"), flat.data, flat.size, &adapter));
  size_t size = 0;
  check(info.Env(), ol_adapter_bytes(adapter, &size));
  return wrap(info.Env(), adapter, size);
}

Napi::Value create_trainer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ol_config c = config(info[0]);
  const auto weights = floats(info[1], "weights"), m = floats(info[2], "m"), v = floats(info[3], "v");
  if ((m.size && m.size != weights.size) || m.size != v.size) {
    raise(env, "NATIVE_TENSOR", "the optimizer's moments do not fit the weights");
  }
  const double step = number(info[4], "step");
  if (!(step >= 0 && step < 9007199254740992.0)) raise(env, "NATIVE_ARGUMENT", "step must not be negative");
  ol_trainer* trainer = nullptr;
  check(env, ol_trainer_create(&c, weights.data, m.size ? m.data : nullptr, v.size ? v.data : nullptr, weights.size,
                               static_cast<int64_t>(step), &trainer));
  return wrap(env, trainer, 3 * weights.size * sizeof(float));
}

Napi::Value trainer_state(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ol_trainer* trainer = unwrap<ol_trainer>(info[0]);
  size_t count = 0;
  check(env, ol_trainer_count(trainer, &count));
  auto weights = Napi::Float32Array::New(env, count), m = Napi::Float32Array::New(env, count),
       v = Napi::Float32Array::New(env, count);
  int64_t step = 0;
  check(env, ol_trainer_read(trainer, weights.Data(), m.Data(), v.Data(), count, &step));
  auto state = Napi::Object::New(env);
  state.Set("step", static_cast<double>(step));
  state.Set("weights", weights);
  state.Set("m", m);
  state.Set("v", v);
  return state;
}

Napi::Value gemm(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ol_session* session = unwrap<ol_session>(info[0]);
  const int32_t m = integer(info[1], "m"), n = integer(info[2], "n"), k = integer(info[3], "k");
  const auto a = floats(info[4], "a"), b = floats(info[5], "b");
  if (m < 1 || n < 1 || k < 1 || a.size != static_cast<size_t>(m) * k || b.size != static_cast<size_t>(k) * n) {
    raise(env, "NATIVE_ARGUMENT", "the matrices do not have the given sizes");
  }
  auto c = Napi::Float32Array::New(env, static_cast<size_t>(m) * n);
  check(env, ol_gemm(session, m, n, k, a.data, b.data, c.Data(), integer(info[6], "repeat")));
  return c;
}

// session, arithmetic, format, bytes, rows, cols, x
Napi::Value product(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto w = bytes(info[3], "bytes");
  const auto x = floats(info[6], "x");
  const int32_t rows = integer(info[4], "rows"), cols = integer(info[5], "cols");
  if (rows < 1 || cols < 1 || x.size == 0 || x.size % static_cast<size_t>(cols) != 0) {
    raise(env, "NATIVE_ARGUMENT", "x has no whole number of rows");
  }
  const size_t tokens = x.size / static_cast<size_t>(cols);
  auto y = Napi::Float32Array::New(env, tokens * static_cast<size_t>(rows));
  check(env, ol_product(unwrap<ol_session>(info[0]), arithmetic(info[1]), integer(info[2], "format"), w.data, w.size, rows,
                        cols, x.data, static_cast<int64_t>(tokens), y.Data()));
  return y;
}

}  // namespace

void add_models(Napi::Env env, Napi::Object exports) {
  add(env, exports, "backends", backends);
  add(env, exports, "modelLayout", model_layout);
  add(env, exports, "adapterLayout", adapter_layout);
  add(env, exports, "initModel", init_model);
  add(env, exports, "initAdapter", init_adapter);
  add(env, exports, "f16ToF32", widen<ol_half_to_float>);
  add(env, exports, "bf16ToF32", widen<ol_bfloat_to_float>);
  add(env, exports, "f32ToF16", narrow);
  add(env, exports, "createSession", create_session);
  add(env, exports, "createModel", create_model);
  add(env, exports, "loadModel", load_model);
  add(env, exports, "loadModelLater", load_task::start);
  add(env, exports, "modelBytes", model_bytes);
  add(env, exports, "readTensor", read_tensor);
  add(env, exports, "closeHandle", close_handle);
  add(env, exports, "createAdapter", create_adapter);
  add(env, exports, "createTrainer", create_trainer);
  add(env, exports, "trainerState", trainer_state);
  add(env, exports, "gemm", gemm);
  add(env, exports, "product", product);
}

}  // namespace ol_node

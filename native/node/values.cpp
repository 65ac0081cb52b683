#include "values.h"

#include <cmath>

namespace ol_node {

void raise(Napi::Env env, const char* code, const std::string& text) {
  Napi::Error error = Napi::Error::New(env, text);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

void check(Napi::Env env, int status) {
  if (status != OL_OK) raise(env, ol_status_name(status), ol_error_text());
}

double number(const Napi::Value& value, const char* what) {
  if (!value.IsNumber()) raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " must be a number");
  return value.As<Napi::Number>().DoubleValue();
}

int32_t integer(const Napi::Value& value, const char* what) {
  const double x = number(value, what);
  if (!(x >= -2147483648.0 && x <= 2147483647.0) || x != std::floor(x)) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " must be a 32-bit integer");
  }
  return static_cast<int32_t>(x);
}

double number_or(const Napi::Object& object, const char* name, double otherwise) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? otherwise : number(value, name);
}

bool flag(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsBoolean()) raise(object.Env(), "NATIVE_CONFIG", std::string(name) + " must be true or false");
  return value.As<Napi::Boolean>().Value();
}

uint64_t big(const Napi::Value& value, const char* what) {
  bool lossless = false;
  if (!value.IsBigInt()) raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " must be a bigint");
  const uint64_t x = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " must be in 0..2^64-1");
  return x;
}

int32_t arithmetic(const Napi::Value& value) {
  const std::string name = value.ToString();
  if (name == "f32") return OL_ARITHMETIC_F32;
  if (name == "q8") return OL_ARITHMETIC_Q8;
  raise(value.Env(), "NATIVE_ARGUMENT", "there is no arithmetic " + name + "; use f32 or q8");
}

// Names of linears as bits OL_Q ...; undefined: none.
static int32_t bias_mask(const Napi::Value& value) {
  static const char* const names[] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
  if (value.IsUndefined()) return 0;
  if (!value.IsArray()) raise(value.Env(), "NATIVE_CONFIG", "biases must be a list of linears");
  const auto list = value.As<Napi::Array>();
  int32_t mask = 0;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const std::string name = list.Get(i).ToString();
    int bit = 0;
    while (bit < 7 && name != names[bit]) ++bit;
    if (bit == 7) raise(value.Env(), "NATIVE_CONFIG", "there is no linear " + name + " to have a bias");
    mask |= 1 << bit;
  }
  return mask;
}

ol_config config(const Napi::Value& value) {
  if (!value.IsObject()) raise(value.Env(), "NATIVE_CONFIG", "the model configuration must be an object");
  const auto o = value.As<Napi::Object>();
  ol_config c{};
  c.vocab = integer(o.Get("vocabSize"), "vocabSize");
  c.hidden = integer(o.Get("hiddenSize"), "hiddenSize");
  c.layers = integer(o.Get("layers"), "layers");
  c.heads = integer(o.Get("heads"), "heads");
  c.kv_heads = integer(o.Get("kvHeads"), "kvHeads");
  c.head_dim = integer(o.Get("headDim"), "headDim");
  c.intermediate = integer(o.Get("intermediateSize"), "intermediateSize");
  c.max_positions = integer(o.Get("maxPositions"), "maxPositions");
  c.rms_eps = static_cast<float>(number(o.Get("rmsEps"), "rmsEps"));
  c.rope_theta = number(o.Get("ropeTheta"), "ropeTheta");
  c.tied = flag(o, "tied");
  c.biases = bias_mask(o.Get("biases"));
  c.qk_norm = o.Get("qkNorm").ToBoolean().Value();
  const Napi::Value divisors = o.Get("ropeDivisors");
  if (!divisors.IsUndefined() && !divisors.IsNull()) {
    const auto list = floats(divisors, "ropeDivisors");
    if (list.size > sizeof c.rope_divisors / sizeof *c.rope_divisors) {
      raise(value.Env(), "NATIVE_CONFIG", "ropeDivisors is too long");
    }
    c.rope_divisor_count = static_cast<int32_t>(list.size);
    for (size_t i = 0; i < list.size; ++i) c.rope_divisors[i] = list.data[i];
  }
  const Napi::Value scaling = o.Get("ropeScaling");
  if (!scaling.IsUndefined() && !scaling.IsNull()) {
    if (!scaling.IsObject()) raise(value.Env(), "NATIVE_CONFIG", "ropeScaling must be an object");
    const auto s = scaling.As<Napi::Object>();
    c.rope_llama3 = 1;
    c.rope_factor = number(s.Get("factor"), "ropeScaling.factor");
    c.rope_low = number(s.Get("lowFreqFactor"), "ropeScaling.lowFreqFactor");
    c.rope_high = number(s.Get("highFreqFactor"), "ropeScaling.highFreqFactor");
    c.rope_original_positions = integer(s.Get("originalMaxPositions"), "ropeScaling.originalMaxPositions");
  }
  return c;
}

ol_optimizer optimizer(const Napi::Value& adamw, const Napi::Value& schedule, const Napi::Value& clip) {
  if (!adamw.IsObject() || !schedule.IsObject()) {
    raise(adamw.Env(), "NATIVE_ARGUMENT", "adamw and schedule must be objects");
  }
  const auto a = adamw.As<Napi::Object>(), s = schedule.As<Napi::Object>();
  ol_optimizer o{};
  o.beta1 = static_cast<float>(number_or(a, "beta1", 0.9));
  o.beta2 = static_cast<float>(number_or(a, "beta2", 0.999));
  o.eps = static_cast<float>(number_or(a, "eps", 1e-8));
  o.weight_decay = static_cast<float>(number_or(a, "weightDecay", 0.0));
  o.clip_norm = static_cast<float>(number(clip, "clipNorm"));
  o.lr = number(s.Get("lr"), "schedule.lr");
  o.min_lr = number_or(s, "minLr", 0.0);
  o.warmup_steps = static_cast<int64_t>(number_or(s, "warmupSteps", 0));
  o.total_steps = static_cast<int64_t>(number_or(s, "totalSteps", 0));
  const std::string kind = s.Get("kind").ToString();
  if (kind != "constant" && kind != "cosine") {
    raise(adamw.Env(), "NATIVE_ARGUMENT", "schedule.kind must be constant or cosine");
  }
  o.cosine = kind == "cosine";
  return o;
}

template <typename T>
static span<T> view(const Napi::Value& value, napi_typedarray_type type, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " is not the expected typed array");
  }
  const auto array = value.As<Napi::TypedArray>();
  const auto* base = static_cast<const uint8_t*>(array.ArrayBuffer().Data());
  return {reinterpret_cast<const T*>(base + array.ByteOffset()), array.ElementLength()};
}

span<float> floats(const Napi::Value& value, const char* what) {
  return view<float>(value, napi_float32_array, what);
}
span<int32_t> ints(const Napi::Value& value, const char* what) {
  return view<int32_t>(value, napi_int32_array, what);
}
span<uint8_t> bytes(const Napi::Value& value, const char* what) {
  return view<uint8_t>(value, napi_uint8_array, what);
}
span<uint16_t> halves(const Napi::Value& value, const char* what) {
  return view<uint16_t>(value, napi_uint16_array, what);
}

ol_examples examples(const Napi::CallbackInfo& info, size_t first) {
  const auto ids = ints(info[first], "ids");
  const auto targets = bytes(info[first + 1], "targets");
  const auto offsets = ints(info[first + 2], "offsets");
  // The core reads as far as the last offset says: it must agree with the buffers before that.
  if (offsets.size < 2 || targets.size != ids.size || offsets.data[0] != 0 ||
      offsets.data[offsets.size - 1] != static_cast<int64_t>(ids.size)) {
    raise(info.Env(), "NATIVE_ARGUMENT", "ids, targets and offsets do not fit together");
  }
  for (size_t i = 1; i < offsets.size; ++i) {
    if (offsets.data[i] <= offsets.data[i - 1]) raise(info.Env(), "NATIVE_ARGUMENT", "an example has no tokens");
  }
  return {ids.data, targets.data, offsets.data, static_cast<int32_t>(offsets.size - 1)};
}

ol_steps steps(const Napi::CallbackInfo& info, size_t first, size_t example_count) {
  const auto order = ints(info[first], "order");
  const auto offsets = ints(info[first + 1], "stepOffsets");
  if (offsets.size < 2 || offsets.data[0] != 0 || offsets.data[offsets.size - 1] != static_cast<int64_t>(order.size)) {
    raise(info.Env(), "NATIVE_ARGUMENT", "order and stepOffsets do not fit together");
  }
  for (size_t i = 1; i < offsets.size; ++i) {
    if (offsets.data[i] <= offsets.data[i - 1]) raise(info.Env(), "NATIVE_ARGUMENT", "a step has no examples");
  }
  for (size_t i = 0; i < order.size; ++i) {
    if (order.data[i] < 0 || static_cast<size_t>(order.data[i]) >= example_count) {
      raise(info.Env(), "NATIVE_ARGUMENT", "there is no example " + std::to_string(order.data[i]));
    }
  }
  return {order.data, offsets.data, static_cast<int32_t>(offsets.size - 1)};
}

}  // namespace ol_node

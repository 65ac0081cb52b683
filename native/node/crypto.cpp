// Cryptographic operations for JavaScript. Plain Node-API: an operation may run for less than a microsecond.
#include "openledger_crypto.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "addon.h"

namespace ol_node {
namespace {

// Jobs of one batch: 8 MB, a few seconds of one core.
constexpr size_t MAX_JOBS = 65536;
constexpr char TOO_MANY_JOBS[] = "more than 65536 jobs in one batch";
// Jobs that a worker takes at once: a few milliseconds.
constexpr size_t PIECE = 32;

struct View {
  uint8_t* data = nullptr;
  size_t size = 0;
};

bool view(napi_env env, napi_value value, View* out) {
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &out->size, &data, nullptr, nullptr) != napi_ok) return false;
  out->data = static_cast<uint8_t*>(data);
  return type == napi_uint8_array;
}

napi_value fail(napi_env env, const char* text) {
  napi_throw_type_error(env, "NATIVE_ARGUMENT", text);
  return nullptr;
}

napi_value bytes(napi_env env, size_t size, uint8_t** data) {
  napi_value buffer = nullptr, array = nullptr;
  void* at = nullptr;
  if (napi_create_arraybuffer(env, size, &at, &buffer) != napi_ok) return nullptr;
  *data = static_cast<uint8_t*>(at);
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &array);
  return array;
}

template <size_t N>
bool arguments(napi_env env, napi_callback_info info, napi_value (&out)[N]) {
  size_t count = N;
  return napi_get_cb_info(env, info, &count, out, nullptr, nullptr) == napi_ok && count >= N;
}

napi_value crypto_operation(napi_env env, napi_callback_info info) {
  napi_value args[3];
  uint32_t operation = 0;
  View input, output;
  if (!arguments(env, info, args) || napi_get_value_uint32(env, args[0], &operation) != napi_ok ||
      !view(env, args[1], &input) || !view(env, args[2], &output)) {
    return fail(env, "expected an operation's number and two Uint8Arrays");
  }
  const int64_t answer = ol_crypto_run(operation, input.data, input.size, output.data, output.size);
  if (answer == OL_CRYPTO_NO_SPACE) return fail(env, "the output array is shorter than the operation's result");
  napi_value result = nullptr;
  napi_create_int64(env, answer, &result);
  return result;
}

napi_value crypto_missing(napi_env env, napi_callback_info info) {
  napi_value args[1], result = nullptr;
  uint32_t operation = 0;
  if (!arguments(env, info, args) || napi_get_value_uint32(env, args[0], &operation) != napi_ok) {
    return fail(env, "expected an operation's number");
  }
  const char* const missing = ol_crypto_missing(operation);
  if (missing == nullptr) return nullptr;
  napi_create_string_utf8(env, missing, NAPI_AUTO_LENGTH, &result);
  return result;
}

napi_value keccak256(napi_env env, napi_callback_info info) {
  napi_value args[1];
  View input;
  if (!arguments(env, info, args) || !view(env, args[0], &input)) return fail(env, "expected a Uint8Array");
  uint8_t* out = nullptr;
  const napi_value result = bytes(env, 32, &out);
  if (result != nullptr) ol_keccak256(input.data, input.size, out);
  return result;
}

// (data, ends, output): message i is data[ends[i - 1] .. ends[i]), its hash output[32 i ..].
napi_value keccak256_many(napi_env env, napi_callback_info info) {
  napi_value args[3];
  View data, output;
  napi_typedarray_type type;
  size_t count = 0;
  void* raw = nullptr;
  if (!arguments(env, info, args) || !view(env, args[0], &data) || !view(env, args[2], &output) ||
      napi_get_typedarray_info(env, args[1], &type, &count, &raw, nullptr, nullptr) != napi_ok ||
      type != napi_uint32_array) {
    return fail(env, "expected a Uint8Array, a Uint32Array and a Uint8Array");
  }
  const uint32_t* const ends = static_cast<const uint32_t*>(raw);
  if (output.size / 32 < count) return fail(env, "the output array is shorter than 32 bytes a message");
  size_t from = 0;
  for (size_t i = 0; i < count; i++) {
    if (ends[i] < from || ends[i] > data.size) return fail(env, "the ends of messages do not rise within the data");
    ol_keccak256(data.data + from, ends[i] - from, output.data + 32 * i);
    from = ends[i];
  }
  return nullptr;
}

napi_value recover_senders_here(napi_env env, napi_callback_info info) {
  napi_value args[1];
  View jobs;
  if (!arguments(env, info, args) || !view(env, args[0], &jobs) || jobs.size % OL_SENDER_JOB != 0) {
    return fail(env, "expected a Uint8Array of 97 bytes a job");
  }
  const size_t count = jobs.size / OL_SENDER_JOB;
  if (count > MAX_JOBS) return fail(env, TOO_MANY_JOBS);
  uint8_t* out = nullptr;
  const napi_value result = bytes(env, count * OL_SENDER, &out);
  if (result != nullptr) ol_recover_senders(jobs.data, count, out);
  return result;
}

// A batch outlives its caller's array, and its workers outlive each other: the last to finish settles the promise.
struct Batch {
  std::vector<uint8_t> jobs;
  std::vector<uint8_t> results;
  std::atomic<size_t> next{0};
  napi_deferred promise = nullptr;
  size_t running = 0;  // touched on the JavaScript thread only
  bool failed = false;
};

struct Worker {
  std::shared_ptr<Batch> batch;
  napi_async_work work = nullptr;
};

void work(napi_env, void* data) {
  Batch& batch = *static_cast<Worker*>(data)->batch;
  const size_t count = batch.jobs.size() / OL_SENDER_JOB;
  for (;;) {
    const size_t from = batch.next.fetch_add(PIECE);
    if (from >= count) return;
    const size_t most = std::min<size_t>(PIECE, count - from);
    ol_recover_senders(&batch.jobs[from * OL_SENDER_JOB], most, &batch.results[from * OL_SENDER]);
  }
}

void settle(napi_env env, Batch& batch) {
  uint8_t* out = nullptr;
  const napi_value result = batch.failed ? nullptr : bytes(env, batch.results.size(), &out);
  if (result != nullptr) {
    if (!batch.results.empty()) std::memcpy(out, batch.results.data(), batch.results.size());
    napi_resolve_deferred(env, batch.promise, result);
    return;
  }
  napi_value code = nullptr, text = nullptr, error = nullptr;
  napi_create_string_utf8(env, "NATIVE_CANCELLED", NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, "the batch of senders was not finished", NAPI_AUTO_LENGTH, &text);
  napi_create_error(env, code, text, &error);
  napi_reject_deferred(env, batch.promise, error);
}

void done(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Worker> worker(static_cast<Worker*>(data));
  napi_delete_async_work(env, worker->work);
  Batch& batch = *worker->batch;
  if (status != napi_ok) batch.failed = true;
  if (--batch.running == 0) settle(env, batch);
}

bool start(napi_env env, const std::shared_ptr<Batch>& batch) {
  auto worker = std::make_unique<Worker>();
  worker->batch = batch;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "openledger:recoverSenders", NAPI_AUTO_LENGTH, &name);
  if (napi_create_async_work(env, nullptr, name, work, done, worker.get(), &worker->work) != napi_ok) return false;
  if (napi_queue_async_work(env, worker->work) != napi_ok) {
    napi_delete_async_work(env, worker->work);
    return false;
  }
  batch->running++;
  worker.release();  // done() takes it back
  return true;
}

napi_value recover_senders(napi_env env, napi_callback_info info) {
  napi_value args[2], promise = nullptr;
  View jobs;
  uint32_t threads = 0;
  if (!arguments(env, info, args) || !view(env, args[0], &jobs) || jobs.size % OL_SENDER_JOB != 0 ||
      napi_get_value_uint32(env, args[1], &threads) != napi_ok || threads == 0) {
    return fail(env, "expected a Uint8Array of 97 bytes a job and a number of threads above 0");
  }
  const size_t count = jobs.size / OL_SENDER_JOB;
  if (count > MAX_JOBS) return fail(env, TOO_MANY_JOBS);
  const auto batch = std::make_shared<Batch>();
  batch->jobs.assign(jobs.data, jobs.data + jobs.size);
  batch->results.resize(count * OL_SENDER);
  napi_create_promise(env, &batch->promise, &promise);
  const size_t pieces = (count + PIECE - 1) / PIECE;
  for (size_t i = 0; i < std::min<size_t>(threads, pieces); i++) {
    if (!start(env, batch)) break;
  }
  if (batch->running == 0) {
    batch->failed = count != 0;
    settle(env, *batch);
  }
  return promise;
}

// No C++ exception may reach Node's C interface; the only one that can occur is a lack of memory.
template <napi_callback Function>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    return Function(env, info);
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "NATIVE_MEMORY", "no memory for a cryptographic operation");
    return nullptr;
  }
}

template <napi_callback Function>
void add_raw(napi_env env, napi_value exports, const char* name) {
  napi_value value = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<Function>, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace

void add_crypto(Napi::Env env, Napi::Object exports) {
  add_raw<crypto_operation>(env, exports, "cryptoOperation");
  add_raw<crypto_missing>(env, exports, "cryptoMissing");
  add_raw<keccak256>(env, exports, "keccak256");
  add_raw<keccak256_many>(env, exports, "keccak256Many");
  add_raw<recover_senders_here>(env, exports, "recoverSendersHere");
  add_raw<recover_senders>(env, exports, "recoverSenders");
}

}  // namespace ol_node

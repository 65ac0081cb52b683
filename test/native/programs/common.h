// What the programs share: checks, random numbers, hashes, handles that free themselves, a small model.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "openledger.h"
#include "openledger_engine.h"
#include "openledger_influence.h"

#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #condition);    \
      std::exit(1);                                                         \
    }                                                                       \
  } while (0)

// For a call that must succeed.
inline void must(int status) {
  if (status == OL_OK) return;
  std::printf("FAILED: %s: %s\n", ol_status_name(status), ol_error_text());
  std::exit(1);
}

struct random_numbers {
  uint32_t state;
  uint32_t next() { return (state = state * 1664525u + 1013904223u) >> 8; }
  uint32_t below(uint32_t n) { return next() % n; }
  float value() { return (static_cast<float>(next()) / 8388608.0f - 1.0f) / static_cast<float>(1 << below(6)); }
  std::vector<float> floats(size_t n) {
    std::vector<float> out(n);
    for (float& x : out) x = value();
    return out;
  }
};

// FNV-1a of 64 bits.
struct hash64 {
  uint64_t state = 1469598103934665603ull;
  void add(const void* data, size_t bytes) {
    const uint8_t* b = static_cast<const uint8_t*>(data);
    for (size_t i = 0; i < bytes; ++i) state = (state ^ b[i]) * 1099511628211ull;
  }
  template <typename T>
  void add(const std::vector<T>& values) {
    add(values.data(), values.size() * sizeof(T));
  }
};

inline void report(const std::string& name, const hash64& hash) {
  std::printf("%s %016llx\n", name.c_str(), static_cast<unsigned long long>(hash.state));
  std::fflush(stdout);
}

template <typename T, void (*F)(T*)>
struct destroy_with {
  void operator()(T* handle) const { F(handle); }
};
using session_ptr = std::unique_ptr<ol_session, destroy_with<ol_session, ol_session_destroy>>;
using model_ptr = std::unique_ptr<ol_model, destroy_with<ol_model, ol_model_destroy>>;
using adapter_ptr = std::unique_ptr<ol_adapter, destroy_with<ol_adapter, ol_adapter_destroy>>;
using trainer_ptr = std::unique_ptr<ol_trainer, destroy_with<ol_trainer, ol_trainer_destroy>>;
using factored_ptr = std::unique_ptr<ol_factored, destroy_with<ol_factored, ol_factored_destroy>>;
using job_ptr = std::unique_ptr<ol_job, destroy_with<ol_job, ol_job_destroy>>;
using engine_ptr = std::unique_ptr<ol_engine, destroy_with<ol_engine, ol_engine_destroy>>;

inline session_ptr open_session(const char* isa, int threads, int microbatch = 0, const char* device = "cpu") {
  const ol_session_options options{threads, isa, device, microbatch};
  ol_session* made = nullptr;
  must(ol_session_create(&options, &made));
  return session_ptr(made);
}

// The instruction sets of this machine, the scalar one first.
inline std::vector<const char*> instruction_sets() {
  std::vector<const char*> sets;
  for (const char* isa : {"scalar", "avx2", "avx512", "vnni", "amx"})
    if (ol_isa_supported(isa)) sets.push_back(isa);
  return sets;
}

struct format_case {
  const char* name;
  int32_t number;
  int values, bytes;
  std::vector<int> halves;  // where a block's halves are
};

inline std::vector<format_case> all_formats() {
  return {{"F32", OL_FORMAT_F32, 1, 4, {}},         {"F16", OL_FORMAT_F16, 1, 2, {0}},
          {"BF16", OL_FORMAT_BF16, 1, 2, {}},       {"Q8_0", OL_FORMAT_Q8_0, 32, 34, {0}},
          {"Q4_0", OL_FORMAT_Q4_0, 32, 18, {0}},    {"Q4_1", OL_FORMAT_Q4_1, 32, 20, {0, 2}},
          {"Q5_0", OL_FORMAT_Q5_0, 32, 22, {0}},    {"Q5_1", OL_FORMAT_Q5_1, 32, 24, {0, 2}},
          {"Q4_K", OL_FORMAT_Q4_K, 256, 144, {0, 2}}, {"Q5_K", OL_FORMAT_Q5_K, 256, 176, {0, 2}},
          {"Q6_K", OL_FORMAT_Q6_K, 256, 210, {208}}};
}

// Any bytes whose scales are finite: halves of `widest` exponents, floats of ordinary size.
inline std::vector<uint8_t> random_weights(const format_case& format, size_t values, random_numbers& random, uint32_t widest) {
  std::vector<uint8_t> out(values / format.values * format.bytes);
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random.next());
  for (size_t at = 0; at < out.size(); at += format.bytes) {
    if (format.number == OL_FORMAT_F32) {
      const float x = random.value();
      std::memcpy(&out[at], &x, 4);
    } else if (format.number == OL_FORMAT_BF16) {
      const uint16_t bits = static_cast<uint16_t>(0x3c00 + (random.next() & 0x80ff));
      std::memcpy(&out[at], &bits, 2);
    }
    for (int half : format.halves) {
      const uint16_t bits = static_cast<uint16_t>((random.next() & 0x83ff) | random.below(widest) << 10);
      std::memcpy(&out[at + half], &bits, 2);
    }
  }
  return out;
}

inline ol_config small_config() {
  ol_config c{};
  c.vocab = 96;
  c.hidden = 64;
  c.layers = 2;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_dim = 16;
  c.intermediate = 96;
  c.max_positions = 64;
  c.tied = 1;
  c.biases = OL_Q | OL_V;
  c.qk_norm = 1;
  c.rms_eps = 1e-5f;
  c.rope_theta = 10000.0;
  return c;
}

// Matrices in the given format with scales near 2^-12, vectors near 1.
inline model_ptr small_model(const ol_config& config, const format_case& format, uint32_t seed) {
  random_numbers random{seed};
  int64_t count = 0;
  must(ol_model_tensor_count(&config, &count));
  std::vector<std::vector<uint8_t>> bytes;
  std::vector<ol_tensor_source> sources;
  for (int64_t i = 0; i < count; ++i) {
    ol_tensor_info info;
    must(ol_model_tensor(&config, i, &info));
    const size_t values = static_cast<size_t>(info.count);
    if (info.cols == 0) {
      std::vector<float> ones(values);
      for (float& x : ones) x = 1.0f + random.value() / 8.0f;
      bytes.emplace_back(values * 4);
      std::memcpy(bytes.back().data(), ones.data(), values * 4);
      sources.push_back({OL_FORMAT_F32, 0, nullptr, 0, 0, values * 4});
      continue;
    }
    bytes.push_back(random_weights(format, values, random, 4));
    if (format.number == OL_FORMAT_F32) {
      for (size_t at = 0; at < bytes.back().size(); at += 4) {
        const float x = random.value() / 8.0f;
        std::memcpy(&bytes.back()[at], &x, 4);
      }
    }
    sources.push_back({format.number, 0, nullptr, 0, 0, bytes.back().size()});
  }
  for (size_t i = 0; i < sources.size(); ++i) sources[i].data = bytes[i].data();
  ol_model* made = nullptr;
  must(ol_model_load(&config, sources.data(), sources.size(), nullptr, 0, &made));
  return model_ptr(made);
}

inline const int32_t all_linears = OL_Q | OL_K | OL_V | OL_O | OL_GATE | OL_UP | OL_DOWN;

inline adapter_ptr small_adapter(const ol_config& config, int32_t rank, uint32_t seed) {
  random_numbers random{seed};
  int64_t tensors = 0;
  size_t total = 0;
  must(ol_adapter_tensor_count(&config, rank, all_linears, &tensors));
  for (int64_t i = 0; i < tensors; ++i) {
    ol_tensor_info info;
    must(ol_adapter_tensor(&config, rank, all_linears, i, &info));
    total += static_cast<size_t>(info.count);
  }
  std::vector<float> flat = random.floats(total);
  for (float& x : flat) x /= 8.0f;
  ol_adapter* made = nullptr;
  must(ol_adapter_create(&config, rank, 1.5f, all_linears, flat.data(), flat.size(), &made));
  return adapter_ptr(made);
}

inline ol_progress wait_for(const ol_job* job) {
  ol_progress progress;
  for (;;) {
    must(ol_job_poll(job, &progress));
    if (progress.state != OL_RUNNING) return progress;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Hash of all outputs of a job that must succeed.
inline hash64 outputs_of(const ol_job* job) {
  if (wait_for(job).state != OL_DONE) {
    std::printf("FAILED: %s\n", ol_job_error(job));
    std::exit(1);
  }
  hash64 hash;
  int32_t count = 0;
  must(ol_job_output_count(job, &count));
  for (int32_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    int32_t type = 0;
    size_t values = 0;
    must(ol_job_output(job, i, &name, &type, &values));
    const size_t size = type == OL_F64 ? 8 : type == OL_I8 ? 1 : type == OL_I16 ? 2 : 4;
    std::vector<uint8_t> bytes(values * size);
    must(ol_job_output_read(job, i, bytes.data(), values));
    hash.add(name, std::strlen(name));
    hash.add(bytes);
  }
  return hash;
}

// The programs' argument: 1 for a small run, 10 for a whole one.
inline int scale_of(int argc, char** argv) { return argc > 1 ? std::atoi(argv[1]) : 1; }

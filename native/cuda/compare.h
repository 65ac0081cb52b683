// What comparisons are made of: random values, one run of an operation on one device, and the count of what differs.
#pragma once
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/backend.h"

namespace ol {

// Values of both signs over many exponents; zeros of both signs, subnormal numbers and some whose products underflow.
struct numbers {
  uint32_t state;
  uint32_t next() { return state = state * 1664525u + 1013904223u; }
  float value() {
    const uint32_t kind = next() >> 24;
    const float unit = static_cast<float>(static_cast<int32_t>(next())) / 2147483648.0f;
    if (kind < 16) return kind & 1 ? -0.0f : 0.0f;
    if (kind < 32) return unit * 1e-41f;
    if (kind < 64) return unit * 1e-30f;
    return unit * static_cast<float>(1 << (kind & 7)) / 16.0f;
  }
  std::vector<float> floats(size_t n) {
    std::vector<float> out(n);
    for (float& v : out) v = value();
    return out;
  }
  std::vector<float> positive(size_t n) {
    std::vector<float> out = floats(n);
    for (float& v : out) v = v < 0 ? -v : v;
    return out;
  }
  std::vector<int32_t> integers(size_t n, int below) {
    std::vector<int32_t> out(n);
    for (int32_t& v : out) v = static_cast<int32_t>((next() >> 8) % static_cast<uint32_t>(below));
    return out;
  }
};

// One run of one operation on one device: inputs go up, outputs come down in the order of `out` calls.
class bench {
 public:
  bench(backend& on, uint32_t seed) : device(on), random{seed} {}
  float* in(const std::vector<float>& values) { return put(values, floats_); }
  int32_t* in(const std::vector<int32_t>& values) { return put(values, integers_); }
  float* in(size_t n) { return in(random.floats(n)); }
  float* out(const std::vector<float>& before) {
    float* memory = in(before);
    outputs_.push_back({memory, before.size()});
    return memory;
  }
  float* out(size_t n) { return out(random.floats(n)); }
  std::vector<float> result() {
    std::vector<float> all;
    for (const auto& o : outputs_) {
      std::vector<float> part(o.second);
      device.download(part.data(), o.first, part.size() * sizeof(float));
      all.insert(all.end(), part.begin(), part.end());
    }
    device.finish();
    return all;
  }
  backend& device;
  numbers random;

 private:
  template <typename T>
  T* put(const std::vector<T>& values, std::vector<device_array<T>>& owned) {
    owned.emplace_back(device, values.size());
    device.upload(owned.back().get(), values.data(), values.size() * sizeof(T));
    return owned.back().get();
  }
  std::vector<device_array<float>> floats_;
  std::vector<device_array<int32_t>> integers_;
  std::vector<std::pair<float*, size_t>> outputs_;
};

struct comparison {
  backend &cpu, &cuda;
  std::string only;  // what must stand in an operation's name
  int failed = 0, done = 0, named = 0;

  void operator()(const std::string& name, const std::function<void(bench&)>& operation) {
    const uint32_t seed = 77u + static_cast<uint32_t>(named++) * 1000003u;
    if (name.find(only) == std::string::npos) return;
    ++done;
    bench a(cpu, seed), b(cuda, seed);
    operation(a);
    operation(b);
    const std::vector<float> want = a.result(), got = b.result();
    size_t different = 0;
    for (size_t i = 0; i < want.size(); ++i) different += std::memcmp(&want[i], &got[i], 4) != 0;
    if (different == 0) return;
    ++failed;
    std::printf("DIFFERS %s: %zu of %zu values\n", name.c_str(), different, want.size());
  }
};

// Each file's own comparisons.
void compare_attention(comparison& compare);
void compare_attention_backward(comparison& compare);
void compare_factors(comparison& compare);
void compare_fused(comparison& compare);
void compare_greedy(comparison& compare);
void compare_lora(comparison& compare);
void compare_products(comparison& compare);
void compare_sampling(comparison& compare);
void compare_scan(comparison& compare);
void compare_stored(comparison& compare);

}  // namespace ol

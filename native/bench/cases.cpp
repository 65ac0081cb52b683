#include "bench/cases.h"

#include <algorithm>

namespace ol {
namespace bench {
namespace {

const size_t block_values = 1048583;  // a prime: rows of any length begin at different places of it

std::vector<float> block() {
  std::vector<float> out(block_values);
  uint32_t state = 12345;
  for (float& v : out) {
    state = state * 1664525u + 1013904223u;
    const float unit = static_cast<float>(static_cast<int32_t>(state)) / 2147483648.0f;
    v = unit / static_cast<float>(1 << (state >> 9 & 7));
  }
  return out;
}

}  // namespace

filler::filler(backend& device) : device_(device), block_(device, block_values) {
  const std::vector<float> values = block();
  device.upload(block_.get(), values.data(), values.size() * sizeof(float));
  device.finish();
}

void filler::fill(float* to, size_t count) {
  for (size_t done = 0; done < count;) {
    const size_t from = at_ % block_values, part = std::min(count - done, block_values - from);
    device_.copy(to + done, block_.get() + from, part * sizeof(float));
    done += part;
    at_ += part;
  }
}

float* workspace::in(size_t count) {
  floats_.emplace_back(device, count);
  filler_.fill(floats_.back().get(), count);
  return floats_.back().get();
}

int32_t* workspace::in(const std::vector<int32_t>& values) {
  integers_.emplace_back(device, values.size());
  device.upload(integers_.back().get(), values.data(), values.size() * sizeof(int32_t));
  return integers_.back().get();
}

int32_t* workspace::ids(size_t count, int below) {
  std::vector<int32_t> made(count);
  uint32_t state = 77;
  for (int32_t& id : made) {
    state = state * 1664525u + 1013904223u;
    id = static_cast<int32_t>((state >> 8) % static_cast<uint32_t>(below));
  }
  return in(made);
}

float* workspace::out(size_t count) {
  float* memory = in(count);
  outputs_.push_back({memory, count});
  return memory;
}

std::vector<linear_weight>& workspace::weights(int out, int in, bool backward, size_t most) {
  const size_t count = static_cast<size_t>(out) * in;
  const size_t copies = std::min(most, std::max<size_t>(1, pool_ / (count * sizeof(float))));
  weights_.push_back(std::make_unique<std::vector<linear_weight>>());
  for (size_t i = 0; i < copies; ++i) {
    linear_weight w;
    w.weight = this->in(count);
    w.out = out;
    w.in = in;
    device.pack(w, backward);
    weights_.back()->push_back(w);
  }
  return *weights_.back();
}

case_list all_cases() {
  case_list list;
  const sizes& all = all_sizes();
  for (const auto& model : all.models) {
    add_products(list, model, all);
    add_stored(list, model, all);
    add_lora(list, model, all);
    add_attention(list, model, all);
    add_rows(list, model, all);
    add_fused(list, model, all);
    add_factors(list, model, all);
  }
  return list;
}

}  // namespace bench
}  // namespace ol

// Work that the CUDA back end keeps as graphs, looked at from the device's side, which only the emulation shows. Exit status 1: not as
// it should be.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/backend.h"
#include "core/error.h"
#include "core/session.h"
#include "cuda_runtime.h"
#include "expect.h"
#include "kinds.h"
#include "requests.h"

using namespace ol;

namespace {

float value_at(backend& device, const float* memory) {
  float value;
  device.download(&value, memory, sizeof value);
  device.finish();
  return value;
}

// The same key again: what is in memory by then counts, and the work is not asked.
void repeated(backend& device) {
  device_array<float> x(device, 1), y(device, 1);
  int asked = 0;
  const auto work = [&] {
    ++asked;
    device.scale(y.get(), x.get(), 2.0f, 1);
    device.add(y.get(), x.get(), 1);
  };
  const int before = emulate::graphs.launched;
  for (int i = 0; i < 6; ++i) {
    const float value = static_cast<float>(i);
    device.upload(x.get(), &value, sizeof value);
    device.repeat({1, 2}, work);
    expect(value_at(device, y.get()) == 3.0f * value, "a repeated work sees the memory of its time");
  }
  expect(asked == 2, "the work is done, then recorded, and not asked again");
  expect(emulate::graphs.launched == before + 5, "each time from the second on is a launch of the graph");
  device.repeat({1, 3}, work);
  expect(asked == 3, "another key is another work");
}

// Scratch that grew lies elsewhere: what was recorded before is not run again.
void moved(backend& device) {
  const int in = 3, tokens = 40;
  device_array<float> a(device, 2 * in), b(device, 5 * 2), x(device, tokens * in), y(device, tokens * 5);
  for (auto* one : {&a, &b, &x, &y}) device.zero(one->get(), one->size() * sizeof(float));
  linear_weight down, up;
  down.weight = a.get();
  down.out = 2;
  down.in = in;
  up.weight = b.get();
  up.out = 5;
  up.in = 2;
  int asked = 0;
  const auto rows = [&](int count) {
    const lora_rows segment{0, count, &down, &up, 1.0f, x.get(), y.get()};
    device.lora_forward(&segment, 1, nullptr);
  };
  const auto few = [&] {
    ++asked;
    rows(2);
  };
  for (int i = 0; i < 3; ++i) device.repeat({7}, few);
  expect(asked == 2, "adapters' work is recorded");
  rows(tokens);
  device.repeat({7}, few);
  expect(asked == 3, "after scratch has grown the work is recorded anew");
}

void bounded(backend& device) {
  device_array<float> x(device, 1);
  device.zero(x.get(), sizeof(float));
  for (uint64_t key = 100; key < 300; ++key)
    for (int i = 0; i < 2; ++i) device.repeat({key}, [&] { device.add(x.get(), x.get(), 1); });
  expect(emulate::graphs.held <= 32, "no more than 32 graphs are held");
}

// A work that can't be recorded is done all the same, and so is what comes after it.
void refused() {
  const auto device = make_cuda_backend();
  device_array<float> x(*device, 1);
  const float one = 1.0f;
  for (int i = 0; i < 3; ++i) {
    device->zero(x.get(), sizeof one);
    device->repeat({1}, [&] {
      device->upload(x.get(), &one, sizeof one);
      device->add(x.get(), x.get(), 1);
    });
    expect(value_at(*device, x.get()) == 2.0f, "work that brings something is done without a graph");
  }
  const auto other = make_cuda_backend();
  device_array<float> y(*other, 1);
  other->zero(y.get(), sizeof one);
  for (int i = 0; i < 3; ++i) {
    other->repeat({1}, [&] {
      other->add(y.get(), y.get(), 1);
      other->finish();
    });
  }
  expect(value_at(*other, y.get()) == 0.0f, "work that waits is done without a graph");
  int code = OL_OK;
  for (int i = 0; i < 2; ++i) {
    try {
      other->repeat({2}, [] { fail(OL_ERROR_MEMORY, "no memory"); });
    } catch (const failure& f) {
      code = f.status();
    }
  }
  expect(code == OL_ERROR_MEMORY, "a failure comes through");
}

// Whole answers of many requests, some with adapters, some sampled: the tokens and their log-probabilities.
hash64 served(int32_t arithmetic, const format_case& format) {
  const ol_config config = small_config();
  const model_ptr model = small_model(config, format, 3);
  std::vector<adapter_ptr> adapters;
  for (int i = 0; i < 2; ++i) adapters.push_back(small_adapter(config, 1 + 3 * i, 20u + static_cast<uint32_t>(i)));
  const session_ptr session = open_session("", 0, 0, "cuda");
  const engine_ptr engine = open_engine(session.get(), model.get(), 8, 200, arithmetic);
  random_numbers random{31};
  std::map<uint64_t, answer> answers;
  size_t ended = 0;
  const size_t asked = 4;
  for (size_t i = 0; i < asked; ++i) {
    request_case made = make_request(random, config, adapters);
    made.max_tokens = 4 + static_cast<int32_t>(i);
    if (i == 0) made.max_tokens = 14;
    made.prompt.resize(std::min<size_t>(made.prompt.size(), 9));
    CHECK(submit(engine.get(), made, 1, 0) != 0);
  }
  while (ended < asked) ended += take(engine.get(), answers);
  return hash_of(answers);
}

// One request after the other, by adapters of the same shape and of another: batches that differ in nothing else.
hash64 by_turns(int32_t arithmetic, const format_case& format) {
  const ol_config config = small_config();
  const model_ptr model = small_model(config, format, 3);
  std::vector<adapter_ptr> adapters;
  for (const int32_t rank : {4, 4, 2}) adapters.push_back(small_adapter(config, rank, 40u + static_cast<uint32_t>(adapters.size())));
  const session_ptr session = open_session("", 0, 0, "cuda");
  const engine_ptr engine = open_engine(session.get(), model.get(), 8, 200, arithmetic);
  hash64 hash;
  for (const size_t which : {0, 1, 2, 0}) {
    const request_case made{{5, 9, 2}, 6, 0, adapters[which].get(), {0, 0, 0, 0, 1000000, 1000, 0}};
    std::map<uint64_t, answer> answers;
    CHECK(submit(engine.get(), made, 1, 0) != 0);
    while (take(engine.get(), answers) == 0) {
    }
    for (const auto& [id, got] : answers) {
      hash.add(got.tokens);
      hash.add(got.logprobs);
    }
  }
  return hash;
}

hash64 generated(int32_t arithmetic, const format_case& format) {
  world w(format);
  const session_ptr session = open_session("", 0, 0, "cuda");
  const job_ptr job(generate(w, session.get(), arithmetic));
  return outputs_of(job.get());
}

template <typename F>
void compare_whole(F run, int32_t arithmetic, const format_case& format) {
  setenv("OL_CUDA_GRAPHS", "0", 1);
  const int none = emulate::graphs.launched;
  const hash64 without = run(arithmetic, format);
  expect(emulate::graphs.launched == none, "OL_CUDA_GRAPHS=0 keeps no graphs");
  unsetenv("OL_CUDA_GRAPHS");
  const hash64 with = run(arithmetic, format);
  expect(emulate::graphs.launched > none + 5, "steps of answers are graphs");
  expect(with.state == without.state, "answers are the same with graphs and without");
}

}  // namespace

int main() {
  try {
    {
      const auto device = make_cuda_backend();
      repeated(*device);
      moved(*device);
      bounded(*device);
    }
    refused();
    const auto formats = all_formats();
    compare_whole(served, OL_ARITHMETIC_F32, formats[2]);
    compare_whole(served, OL_ARITHMETIC_Q8, formats[3]);
    compare_whole(by_turns, OL_ARITHMETIC_F32, formats[0]);
    compare_whole(generated, OL_ARITHMETIC_F32, formats[0]);
  } catch (const failure& f) {
    expect(false, f.what());
  }
  expect(emulate::graphs.held == 0, "no graph is left");
  expect(emulate::device_memory.held == 0, "no memory is left");
  std::printf("graphs (%d recorded, %d launched): %s\n", emulate::graphs.recorded, emulate::graphs.launched,
              wrong ? "not as they should be" : "as they should be");
  return wrong != 0;
}

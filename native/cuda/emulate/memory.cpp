// The CUDA back end's memory, looked at from the device's side, which only the emulation shows. Exit status 1: not as it
// should be.
#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "core/backend.h"
#include "core/error.h"
#include "core/session.h"
#include "cuda/arena.h"
#include "cuda_runtime.h"
#include "expect.h"

using namespace ol;

namespace {

const size_t mib = size_t{1} << 20;

// Sizes as they grow from token to token, given back and asked for again.
void again(backend& device) {
  const auto rounds = [&] {
    for (size_t n = 1; n < 300000; n += 4999) {
      device_array<float> a(device, n), b(device, 2 * n);
      device.zero(a.get(), n * sizeof(float));
    }
  };
  rounds();
  const int calls = emulate::device_memory.calls;
  rounds();
  expect(emulate::device_memory.calls == calls, "memory given back is used again");
}

void unwritten(backend& device) {
  std::vector<float> values(1000, 1.0f);
  void* first = device.allocate(values.size() * sizeof(float));
  device.upload(first, values.data(), values.size() * sizeof(float));
  device.release(first);
  void* second = device.allocate(values.size() * sizeof(float));
  device.download(values.data(), second, values.size() * sizeof(float));
  expect(first == second, "the same block comes back");
  bool all = true;
  for (float v : values) all = all && v != v;
  expect(all, "a block that is used again shows what is read before it is written");
  device.release(second);
}

void runs_out(backend& device) {
  emulate::memory& seen = emulate::device_memory;
  void* idle[3];
  for (void*& memory : idle) memory = device.allocate(2 * mib);
  for (void* memory : idle) device.release(memory);
  const size_t held = seen.held;
  seen.limit = held + mib;
  void* large = device.allocate(7 * mib);
  expect(seen.held <= seen.limit, "what is idle goes back where memory runs out");
  int code = OL_OK;
  try {
    device.allocate(held + 2 * mib);
  } catch (const failure& f) {
    code = f.status();
  }
  expect(code == OL_ERROR_MEMORY, "more than there is fails with the code of memory");
  seen.limit = ~size_t{0};
  device.scale(static_cast<float*>(large), static_cast<float*>(large), 2.0f, 100);  // finds no error of before
  device.release(large);
}

// Scores of so many tokens would be 18 MB.
void linear_attention() {
  const auto device = make_cuda_backend();
  const int tokens = 1500, width = 2;
  const std::vector<float> ones(static_cast<size_t>(tokens) * width, 1.0f);
  const device_array<float> q = uploaded(*device, ones), k = uploaded(*device, ones), v = uploaded(*device, ones);
  const device_array<float> dq = uploaded(*device, ones), dk = uploaded(*device, ones), dv = uploaded(*device, ones);
  const attention_sequence all{0, tokens, 0, k.get(), v.get()};
  const size_t before = emulate::device_memory.held;
  device->attention_backward({{1, 1, width, 1.0f}, q.get(), q.get(), q.get(), k.get(), dq.get(), dk.get(), dv.get()}, &all, 1);
  device->finish();
  expect(emulate::device_memory.held - before <= 16 * sizeof(float) * tokens, "attention's backward pass keeps what is linear in tokens");
}

void bounded() {
  emulate::memory& seen = emulate::device_memory;
  const size_t before = seen.held;
  {
    cuda::arena memory(10 * mib);
    std::vector<void*> blocks;
    for (int i = 0; i < 40; ++i) blocks.push_back(memory.take(mib));
    size_t most = 0;
    for (size_t i = 0; i < blocks.size(); ++i) {
      memory.give_back(blocks[i]);
      const size_t taken = (blocks.size() - 1 - i) * mib;
      most = std::max(most, seen.held - before - taken);
    }
    expect(most <= 10 * mib, "no more than the limit lies idle");
    expect(most >= 9 * mib, "what fits the limit is kept");
    memory.give_back(memory.take(11 * mib));
    expect(seen.held - before <= 10 * mib, "a block above the limit is not kept");
    memory.give_back(nullptr);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (size_t i = 1; i < 2000; ++i) memory.give_back(memory.take(i % 7 * 1000));
      });
    for (auto& t : threads) t.join();
  }
  expect(seen.held == before, "all goes back in the end");
}

}  // namespace

int main() {
  const size_t before = emulate::device_memory.held;
  try {
    const auto device = make_cuda_backend();
    again(*device);
    unwritten(*device);
    runs_out(*device);
    bounded();
    linear_attention();
  } catch (const failure& f) {
    expect(false, f.what());
  }
  expect(emulate::device_memory.held == before, "a back end leaves nothing");
  std::printf("device memory: %s\n", wrong ? "not as it should be" : "as it should be");
  return wrong != 0;
}

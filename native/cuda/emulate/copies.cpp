// Copies to shared memory that go on beside the thread (cp.async): until the wait that covers one its place holds NaN, which
// shows a wait that is missing, and a place that is filled again while others still read it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cuda_runtime.h"

namespace emulate {
namespace {

struct copy {
  void* to;
  const void* from;
  int bytes, there;
};

struct copies_of_thread {
  std::vector<std::vector<copy>> closed;  // the oldest group first
  std::vector<copy> open;
};

std::vector<copies_of_thread> threads(1024);

copies_of_thread& own() { return threads[here.thread.x]; }

}  // namespace

void copy_async(void* shared, const void* global, int bytes, int there) {
  if (reinterpret_cast<uintptr_t>(shared) % bytes || reinterpret_cast<uintptr_t>(global) % bytes || there < 0 || there > bytes) {
    std::fprintf(stderr, "emulated kernel: a copy of %d of %d bytes from %p to %p\n", there, bytes, global, shared);
    std::abort();
  }
  std::memset(shared, 0xff, bytes);
  own().open.push_back({shared, global, bytes, there});
}

void close_copies() {
  own().closed.push_back(std::move(own().open));
  own().open.clear();
}

void wait_for_copies(int but) {
  auto& groups = own().closed;
  const size_t done = groups.size() > static_cast<size_t>(but) ? groups.size() - static_cast<size_t>(but) : 0;
  for (size_t g = 0; g < done; ++g)
    for (const copy& c : groups[g]) {
      std::memcpy(c.to, c.from, static_cast<size_t>(c.there));
      std::memset(static_cast<char*>(c.to) + c.there, 0, static_cast<size_t>(c.bytes - c.there));
    }
  groups.erase(groups.begin(), groups.begin() + static_cast<ptrdiff_t>(done));
}

void forget_copies() {
  for (unsigned i = 0; i < here.threads.x; ++i) {
    threads[i].closed.clear();
    threads[i].open.clear();
  }
}

}  // namespace emulate

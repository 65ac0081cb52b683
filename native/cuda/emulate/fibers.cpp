// The threads of one block as fibers of one host thread, in ascending order or, with OL_EMULATE_REVERSE set, in
// descending order: a missing barrier gives another result in one of the two.
#include <csetjmp>
#include <cstdio>
#include <memory>
#include <mutex>
#include <ucontext.h>
#include <vector>

#include "cuda_runtime.h"

namespace emulate {

place here;

namespace {

const size_t stack_size = 64 << 10;
const unsigned most_threads = 1024;

// The first entry goes through ucontext; later switches jump, which costs no system call.
struct fiber {
  std::unique_ptr<char[]> stack{new char[stack_size]};
  ucontext_t entry;
  jmp_buf resume;
  dim3 index;
  bool started = false, ended = false;
  unsigned barriers = 0, shuffles = 0;
  float slot[2];
};

std::mutex one_launch;
std::vector<fiber> fibers(most_threads);
unsigned count, current, moved;
ucontext_t scheduler_entry;
jmp_buf scheduler;
const std::function<void()>* body;

void begin() {
  (*body)();
  fibers[current].ended = true;
  _longjmp(scheduler, 1);
}

void yield() {
  if (_setjmp(fibers[current].resume) == 0) _longjmp(scheduler, 1);
  here.thread = fibers[current].index;
}

// Runs fiber `i` until it waits or ends.
void enter(unsigned i) {
  fiber& f = fibers[i];
  current = i;
  here.thread = f.index;
  if (_setjmp(scheduler) != 0) return;
  if (f.started) _longjmp(f.resume, 1);
  f.started = true;
  getcontext(&f.entry);
  f.entry.uc_stack.ss_sp = f.stack.get();
  f.entry.uc_stack.ss_size = stack_size;
  f.entry.uc_link = nullptr;
  makecontext(&f.entry, begin, 0);
  swapcontext(&scheduler_entry, &f.entry);
}

[[noreturn]] void stuck(const char* what) {
  std::fprintf(stderr, "emulated kernel: %s is not reached by all its threads (block %u,%u,%u thread %u)\n", what,
               here.block.x, here.block.y, here.block.z, here.thread.x);
  std::abort();
}

void run_block(bool reverse) {
  forget_copies();
  for (unsigned i = 0; i < count; ++i) {
    fibers[i].started = fibers[i].ended = false;
    fibers[i].barriers = fibers[i].shuffles = 0;
    fibers[i].index = dim3(i, 0, 0);
  }
  for (unsigned left = count; left > 0;) {
    const unsigned before = moved;
    for (unsigned n = 0; n < count; ++n) {
      const unsigned i = reverse ? count - 1 - n : n;
      if (fibers[i].ended) continue;
      enter(i);
      if (fibers[i].ended) --left, ++moved;
    }
    if (before == moved) stuck("a barrier or shuffle");
  }
}

}  // namespace

void run(dim3 grid, unsigned block, const std::function<void()>& kernel) {
  std::lock_guard<std::mutex> lock(one_launch);
  static const bool reverse = std::getenv("OL_EMULATE_REVERSE") != nullptr;
  if (block > most_threads || grid.y > 65535 || grid.z > 65535) stuck("a launch of this size");
  count = block;
  body = &kernel;
  here.threads = dim3(block);
  here.grid = grid;
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        here.block = dim3(x, y, z);
        run_block(reverse);
      }
}

void barrier() {
  fiber& self = fibers[current];
  ++self.barriers;
  ++moved;
  for (;;) {
    bool all = true;
    for (unsigned i = 0; i < count && all; ++i) {
      if (fibers[i].ended && fibers[i].barriers < self.barriers) stuck("__syncthreads");
      all = fibers[i].barriers >= self.barriers;
    }
    if (all) break;
    yield();
  }
}

float shuffle(unsigned mask, float value, int source_lane) {
  const unsigned own = current, warp = current / 32 * 32;
  fiber& self = fibers[own];
  self.slot[self.shuffles & 1] = value;
  const unsigned turn = ++self.shuffles;
  ++moved;
  if (!(mask >> (own - warp) & 1) || !(mask >> source_lane & 1)) stuck("a shuffle's mask");
  for (;;) {
    bool all = true;
    for (unsigned l = 0; l < 32 && all; ++l) {
      if (!(mask >> l & 1)) continue;
      if (warp + l >= count || (fibers[warp + l].ended && fibers[warp + l].shuffles < turn)) stuck("a shuffle");
      all = fibers[warp + l].shuffles >= turn;
    }
    if (all) break;
    yield();
  }
  return fibers[warp + source_lane].slot[(turn - 1) & 1];
}

}  // namespace emulate

#include "cpu/pool.h"

#include <utility>

#include "cpu/isa.h"

namespace ol {

// Short spin before sleeping: consecutive operations follow each other within microseconds.
static const int spin_rounds = 2000;

static void relax() {
#if OL_X86
  __builtin_ia32_pause();
#endif
}

pool::pool(int threads) {
  try {
    for (int worker = 1; worker < threads; ++worker) workers_.emplace_back([this, worker] { work(worker); });
  } catch (...) {
    // The system has no more threads: those that started must end before they are destroyed.
    finish();
    throw;
  }
}

pool::~pool() { finish(); }

void pool::finish() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void pool::drain(int worker) {
  for (;;) {
    const int task = next_.fetch_add(1);
    if (task >= count_) return;
    try {
      (*body_)(task, worker);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      next_ = count_;
    }
  }
}

void pool::run(int count, const std::function<void(int, int)>& body) {
  if (count <= 0) return;
  if (count == 1 || workers_.empty()) {
    for (int task = 0; task < count; ++task) body(task, 0);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    count_ = count;
    body_ = &body;
    next_ = 0;
    busy_ = static_cast<int>(workers_.size());
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  drain(0);
  // The body must outlive every worker's last look at it.
  for (int round = 0; busy_.load() > 0; ++round) {
    if (round < spin_rounds) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void pool::work(int worker) {
  clear_flush_modes();
  uint64_t seen = 0;
  for (;;) {
    for (int round = 0; round < spin_rounds && generation_.load() == seen && !stop_; ++round) relax();
    if (generation_.load() == seen) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || generation_.load() != seen; });
    }
    if (stop_) return;
    seen = generation_.load();
    drain(worker);
    busy_.fetch_sub(1);
  }
}

}  // namespace ol

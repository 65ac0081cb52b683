// A lock that is handed on in the order of asking: a thread that unlocks and locks again at once waits for those before it.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace ol {

class fair_mutex {
 public:
  void lock() {
    std::unique_lock<std::mutex> guard(inner_);
    const uint64_t ticket = next_++;
    changed_.wait(guard, [&] { return ticket == serving_; });
  }
  void unlock() {
    {
      std::lock_guard<std::mutex> guard(inner_);
      ++serving_;
    }
    changed_.notify_all();
  }

 private:
  std::mutex inner_;
  std::condition_variable changed_;
  uint64_t next_ = 0, serving_ = 0;
};

}  // namespace ol

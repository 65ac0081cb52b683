// A fixed team of threads for loops over independent tasks. The caller works too.
#pragma once
#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ol {

class pool {
 public:
  explicit pool(int threads);
  ~pool();
  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Runs body(task, worker) for task = 0 .. count-1; returns when all are done. Which worker takes which task is not
  // determined: tasks must write to disjoint places. One caller at a time. What a task throws is thrown here, once no
  // worker looks at the body any more; tasks that had not begun by then are left out.
  void run(int count, const std::function<void(int task, int worker)>& body);

 private:
  void work(int worker);
  void drain(int worker);
  void finish();

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> next_{0}, busy_{0};
  int count_ = 0;
  const std::function<void(int, int)>* body_ = nullptr;
  std::atomic<bool> stop_{false};
  std::exception_ptr failure_;  // the first one; guarded by mutex_
};

}  // namespace ol

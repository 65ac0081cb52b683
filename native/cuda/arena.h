// Device memory that is used again without asking the driver, which waits for the whole device each time.
//
// For work on one stream: a block that is given back may still be read by what is queued; whoever gets it next queues his
// work behind that.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ol {
namespace cuda {

class arena {
 public:
  // At most `most_idle` bytes are kept for the next one who asks.
  explicit arena(size_t most_idle = size_t{1} << 30) : most_idle_(most_idle) {}
  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  // At least `bytes`, of whatever contents. Where the device has no more, what is idle goes back to it first; then fails
  // with OL_ERROR_MEMORY.
  void* take(size_t bytes);
  // How often scratch has grown, and so moved: of the thread that owns it.
  uint64_t moves() const { return moves_; }
  void scratch_moved() { ++moves_; }
  // Null is nothing to do. Never throws.
  void give_back(void* memory) noexcept;

 private:
  void empty() noexcept;

  const size_t most_idle_;
  std::mutex lock_;
  std::unordered_map<void*, size_t> taken_;     // with their sizes
  std::map<size_t, std::vector<void*>> idle_;  // by size
  size_t idle_bytes_ = 0;
  uint64_t moves_ = 0;
};

}  // namespace cuda
}  // namespace ol

// Queued operations that come again and again, kept as CUDA graphs.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <vector>

#include "cuda/memory.h"

namespace ol {
namespace cuda {

// For one stream. What one graph reads and writes must stay where it is as long as its key may come again; scratch may move.
class graph_cache {
 public:
  // With OL_CUDA_GRAPHS=0 in the environment nothing is kept.
  graph_cache(cudaStream_t stream, arena& memory, staging& uploads);
  ~graph_cache();
  graph_cache(const graph_cache&) = delete;
  graph_cache& operator=(const graph_cache&) = delete;

  // See backend::repeat. The first time the work is done as it is, so that kernels are loaded and scratch has its size; the second time
  // it is recorded.
  void repeat(const std::vector<uint64_t>& key, const std::function<void()>& work);

  bool recording() const { return now_ != nullptr; }
  // Device memory that has these bytes whenever the graph runs that is recorded now.
  void* keep(const void* from, size_t bytes);

 private:
  struct constant {
    void* on_device;
    std::vector<char> bytes;
  };
  struct kept {
    std::vector<uint64_t> key;
    cudaGraphExec_t run = nullptr;
    uint64_t moves = 0;  // of scratch, up to the recording
    std::vector<constant> constants;
  };
  bool record(kept& one, const std::function<void()>& work);
  void forget(kept& one) noexcept;

  cudaStream_t stream_;
  arena& memory_;
  staging& uploads_;
  bool enabled_;
  kept* now_ = nullptr;
  std::list<kept> kept_;  // the last used first
};

}  // namespace cuda
}  // namespace ol

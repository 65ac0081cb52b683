#include "cuda/graphs.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ol {
namespace cuda {

// Keys at a time: batches of different shapes that take turns.
static const size_t most_kept = 32;

graph_cache::graph_cache(cudaStream_t stream, arena& memory, staging& uploads)
    : stream_(stream), memory_(memory), uploads_(uploads) {
  const char* told = std::getenv("OL_CUDA_GRAPHS");
  enabled_ = !told || std::strcmp(told, "0") != 0;
}

graph_cache::~graph_cache() {
  for (kept& one : kept_) forget(one);
}

void graph_cache::forget(kept& one) noexcept {
  if (one.run) {
    cudaStreamSynchronize(stream_);  // it may be under way
    cudaGraphExecDestroy(one.run);
  }
  one.run = nullptr;
  for (const constant& c : one.constants) memory_.give_back(c.on_device);
  one.constants.clear();
}

void* graph_cache::keep(const void* from, size_t bytes) {
  const char* first = static_cast<const char*>(from);
  now_->constants.push_back({nullptr, {first, first + bytes}});
  return now_->constants.back().on_device = memory_.take(bytes);
}

void graph_cache::repeat(const std::vector<uint64_t>& key, const std::function<void()>& work) {
  if (!enabled_) return work();
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const kept& one) { return one.key == key; });
  if (found == kept_.end()) {
    if (kept_.size() == most_kept) {
      forget(kept_.back());
      kept_.pop_back();
    }
    kept_.emplace_front();
    kept_.front().key = key;
    return work();
  }
  kept_.splice(kept_.begin(), kept_, found);
  kept& one = kept_.front();
  if (!one.run || one.moves != memory_.moves()) {
    forget(one);
    if (!record(one, work)) return work();
  }
  OL_CUDA_CHECK(cudaGraphLaunch(one.run, stream_));
}

// False where it could not be done: nothing has happened then.
bool graph_cache::record(kept& one, const std::function<void()>& work) {
  one.moves = memory_.moves();
  // Relaxed: other threads go on asking the device for memory meanwhile.
  if (cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed) != cudaSuccess) {
    cudaGetLastError();  // not the next call's error
    return enabled_ = false;
  }
  now_ = &one;
  bool whole = true;
  try {
    work();
  } catch (...) {
    whole = false;  // the work itself will say so again
  }
  now_ = nullptr;
  cudaGraph_t graph = nullptr;
  const bool ended = cudaStreamEndCapture(stream_, &graph) == cudaSuccess && graph;
  const bool stayed = one.moves == memory_.moves();
  whole = whole && ended && stayed && cudaGraphInstantiate(&one.run, graph, 0) == cudaSuccess;
  if (graph) cudaGraphDestroy(graph);
  if (whole) {
    for (const constant& c : one.constants) uploads_.upload(c.on_device, c.bytes.data(), c.bytes.size());
    return true;
  }
  cudaGetLastError();  // not the next call's error
  forget(one);
  if (stayed) enabled_ = false;  // it will not be otherwise the next time
  return false;
}

}  // namespace cuda
}  // namespace ol

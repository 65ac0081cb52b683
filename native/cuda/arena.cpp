#include "cuda/arena.h"

#include <cstring>
#include <string>

#include "cuda/check.h"

namespace ol {
namespace cuda {
namespace {

const size_t least = 512;
const size_t largest_kept = size_t{256} << 20;  // larger blocks are weights, which rarely come and go

// Four sizes to a doubling: a block is at most a quarter larger than what was asked for, and serves its neighbours.
size_t rounded(size_t bytes) {
  if (bytes <= least) return least;
  size_t step = least / 4;
  while (step * 8 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

}  // namespace

arena::~arena() { empty(); }

void* arena::take(size_t bytes) {
  const size_t size = bytes > largest_kept ? bytes : rounded(bytes);
  std::lock_guard<std::mutex> guard(lock_);
  void* memory = nullptr;
  const auto found = idle_.find(size);
  if (found != idle_.end() && !found->second.empty()) {
    memory = found->second.back();
    found->second.pop_back();
    idle_bytes_ -= size;
#ifdef OL_CUDA_EMULATED
    std::memset(memory, 0xff, size);  // as fresh memory there: what is read before it is written shows
#endif
  } else {
    cudaError_t status = cudaMalloc(&memory, size);
    if (status == cudaErrorMemoryAllocation) {
      empty();
      cudaGetLastError();  // not the next call's error
      status = cudaMalloc(&memory, size);
      if (status != cudaSuccess) cudaGetLastError();
    }
    cuda_check(status, ("allocating " + std::to_string(size) + " bytes").c_str(), __FILE__, __LINE__);
  }
  taken_[memory] = size;
  return memory;
}

void arena::give_back(void* memory) noexcept {
  std::lock_guard<std::mutex> guard(lock_);
  const auto found = taken_.find(memory);
  if (found == taken_.end()) return;
  const size_t size = found->second;
  taken_.erase(found);
  if (size > largest_kept || size > most_idle_) {
    cudaFree(memory);
    return;
  }
  if (idle_bytes_ + size > most_idle_) empty();
  try {
    idle_[size].push_back(memory);
    idle_bytes_ += size;
  } catch (...) {  // the host has no memory for the list
    cudaFree(memory);
  }
}

void arena::empty() noexcept {
  for (const auto& [size, blocks] : idle_)
    for (void* memory : blocks) cudaFree(memory);
  idle_.clear();
  idle_bytes_ = 0;
}

}  // namespace cuda
}  // namespace ol

// A stream, device scratch, and page-locked memory through which small host arrays reach the device without waiting for it.
#pragma once
#include <cstring>

#include "cuda/arena.h"
#include "cuda/check.h"

namespace ol {

struct stream_owner {
  stream_owner() { OL_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)); }
  ~stream_owner() { cudaStreamDestroy(stream); }
  stream_owner(const stream_owner&) = delete;
  stream_owner& operator=(const stream_owner&) = delete;
  cudaStream_t stream = nullptr;
};

class device_scratch {
 public:
  explicit device_scratch(cuda::arena& memory) : memory_(memory) {}
  ~device_scratch() { memory_.give_back(data_); }
  device_scratch(const device_scratch&) = delete;
  device_scratch& operator=(const device_scratch&) = delete;

  // At least `bytes`; the contents are lost when it grows.
  void* reserve(size_t bytes) {
    if (bytes <= size_) return data_;
    memory_.scratch_moved();
    memory_.give_back(data_);
    data_ = nullptr;
    size_ = 0;
    data_ = memory_.take(bytes);
    size_ = bytes;
    return data_;
  }
  void* data() const { return data_; }

 private:
  cuda::arena& memory_;
  void* data_ = nullptr;
  size_t size_ = 0;
};

class staging {
 public:
  explicit staging(cudaStream_t stream) : stream_(stream) { OL_CUDA_CHECK(cudaMallocHost(&data_, size)); }
  ~staging() { cudaFreeHost(data_); }
  staging(const staging&) = delete;
  staging& operator=(const staging&) = delete;

  // Queues a copy; `from` may change as soon as this returns.
  void upload(void* to, const void* from, size_t bytes) {
    if (bytes == 0) return;
    if (bytes > size / 4) {
      OL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_));
      OL_CUDA_CHECK(cudaStreamSynchronize(stream_));
      return;
    }
    if (used_ + bytes > size) {
      OL_CUDA_CHECK(cudaStreamSynchronize(stream_));
      used_ = 0;
    }
    char* at = static_cast<char*>(data_) + used_;
    std::memcpy(at, from, bytes);
    OL_CUDA_CHECK(cudaMemcpyAsync(to, at, bytes, cudaMemcpyHostToDevice, stream_));
    used_ += (bytes + 255) / 256 * 256;
  }

 private:
  static constexpr size_t size = size_t{4} << 20;
  cudaStream_t stream_;
  void* data_ = nullptr;
  size_t used_ = 0;
};

}  // namespace ol

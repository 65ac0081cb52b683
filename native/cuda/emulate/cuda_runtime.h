// Stands in for CUDA's header in the emulated build: the kernels' own source, compiled for the host. Each CUDA thread
// is a fiber; barriers and shuffles switch fibers. Slow, for tests of the arithmetic and of the barriers only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>

#define OL_CUDA_EMULATED 1
#define __global__ static
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }

namespace emulate {

struct place {
  dim3 thread, block, threads, grid;
};
extern place here;

// Runs `body` once per thread of every block; one launch at a time. Stops the program where a barrier is reached by some
// threads only.
void run(dim3 grid, unsigned block, const std::function<void()>& body);
void barrier();
float shuffle(unsigned mask, float value, int source_lane);

// What cuda/async_copy.cuh offers (copies.cpp). A block begins with none.
void copy_async(void* shared, const void* global, int bytes, int there);
void close_copies();
void wait_for_copies(int but);
void forget_copies();

}  // namespace emulate

#define threadIdx (::emulate::here.thread)
#define blockIdx (::emulate::here.block)
#define blockDim (::emulate::here.threads)
#define gridDim (::emulate::here.grid)

inline void __syncthreads() { ::emulate::barrier(); }
inline float __shfl_sync(unsigned mask, float value, int lane, int width) {
  const int own = static_cast<int>(threadIdx.x % 32);
  return ::emulate::shuffle(mask, value, own / width * width + lane);
}
inline float __shfl_down_sync(unsigned mask, float value, int delta, int width) {
  const int own = static_cast<int>(threadIdx.x % 32);
  return ::emulate::shuffle(mask, value, own % width + delta < width ? own + delta : own);
}

// c + the products of four signed bytes each.
inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 4; ++i) {
    c += static_cast<int8_t>(static_cast<unsigned>(a) >> 8 * i) * static_cast<int8_t>(static_cast<unsigned>(b) >> 8 * i);
  }
  return c;
}

// c + the products of two signed numbers of 16 bits and the lower, or the upper, two signed bytes.
inline int __dp2a_lo(int a, int b, int c) {
  const unsigned ua = static_cast<unsigned>(a), ub = static_cast<unsigned>(b);
  return c + static_cast<int16_t>(ua) * static_cast<int8_t>(ub) + static_cast<int16_t>(ua >> 16) * static_cast<int8_t>(ub >> 8);
}
inline int __dp2a_hi(int a, int b, int c) { return __dp2a_lo(a, static_cast<int>(static_cast<unsigned>(b) >> 16), c); }

inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline unsigned long long atomicAdd(unsigned long long* to, unsigned long long value) {
  const unsigned long long before = *to;
  return *to += value, before;
}

using cudaError_t = int;
enum {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorStreamCaptureUnsupported = 900
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
static const unsigned cudaStreamNonBlocking = 1;
struct cudaDeviceProp {
  char name[256];
  int major, minor;
};

namespace emulate {

// What the device has given out: a test may set the limit and look at the rest.
struct memory {
  size_t limit = ~size_t{0}, held = 0;
  int calls = 0;  // of cudaMalloc
  cudaError_t last = cudaSuccess;
};
inline memory device_memory;

}  // namespace emulate

inline cudaError_t cudaGetLastError() {
  const cudaError_t last = ::emulate::device_memory.last;
  ::emulate::device_memory.last = cudaSuccess;
  return last;
}
inline const char* cudaGetErrorString(cudaError_t) { return "emulated"; }
inline cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated on the CPU", 8, 0};
  return cudaSuccess;
}
#include "cuda_graphs.h"

inline cudaError_t cudaMallocHost(void** memory, size_t bytes) {
  *memory = std::malloc(bytes);
  if (!*memory) return cudaErrorMemoryAllocation;
  std::memset(*memory, 0xff, bytes);  // NaN: what is read before it is written shows
  return cudaSuccess;
}
inline cudaError_t cudaFreeHost(void* memory) { return std::free(memory), cudaSuccess; }
// The size lies before the block.
inline cudaError_t cudaMalloc(void** memory, size_t bytes) {
  ::emulate::memory& all = ::emulate::device_memory;
  const size_t before = 64;
  void* block = nullptr;
  ++all.calls;
  if (bytes > all.limit || all.held > all.limit - bytes || cudaMallocHost(&block, bytes + before) != cudaSuccess) {
    return all.last = cudaErrorMemoryAllocation;
  }
  all.held += bytes;
  std::memcpy(block, &bytes, sizeof bytes);
  *memory = static_cast<char*>(block) + before;
  return cudaSuccess;
}
inline cudaError_t cudaFree(void* memory) {
  if (!memory) return cudaSuccess;
  void* block = static_cast<char*>(memory) - 64;
  size_t bytes;
  std::memcpy(&bytes, block, sizeof bytes);
  ::emulate::device_memory.held -= bytes;
  return std::free(block), cudaSuccess;
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  return ::emulate::put(stream, [=] { std::memcpy(to, from, bytes); });
}
inline cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t rows,
                                     cudaMemcpyKind, cudaStream_t stream) {
  return ::emulate::put(stream, [=] {
    for (size_t r = 0; r < rows; ++r)
      std::memcpy(static_cast<char*>(to) + r * to_pitch, static_cast<const char*>(from) + r * from_pitch, width);
  });
}
inline cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream) {
  return ::emulate::put(stream, [=] { std::memset(memory, value, bytes); });
}

#include "cuda_events.h"

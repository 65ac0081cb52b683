// Copies from device memory to shared memory that go on while the thread works on (cp.async). A thread closes what it began
// into groups and waits for the oldest of them; other threads see the values after the next barrier.
#pragma once
#include <cuda_runtime.h>

namespace ol {
namespace cuda {

// BYTES: 16 or 4; both places are multiples of it.
template <int BYTES>
static __device__ __forceinline__ void copy_async(float* shared, const float* global) {
#if defined(OL_CUDA_EMULATED)
  ::emulate::copy_async(shared, global, BYTES, BYTES);
#else
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
  } else {
    static_assert(BYTES == 4, "copies of 16 or of 4 bytes");
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(global) : "memory");
  }
#endif
}

// The same of the first `there` bytes only; zeros stand for the others. With none the device memory isn't looked at.
template <int BYTES>
static __device__ __forceinline__ void copy_async(float* shared, const float* global, int there) {
#if defined(OL_CUDA_EMULATED)
  ::emulate::copy_async(shared, global, BYTES, there);
#else
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(there) : "memory");
  } else {
    static_assert(BYTES == 4, "copies of 16 or of 4 bytes");
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(global), "r"(there) : "memory");
  }
#endif
}

// Closes a group of the copies begun since the last one; it may be empty.
static __device__ __forceinline__ void close_copies() {
#if defined(OL_CUDA_EMULATED)
  ::emulate::close_copies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits for all groups but the latest BUT.
template <int BUT>
static __device__ __forceinline__ void wait_for_copies() {
#if defined(OL_CUDA_EMULATED)
  ::emulate::wait_for_copies(BUT);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(BUT) : "memory");
#endif
}

}  // namespace cuda
}  // namespace ol

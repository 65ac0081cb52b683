// Times of queued work between two CUDA events, and what the card reaches at most.
#pragma once
#include <cuda_runtime.h>

#include <functional>

#include "core/backend.h"

namespace ol {
namespace bench {

class event_clock {
 public:
  explicit event_clock(cudaStream_t stream);
  ~event_clock();
  event_clock(const event_clock&) = delete;
  event_clock& operator=(const event_clock&) = delete;

  // Seconds that the device takes from the beginning to the end of what `work` queues.
  double seconds(const std::function<void()>& work);
  // Seconds of one `run(i)`: the median of several series of calls queued back to back, after a first call that doesn't count.
  double median(const std::function<void(size_t)>& run);

 private:
  cudaStream_t stream_;
  cudaEvent_t from_ = nullptr, to_ = nullptr;
};

struct peaks {
  double flops = 0, bytes = 0;  // a second
};

// Measured on this card: a loop of fused multiply-adds; the better of a copying kernel and the driver's copy, reads and writes counted.
peaks measure_peaks(backend& device, event_clock& clock);

int processors();
// Bytes free on the device.
size_t free_memory();
// Bytes that weights must take together to be out of the cache when it is their turn again.
size_t pool_bytes();

}  // namespace bench
}  // namespace ol

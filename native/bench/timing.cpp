#include "bench/timing.h"

#include <algorithm>
#include <vector>

#include "bench/peaks.h"
#include "cuda/check.h"
#include "cuda/stream.h"

namespace ol {
namespace bench {
namespace {

#if OL_EMULATED
const double series_seconds = 0, all_seconds = 0;
const size_t least_series = 1, most_series = 1, copied = 1 << 14;
#else
const double series_seconds = 0.002, all_seconds = 0.3;
const size_t least_series = 3, most_series = 7, copied = size_t{1} << 28;
#endif
const size_t most_calls = 200;

}  // namespace

event_clock::event_clock(cudaStream_t stream) : stream_(stream) {
  OL_CUDA_CHECK(cudaEventCreate(&from_));
  OL_CUDA_CHECK(cudaEventCreate(&to_));
}

event_clock::~event_clock() {
  cudaEventDestroy(from_);
  cudaEventDestroy(to_);
}

double event_clock::seconds(const std::function<void()>& work) {
  float milliseconds = 0;
  OL_CUDA_CHECK(cudaEventRecord(from_, stream_));
  work();
  OL_CUDA_CHECK(cudaEventRecord(to_, stream_));
  OL_CUDA_CHECK(cudaEventSynchronize(to_));
  OL_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, from_, to_));
  return milliseconds * 1e-3;
}

double event_clock::median(const std::function<void(size_t)>& run) {
  size_t i = 0;
  seconds([&] { run(i++); });
  const double once = std::max(1e-6, seconds([&] { run(i++); }));
  const size_t calls = std::min(most_calls, static_cast<size_t>(series_seconds / once) + 1);
  const double fitting = all_seconds / (once * static_cast<double>(calls));
  const size_t series = std::max(least_series, std::min(most_series, static_cast<size_t>(fitting)));
  std::vector<double> times;
  for (size_t s = 0; s < series; ++s) {
    times.push_back(seconds([&] {
                      for (size_t c = 0; c < calls; ++c) run(i++);
                    }) /
                    static_cast<double>(calls));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int processors() {
  int count = 0;
  OL_CUDA_CHECK(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, 0));
  return count;
}

size_t free_memory() {
  size_t left = 0, all = 0;
  OL_CUDA_CHECK(cudaMemGetInfo(&left, &all));
  return left;
}

size_t pool_bytes() {
#if OL_EMULATED
  return 1 << 14;
#else
  int cache = 0;
  OL_CUDA_CHECK(cudaDeviceGetAttribute(&cache, cudaDevAttrL2CacheSize, 0));
  return std::min(free_memory() / 8, static_cast<size_t>(cache) * 4);
#endif
}

peaks measure_peaks(backend& device, event_clock& clock) {
  const int count = processors();
  const cudaStream_t stream = stream_of(device);
  peaks found;
  {
    device_array<float> out(device, fma_threads(count));
    double flops = 0;
    const double seconds = clock.median([&](size_t) { flops = fma_loop(stream, out.get(), count); });
    found.flops = flops / seconds;
  }
  const size_t values = std::min(copied, free_memory() / 4 / sizeof(float) / 4 * 4);
  device_array<float> from(device, values), to(device, values);
  device.zero(from.get(), values * sizeof(float));
  const double bytes = 2.0 * static_cast<double>(values) * sizeof(float);
  const double by_kernel = clock.median([&](size_t) { copy_loop(stream, to.get(), from.get(), values, count); });
  const double by_driver = clock.median([&](size_t) { device.copy(to.get(), from.get(), values * sizeof(float)); });
  found.bytes = bytes / std::min(by_kernel, by_driver);
  return found;
}

}  // namespace bench
}  // namespace ol

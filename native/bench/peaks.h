// What this card reaches at most: the other figures are shares of it.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>

namespace ol {
namespace bench {

// Queues one round of fused multiply-adds on all multiprocessors; gives how many operations it has (two a multiply-add). `out`: room for
// fma_threads(processors) values.
size_t fma_threads(int processors);
double fma_loop(cudaStream_t stream, float* out, int processors);
// Queues a copy of `count` values (a multiple of 4).
void copy_loop(cudaStream_t stream, float* to, const float* from, size_t count, int processors);

}  // namespace bench
}  // namespace ol

// Checked kernel launches; for files that nvcc compiles.
#pragma once
#include "cuda/check.h"

namespace ol {

// One block of `block` threads per grid cell, queued on `stream`. An empty grid is nothing to do.
template <typename... P, typename... A>
void launch(const char* name, const char* file, int line, cudaStream_t stream, dim3 grid, unsigned block,
            void (*kernel)(P...), A... args) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
#if defined(__CUDACC__)
  kernel<<<grid, block, 0, stream>>>(static_cast<P>(args)...);
#else
  emulate::put(stream, [=] { emulate::run(grid, block, [&] { kernel(static_cast<P>(args)...); }); });
#endif
  cuda_check(cudaGetLastError(), name, file, line);
}

// Blocks of `size` that cover `count`.
inline unsigned blocks_for(size_t count, size_t size) { return static_cast<unsigned>((count + size - 1) / size); }

}  // namespace ol

#define OL_CUDA_LAUNCH(stream, grid, block, kernel, ...) \
  ::ol::launch(#kernel, __FILE__, __LINE__, stream, grid, block, kernel, __VA_ARGS__)

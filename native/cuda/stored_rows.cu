// Stored matrices as fp32: rows that are looked up, and parts of a matrix for the products of many rows.
#include "cuda/launch.h"
#include "cuda/stored.cuh"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;

__device__ size_t element() { return static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; }

__global__ void read_rows(float* out, stored_view w, const int32_t* ids, size_t count) {
  const size_t at = element(), quads = static_cast<size_t>(w.cols + 3) / 4;
  if (at >= count) return;
  const int k = static_cast<int>(at % quads) * 4;
  float four[4];
  widen_four(w, ids[at / quads], k, four);
  for (int j = 0; j < 4 && k + j < w.cols; ++j) out[at / quads * static_cast<size_t>(w.cols) + k + j] = four[j];
}

// Neighbouring threads have neighbouring rows, both where they read and where they write.
__global__ void widen(float* out, stored_view w, int first, int ld, size_t count) {
  const size_t at = element();
  if (at >= count) return;
  const int r = static_cast<int>(at % ld), k = static_cast<int>(at / ld) * 4;
  float four[4];
  widen_four(w, first + r, k, four);
  for (int j = 0; j < 4 && k + j < w.cols; ++j) out[static_cast<size_t>(k + j) * ld + r] = four[j];
}

}  // namespace

void read_stored_rows(cudaStream_t stream, float* out, const stored_view& w, const int32_t* ids, int tokens) {
  const size_t count = static_cast<size_t>(tokens) * ((w.cols + 3) / 4);
  OL_CUDA_LAUNCH(stream, blocks_for(count, threads), threads, read_rows, out, w, ids, count);
}

void widen_stored(cudaStream_t stream, float* out, const stored_view& w, int first, int count) {
  const int ld = (count + 31) / 32 * 32;
  const size_t pieces = static_cast<size_t>(ld) * ((w.cols + 3) / 4);
  OL_CUDA_LAUNCH(stream, blocks_for(pieces, threads), threads, widen, out, w, first, ld, pieces);
}

}  // namespace cuda
}  // namespace ol

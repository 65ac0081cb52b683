// Operations on single elements: the formulas of cpu/elementwise.inc and cpu/rope.inc, one thread an element.
#include "core/math.h"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const unsigned threads = 256;

__device__ size_t element() { return static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; }

__global__ void rope_kernel(float* x, const int32_t* positions, const float* cosine, const float* sine, size_t pairs,
                            int heads, int half, bool inverse) {
  const size_t pair = element();
  if (pair >= pairs) return;
  const size_t head = pair / half, token = head / heads;
  const int i = static_cast<int>(pair % half);
  const size_t angle = static_cast<size_t>(positions[token]) * half + i;
  float* v = x + head * 2 * half + i;
  const float a = v[0], b = v[half], c = cosine[angle], s = inverse ? -sine[angle] : sine[angle];
  v[0] = ol_fma(a, c, -ol_mul(b, s));
  v[half] = ol_fma(b, c, ol_mul(a, s));
}

__global__ void swiglu_forward_kernel(float* h, const float* gate, const float* up, size_t n) {
  const size_t i = element();
  if (i < n) h[i] = ol_mul(ol_mul(gate[i], ol_sigmoid(gate[i])), up[i]);
}

__global__ void swiglu_backward_kernel(float* dgate, float* dup, const float* dh, const float* gate, const float* up,
                                       size_t n) {
  const size_t i = element();
  if (i >= n) return;
  const float g = gate[i], d = dh[i], u = up[i];
  const float sig = ol_sigmoid(g);
  dup[i] = ol_mul(d, ol_mul(g, sig));
  dgate[i] = ol_mul(ol_mul(d, u), ol_mul(sig, ol_fma(g, ol_sub(1.0f, sig), 1.0f)));
}

__global__ void add_kernel(float* y, const float* x, size_t n) {
  const size_t i = element();
  if (i < n) y[i] = ol_add(y[i], x[i]);
}

__global__ void scale_kernel(float* y, const float* x, float c, size_t n) {
  const size_t i = element();
  if (i < n) y[i] = ol_mul(x[i], c);
}

}  // namespace

void rope(cudaStream_t stream, float* x, const int32_t* positions, const float* cosine, const float* sine, int tokens,
          int heads, int head_dim, bool inverse) {
  const size_t pairs = static_cast<size_t>(tokens) * heads * (head_dim / 2);
  OL_CUDA_LAUNCH(stream, blocks_for(pairs, threads), threads, rope_kernel, x, positions, cosine, sine, pairs, heads,
                 head_dim / 2, inverse);
}

void swiglu_forward(cudaStream_t stream, float* h, const float* gate, const float* up, size_t n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, threads), threads, swiglu_forward_kernel, h, gate, up, n);
}

void swiglu_backward(cudaStream_t stream, float* dgate, float* dup, const float* dh, const float* gate, const float* up,
                     size_t n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, threads), threads, swiglu_backward_kernel, dgate, dup, dh, gate, up, n);
}

void add(cudaStream_t stream, float* y, const float* x, size_t n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, threads), threads, add_kernel, y, x, n);
}

void scale(cudaStream_t stream, float* y, const float* x, float c, size_t n) {
  OL_CUDA_LAUNCH(stream, blocks_for(n, threads), threads, scale_kernel, y, x, c, n);
}

}  // namespace cuda
}  // namespace ol

// What each kernel file offers. All pointers are device memory unless said otherwise; work is queued on the stream.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cpu/isa.h"

namespace ol {

struct greedy_choice;
struct heads_args;
struct choice_request;
struct choice_rule;
struct likely_token;
struct token_choice;

namespace cuda {

// gemm.cu. C[m, n] (+)= A[m, k] B[k, n], one chain over k ascending per element of C. "Deep": k is contiguous.
struct product {
  float* c;
  const float *a, *b;
  ptrdiff_t ldc, lda, ldb;
  int m, n, k;
};
// A deep: a[i*lda + p], else a[p*lda + i]. B deep: b[j*ldb + p], else b[p*ldb + j].
void multiply(cudaStream_t stream, const product& p, bool a_deep, bool b_deep, bool accumulate);
// Several of them, as few launches as their shapes allow. No c is there twice.
void multiply(cudaStream_t stream, const product* list, int count, bool a_deep, bool b_deep, bool accumulate);
// For each example: c + e*stride = (rows first..last of a)^T (same rows of b), from +0.
void multiply_each(cudaStream_t stream, const product& p, size_t stride, const int32_t* offsets, int examples);

// lora.cu. One adapter's rows at one linear: u[rows, rank] = c (A x), then y += B u. At most 65535 segments; rows, rank and
// out are the largest among them.
struct lora_segment {
  const float *x, *a, *b;
  float *u, *y;
  float scale;
  int rows, in, rank, out;
};
void lora_forward(cudaStream_t stream, const lora_segment* segments, int count, int rows, int rank, int out);

// attention_forward.cu (many queries) and attention_decode.cu (few): same bytes. At most 65535 sequences, whose keys and
// values begin at position 0; `most_rows`: queries times heads of a key-value head, of the largest sequence.
void attention_forward(cudaStream_t stream, const attention_forward_args& args, const attention_sequence* sequences,
                       int count, int most_rows);
void attention_decode(cudaStream_t stream, const attention_forward_args& args, const attention_sequence* sequences,
                      int count, int most_rows);

// attention_backward.cu. At most 65535 sequences, which begin at position 0. `dots` has room for a number of each row of q and
// each head.
void attention_backward(cudaStream_t stream, const attention_backward_args& args, const attention_sequence* sequences,
                        int count, int most_queries, float* dots);

// norm.cu
void rmsnorm_forward(cudaStream_t stream, float* y, float* rstd, const float* x, const float* gain, int tokens, int n,
                     float eps);
void rmsnorm_backward(cudaStream_t stream, float* dx, const float* dy, const float* x, const float* rstd,
                      const float* gain, int tokens, int n);
void rmsnorm_gain(cudaStream_t stream, float* dgain, const float* dy, const float* x, const float* rstd, int tokens,
                  int n);

// elementwise.cu
void rope(cudaStream_t stream, float* x, const int32_t* positions, const float* cosine, const float* sine, int tokens,
          int heads, int head_dim, bool inverse);
void swiglu_forward(cudaStream_t stream, float* h, const float* gate, const float* up, size_t n);
void swiglu_backward(cudaStream_t stream, float* dgate, float* dup, const float* dh, const float* gate, const float* up,
                     size_t n);
void add(cudaStream_t stream, float* y, const float* x, size_t n);
void scale(cudaStream_t stream, float* y, const float* x, float c, size_t n);

// rows.cu
void embed_forward(cudaStream_t stream, float* out, const float* table, const int32_t* ids, int tokens, int hidden);
void embed_backward(cudaStream_t stream, float* dtable, const float* dout, const int32_t* ids, int tokens, int hidden);
void add_bias(cudaStream_t stream, float* y, const float* bias, int tokens, int n);
void bias_backward(cudaStream_t stream, float* dbias, const float* dy, int tokens, int n);
void scatter_rows(cudaStream_t stream, float* out, const float* x, const int32_t* rows, int count, int n);

// loss.cu
void loss(cudaStream_t stream, float* logits, float* nll, const int32_t* targets, const float* weights, int rows, int n,
          bool gradient);

// greedy.cu. Each row's choice among the ids below `limit`.
void choose_greedily(cudaStream_t stream, greedy_choice* choices, const float* logits, int rows, int n, int limit);

// heads.cu. Any number of tokens.
void finish_heads(cudaStream_t stream, const heads_args& a, int tokens);

// sampling.cu. `rules` and `seen` are device memory here; `values` has room for rows times limit.
void choose_tokens(cudaStream_t stream, token_choice* choices, likely_token* likely, float* values, const choice_rule* rules,
                   const int32_t* seen, const choice_request& request);

// optimizer.cu. `constants` is host memory.
void adamw(cudaStream_t stream, float* w, float* m, float* v, const float* g, size_t n, const float* constants);
void sum_squares(cudaStream_t stream, float* out, const float* x, size_t n);

}  // namespace cuda
}  // namespace ol

// The operations of the model, once per device. Pointers named here are device memory (host memory on the CPU).
//
// Each operation has one order of rounded operations, written beside it; every device keeps it, so all give the same
// bytes. Sums over tokens are one chain in token order, examples in batch order, and "+=" goes on from what is there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/factor_algebra.h"
#include "core/matrix.h"
#include "core/row_scan.h"
#include "cpu/isa.h"

namespace ol {

// A linear's weight [out, in]: a stored matrix in any format and what the device keeps of it, or fp32 values and what the
// device made of them.
struct linear_weight {
  const float* weight = nullptr;
  int out = 0, in = 0;
  std::shared_ptr<void> packed;  // device's own
  const stored_matrix* stored = nullptr;
  // Products forward by q8 (spec.md); only where the stored matrix's format has blocks.
  bool q8 = false;
};

// One of several linears of the same x, and where its result goes.
struct linear_product {
  float* y;
  const linear_weight* w;
};

// Rows that share an adapter, at one of its linears: of x[rows, in] and y[rows, out].
struct lora_rows {
  int row, count;
  const linear_weight *a, *b;
  float scale;
  const float* x;
  float* y;
};

// RMSNorm of rows of n values: of x, or of x + added, which goes to `sum` then (none of the two's memory).
struct norm_args {
  const float *x, *added, *gain;
  float *sum, *norm, *rstd;
  int n;
  float eps;
};

// What comes between the products of a norm and attention: biases, norms of the heads, rotary positions, and keys and values to
// their places. Null: none of it.
struct heads_args {
  int heads, kv_heads, head_dim;
  float *raw_q, *raw_k, *v;  // the products; changed
  float *q, *k, *rstd;       // with norms of the heads in memory of their own, else the products' own
  const float *q_bias, *k_bias, *v_bias, *q_norm, *k_norm;
  float eps;
  const int32_t* positions;
  const float *cosine, *sine;
  float *keys, *values;  // row t of k and v goes to row slots[t] here; without slots to row t. May be k and v.
  const int32_t* slots;
};

// What choosing greedily needs of a row of logits.
struct greedy_choice {
  int32_t id;       // the largest among the ids below a limit; the lowest id in a tie
  int32_t finite;   // 0: one of those logits is not
  float logit;      // of `id`
  float second;     // the largest of the others, -infinity without any
  float nll;        // minus the log-probability of `id`, by the whole row
};

// How a row chooses its token (spec.md, "Sampling"): thousandths as fp32, and whole numbers as they are.
struct choice_rule {
  uint64_t random = 0;  // spec.md's R
  float repetition = 1.0f, presence = 0.0f;
  float temperature = 0.0f;  // 0: the largest logit
  int32_t top_k = 0, top_p = 1000000;
  int32_t first_seen = 0, seen = 0;  // of the request's list: ids that the penalties concern, each once
  int32_t likely = 0;                // how many of its likeliest tokens are asked for
};

// Choices for all rows of logits [rows, n], among the ids below `limit`. The pointers are host memory, but for the logits.
struct choice_request {
  const float* logits;
  int rows, n, limit;
  const choice_rule* rules;
  const int32_t* seen;  // twice an id below the limit, plus 1 if the answer has it
  size_t seen_count;
  int likely;  // the most that a rule asks for
};

struct token_choice {
  int32_t id;
  int32_t finite;  // 0: a logit below the limit is not, as it came or divided by the temperature
  float nll;       // minus the log-probability of `id`, by the whole row as it came
};

struct likely_token {
  int32_t id;
  float logprob;
};

class backend : public factor_algebra {
 public:
  virtual const char* device() const = 0;

  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* memory) = 0;
  virtual void upload(void* device, const void* host, size_t bytes) = 0;
  virtual void download(void* host, const void* device, size_t bytes) = 0;
  virtual void copy(void* to, const void* from, size_t bytes) = 0;
  virtual void zero(void* memory, size_t bytes) = 0;
  // Waits for queued work; errors of the device surface here.
  virtual void finish() = 0;

  // Does `work`, which queues operations and waits for nothing. The key names all that it depends on but what the device's memory
  // holds, and the memory by where it is: with a key that came before, a device may queue what it kept of that time.
  virtual void repeat(const std::vector<uint64_t>& /*key*/, const std::function<void()>& work) { work(); }

  // A stored matrix in the device's memory, for `packed`; null where products read it where it is.
  virtual std::shared_ptr<void> keep(const stored_matrix&) { return nullptr; }
  // An index's rows of `dimension` int8 values, kept in the device's memory as far as `budget` bytes hold them; the others are
  // read from the host at each pass. The parts, one after the other, must stay where they are. Null where the device's memory
  // is the host's. Needs no turn: it shares nothing with the model's work.
  virtual std::shared_ptr<row_scan> keep_rows(const std::vector<scan_part>&, int /*dimension*/, size_t /*budget*/) {
    return nullptr;
  }
  // For weights of fp32 values, and again whenever they changed.
  virtual void pack(linear_weight& w, bool backward) = 0;
  // y[tokens, out] (+)= x[tokens, in] W^T: chain over in, or over blocks of it by q8.
  virtual void linear_forward(float* y, const float* x, const linear_weight& w, int tokens, bool accumulate) = 0;
  // y = x W^T, as linear_forward makes it, of several linears of one x.
  virtual void linear_forward_each(const linear_product* outputs, int count, const float* x, int tokens) {
    for (int i = 0; i < count; ++i) linear_forward(outputs[i].y, x, *outputs[i].w, tokens, false);
  }
  // Each y's rows go on by their own adapters: u = A x, then the chain over r of (c u)[r] B[o, r]. No row of a y is there
  // twice. `u` has room for all rows times the largest rank.
  virtual void lora_forward(const lora_rows* segments, int count, float* u) {
    for (int i = 0; i < count; ++i) {
      const lora_rows& s = segments[i];
      linear_forward(u, s.x + static_cast<size_t>(s.row) * s.a->in, *s.a, s.count, false);
      scale(u, u, s.scale, static_cast<size_t>(s.count) * s.a->out);
      linear_forward(s.y + static_cast<size_t>(s.row) * s.b->out, u, *s.b, s.count, true);
    }
  }
  // dx[tokens, in] (+)= dy[tokens, out] W: chain over out.
  virtual void linear_backward_input(float* dx, const float* dy, const linear_weight& w, int tokens,
                                     bool accumulate) = 0;
  // dw[out, in] += dy^T x: chain over tokens.
  virtual void linear_backward_weight(float* dw, const float* dy, const float* x, int tokens, int out, int in) = 0;
  // Of x^T x [n, n] what is on and above the diagonal is added to `sums`: chain over tokens. What comes to lie below it means nothing.
  virtual void add_gram(float* sums, const float* x, int tokens, int n) { linear_backward_weight(sums, x, x, tokens, n, n); }
  // For each example e: dw + e*stride gets [out, in] = dy^T x over its own tokens offsets[e] .. offsets[e+1]-1 (host
  // array), from +0.
  virtual void linear_backward_weight_each(float* dw, size_t stride, const float* dy, const float* x,
                                           const int32_t* offsets, int examples, int out, int in) = 0;

  // out[t] = row ids[t] of the table [vocab, hidden]
  virtual void embed_forward(float* out, const linear_weight& table, const int32_t* ids, int tokens) = 0;
  // dtable[ids[t]] += dout[t], t ascending.
  virtual void embed_backward(float* dtable, const float* dout, const int32_t* ids, int tokens, int hidden,
                              int vocab) = 0;
  virtual void rmsnorm_forward(float* y, float* rstd, const float* x, const float* gain, int tokens, int n,
                               float eps) = 0;
  // dx += ...
  virtual void rmsnorm_backward(float* dx, const float* dy, const float* x, const float* rstd, const float* gain,
                                int tokens, int n) = 0;
  // dgain += ..., tokens ascending.
  virtual void rmsnorm_gain(float* dgain, const float* dy, const float* x, const float* rstd, int tokens, int n) = 0;
  // In place; inverse for the backward pass.
  virtual void rope(float* x, const int32_t* positions, const float* cosine, const float* sine, int tokens, int heads,
                    int head_dim, bool inverse) = 0;
  // The norm, then each y = norm W^T. For passes without a backward pass: what `rstd` holds then means nothing.
  virtual void norm_linears(const norm_args& a, const linear_product* products, int count, int tokens) {
    norm_alone(a, tokens);
    linear_forward_each(products, count, a.norm, tokens);
  }
  // h = SwiGLU of two products of the norm; what the norm's own and the products' memory hold then means nothing.
  virtual void norm_swiglu(float* h, const norm_args& a, const linear_product& gate, const linear_product& up, int tokens) {
    const linear_product both[] = {gate, up};
    norm_linears(a, both, 2, tokens);
    swiglu_forward(h, gate.y, up.y, static_cast<size_t>(tokens) * gate.w->out);
  }
  // q gets the rotated queries; raw_k, k, v and rstd then mean nothing, unless keys and values are in k and v.
  virtual void finish_heads(const heads_args& a, int tokens) {
    const int q = a.heads * a.head_dim, kv = a.kv_heads * a.head_dim;
    if (a.q_bias) add_bias(a.raw_q, a.q_bias, tokens, q);
    if (a.k_bias) add_bias(a.raw_k, a.k_bias, tokens, kv);
    if (a.v_bias) add_bias(a.v, a.v_bias, tokens, kv);
    // Each head of each token is a row of head_dim values.
    if (a.q_norm) rmsnorm_forward(a.q, a.rstd, a.raw_q, a.q_norm, tokens * a.heads, a.head_dim, a.eps);
    if (a.k_norm) rmsnorm_forward(a.k, a.rstd, a.raw_k, a.k_norm, tokens * a.kv_heads, a.head_dim, a.eps);
    rope(a.q, a.positions, a.cosine, a.sine, tokens, a.heads, a.head_dim, false);
    rope(a.k, a.positions, a.cosine, a.sine, tokens, a.kv_heads, a.head_dim, false);
    put_rows(a.keys, a.k, a.slots, tokens, kv);
    put_rows(a.values, a.v, a.slots, tokens, kv);
  }
  // `sequences` is a host array whose k and v are device pointers.
  virtual void attention_forward(const attention_forward_args& args, const attention_sequence* sequences,
                                 int count) = 0;
  // The same of sequences that are in the device's memory, too: positions are read there when the work is done.
  virtual void attention_forward_of(const attention_forward_args& args, const attention_sequence* sequences,
                                    const attention_sequence* /*on_device*/, int count) {
    attention_forward(args, sequences, count);
  }
  // Sequences start at position 0; dk and dv rows are the sequences' rows.
  virtual void attention_backward(const attention_backward_args& args, const attention_sequence* sequences,
                                  int count) = 0;
  virtual void swiglu_forward(float* h, const float* gate, const float* up, size_t n) = 0;
  virtual void swiglu_backward(float* dgate, float* dup, const float* dh, const float* gate, const float* up,
                               size_t n) = 0;
  virtual void add(float* y, const float* x, size_t n) = 0;                  // y += x
  virtual void scale(float* y, const float* x, float c, size_t n) = 0;       // y = c x
  virtual void add_bias(float* y, const float* bias, int tokens, int n) = 0;  // each row
  virtual void bias_backward(float* dbias, const float* dy, int tokens, int n) = 0;  // += rows, ascending
  virtual void gather_rows(float* out, const float* x, const int32_t* rows, int count, int n) = 0;
  // out[rows[i]] = x[i]; other rows stay. No row is there twice.
  virtual void scatter_rows(float* out, const float* x, const int32_t* rows, int count, int n) = 0;
  // Per row: nll; with gradient, logits <- weights * (softmax - onehot).
  virtual void loss(float* logits, float* nll, const int32_t* targets, const float* weights, int rows, int n,
                    bool gradient) = 0;
  // One choice (device memory) for each row of logits [rows, n]. False, and nothing done, where the host is to look at the
  // logits itself.
  virtual bool choose_greedily(greedy_choice* /*choices*/, const float* /*logits*/, int /*rows*/, int /*n*/, int /*limit*/) {
    return false;
  }
  // A choice (device memory) for each row, and its likeliest tokens, `request.likely` places a row. False, and nothing done, where
  // the host is to look at the logits itself.
  virtual bool choose_tokens(token_choice* /*choices*/, likely_token* /*likely*/, const choice_request& /*request*/) {
    return false;
  }
  virtual void adamw(float* w, float* m, float* v, const float* g, size_t n, const float* constants) = 0;
  // out[c] = sum of squares of chunk c (4096 values each, 16 lanes).
  virtual void sum_squares(float* out, const float* x, size_t n) = 0;
  // C[m,n] = A[m,k] B[k,n], row-major, chain over k.
  virtual void gemm(float* c, const float* a, const float* b, int m, int n, int k) = 0;
  // The same where the rows of C and A are `ldc` and `lda` values apart.
  virtual void gemm_rows(float* c, size_t ldc, const float* a, size_t lda, const float* b, int m, int n, int k) = 0;
  // For each part: c[r, first + j] = chain over i of a[r, from + i] by[i, j]. `parts` is a host array.
  virtual void gemm_parts(float* c, size_t ldc, const float* a, size_t lda, const row_part* parts, int count, int rows) {
    for (int i = 0; i < count; ++i)
      gemm_rows(c + parts[i].first, ldc, a + parts[i].from, lda, parts[i].by, rows, parts[i].count, parts[i].values);
  }

 protected:
  void norm_alone(const norm_args& a, int tokens) {
    const size_t values = static_cast<size_t>(tokens) * a.n;
    if (a.added) copy(a.sum, a.x, values * sizeof(float));
    if (a.added) add(a.sum, a.added, values);
    rmsnorm_forward(a.norm, a.rstd, a.added ? a.sum : a.x, a.gain, tokens, a.n, a.eps);
  }

 private:
  void put_rows(float* to, const float* from, const int32_t* slots, int tokens, int n) {
    if (slots) scatter_rows(to, from, slots, tokens, n);
    if (!slots && to != from) copy(to, from, static_cast<size_t>(tokens) * n * sizeof(float));
  }
};

static const size_t norm_chunk = 4096;

// Device memory that frees itself.
template <typename T>
class device_array {
 public:
  device_array() = default;
  device_array(backend& owner, size_t count) : owner_(&owner), count_(count) {
    data_ = static_cast<T*>(owner.allocate(count * sizeof(T) + 64));
  }
  device_array(device_array&& other) noexcept { swap(other); }
  device_array& operator=(device_array&& other) noexcept {
    swap(other);
    return *this;
  }
  ~device_array() {
    if (data_) owner_->release(data_);
  }
  T* get() const { return data_; }
  size_t size() const { return count_; }
  // At least `count` elements; the contents are lost when it grows.
  void reserve(backend& owner, size_t count) {
    if (count > count_ || !data_) *this = device_array(owner, count);
  }

 private:
  void swap(device_array& other) {
    std::swap(owner_, other.owner_);
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
  }
  backend* owner_ = nullptr;
  T* data_ = nullptr;
  size_t count_ = 0;
};

template <typename T>
device_array<T> uploaded(backend& owner, const std::vector<T>& values) {
  device_array<T> made(owner, values.size());
  owner.upload(made.get(), values.data(), values.size() * sizeof(T));
  return made;
}

// After what is queued.
template <typename T>
std::vector<T> downloaded(backend& owner, const device_array<T>& values) {
  std::vector<T> host(values.size());
  if (!host.empty()) owner.download(host.data(), values.get(), host.size() * sizeof(T));
  return host;
}

}  // namespace ol

// The CPU device: spreads each operation over the pool by rows, heads or columns. No split ever cuts a chain.
#include "cpu/backend.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "cpu/block_products.h"
#include "cpu/gemm.h"
#include "cpu/pool.h"
#include "cpu/stored_products.h"

namespace ol {
namespace {

struct packed_linear {
  aligned_buffer forward, backward;
};

class cpu_backend final : public backend {
 public:
  cpu_backend(int threads, isa which)
      : pool_(threads),
        kernels_(kernels_for(which)),
        gemm_(pool_, kernels_),
        stored_(pool_, kernels_),
        blocks_(pool_, kernels_),
        scratch_(static_cast<size_t>(threads)),
        low_(static_cast<size_t>(threads)) {}

  const char* device() const override { return "cpu"; }

  void* allocate(size_t bytes) override {
    void* memory = std::aligned_alloc(64, (bytes + 127) / 64 * 64);
    if (!memory) throw std::bad_alloc();
    return memory;
  }
  void release(void* memory) override { std::free(memory); }
  // Nothing may be uploaded from an empty array, which lies nowhere.
  void upload(void* to, const void* from, size_t bytes) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void download(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void copy(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void zero(void* memory, size_t bytes) override { std::memset(memory, 0, bytes); }
  void finish() override {}

  void pack(linear_weight& w, bool backward) override {
    if (!w.packed) w.packed = std::make_shared<packed_linear>();
    auto& packed = *static_cast<packed_linear*>(w.packed.get());
    gemm_.pack(packed.forward.reserve(gemm_.packed_size(w.out, w.in)), {w.weight, 1, w.in}, w.out, w.in);
    if (backward) gemm_.pack(packed.backward.reserve(gemm_.packed_size(w.in, w.out)), {w.weight, w.in, 1}, w.in, w.out);
  }

  void linear_forward(float* y, const float* x, const linear_weight& w, int tokens, bool accumulate) override {
    if (w.q8) return blocks_.forward(y, x, *w.stored, tokens, accumulate);
    if (w.stored) return stored_.forward(y, x, *w.stored, tokens, accumulate);
    const auto& packed = *static_cast<const packed_linear*>(w.packed.get());
    gemm_.run_packed(tokens, w.out, w.in, {x, w.in, 1}, packed.forward.data, y, w.out, accumulate);
  }

  void lora_forward(const lora_rows* segments, int count, float* /*u*/) override {
    // A row takes less than a microsecond at one linear: a task is a few, and the last ones end at about the same time.
    const int tasks = std::min(count, pool_.threads() * 16);
    size_t values = 0;
    for (int i = 0; i < count; ++i)
      values = std::max(values, static_cast<size_t>(segments[i].count) * segments[i].a->out);
    for (auto& u : low_) u.reserve(values);
    pool_.run(tasks, [&](int task, int worker) {
      for (int at = count * task / tasks; at < count * (task + 1) / tasks; ++at)
        lora_segment(segments[at], at + 1 < count ? &segments[at + 1] : nullptr, worker);
    });
  }

  void linear_backward_input(float* dx, const float* dy, const linear_weight& w, int tokens,
                             bool accumulate) override {
    if (w.stored) return stored_.backward(dx, dy, *w.stored, tokens, accumulate);
    const auto& packed = *static_cast<const packed_linear*>(w.packed.get());
    gemm_.run_packed(tokens, w.in, w.out, {dy, w.out, 1}, packed.backward.data, dx, w.in, accumulate);
  }

  void linear_backward_weight(float* dw, const float* dy, const float* x, int tokens, int out, int in) override {
    gemm_.run(out, in, tokens, {dy, 1, out}, {x, in, 1}, dw, in, true);
  }

  void add_gram(float* sums, const float* x, int tokens, int n) override { gemm_.add_gram(n, tokens, x, sums); }

  void linear_backward_weight_each(float* dw, size_t stride, const float* dy, const float* x, const int32_t* offsets,
                                   int examples, int out, int in) override {
    pool_.run(examples, [&](int e, int) {
      const int first = offsets[e], tokens = offsets[e + 1] - first;
      gemm_.run_serial(out, in, tokens, {dy + static_cast<size_t>(first) * out, 1, out},
                       {x + static_cast<size_t>(first) * in, in, 1}, dw + e * stride, in, false);
    });
  }

  void embed_forward(float* out, const linear_weight& table, const int32_t* ids, int tokens) override {
    const size_t hidden = static_cast<size_t>(table.in);
    for (int t = 0; t < tokens; ++t) {
      if (table.stored) {
        table.stored->read_row(ids[t], out + t * hidden);
      } else {
        std::memcpy(out + t * hidden, table.weight + ids[t] * hidden, hidden * sizeof(float));
      }
    }
  }

  void embed_backward(float* dtable, const float* dout, const int32_t* ids, int tokens, int hidden,
                      int /*vocab*/) override {
    // Threads share out the columns: each row's chain stays in token order.
    split(static_cast<size_t>(hidden), 32, [&](size_t first, size_t last) {
      for (int t = 0; t < tokens; ++t) {
        kernels_.add(dtable + static_cast<size_t>(ids[t]) * hidden + first,
                     dout + static_cast<size_t>(t) * hidden + first, last - first);
      }
    });
  }

  void rmsnorm_forward(float* y, float* rstd, const float* x, const float* gain, int tokens, int n,
                       float eps) override {
    rows(tokens, n, [&](int first, int count) {
      const size_t at = static_cast<size_t>(first) * n;
      kernels_.rmsnorm_forward(y + at, rstd + first, x + at, gain, count, n, eps);
    });
  }

  void rmsnorm_backward(float* dx, const float* dy, const float* x, const float* rstd, const float* gain, int tokens,
                        int n) override {
    rows(tokens, n, [&](int first, int count) {
      const size_t at = static_cast<size_t>(first) * n;
      kernels_.rmsnorm_backward(dx + at, dy + at, x + at, rstd + first, gain, count, n);
    });
  }

  void rmsnorm_gain(float* dgain, const float* dy, const float* x, const float* rstd, int tokens, int n) override {
    split(static_cast<size_t>(n), 32, [&](size_t first, size_t last) {
      kernels_.rmsnorm_gain(dgain, dy, x, rstd, tokens, n, static_cast<int>(first), static_cast<int>(last));
    });
  }

  void rope(float* x, const int32_t* positions, const float* cosine, const float* sine, int tokens, int heads,
            int head_dim, bool inverse) override {
    rows(tokens, heads * head_dim, [&](int first, int count) {
      kernels_.rope(x + static_cast<size_t>(first) * heads * head_dim, positions + first, cosine, sine, count, heads,
                    head_dim, inverse);
    });
  }

  void attention_forward(const attention_forward_args& args, const attention_sequence* sequences, int count) override {
    const int heads = args.shape.heads;
    reserve_attention(args.shape, sequences, count);
    pool_.run(count * heads, [&](int task, int worker) {
      kernels_.attention_forward(args, sequences[task / heads], task % heads, scratch_[worker].data);
    });
  }

  void attention_backward(const attention_backward_args& args, const attention_sequence* sequences,
                          int count) override {
    const int heads = args.shape.kv_heads;
    reserve_attention(args.shape, sequences, count);
    pool_.run(count * heads, [&](int task, int worker) {
      kernels_.attention_backward(args, sequences[task / heads], task % heads, scratch_[worker].data);
    });
  }

  void swiglu_forward(float* h, const float* gate, const float* up, size_t n) override {
    split(n, 4096, [&](size_t a, size_t b) { kernels_.swiglu_forward(h + a, gate + a, up + a, b - a); });
  }

  void swiglu_backward(float* dgate, float* dup, const float* dh, const float* gate, const float* up,
                       size_t n) override {
    split(n, 4096, [&](size_t a, size_t b) {
      kernels_.swiglu_backward(dgate + a, dup + a, dh + a, gate + a, up + a, b - a);
    });
  }

  void add(float* y, const float* x, size_t n) override {
    split(n, 16384, [&](size_t a, size_t b) { kernels_.add(y + a, x + a, b - a); });
  }

  void scale(float* y, const float* x, float c, size_t n) override {
    split(n, 16384, [&](size_t a, size_t b) { kernels_.scale(y + a, x + a, c, b - a); });
  }

  void add_bias(float* y, const float* bias, int tokens, int n) override {
    rows(tokens, n, [&](int first, int count) {
      for (int t = first; t < first + count; ++t) kernels_.add(y + static_cast<size_t>(t) * n, bias, n);
    });
  }

  void bias_backward(float* dbias, const float* dy, int tokens, int n) override {
    split(static_cast<size_t>(n), 32, [&](size_t first, size_t last) {
      for (int t = 0; t < tokens; ++t)
        kernels_.add(dbias + first, dy + static_cast<size_t>(t) * n + first, last - first);
    });
  }

  void gather_rows(float* out, const float* x, const int32_t* rows, int count, int n) override {
    for (int i = 0; i < count; ++i)
      std::memcpy(out + static_cast<size_t>(i) * n, x + static_cast<size_t>(rows[i]) * n, n * sizeof(float));
  }

  void scatter_rows(float* out, const float* x, const int32_t* rows, int count, int n) override {
    for (int i = 0; i < count; ++i)
      std::memcpy(out + static_cast<size_t>(rows[i]) * n, x + static_cast<size_t>(i) * n, n * sizeof(float));
  }

  void loss(float* logits, float* nll, const int32_t* targets, const float* weights, int count, int n,
            bool gradient) override {
    rows(count, n, [&](int first, int part) {
      kernels_.loss(logits + static_cast<size_t>(first) * n, nll + first, targets + first,
                    weights ? weights + first : nullptr, part, n, gradient);
    });
  }

  void adamw(float* w, float* m, float* v, const float* g, size_t n, const float* constants) override {
    split(n, 8192, [&](size_t a, size_t b) { kernels_.adamw(w + a, m + a, v + a, g + a, b - a, constants); });
  }

  void sum_squares(float* out, const float* x, size_t n) override {
    const int chunks = static_cast<int>((n + norm_chunk - 1) / norm_chunk);
    pool_.run(chunks, [&](int c, int) {
      const size_t first = static_cast<size_t>(c) * norm_chunk;
      out[c] = kernels_.sum_squares(x + first, std::min(norm_chunk, n - first));
    });
  }

  void gemm(float* c, const float* a, const float* b, int m, int n, int k) override {
    gemm_.run(m, n, k, {a, k, 1}, {b, n, 1}, c, n, false);
  }
  void gemm_rows(float* c, size_t ldc, const float* a, size_t lda, const float* b, int m, int n, int k) override {
    gemm_.run(m, n, k, {a, static_cast<ptrdiff_t>(lda), 1}, {b, n, 1}, c, static_cast<ptrdiff_t>(ldc), false);
  }

 protected:
  void share_out(int count, const std::function<void(int)>& body) override {
    pool_.run(count, [&](int task, int) { body(task); });
  }

 private:
  // Ranges of elements; a range is a multiple of 32 so that threads never share a cache line.
  template <typename F>
  void split(size_t n, size_t least, F&& body) {
    const size_t wanted = static_cast<size_t>(pool_.threads()) * 2;
    size_t part = std::max(least, (n + wanted - 1) / wanted);
    part = (part + 31) / 32 * 32;
    const int tasks = static_cast<int>((n + part - 1) / part);
    pool_.run(tasks, [&](int task, int) { body(task * part, std::min(n, (task + 1) * part)); });
  }

  // `next`: whose factors are read after it.
  void lora_segment(const lora_rows& s, const lora_rows* next, int worker) {
    const linear_weight &a = *s.a, &b = *s.b;
    const auto packed = [](const linear_weight& w) {
      return static_cast<const packed_linear*>(w.packed.get())->forward.data;
    };
    const float* from = s.x + static_cast<size_t>(s.row) * a.in;
    float *to = s.y + static_cast<size_t>(s.row) * b.out, *u = low_[static_cast<size_t>(worker)].data;
    if (s.count == 1 &&
        kernels_.lora_row(to, from, packed(a), packed(b), u, a.out, a.in, b.out, s.scale, next ? packed(*next->a) : nullptr,
                          next ? sizeof(float) * static_cast<size_t>(next->a->out) * next->a->in : 0)) {
      return;
    }
    gemm_.run_packed_serial(s.count, a.out, a.in, {from, a.in, 1}, packed(a), u, a.out, false, worker);
    kernels_.scale(u, u, s.scale, static_cast<size_t>(s.count) * a.out);
    gemm_.run_packed_serial(s.count, b.out, b.in, {u, b.in, 1}, packed(b), to, b.out, true, worker);
  }

  template <typename F>
  void rows(int count, int width, F&& body) {
    const int wanted = pool_.threads() * 2, least = std::max(1, 4096 / std::max(1, width));
    const int part = std::max(least, (count + wanted - 1) / wanted);
    pool_.run((count + part - 1) / part,
              [&](int task, int) { body(task * part, std::min(part, count - task * part)); });
  }

  void reserve_attention(const attention_shape& shape, const attention_sequence* sequences, int count) {
    int keys = 0;
    for (int s = 0; s < count; ++s) keys = std::max(keys, sequences[s].position + sequences[s].count);
    for (auto& buffer : scratch_) buffer.reserve(kernels_.attention_scratch(keys, shape.head_dim));
  }

  pool pool_;
  const kernels& kernels_;
  gemm_engine gemm_;
  stored_products stored_;
  block_products blocks_;
  std::vector<aligned_buffer> scratch_, low_;  // of each thread; the second for what an adapter makes of its rows
};

}  // namespace

std::unique_ptr<backend> make_cpu_backend(int threads, isa which) {
  return std::make_unique<cpu_backend>(threads, which);
}

}  // namespace ol

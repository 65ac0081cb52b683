// The CUDA device: every operation of core/backend.h as kernels on one stream, in the CPU's order of rounded
// operations. Runs on device 0 of CUDA_VISIBLE_DEVICES.
#include "core/backend.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/session.h"
#include "cuda/attention_plan.h"
#include "cuda/factors.h"
#include "cuda/fused.h"
#include "cuda/graphs.h"
#include "cuda/linears.h"
#include "cuda/memory.h"
#include "cuda/ops.h"
#include "cuda/scan.h"
#include "cuda/stream.h"

namespace ol {
namespace {

// A launch grid's second side ends at 65535.
const int most_segments = 65535;

// Rows of a Gram matrix at a time: many tiles, and few of them below the diagonal.
const int gram_rows = 1024;

class cuda_backend final : public cuda::factors_on_device {
 public:
  cuda_backend() : staging_(stream_.stream), graphs_(stream_.stream, memory_, staging_) {}
  // Before the memory goes back to the device.
  ~cuda_backend() override { cudaStreamSynchronize(stream()); }

  const char* device() const override { return "cuda"; }

  void* allocate(size_t bytes) override { return memory_.take(bytes); }
  // Queued work still finds its memory: all work is on this stream, the next owner's too. Called by destructors.
  void release(void* memory) override { memory_.give_back(memory); }
  void upload(void* to, const void* from, size_t bytes) override {
    if (graphs_.recording()) fail(OL_ERROR_INTERNAL, "what a graph reads is brought to the device before it runs");
    staging_.upload(to, from, bytes);
  }
  void download(void* to, const void* from, size_t bytes) override {
    OL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream()));
    finish();
  }
  void copy(void* to, const void* from, size_t bytes) override {
    OL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()));
  }
  void zero(void* memory, size_t bytes) override { OL_CUDA_CHECK(cudaMemsetAsync(memory, 0, bytes, stream())); }
  void repeat(const std::vector<uint64_t>& key, const std::function<void()>& work) override { graphs_.repeat(key, work); }
  void finish() override { OL_CUDA_CHECK(cudaStreamSynchronize(stream())); }

  // The tiles read a weight as it lies, in both directions.
  void pack(linear_weight&, bool) override {}

  // The panels as they are on the host.
  std::shared_ptr<void> keep(const stored_matrix& w) override {
    auto kept = std::make_shared<device_array<uint8_t>>(*this, w.bytes());
    upload(kept->get(), w.panel(0), w.bytes());
    return kept;
  }

  std::shared_ptr<row_scan> keep_rows(const std::vector<scan_part>& parts, int dimension, size_t budget) override {
    return cuda::keep_rows(parts, dimension, budget);
  }

  void linear_forward(float* y, const float* x, const linear_weight& w, int tokens, bool accumulate) override {
    const linear_product one{y, &w};
    cuda::linears_forward(stream(), widened_, whole_, &one, 1, x, tokens, accumulate);
  }
  void linear_forward_each(const linear_product* outputs, int count, const float* x, int tokens) override {
    cuda::linears_forward(stream(), widened_, whole_, outputs, count, x, tokens, false);
  }
  void lora_forward(const lora_rows* segments, int count, float* /*u*/) override {
    for (int first = 0; first < count; first += most_segments)
      lora_launch(segments + first, std::min(count - first, most_segments));
  }
  void norm_linears(const norm_args& a, const linear_product* products, int count, int tokens) override {
    if (tokens <= 0) return;
    const auto is_q8 = [](const linear_product& p) { return p.w->q8; };
    if (count > 0 && std::all_of(products, products + count, is_q8)) return norm_q8(a, products, count, tokens);
    const bool few = tokens <= cuda::most_few_tokens && count > 0 && count <= cuda::most_few_products;
    if (few && std::none_of(products, products + count, is_q8)) {
      cuda::few_weight w[cuda::most_few_products];
      float* y[cuda::most_few_products];
      for (int i = 0; i < count; ++i) {
        w[i] = few_weight_of(*products[i].w);
        y[i] = products[i].y;
      }
      return cuda::norm_products(stream(), a, w, y, count, tokens);
    }
    cuda::norm_rows(stream(), a, tokens);
    linear_forward_each(products, count, a.norm, tokens);
  }
  void norm_swiglu(float* h, const norm_args& a, const linear_product& gate, const linear_product& up, int tokens) override {
    if (tokens <= 0) return;
    if (tokens > cuda::most_few_tokens || gate.w->q8 || up.w->q8) return backend::norm_swiglu(h, a, gate, up, tokens);
    norm_args untold = a;
    untold.norm = nullptr;
    cuda::norm_gated(stream(), untold, few_weight_of(*gate.w), few_weight_of(*up.w), h, tokens);
  }
  void finish_heads(const heads_args& a, int tokens) override {
    if (tokens > 0) cuda::finish_heads(stream(), a, tokens);
  }
  void linear_backward_input(float* dx, const float* dy, const linear_weight& w, int tokens, bool accumulate) override {
    if (w.stored) return cuda::stored_backward(stream(), widened_, dx, dy, cuda::view_of(w), tokens, accumulate);
    cuda::multiply(stream(), {dx, dy, w.weight, w.in, w.out, w.in, tokens, w.in, w.out}, true, false, accumulate);
  }
  void linear_backward_weight(float* dw, const float* dy, const float* x, int tokens, int out, int in) override {
    cuda::multiply(stream(), {dw, dy, x, in, out, in, out, in, tokens}, false, false, true);
  }
  // In strips of rows from the diagonal on.
  void add_gram(float* sums, const float* x, int tokens, int n) override {
    for (int first = 0; first < n; first += gram_rows) {
      const int rows = std::min(gram_rows, n - first), cols = n - first;
      float* at = sums + static_cast<size_t>(first) * n + first;
      cuda::multiply(stream(), {at, x + first, x + first, n, n, n, rows, cols, tokens}, false, false, true);
    }
  }
  void linear_backward_weight_each(float* dw, size_t stride, const float* dy, const float* x, const int32_t* offsets,
                                   int examples, int out, int in) override {
    const size_t bytes = (static_cast<size_t>(examples) + 1) * sizeof(int32_t);
    auto* on_device = static_cast<int32_t*>(offsets_.reserve(bytes));
    upload(on_device, offsets, bytes);
    cuda::multiply_each(stream(), {dw, dy, x, in, out, in, out, in, 0}, stride, on_device, examples);
  }

  void embed_forward(float* out, const linear_weight& table, const int32_t* ids, int tokens) override {
    if (table.stored) return cuda::read_stored_rows(stream(), out, cuda::view_of(table), ids, tokens);
    cuda::embed_forward(stream(), out, table.weight, ids, tokens, table.in);
  }
  void embed_backward(float* dtable, const float* dout, const int32_t* ids, int tokens, int hidden, int) override {
    cuda::embed_backward(stream(), dtable, dout, ids, tokens, hidden);
  }
  void rmsnorm_forward(float* y, float* rstd, const float* x, const float* gain, int tokens, int n,
                       float eps) override {
    cuda::rmsnorm_forward(stream(), y, rstd, x, gain, tokens, n, eps);
  }
  void rmsnorm_backward(float* dx, const float* dy, const float* x, const float* rstd, const float* gain, int tokens,
                        int n) override {
    cuda::rmsnorm_backward(stream(), dx, dy, x, rstd, gain, tokens, n);
  }
  void rmsnorm_gain(float* dgain, const float* dy, const float* x, const float* rstd, int tokens, int n) override {
    cuda::rmsnorm_gain(stream(), dgain, dy, x, rstd, tokens, n);
  }
  void rope(float* x, const int32_t* positions, const float* cosine, const float* sine, int tokens, int heads,
            int head_dim, bool inverse) override {
    cuda::rope(stream(), x, positions, cosine, sine, tokens, heads, head_dim, inverse);
  }

  void attention_forward(const attention_forward_args& args, const attention_sequence* sequences, int count) override {
    if (count <= 0) return;
    const auto plan = cuda::plan_forward(sequences, count, args.shape.heads / args.shape.kv_heads);
    const size_t bytes = plan.sequences.size() * sizeof(attention_sequence);
    auto* on_device = static_cast<attention_sequence*>(tasks_.reserve(bytes));
    upload(on_device, plan.sequences.data(), bytes);
    for (const auto& part : plan.parts) {
      const auto run = part.few ? cuda::attention_decode : cuda::attention_forward;
      run(stream(), args, on_device + part.first, part.count, part.most_rows);
    }
  }
  void attention_forward_of(const attention_forward_args& args, const attention_sequence* sequences,
                            const attention_sequence* on_device, int count) override {
    if (count <= 0) return;
    const auto plan = cuda::plan_forward(sequences, count, args.shape.heads / args.shape.kv_heads);
    // Where sequences of both kinds take turns they are put in another order.
    if (plan.parts.size() > 1) return attention_forward(args, sequences, count);
    const auto run = plan.parts[0].few ? cuda::attention_decode : cuda::attention_forward;
    run(stream(), args, on_device, count, plan.parts[0].most_rows);
  }
  void attention_backward(const attention_backward_args& args, const attention_sequence* sequences,
                          int count) override {
    if (count <= 0) return;
    const auto plan = cuda::plan_backward(sequences, count);
    const size_t bytes = count * sizeof(attention_sequence);
    auto* on_device = static_cast<attention_sequence*>(tasks_.reserve(bytes));
    upload(on_device, sequences, bytes);
    auto* dots = static_cast<float*>(dots_.reserve(plan.rows * args.shape.heads * sizeof(float)));
    for (const auto& part : plan.parts)
      cuda::attention_backward(stream(), args, on_device + part.first, part.count, part.most_queries, dots);
  }

  void swiglu_forward(float* h, const float* gate, const float* up, size_t n) override {
    cuda::swiglu_forward(stream(), h, gate, up, n);
  }
  void swiglu_backward(float* dgate, float* dup, const float* dh, const float* gate, const float* up,
                       size_t n) override {
    cuda::swiglu_backward(stream(), dgate, dup, dh, gate, up, n);
  }
  void add(float* y, const float* x, size_t n) override { cuda::add(stream(), y, x, n); }
  void scale(float* y, const float* x, float c, size_t n) override { cuda::scale(stream(), y, x, c, n); }
  void add_bias(float* y, const float* bias, int tokens, int n) override {
    cuda::add_bias(stream(), y, bias, tokens, n);
  }
  void bias_backward(float* dbias, const float* dy, int tokens, int n) override {
    cuda::bias_backward(stream(), dbias, dy, tokens, n);
  }
  void gather_rows(float* out, const float* x, const int32_t* rows, int count, int n) override {
    cuda::embed_forward(stream(), out, x, rows, count, n);  // the same look-up
  }
  void scatter_rows(float* out, const float* x, const int32_t* rows, int count, int n) override {
    cuda::scatter_rows(stream(), out, x, rows, count, n);
  }
  void loss(float* logits, float* nll, const int32_t* targets, const float* weights, int rows, int n,
            bool gradient) override {
    cuda::loss(stream(), logits, nll, targets, weights, rows, n, gradient);
  }
  bool choose_greedily(greedy_choice* choices, const float* logits, int rows, int n, int limit) override {
    cuda::choose_greedily(stream(), choices, logits, rows, n, limit);
    return true;
  }
  bool choose_tokens(token_choice* choices, likely_token* likely, const choice_request& request) override {
    const size_t rows = static_cast<size_t>(request.rows), rules = rows * sizeof(choice_rule);
    auto* on_device = static_cast<char*>(rules_.reserve(rules + request.seen_count * sizeof(int32_t)));
    upload(on_device, request.rules, rules);
    upload(on_device + rules, request.seen, request.seen_count * sizeof(int32_t));
    auto* values = static_cast<float*>(values_.reserve(rows * request.limit * sizeof(float)));
    cuda::choose_tokens(stream(), choices, likely, values, reinterpret_cast<choice_rule*>(on_device),
                        reinterpret_cast<int32_t*>(on_device + rules), request);
    return true;
  }
  void adamw(float* w, float* m, float* v, const float* g, size_t n, const float* constants) override {
    cuda::adamw(stream(), w, m, v, g, n, constants);
  }
  void sum_squares(float* out, const float* x, size_t n) override { cuda::sum_squares(stream(), out, x, n); }
  void gemm(float* c, const float* a, const float* b, int m, int n, int k) override {
    cuda::multiply(stream(), {c, a, b, n, k, n, m, n, k}, true, false, false);
  }
  void gemm_rows(float* c, size_t ldc, const float* a, size_t lda, const float* b, int m, int n, int k) override {
    const auto below_c = static_cast<ptrdiff_t>(ldc), below_a = static_cast<ptrdiff_t>(lda);
    cuda::multiply(stream(), {c, a, b, below_c, below_a, n, m, n, k}, true, false, false);
  }

 private:
  friend cudaStream_t ol::stream_of(const backend& device);
  cudaStream_t stream() const override { return stream_.stream; }

  static cuda::few_weight few_weight_of(const linear_weight& w) {
    return {w.stored ? cuda::view_of(w) : cuda::stored_view{}, w.stored ? nullptr : w.weight, w.out};
  }
  // Rounded once for all products whose formats have blocks of one size, and those of a format multiplied together.
  void norm_q8(const norm_args& a, const linear_product* products, int count, int tokens) {
    const int block = info_of(products[0].w->stored->format()).values;
    std::vector<cuda::stored_product> same;
    std::vector<linear_product> others;
    for (int i = 0; i < count; ++i) {
      const cuda::stored_view w = cuda::view_of(*products[i].w);
      if (info_of(w.format).values == block) same.push_back({products[i].y, w});
      else others.push_back(products[i]);
    }
    std::stable_sort(same.begin(), same.end(), [](const auto& x, const auto& y) { return x.w.format < y.w.format; });
    const auto rows = cuda::norm_whole_rows(stream(), whole_, a, tokens, block);
    const auto multiply = tokens <= cuda::few_rows ? cuda::blocks_few : cuda::blocks_many;
    for (size_t first = 0, end; first < same.size(); first = end) {
      for (end = first + 1; end < same.size() && same[end].w.format == same[first].w.format;) ++end;
      multiply(stream(), &same[first], static_cast<int>(end - first), rows, tokens, false);
    }
    if (!others.empty()) linear_forward_each(others.data(), static_cast<int>(others.size()), a.norm, tokens);
  }

  // All segments at once, each with its own part of the scratch.
  void lora_launch(const lora_rows* rows, int count) {
    size_t values = 0;
    for (int i = 0; i < count; ++i) values += static_cast<size_t>(rows[i].count) * rows[i].a->out;
    auto* u = static_cast<float*>(low_.reserve(values * sizeof(float)));
    std::vector<cuda::lora_segment> segments;
    int most = 0, rank = 0, out = 0;
    for (int i = 0; i < count; ++i) {
      const lora_rows& s = rows[i];
      segments.push_back({s.x + static_cast<size_t>(s.row) * s.a->in, s.a->weight, s.b->weight, u,
                          s.y + static_cast<size_t>(s.row) * s.b->out, s.scale, s.count, s.a->in, s.a->out, s.b->out});
      u += static_cast<size_t>(s.count) * s.a->out;
      most = std::max(most, s.count);
      rank = std::max(rank, s.a->out);
      out = std::max(out, s.b->out);
    }
    const size_t bytes = segments.size() * sizeof(cuda::lora_segment);
    void* on_device = graphs_.recording() ? graphs_.keep(segments.data(), bytes) : segments_.reserve(bytes);
    if (!graphs_.recording()) upload(on_device, segments.data(), bytes);
    cuda::lora_forward(stream(), static_cast<cuda::lora_segment*>(on_device), count, most, rank, out);
  }

  stream_owner stream_;
  cuda::arena memory_;
  staging staging_;
  cuda::graph_cache graphs_;
  device_scratch offsets_{memory_}, tasks_{memory_}, dots_{memory_}, segments_{memory_}, low_{memory_};
  device_scratch rules_{memory_}, values_{memory_};  // of rows that sample
  device_scratch widened_{memory_}, whole_{memory_};  // parts of a stored matrix as fp32; rows of x as whole numbers
};

}  // namespace

std::unique_ptr<backend> make_cuda_backend() {
  char reason[256];
  if (cuda_state(reason, sizeof reason) != 2) {
    fail(OL_ERROR_UNAVAILABLE, std::string("CUDA cannot be used: ") + reason + "; use the cpu device");
  }
  return std::make_unique<cuda_backend>();
}

cudaStream_t stream_of(const backend& device) { return static_cast<const cuda_backend&>(device).stream(); }

}  // namespace ol

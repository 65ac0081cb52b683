// Runs a model on a device: forward, loss, backward. One executor serves one job; it owns the activations.
#pragma once
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "core/batch.h"
#include "core/model.h"
#include "core/output_head.h"

namespace ol {

// Keys and values of the positions seen so far, for generation of one sequence.
struct kv_cache {
  kv_cache(backend& device, const ol_config& config, int positions);
  std::vector<device_array<float>> k, v;  // per layer, [positions, kv_heads * head_dim]
  int capacity, used = 0;
};

// What happens at one adapted linear of one micro-batch during the backward pass, as influence methods need it. The
// pointers are device memory, valid during the call; rows are the micro-batch's tokens (see micro_batch.offsets).
struct lora_capture {
  int layer, proj;
  int in, out, rank;
  const float* x;        // [tokens, in]   input of A
  const float* u;        // [tokens, rank] A x, input of B
  const float* delta_b;  // [tokens, out]  c * dL/dy
  const float* delta_a;  // [tokens, rank] B^T delta_b
};

class lora_visitor {
 public:
  virtual ~lora_visitor() = default;
  // Called for layers descending, per layer down, up, gate, o, v, k, q (where adapted).
  virtual void module(const micro_batch& batch, const lora_capture& capture) = 0;
};

// Where gradients go. Batch gradients are added to what is there; each pointer may be null.
struct gradient_sinks {
  float* model = nullptr;      // flat, canonical order
  float* tied_head = nullptr;  // [vocab, hidden]: the output side of a tied embedding, kept apart so that its chain
                               // does not depend on the micro-batches; add it to the embedding's at the end
  float* adapter = nullptr;    // flat, canonical order
  float* adapter_each = nullptr;  // [examples of the micro-batch, adapter]
  lora_visitor* visitor = nullptr;
};

class executor {
 public:
  // `positions`: longest sequence that will come.
  executor(backend& device, std::shared_ptr<device_model> weights, std::shared_ptr<device_adapter> lora,
           int positions);

  // Hidden states into the final norm. With `keep`, activations stay for backward(). With `cache`, the batch is one
  // sequence that continues the cache. `hidden` sees each state: 0 embeddings, k after layer k, layers+1 the norm's.
  void forward(const micro_batch& batch, bool keep, kv_cache* cache = nullptr,
               const std::function<void(int index, const float* state)>& hidden = nullptr);

  // Logits [count, vocab] of the given rows into device memory that stays until the next call.
  float* logits(const std::vector<int32_t>& rows);

  // The greedy choice by the one row that logits() gave last; none where the host is to look at the logits.
  std::vector<greedy_choice> greedy(int limit) { return head_.greedy(limit); }

  // Minus the log-probability of `target` by the one row that logits() gave last; the logits stay.
  float last_nll(int32_t target);

  // Loss of every target (host memory, batch order). With `scale` not 0, prepares the gradient of scale * sum.
  std::vector<float> loss(const micro_batch& batch, float scale);

  // After forward(keep) and loss(scale): all gradients that the sinks want.
  void backward(const micro_batch& batch, const gradient_sinks& sinks);

  backend& device() { return device_; }
  const ol_config& config() const { return weights_->config; }
  device_model& weights() { return *weights_; }
  device_adapter* lora() { return lora_.get(); }

 private:
  struct layer_state {
    device_array<float> raw_q, raw_k, q_rstd, k_rstd;  // before the norm of the heads, where there is one
    device_array<float> x, rstd1, xn1, q, k, v, attended, row_max, row_sum, mid, rstd2, xn2, gate, up, h;
    device_array<float> u[projection_count];
  };

  void reserve(const micro_batch& batch, bool keep);
  layer_state& state(int layer) { return layers_[keep_ ? layer : 0]; }
  // Some linears of the same input.
  struct product {
    int proj;
    float* y;
  };
  void linears(std::initializer_list<product> products, const float* x, int layer, int tokens);
  void heads_forward(const micro_batch& batch, int layer);
  void heads_backward(const micro_batch& batch, const gradient_sinks& sinks, int layer);
  void linear_backward(const micro_batch& batch, const gradient_sinks& sinks, float* dx, const float* dy,
                       const float* x, int layer, int proj, bool accumulate);
  void append(const micro_batch& batch, int layer, kv_cache* cache);
  void attend(const micro_batch& batch, int layer, kv_cache* cache);
  // forward() that keeps nothing and shows nobody its states: the same bytes in fewer operations of the device.
  void forward_only(const micro_batch& batch, kv_cache* cache);
  void layers_only(const micro_batch& batch, kv_cache* cache);
  void place(const micro_batch& batch, const kv_cache& cache);
  std::vector<uint64_t> key_of(const kv_cache& cache) const;
  void adapt(std::initializer_list<product> products, const float* x, int layer, int tokens);
  void add_biases(std::initializer_list<product> products, int layer, int tokens);
  void heads_only(const norm_args& norm, const micro_batch& batch, int layer, kv_cache* cache);
  void gated_only(const norm_args& norm, const micro_batch& batch, int layer);
  void backward_mlp(const micro_batch& batch, const gradient_sinks& sinks, int layer);
  void backward_attention(const micro_batch& batch, const gradient_sinks& sinks, int layer);
  attention_shape shape() const;

  backend& device_;
  std::shared_ptr<device_model> weights_;
  std::shared_ptr<device_adapter> lora_;
  rotary_tables rotary_;
  output_head head_;
  const uint64_t number_;  // no other has it
  bool keep_ = false;
  int capacity_ = 0;

  std::vector<layer_state> layers_;
  device_array<float> final_x_, final_rstd_, final_norm_;
  device_array<int32_t> ids_, positions_, slots_;  // slots: places in the cache
  std::vector<attention_sequence> sequences_;      // of each layer, where there is a cache
  device_array<attention_sequence> sequences_on_device_;
  // backward
  device_array<float> dx_, dnorm_, dq_, dk_, dv_, raw_dq_, raw_dk_, dattended_, dh_, dgate_, dup_, scaled_, du_;
};

}  // namespace ol

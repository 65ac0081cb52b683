#include <algorithm>

#include "core/executor.h"

namespace ol {

// dx (+)= dy W, then the same chain goes on over the adapter's delta_a A. dx null: not needed.
void executor::linear_backward(const micro_batch& batch, const gradient_sinks& sinks, float* dx, const float* dy,
                               const float* x, int layer, int proj, bool accumulate) {
  const linear_weight& w = weights_->linear(layer, proj);
  const layer_offsets& at = weights_->layout.layers[layer];
  const int n = batch.tokens;
  if (dx) device_.linear_backward_input(dx, dy, w, n, accumulate);
  if (sinks.model) {
    device_.linear_backward_weight(sinks.model + at.weight[proj], dy, x, n, w.out, w.in);
    if (config().biases >> proj & 1) device_.bias_backward(sinks.model + at.bias[proj], dy, n, w.out);
  }
  if (!lora_ || !lora_->has(proj)) return;
  const int index = layer * projection_count + proj, rank = lora_->rank;
  const auto offset = lora_->layout.at[index];
  const float* u = state(layer).u[proj].get();
  float *delta_b = scaled_.get(), *delta_a = du_.get();
  device_.scale(delta_b, dy, lora_->scale, static_cast<size_t>(n) * w.out);
  device_.linear_backward_input(delta_a, delta_b, lora_->b[index], n, false);
  if (dx) device_.linear_backward_input(dx, delta_a, lora_->a[index], n, true);
  if (sinks.adapter) {
    device_.linear_backward_weight(sinks.adapter + offset.a, delta_a, x, n, rank, w.in);
    device_.linear_backward_weight(sinks.adapter + offset.b, delta_b, u, n, w.out, rank);
  }
  if (sinks.adapter_each) {
    const int examples = static_cast<int>(batch.examples.size());
    device_.linear_backward_weight_each(sinks.adapter_each + offset.a, lora_->layout.count, delta_a, x,
                                        batch.offsets.data(), examples, rank, w.in);
    device_.linear_backward_weight_each(sinks.adapter_each + offset.b, lora_->layout.count, delta_b, u,
                                        batch.offsets.data(), examples, w.out, rank);
  }
  if (sinks.visitor) sinks.visitor->module(batch, {layer, proj, w.in, w.out, rank, x, u, delta_b, delta_a});
}

void executor::backward_mlp(const micro_batch& batch, const gradient_sinks& sinks, int layer) {
  const ol_config& c = config();
  const int n = batch.tokens;
  layer_state& s = state(layer);
  const layer_offsets& at = weights_->layout.layers[layer];
  linear_backward(batch, sinks, dh_.get(), dx_.get(), s.h.get(), layer, proj_down, false);
  device_.swiglu_backward(dgate_.get(), dup_.get(), dh_.get(), s.gate.get(), s.up.get(),
                          static_cast<size_t>(n) * c.intermediate);
  // One chain for the shared input: up first, then gate.
  linear_backward(batch, sinks, dnorm_.get(), dup_.get(), s.xn2.get(), layer, proj_up, false);
  linear_backward(batch, sinks, dnorm_.get(), dgate_.get(), s.xn2.get(), layer, proj_gate, true);
  if (sinks.model) {
    device_.rmsnorm_gain(sinks.model + at.norm2, dnorm_.get(), s.mid.get(), s.rstd2.get(), n, c.hidden);
  }
  device_.rmsnorm_backward(dx_.get(), dnorm_.get(), s.mid.get(), s.rstd2.get(), weights_->vectors[layer].norm2, n,
                           c.hidden);
}

// From the gradients of the rotated heads to those of the projections' outputs.
void executor::heads_backward(const micro_batch& batch, const gradient_sinks& sinks, int layer) {
  const ol_config& c = config();
  const int n = batch.tokens, hd = c.head_dim;
  layer_state& s = state(layer);
  const layer_offsets& at = weights_->layout.layers[layer];
  device_.rope(dq_.get(), positions_.get(), rotary_.cosine.get(), rotary_.sine.get(), n, c.heads, hd, true);
  device_.rope(dk_.get(), positions_.get(), rotary_.cosine.get(), rotary_.sine.get(), n, c.kv_heads, hd, true);
  if (!c.qk_norm) return;
  const int q_rows = n * c.heads, k_rows = n * c.kv_heads;
  if (sinks.model) {
    device_.rmsnorm_gain(sinks.model + at.q_norm, dq_.get(), s.raw_q.get(), s.q_rstd.get(), q_rows, hd);
    device_.rmsnorm_gain(sinks.model + at.k_norm, dk_.get(), s.raw_k.get(), s.k_rstd.get(), k_rows, hd);
  }
  device_.zero(raw_dq_.get(), static_cast<size_t>(q_rows) * hd * sizeof(float));
  device_.zero(raw_dk_.get(), static_cast<size_t>(k_rows) * hd * sizeof(float));
  device_.rmsnorm_backward(raw_dq_.get(), dq_.get(), s.raw_q.get(), s.q_rstd.get(), weights_->vectors[layer].q_norm, q_rows,
                           hd);
  device_.rmsnorm_backward(raw_dk_.get(), dk_.get(), s.raw_k.get(), s.k_rstd.get(), weights_->vectors[layer].k_norm, k_rows,
                           hd);
}

void executor::backward_attention(const micro_batch& batch, const gradient_sinks& sinks, int layer) {
  const ol_config& c = config();
  const int n = batch.tokens;
  const size_t kv = static_cast<size_t>(c.kv_heads) * c.head_dim;
  layer_state& s = state(layer);
  const layer_offsets& at = weights_->layout.layers[layer];
  linear_backward(batch, sinks, dattended_.get(), dx_.get(), s.attended.get(), layer, proj_o, false);
  std::vector<attention_sequence> sequences;
  for (size_t e = 0; e + 1 < batch.offsets.size(); ++e) {
    const int row = batch.offsets[e];
    sequences.push_back({row, batch.offsets[e + 1] - row, 0, s.k.get() + row * kv, s.v.get() + row * kv});
  }
  attention_backward_args args{shape(),   s.q.get(),   dattended_.get(), s.row_max.get(), s.row_sum.get(),
                               dq_.get(), dk_.get(), dv_.get()};
  device_.attention_backward(args, sequences.data(), static_cast<int>(sequences.size()));
  heads_backward(batch, sinks, layer);
  const float* dq = (c.qk_norm ? raw_dq_ : dq_).get();
  const float* dk = (c.qk_norm ? raw_dk_ : dk_).get();
  // Below the first layer only a trained embedding or norm wants a gradient.
  float* dx = layer > 0 || sinks.model ? dnorm_.get() : nullptr;
  linear_backward(batch, sinks, dx, dv_.get(), s.xn1.get(), layer, proj_v, false);
  linear_backward(batch, sinks, dx, dk, s.xn1.get(), layer, proj_k, true);
  linear_backward(batch, sinks, dx, dq, s.xn1.get(), layer, proj_q, true);
  if (sinks.model) device_.rmsnorm_gain(sinks.model + at.norm1, dx, s.x.get(), s.rstd1.get(), n, c.hidden);
  if (dx) {
    device_.rmsnorm_backward(dx_.get(), dx, s.x.get(), s.rstd1.get(), weights_->vectors[layer].norm1, n, c.hidden);
  }
}

void executor::backward(const micro_batch& batch, const gradient_sinks& sinks) {
  const ol_config& c = config();
  const int n = batch.tokens, rows = static_cast<int>(batch.targets.size());
  const size_t capacity = static_cast<size_t>(capacity_), hidden = c.hidden, q = c.heads * c.head_dim,
               kv = c.kv_heads * c.head_dim, inner = c.intermediate;
  for (auto* a : {&dx_, &dnorm_}) a->reserve(device_, capacity * hidden);
  for (auto* a : {&dq_, &dattended_}) a->reserve(device_, capacity * q);
  for (auto* a : {&dk_, &dv_}) a->reserve(device_, capacity * kv);
  if (c.qk_norm) {
    raw_dq_.reserve(device_, capacity * q);
    raw_dk_.reserve(device_, capacity * kv);
  }
  for (auto* a : {&dh_, &dgate_, &dup_}) a->reserve(device_, capacity * inner);
  if (lora_) du_.reserve(device_, capacity * lora_->rank);

  // Rows without a target have no gradient at the output: the head's products run over targets only.
  const model_layout& layout = weights_->layout;
  device_.zero(dnorm_.get(), n * hidden * sizeof(float));
  device_.zero(dx_.get(), n * hidden * sizeof(float));
  if (rows > 0) {
    if (sinks.model) {
      float* dhead = c.tied ? sinks.tied_head : sinks.model + layout.head;
      device_.linear_backward_weight(dhead, head_.gradient(), head_.states(), rows, c.vocab, c.hidden);
    }
    device_.linear_backward_input(head_.states(), head_.gradient(), weights_->head, rows, false);
    device_.scatter_rows(dnorm_.get(), head_.states(), head_.rows(), rows, c.hidden);
  }
  if (sinks.model) {
    device_.rmsnorm_gain(sinks.model + layout.final_norm, dnorm_.get(), final_x_.get(), final_rstd_.get(), n, c.hidden);
  }
  device_.rmsnorm_backward(dx_.get(), dnorm_.get(), final_x_.get(), final_rstd_.get(),
                           weights_->final_norm, n, c.hidden);
  for (int layer = c.layers - 1; layer >= 0; --layer) {
    backward_mlp(batch, sinks, layer);
    backward_attention(batch, sinks, layer);
  }
  if (sinks.model) {
    device_.embed_backward(sinks.model + layout.embed, dx_.get(), ids_.get(), n, c.hidden, c.vocab);
  }
}

}  // namespace ol

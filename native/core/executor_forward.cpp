// The forward pass without a backward pass: a block's output joins the residual where the next norm reads it, and what comes between
// products and attention is one operation.
#include "core/executor.h"

namespace ol {

// The chains of the adapter go on over c*u with its B.
void executor::adapt(std::initializer_list<product> products, const float* x, int layer, int tokens) {
  if (!lora_) return;
  std::vector<lora_rows> rows;
  for (const auto& [proj, y] : products) {
    const size_t at = static_cast<size_t>(layer) * projection_count + proj;
    if (lora_->has(proj)) rows.push_back({0, tokens, &lora_->a[at], &lora_->b[at], lora_->scale, x, y});
  }
  device_.lora_forward(rows.data(), static_cast<int>(rows.size()), state(layer).u[0].get());
}

void executor::add_biases(std::initializer_list<product> products, int layer, int tokens) {
  for (const auto& [proj, y] : products) {
    const float* bias = weights_->vectors[layer].bias[proj];
    if (bias) device_.add_bias(y, bias, tokens, weights_->linear(layer, proj).out);
  }
}

// Rotated queries, and keys and values where attention reads them.
void executor::heads_only(const norm_args& norm, const micro_batch& batch, int layer, kv_cache* cache) {
  const ol_config& c = config();
  const int n = batch.tokens;
  layer_state& s = state(layer);
  const auto& named = weights_->vectors[layer];
  float *q = (c.qk_norm ? s.raw_q : s.q).get(), *k = (c.qk_norm ? s.raw_k : s.k).get(), *v = s.v.get();
  const linear_product products[] = {{q, &weights_->linear(layer, proj_q)},
                                     {k, &weights_->linear(layer, proj_k)},
                                     {v, &weights_->linear(layer, proj_v)}};
  device_.norm_linears(norm, products, 3, n);
  adapt({{proj_q, q}, {proj_k, k}, {proj_v, v}}, norm.norm, layer, n);
  const size_t used = cache ? static_cast<size_t>(cache->used) * c.kv_heads * c.head_dim : 0;
  float *keys = cache ? cache->k[layer].get() + used : s.k.get(), *values = cache ? cache->v[layer].get() + used : v;
  device_.finish_heads({c.heads, c.kv_heads, c.head_dim, q, k, v, s.q.get(), s.k.get(), s.q_rstd.get(), named.bias[proj_q],
                        named.bias[proj_k], named.bias[proj_v], named.q_norm, named.k_norm, c.rms_eps, positions_.get(),
                        rotary_.cosine.get(), rotary_.sine.get(), keys, values, nullptr},
                       n);
}

// h <- SwiGLU of the norm's products.
void executor::gated_only(const norm_args& norm, const micro_batch& batch, int layer) {
  const int n = batch.tokens;
  layer_state& s = state(layer);
  const linear_product gate{s.gate.get(), &weights_->linear(layer, proj_gate)}, up{s.up.get(), &weights_->linear(layer, proj_up)};
  const auto& bias = weights_->vectors[layer].bias;
  const bool adapted = lora_ && (lora_->has(proj_gate) || lora_->has(proj_up));
  if (!adapted && !bias[proj_gate] && !bias[proj_up]) return device_.norm_swiglu(s.h.get(), norm, gate, up, n);
  const linear_product both[] = {gate, up};
  device_.norm_linears(norm, both, 2, n);
  adapt({{proj_gate, gate.y}, {proj_up, up.y}}, norm.norm, layer, n);
  add_biases({{proj_gate, gate.y}, {proj_up, up.y}}, layer, n);
  device_.swiglu_forward(s.h.get(), gate.y, up.y, static_cast<size_t>(n) * config().intermediate);
}

void executor::forward_only(const micro_batch& batch, kv_cache* cache) {
  const ol_config& c = config();
  const int n = batch.tokens;
  layer_state& s = state(0);
  float *x = s.x.get(), *mid = s.mid.get(), *block = final_x_.get();
  const auto norm_of = [&](const float* from, const float* added, float* sum, const float* gain) {
    return norm_args{from, added, gain, sum, s.xn1.get(), s.rstd1.get(), c.hidden, c.rms_eps};
  };
  device_.embed_forward(x, weights_->embed, ids_.get(), n);
  for (int i = 0; i < c.layers; ++i) {
    const auto& named = weights_->vectors[i];
    heads_only(i == 0 ? norm_of(x, nullptr, nullptr, named.norm1) : norm_of(block, mid, x, named.norm1), batch, i, cache);
    attend(batch, i, cache);
    device_.linear_forward(block, s.attended.get(), weights_->linear(i, proj_o), n, false);
    adapt({{proj_o, block}}, s.attended.get(), i, n);
    add_biases({{proj_o, block}}, i, n);
    gated_only(norm_of(block, x, mid, named.norm2), batch, i);
    device_.linear_forward(block, s.h.get(), weights_->linear(i, proj_down), n, false);
    adapt({{proj_down, block}}, s.h.get(), i, n);
    add_biases({{proj_down, block}}, i, n);
  }
  norm_args last = norm_of(block, mid, x, weights_->final_norm);
  last.norm = final_norm_.get();
  device_.norm_linears(last, nullptr, 0, n);
  if (cache) cache->used += n;
}

}  // namespace ol

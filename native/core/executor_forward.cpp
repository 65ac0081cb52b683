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
  float *keys = cache ? cache->k[layer].get() : s.k.get(), *values = cache ? cache->v[layer].get() : v;
  device_.finish_heads({c.heads, c.kv_heads, c.head_dim, q, k, v, s.q.get(), s.k.get(), s.q_rstd.get(), named.bias[proj_q],
                        named.bias[proj_k], named.bias[proj_v], named.q_norm, named.k_norm, c.rms_eps, positions_.get(),
                        rotary_.cosine.get(), rotary_.sine.get(), keys, values, cache ? slots_.get() : nullptr},
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

// Where the cache takes the batch's keys and values, and what attention reads of it.
void executor::place(const micro_batch& batch, const kv_cache& cache) {
  std::vector<int32_t> slots;
  for (int t = 0; t < batch.tokens; ++t) slots.push_back(cache.used + t);
  sequences_.clear();
  for (size_t i = 0; i < cache.k.size(); ++i)
    sequences_.push_back({0, batch.tokens, cache.used, cache.k[i].get(), cache.v[i].get()});
  slots_.reserve(device_, slots.size());
  sequences_on_device_.reserve(device_, sequences_.size());
  device_.upload(slots_.get(), slots.data(), slots.size() * sizeof(int32_t));
  device_.upload(sequences_on_device_.get(), sequences_.data(), sequences_.size() * sizeof(attention_sequence));
}

// What the operations of one token depend on, but for what is in the device's memory.
std::vector<uint64_t> executor::key_of(const kv_cache& cache) const {
  std::vector<uint64_t> key{number_};
  const auto add = [&](const void* memory) { key.push_back(reinterpret_cast<uintptr_t>(memory)); };
  // All of a state is allocated at once.
  for (const void* memory : {static_cast<const void*>(layers_[0].x.get()), static_cast<const void*>(final_x_.get()),
                             static_cast<const void*>(slots_.get()), static_cast<const void*>(sequences_on_device_.get())})
    add(memory);
  key.push_back(static_cast<uint64_t>(capacity_));
  for (size_t i = 0; i < cache.k.size(); ++i) {
    add(cache.k[i].get());
    add(cache.v[i].get());
  }
  return key;
}

void executor::layers_only(const micro_batch& batch, kv_cache* cache) {
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
    if (cache) {
      device_.attention_forward_of({shape(), s.q.get(), s.attended.get(), nullptr, nullptr}, &sequences_[static_cast<size_t>(i)],
                                   sequences_on_device_.get() + i, 1);
    } else {
      attend(batch, i, nullptr);
    }
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
}

void executor::forward_only(const micro_batch& batch, kv_cache* cache) {
  const auto work = [&] { layers_only(batch, cache); };
  if (!cache) return work();
  place(batch, *cache);
  if (batch.tokens == 1) {
    device_.repeat(key_of(*cache), work);
  } else {
    work();
  }
  cache->used += batch.tokens;
}

}  // namespace ol

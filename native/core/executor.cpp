#include "core/executor.h"

#include <algorithm>
#include <atomic>

#include "core/error.h"
#include "core/math64.h"

namespace ol {

kv_cache::kv_cache(backend& device, const ol_config& config, int positions) : capacity(positions) {
  const size_t size = static_cast<size_t>(positions) * config.kv_heads * config.head_dim;
  for (int i = 0; i < config.layers; ++i) {
    k.emplace_back(device, size);
    v.emplace_back(device, size);
  }
}

static std::atomic<uint64_t> made{0};

executor::executor(backend& device, std::shared_ptr<device_model> weights, std::shared_ptr<device_adapter> lora,
                   int positions)
    : device_(device),
      weights_(std::move(weights)),
      lora_(std::move(lora)),
      rotary_(device, weights_->config, positions),
      head_(device, weights_),
      number_(++made) {}

attention_shape executor::shape() const {
  const ol_config& c = weights_->config;
  // 1 / sqrt by Newton steps in fp64 would do the same: IEEE division and root round once each.
  return {c.heads, c.kv_heads, c.head_dim, static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(c.head_dim)))};
}

void executor::reserve(const micro_batch& batch, bool keep) {
  const ol_config& c = config();
  keep_ = keep;
  const size_t wanted_layers = keep ? c.layers : 1;
  if (layers_.size() < wanted_layers) {
    layers_.resize(wanted_layers);
    capacity_ = 0;
  }
  if (batch.tokens > capacity_) {
    capacity_ = batch.tokens;
    const size_t n = batch.tokens, hidden = c.hidden, q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim,
                 inner = c.intermediate;
    for (auto& s : layers_) {
      for (auto* a : {&s.x, &s.xn1, &s.mid, &s.xn2}) a->reserve(device_, n * hidden);
      for (auto* a : {&s.q, &s.attended}) a->reserve(device_, n * q);
      for (auto* a : {&s.k, &s.v}) a->reserve(device_, n * kv);
      if (c.qk_norm) {
        s.raw_q.reserve(device_, n * q);
        s.raw_k.reserve(device_, n * kv);
        s.q_rstd.reserve(device_, n * c.heads);
        s.k_rstd.reserve(device_, n * c.kv_heads);
      }
      for (auto* a : {&s.gate, &s.up, &s.h}) a->reserve(device_, n * inner);
      for (auto* a : {&s.rstd1, &s.rstd2}) a->reserve(device_, n);
      for (auto* a : {&s.row_max, &s.row_sum}) a->reserve(device_, n * c.heads);
      for (int p = 0; lora_ && p < projection_count; ++p) s.u[p].reserve(device_, n * lora_->rank);
    }
    final_x_.reserve(device_, n * hidden);
    final_norm_.reserve(device_, n * hidden);
    final_rstd_.reserve(device_, n);
    ids_.reserve(device_, n);
    positions_.reserve(device_, n);
    if (lora_) scaled_.reserve(device_, n * std::max({hidden, q, kv, inner}));
  }
  device_.upload(ids_.get(), batch.ids.data(), batch.tokens * sizeof(int32_t));
  device_.upload(positions_.get(), batch.positions.data(), batch.tokens * sizeof(int32_t));
}

// y = x W^T, then the chain goes on over c*u with B, then the bias is added.
void executor::linears(std::initializer_list<product> products, const float* x, int layer, int tokens) {
  const auto adapted = [&](int proj) { return lora_ && lora_->has(proj); };
  std::vector<linear_product> outputs;
  for (const auto& [proj, y] : products) {
    outputs.push_back({y, &weights_->linear(layer, proj)});
    if (adapted(proj)) outputs.push_back({state(layer).u[proj].get(), &lora_->a[layer * projection_count + proj]});
  }
  device_.linear_forward_each(outputs.data(), static_cast<int>(outputs.size()), x, tokens);
  for (const auto& [proj, y] : products) {
    if (adapted(proj)) {
      const float* u = state(layer).u[proj].get();
      device_.scale(scaled_.get(), u, lora_->scale, static_cast<size_t>(tokens) * lora_->rank);
      device_.linear_forward(y, scaled_.get(), lora_->b[layer * projection_count + proj], tokens, true);
    }
    if (config().biases >> proj & 1) {
      device_.add_bias(y, weights_->vectors[layer].bias[proj], tokens, weights_->linear(layer, proj).out);
    }
  }
}

// q, k and v of all heads: projections; of q and k the heads' own RMSNorm where the model has one, rotary positions.
void executor::heads_forward(const micro_batch& batch, int layer) {
  const ol_config& c = config();
  const int n = batch.tokens, hd = c.head_dim;
  layer_state& s = state(layer);
  linears({{proj_q, (c.qk_norm ? s.raw_q : s.q).get()}, {proj_k, (c.qk_norm ? s.raw_k : s.k).get()}, {proj_v, s.v.get()}},
          s.xn1.get(), layer, n);
  if (c.qk_norm) {
    // Each head of each token is a row of head_dim values.
    device_.rmsnorm_forward(s.q.get(), s.q_rstd.get(), s.raw_q.get(), weights_->vectors[layer].q_norm, n * c.heads, hd,
                            c.rms_eps);
    device_.rmsnorm_forward(s.k.get(), s.k_rstd.get(), s.raw_k.get(), weights_->vectors[layer].k_norm, n * c.kv_heads, hd,
                            c.rms_eps);
  }
  device_.rope(s.q.get(), positions_.get(), rotary_.cosine.get(), rotary_.sine.get(), n, c.heads, hd, false);
  device_.rope(s.k.get(), positions_.get(), rotary_.cosine.get(), rotary_.sine.get(), n, c.kv_heads, hd, false);
}

void executor::append(const micro_batch& batch, int layer, kv_cache* cache) {
  const size_t kv = static_cast<size_t>(config().kv_heads) * config().head_dim;
  device_.copy(cache->k[layer].get() + cache->used * kv, state(layer).k.get(), batch.tokens * kv * sizeof(float));
  device_.copy(cache->v[layer].get() + cache->used * kv, state(layer).v.get(), batch.tokens * kv * sizeof(float));
}

// The cache, where there is one, has the batch's keys and values.
void executor::attend(const micro_batch& batch, int layer, kv_cache* cache) {
  const ol_config& c = config();
  layer_state& s = state(layer);
  const size_t kv = static_cast<size_t>(c.kv_heads) * c.head_dim;
  std::vector<attention_sequence> sequences;
  if (cache) {
    sequences.push_back({0, batch.tokens, cache->used, cache->k[layer].get(), cache->v[layer].get()});
  } else {
    for (size_t e = 0; e + 1 < batch.offsets.size(); ++e) {
      const int row = batch.offsets[e];
      sequences.push_back({row, batch.offsets[e + 1] - row, 0, s.k.get() + row * kv, s.v.get() + row * kv});
    }
  }
  attention_forward_args args{shape(), s.q.get(), s.attended.get(), nullptr, nullptr};
  if (keep_) {
    args.row_max = s.row_max.get();
    args.row_sum = s.row_sum.get();
  }
  device_.attention_forward(args, sequences.data(), static_cast<int>(sequences.size()));
}

void executor::forward(const micro_batch& batch, bool keep, kv_cache* cache,
                       const std::function<void(int, const float*)>& hidden) {
  reserve(batch, keep);
  if (!keep && !hidden) return forward_only(batch, cache);
  const ol_config& c = config();
  const int n = batch.tokens;
  const size_t values = static_cast<size_t>(n) * c.hidden;
  device_.embed_forward(state(0).x.get(), weights_->embed, ids_.get(), n);
  if (hidden) hidden(0, state(0).x.get());
  for (int i = 0; i < c.layers; ++i) {
    layer_state& s = state(i);
    const device_model::layer_vectors& named = weights_->vectors[i];
    device_.rmsnorm_forward(s.xn1.get(), s.rstd1.get(), s.x.get(), named.norm1, n, c.hidden, c.rms_eps);
    heads_forward(batch, i);
    if (cache) append(batch, i, cache);
    attend(batch, i, cache);
    linears({{proj_o, s.mid.get()}}, s.attended.get(), i, n);
    device_.add(s.mid.get(), s.x.get(), values);
    device_.rmsnorm_forward(s.xn2.get(), s.rstd2.get(), s.mid.get(), named.norm2, n, c.hidden, c.rms_eps);
    linears({{proj_gate, s.gate.get()}, {proj_up, s.up.get()}}, s.xn2.get(), i, n);
    device_.swiglu_forward(s.h.get(), s.gate.get(), s.up.get(), static_cast<size_t>(n) * c.intermediate);
    float* next = i + 1 < c.layers ? state(i + 1).x.get() : final_x_.get();
    linears({{proj_down, next}}, s.h.get(), i, n);
    device_.add(next, s.mid.get(), values);
    if (hidden) hidden(i + 1, next);
  }
  device_.rmsnorm_forward(final_norm_.get(), final_rstd_.get(), final_x_.get(), weights_->final_norm, n,
                          c.hidden, c.rms_eps);
  if (hidden) hidden(c.layers + 1, final_norm_.get());
  if (cache) cache->used += n;
}

float* executor::logits(const std::vector<int32_t>& rows) { return head_.logits(final_norm_.get(), rows); }

float executor::last_nll(int32_t target) {
  const float nll = head_.losses({target})[0];
  if (!(nll - nll == 0.0f)) fail(OL_ERROR_NUMERIC, "the logits are not finite");
  return nll;
}

std::vector<float> executor::loss(const micro_batch& batch, float scale) {
  if (batch.targets.empty()) return {};
  logits(batch.target_rows);
  std::vector<float> nll = head_.losses(batch.targets, scale);
  for (float value : nll) {
    if (!(value - value == 0.0f)) fail(OL_ERROR_NUMERIC, "the loss is not finite: the weights or inputs are unusable");
  }
  return nll;
}

}  // namespace ol

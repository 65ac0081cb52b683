#include "serve/batch_forward.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace ol {

void serving_batch::clear() {
  ids.clear();
  positions.clear();
  sequences.clear();
  segments.clear();
}

static std::atomic<uint64_t> made{0};

batch_forward::batch_forward(backend& device, std::shared_ptr<device_model> weights, int positions)
    : device_(device),
      weights_(std::move(weights)),
      rotary_(device, weights_->config, positions),
      head_(device, weights_),
      number_(++made) {}

void batch_forward::reserve(const serving_batch& batch) {
  const ol_config& c = config();
  const size_t n = batch.ids.size(), hidden = c.hidden, q = static_cast<size_t>(c.heads) * c.head_dim,
               kv = static_cast<size_t>(c.kv_heads) * c.head_dim, inner = c.intermediate;
  for (auto* a : {&x_, &block_, &norm_, &mid_}) a->reserve(device_, n * hidden);
  for (auto* a : {&q_, &attended_}) a->reserve(device_, n * q);
  for (auto* a : {&k_, &v_}) a->reserve(device_, n * kv);
  for (auto* a : {&gate_, &up_, &h_}) a->reserve(device_, n * inner);
  rstd_.reserve(device_, n);
  if (c.qk_norm) {
    raw_q_.reserve(device_, n * q);
    raw_k_.reserve(device_, n * kv);
    head_rstd_.reserve(device_, n * c.heads);
  }
  size_t rank = 0;
  for (const auto& segment : batch.segments) rank = std::max(rank, static_cast<size_t>(segment.lora->rank));
  u_.reserve(device_, n * rank);
  ids_.reserve(device_, n);
  positions_.reserve(device_, n);
  device_.upload(ids_.get(), batch.ids.data(), n * sizeof(int32_t));
  device_.upload(positions_.get(), batch.positions.data(), n * sizeof(int32_t));
}

// All rows by the base's chain; then the chain of each segment's rows goes on over c*u with its own B; then the bias.
void batch_forward::linears(std::initializer_list<product> products, const float* x, int layer,
                            const serving_batch& batch) {
  const int n = static_cast<int>(batch.ids.size());
  outputs_.clear();
  for (const auto& [proj, y] : products) outputs_.push_back({y, &weights_->linear(layer, proj)});
  device_.linear_forward_each(outputs_.data(), static_cast<int>(outputs_.size()), x, n);
  adapt(products, x, layer, batch);
  add_biases(products, layer, n);
}

// What a row's adapter has for these linears is read together.
void batch_forward::adapt(std::initializer_list<product> products, const float* x, int layer, const serving_batch& batch) {
  adapted_.clear();
  for (const auto& [row, count, lora] : batch.segments) {
    for (const auto& [proj, y] : products) {
      const size_t at = static_cast<size_t>(layer) * projection_count + proj;
      if (lora->has(proj)) adapted_.push_back({row, count, &lora->a[at], &lora->b[at], lora->scale, x, y});
    }
  }
  device_.lora_forward(adapted_.data(), static_cast<int>(adapted_.size()), u_.get());
}

void batch_forward::add_biases(std::initializer_list<product> products, int layer, int rows) {
  for (const auto& [proj, y] : products) {
    const float* bias = weights_->vectors[layer].bias[proj];
    if (bias) device_.add_bias(y, bias, rows, weights_->linear(layer, proj).out);
  }
}

bool batch_forward::is_adapted(int proj, const serving_batch& batch) const {
  return std::any_of(batch.segments.begin(), batch.segments.end(), [&](const auto& s) { return s.lora->has(proj); });
}

norm_args batch_forward::norm_of(const float* x, const float* added, float* sum, const float* gain) {
  return {x, added, gain, sum, norm_.get(), rstd_.get(), config().hidden, config().rms_eps};
}

// Rotated queries, and keys and values in the pages.
void batch_forward::heads(const norm_args& norm, const serving_batch& batch, page_pool& pages, int layer) {
  const ol_config& c = config();
  const int n = static_cast<int>(batch.ids.size());
  const auto& named = weights_->vectors[layer];
  float *q = (c.qk_norm ? raw_q_ : q_).get(), *k = (c.qk_norm ? raw_k_ : k_).get(), *v = v_.get();
  const linear_product products[] = {{q, &weights_->linear(layer, proj_q)},
                                     {k, &weights_->linear(layer, proj_k)},
                                     {v, &weights_->linear(layer, proj_v)}};
  device_.norm_linears(norm, products, 3, n);
  adapt({{proj_q, q}, {proj_k, k}, {proj_v, v}}, norm.norm, layer, batch);
  device_.finish_heads({c.heads, c.kv_heads, c.head_dim, q, k, v, q_.get(), k_.get(), head_rstd_.get(), named.bias[proj_q],
                        named.bias[proj_k], named.bias[proj_v], named.q_norm, named.k_norm, c.rms_eps, positions_.get(),
                        rotary_.cosine.get(), rotary_.sine.get(), pages.k(layer), pages.v(layer), slots_on_device_.get()},
                       n);
}

// h_ <- SwiGLU of the norm's products.
void batch_forward::gated(const norm_args& norm, const serving_batch& batch, int layer) {
  const int n = static_cast<int>(batch.ids.size());
  const linear_product gate{gate_.get(), &weights_->linear(layer, proj_gate)}, up{up_.get(), &weights_->linear(layer, proj_up)};
  const auto& bias = weights_->vectors[layer].bias;
  const bool plain = !bias[proj_gate] && !bias[proj_up] && !is_adapted(proj_gate, batch) && !is_adapted(proj_up, batch);
  if (plain) return device_.norm_swiglu(h_.get(), norm, gate, up, n);
  const linear_product both[] = {gate, up};
  device_.norm_linears(norm, both, 2, n);
  adapt({{proj_gate, gate.y}, {proj_up, up.y}}, norm.norm, layer, batch);
  add_biases({{proj_gate, gate.y}, {proj_up, up.y}}, layer, n);
  device_.swiglu_forward(h_.get(), gate.y, up.y, static_cast<size_t>(n) * config().intermediate);
}

// Where each new row's keys and values go, and where those are that scattered pages hold: rows of the pages, once for all
// layers. Attention's sums go by position from 0 on, wherever a page lies: pages side by side are read in place, others are copied
// together first.
void batch_forward::place(const serving_batch& batch, const page_pool& pages) {
  slots_.clear();
  scattered_.clear();
  sequences_.clear();
  const int page_tokens = pages.page_tokens();
  const auto slot = [&](const batch_sequence& s, int position) {
    return (*s.pages)[position / page_tokens] * page_tokens + position % page_tokens;
  };
  for (const auto& s : batch.sequences) {
    const int end = s.position + s.count;
    for (int position = s.position; position < end; ++position) slots_.push_back(slot(s, position));
    if (side_by_side(*s.pages)) continue;
    for (int position = 0; position < end; ++position) scattered_.push_back(slot(s, position));
    ++gathered_;
  }
  const size_t values = scattered_.size() * pages.width();
  for (auto* a : {&gathered_k_, &gathered_v_}) a->reserve(device_, values);
  for (int layer = 0; layer < config().layers; ++layer) {
    size_t used = 0;
    for (const auto& s : batch.sequences) {
      const bool in_place = side_by_side(*s.pages);
      const size_t at = in_place ? static_cast<size_t>((*s.pages)[0]) * page_tokens * pages.width() : used;
      const float *k = in_place ? pages.k(layer) : gathered_k_.get(), *v = in_place ? pages.v(layer) : gathered_v_.get();
      sequences_.push_back({s.row, s.count, s.position, k + at, v + at});
      if (!in_place) used += static_cast<size_t>(s.position + s.count) * pages.width();
    }
  }
  const auto bring = [&](auto& to, const auto& from) {
    to.reserve(device_, from.size());
    device_.upload(to.get(), from.data(), from.size() * sizeof(from[0]));
  };
  bring(slots_on_device_, slots_);
  bring(scattered_on_device_, scattered_);
  bring(sequences_on_device_, sequences_);
}

void batch_forward::attend(page_pool& pages, int layer) {
  const ol_config& c = config();
  const int width = static_cast<int>(pages.width()), scattered = static_cast<int>(scattered_.size());
  device_.gather_rows(gathered_k_.get(), pages.k(layer), scattered_on_device_.get(), scattered, width);
  device_.gather_rows(gathered_v_.get(), pages.v(layer), scattered_on_device_.get(), scattered, width);
  const float scale = static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(c.head_dim)));
  const attention_forward_args args{{c.heads, c.kv_heads, c.head_dim, scale}, q_.get(), attended_.get(), nullptr, nullptr};
  const size_t count = sequences_.size() / static_cast<size_t>(c.layers), first = static_cast<size_t>(layer) * count;
  device_.attention_forward_of(args, sequences_.data() + first, sequences_on_device_.get() + first, static_cast<int>(count));
}

void batch_forward::layers(const serving_batch& batch, page_pool& pages) {
  const ol_config& c = config();
  const int n = static_cast<int>(batch.ids.size());
  device_.embed_forward(x_.get(), weights_->embed, ids_.get(), n);
  for (int i = 0; i < c.layers; ++i) {
    const auto& named = weights_->vectors[i];
    // A block's output joins the residual where the next norm reads it.
    const norm_args first = i == 0 ? norm_of(x_.get(), nullptr, nullptr, named.norm1)
                                   : norm_of(block_.get(), mid_.get(), x_.get(), named.norm1);
    heads(first, batch, pages, i);
    attend(pages, i);
    linears({{proj_o, block_.get()}}, attended_.get(), i, batch);
    gated(norm_of(block_.get(), x_.get(), mid_.get(), named.norm2), batch, i);
    linears({{proj_down, block_.get()}}, h_.get(), i, batch);
  }
  device_.norm_linears(norm_of(block_.get(), mid_.get(), x_.get(), weights_->final_norm), nullptr, 0, n);
}

// Of a step in which each sequence has one row and none is scattered: what its operations depend on, but for what is in the device's
// memory. Which pages, positions and tokens those are is there.
std::vector<uint64_t> batch_forward::key_of(const serving_batch& batch, const page_pool& pages) const {
  std::vector<uint64_t> key{number_, batch.ids.size()};
  const auto add = [&](const auto*... pointers) { (key.push_back(reinterpret_cast<uintptr_t>(pointers)), ...); };
  for (const auto* a : {&x_, &block_, &norm_, &rstd_, &q_, &k_, &v_, &raw_q_, &raw_k_, &head_rstd_, &attended_, &mid_, &gate_, &up_, &h_, &u_})
    add(a->get());
  add(ids_.get(), positions_.get(), slots_on_device_.get(), sequences_on_device_.get(), pages.k(0));
  head_.add_to(key);
  for (const auto& [row, count, lora] : batch.segments) {
    uint32_t scale;
    std::memcpy(&scale, &lora->scale, sizeof scale);
    for (const int part : {row, count, lora->rank, lora->targets}) key.push_back(static_cast<uint64_t>(part));
    key.push_back(scale);
    add(lora->flat.get());
  }
  return key;
}

const float* batch_forward::run(const serving_batch& batch, page_pool& pages, const std::vector<int32_t>& rows) {
  reserve(batch);
  place(batch, pages);
  head_.ask(rows);
  const auto work = [&] {
    layers(batch, pages);
    head_.multiply(norm_.get());
  };
  if (batch.sequences.size() == batch.ids.size() && scattered_.empty()) {
    device_.repeat(key_of(batch, pages), work);
  } else {
    work();
  }
  return head_.logits();
}

}  // namespace ol

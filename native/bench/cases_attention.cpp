#include <cmath>

#include "bench/cases.h"

namespace ol {
namespace bench {
namespace {

attention_shape shape_of(const model_shape& m) {
  return {m.heads, m.kv_heads, m.head_dim, static_cast<float>(1.0 / std::sqrt(static_cast<double>(m.head_dim)))};
}

std::string name_of(const model_shape& m) {
  return std::to_string(m.heads) + "/" + std::to_string(m.kv_heads) + " heads of " + std::to_string(m.head_dim);
}

// `sequences` of `queries` queries at the end of `keys` keys each.
operator_case attention(const model_shape& m, const std::string& name, int sequences, int queries, int keys) {
  const double q = 1.0 * sequences * queries * m.heads * m.head_dim, kv = 2.0 * sequences * keys * m.kv_heads * m.head_dim;
  const double pairs = 1.0 * queries * (keys - queries) + 0.5 * queries * (queries + 1);
  operator_case made;
  made.model = m.name;
  made.name = name;
  made.shape = name_of(m) + ", " + std::to_string(queries) + " x " + std::to_string(keys);
  made.tokens = sequences * queries;
  made.flops = 4.0 * sequences * pairs * m.heads * m.head_dim;
  made.bytes = (2 * q + kv) * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  made.make = [=](workspace& w) -> prepared {
    const size_t rows = static_cast<size_t>(sequences) * queries, row = static_cast<size_t>(m.heads) * m.head_dim;
    const size_t kv_row = static_cast<size_t>(m.kv_heads) * m.head_dim;
    float *out = w.out(rows * row), *queried = w.in(rows * row);
    const float *k = w.in(kv_row * keys * sequences), *v = w.in(kv_row * keys * sequences);
    std::vector<attention_sequence> list;
    for (int s = 0; s < sequences; ++s) {
      const size_t at = kv_row * keys * s;
      list.push_back({s * queries, queries, keys - queries, k + at, v + at});
    }
    const attention_forward_args args{shape_of(m), queried, out, nullptr, nullptr};
    backend* device = &w.device;
    return {[=](size_t) { device->attention_forward(args, list.data(), sequences); }, {}};
  };
  return made;
}

operator_case attention_gradient(const model_shape& m, int tokens) {
  operator_case made = attention(m, "attention, backward", 1, tokens, tokens);
  made.flops *= 2.5;  // scores again, and four products of their size
  made.bytes *= 2;
  made.memory *= 2;
  made.make = [=](workspace& w) -> prepared {
    const size_t n = static_cast<size_t>(tokens), q = n * m.heads * m.head_dim, kv = n * m.kv_heads * m.head_dim;
    float *max = w.in(n * m.heads), *sum = w.in(n * m.heads), *out = w.in(q), *queried = w.in(q), *dout = w.in(q);
    float *dq = w.out(q), *dk = w.out(kv), *dv = w.out(kv);
    const attention_sequence all{0, tokens, 0, w.in(kv), w.in(kv)};
    const attention_shape shape = shape_of(m);
    // The backward pass goes on from what the forward pass kept.
    w.device.attention_forward({shape, queried, out, max, sum}, &all, 1);
    const attention_backward_args args{shape, queried, dout, max, sum, dq, dk, dv};
    backend* device = &w.device;
    return {[=](size_t) { device->attention_backward(args, &all, 1); }, {}};
  };
  return made;
}

}  // namespace

void add_attention(case_list& list, const model_shape& m, const sizes& all) {
  for (const int sequences : all.decode_batch) {
    list.push_back(attention(m, "attention, " + std::to_string(sequences) + " answers", sequences, 1, all.decode_keys));
  }
  list.push_back(attention(m, "attention, prompt", 1, all.prompt, all.prompt));
  list.push_back(attention_gradient(m, all.prompt));
}

}  // namespace bench
}  // namespace ol

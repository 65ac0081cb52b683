// What decoding does in one launch: a norm with the residual before it and products behind it, and all between these and attention.
#include "bench/cases.h"

namespace ol {
namespace bench {
namespace {

const int few = 16;  // rows of a decode step that the fused kernels take

operator_case of(const model_shape& m, const std::string& name, const std::string& shape, int tokens, double weights, double values) {
  operator_case made;
  made.model = m.name;
  made.name = name;
  made.shape = shape;
  made.tokens = tokens;
  made.flops = 2.0 * tokens * weights;
  made.bytes = (weights + values) * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  return made;
}

norm_args norm_of(workspace& w, const model_shape& m, int tokens) {
  const size_t t = static_cast<size_t>(tokens), size = t * m.hidden;
  const float *x = w.in(size), *added = w.in(size), *gain = w.in(static_cast<size_t>(m.hidden));
  return {x, added, gain, w.out(size), w.in(size), w.in(t), m.hidden, 1e-5f};
}

void add_norms(case_list& list, const model_shape& m, int tokens) {
  const int q = m.heads * m.head_dim, kv = m.kv_heads * m.head_dim;
  const double t = tokens, hidden = m.hidden;
  list.push_back(of(m, "residual, RMSNorm, q, k, v", std::to_string(q + 2 * kv) + " x " + std::to_string(m.hidden), tokens,
                    hidden * (q + 2 * kv), t * (4 * hidden + q + 2 * kv)));
  list.back().make = [=](workspace& w) -> prepared {
    const size_t rows = static_cast<size_t>(tokens);
    const norm_args norm = norm_of(w, m, tokens);
    float *ys[] = {w.out(rows * q), w.out(rows * kv), w.out(rows * kv)};
    const std::vector<linear_weight>* weights[] = {&w.weights(q, m.hidden, false), &w.weights(kv, m.hidden, false),
                                                   &w.weights(kv, m.hidden, false)};
    backend* d = &w.device;
    return {[=](size_t i) {
              linear_product products[3];
              for (int p = 0; p < 3; ++p) products[p] = {ys[p], &(*weights[p])[i % weights[p]->size()]};
              d->norm_linears(norm, products, 3, tokens);
            },
            {}};
  };
  list.push_back(of(m, "residual, RMSNorm, gate, up, SwiGLU", std::to_string(2 * m.inner) + " x " + std::to_string(m.hidden), tokens,
                    hidden * 2 * m.inner, t * (3 * hidden + m.inner)));
  list.back().make = [=](workspace& w) -> prepared {
    const size_t inner = static_cast<size_t>(tokens) * m.inner;
    const norm_args norm = norm_of(w, m, tokens);
    float *h = w.out(inner), *y = w.in(inner), *z = w.in(inner);
    const auto *gate = &w.weights(m.inner, m.hidden, false), *up = &w.weights(m.inner, m.hidden, false);
    backend* d = &w.device;
    return {[=](size_t i) { d->norm_swiglu(h, norm, {y, &(*gate)[i % gate->size()]}, {z, &(*up)[i % up->size()]}, tokens); }, {}};
  };
}

void add_heads(case_list& list, const model_shape& m, int tokens) {
  const size_t t = static_cast<size_t>(tokens), q = t * m.heads * m.head_dim, kv = t * m.kv_heads * m.head_dim;
  list.push_back(of(m, "RoPE, keys and values to their pages", std::to_string((q + 2 * kv) / t), tokens, 0, 2.0 * (q + 2 * kv)));
  list.back().make = [=](workspace& w) -> prepared {
    const int positions = 4096;
    const size_t table = static_cast<size_t>(positions) * m.head_dim / 2;
    heads_args a{};
    a.heads = m.heads;
    a.kv_heads = m.kv_heads;
    a.head_dim = m.head_dim;
    a.q = a.raw_q = w.out(q);
    a.k = a.raw_k = w.in(kv);
    a.v = w.in(kv);
    a.positions = w.ids(t, positions);
    a.cosine = w.in(table);
    a.sine = w.in(table);
    std::vector<int32_t> slots;
    for (int i = 0; i < tokens; ++i) slots.push_back(2 * (tokens - i));
    a.slots = w.in(slots);
    a.keys = w.out(kv / t * (2 * t + 1));
    a.values = w.out(kv / t * (2 * t + 1));
    backend* d = &w.device;
    return {[=](size_t) { d->finish_heads(a, tokens); }, {}};
  };
}

}  // namespace

void add_fused(case_list& list, const model_shape& model, const sizes& all) {
  for (const int tokens : all.tokens) {
    if (tokens <= few) add_norms(list, model, tokens);
    add_heads(list, model, tokens);
  }
}

}  // namespace bench
}  // namespace ol

#include "bench/cases.h"

namespace ol {
namespace bench {
namespace {

using body = std::function<std::function<void(size_t)>(workspace&)>;

// An operator that memory bounds: `values` are read or written once.
operator_case rows(const model_shape& m, const std::string& name, const std::string& shape, int tokens, double values, body make) {
  operator_case made;
  made.model = m.name;
  made.name = name;
  made.shape = shape;
  made.tokens = tokens;
  made.flops = 0;
  made.bytes = values * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  made.make = [make](workspace& w) -> prepared { return {make(w), {}}; };
  return made;
}

void add_norms(case_list& list, const model_shape& m, int tokens, bool training) {
  const int n = m.hidden;
  const size_t t = static_cast<size_t>(tokens), size = t * n;
  const std::string shape = std::to_string(n);
  list.push_back(rows(m, "RMSNorm", shape, tokens, 2.0 * size, [=](workspace& w) {
    float *y = w.out(size), *rstd = w.out(t), *x = w.in(size), *gain = w.in(static_cast<size_t>(n));
    backend* d = &w.device;
    return [=](size_t) { d->rmsnorm_forward(y, rstd, x, gain, tokens, n, 1e-5f); };
  }));
  if (!training) return;
  list.push_back(rows(m, "RMSNorm, dx", shape, tokens, 4.0 * size, [=](workspace& w) {
    float *dx = w.out(size), *dy = w.in(size), *x = w.in(size), *rstd = w.in(t), *gain = w.in(static_cast<size_t>(n));
    backend* d = &w.device;
    return [=](size_t) { d->rmsnorm_backward(dx, dy, x, rstd, gain, tokens, n); };
  }));
  list.push_back(rows(m, "RMSNorm, dgain", shape, tokens, 2.0 * size, [=](workspace& w) {
    float *dgain = w.out(static_cast<size_t>(n)), *dy = w.in(size), *x = w.in(size), *rstd = w.in(t);
    backend* d = &w.device;
    return [=](size_t) { d->rmsnorm_gain(dgain, dy, x, rstd, tokens, n); };
  }));
}

void add_elements(case_list& list, const model_shape& m, int tokens, bool training) {
  const size_t t = static_cast<size_t>(tokens), hidden = t * m.hidden, inner = t * m.inner;
  const std::string of_hidden = std::to_string(m.hidden), of_inner = std::to_string(m.inner);
  list.push_back(rows(m, "RoPE of q", of_hidden, tokens, 2.0 * t * m.heads * m.head_dim, [=](workspace& w) {
    const int positions = 4096, heads = m.heads, hd = m.head_dim;
    const size_t table = static_cast<size_t>(positions) * hd / 2;
    float *x = w.out(t * heads * hd), *cosine = w.in(table), *sine = w.in(table);
    const int32_t* at = w.ids(t, positions);
    backend* d = &w.device;
    return [=](size_t) { d->rope(x, at, cosine, sine, tokens, heads, hd, false); };
  }));
  list.push_back(rows(m, "SwiGLU", of_inner, tokens, 3.0 * inner, [=](workspace& w) {
    float *h = w.out(inner), *gate = w.in(inner), *up = w.in(inner);
    backend* d = &w.device;
    return [=](size_t) { d->swiglu_forward(h, gate, up, inner); };
  }));
  list.push_back(rows(m, "residual", of_hidden, tokens, 3.0 * hidden, [=](workspace& w) {
    float *y = w.out(hidden), *x = w.in(hidden);
    backend* d = &w.device;
    return [=](size_t) { d->add(y, x, hidden); };
  }));
  list.push_back(rows(m, "bias", of_hidden, tokens, 2.0 * hidden, [=](workspace& w) {
    float *y = w.out(hidden), *bias = w.in(static_cast<size_t>(m.hidden));
    backend* d = &w.device;
    return [=](size_t) { d->add_bias(y, bias, tokens, m.hidden); };
  }));
  if (!training) return;
  list.push_back(rows(m, "SwiGLU, backward", of_inner, tokens, 5.0 * inner, [=](workspace& w) {
    float *dgate = w.out(inner), *dup = w.out(inner), *dh = w.in(inner), *gate = w.in(inner), *up = w.in(inner);
    backend* d = &w.device;
    return [=](size_t) { d->swiglu_backward(dgate, dup, dh, gate, up, inner); };
  }));
  list.push_back(rows(m, "scale", of_hidden, tokens, 2.0 * hidden, [=](workspace& w) {
    float *y = w.out(hidden), *x = w.in(hidden);
    backend* d = &w.device;
    return [=](size_t) { d->scale(y, x, 1.7f, hidden); };
  }));
  list.push_back(rows(m, "bias, backward", of_hidden, tokens, 1.0 * hidden, [=](workspace& w) {
    float *dbias = w.out(static_cast<size_t>(m.hidden)), *dy = w.in(hidden);
    backend* d = &w.device;
    return [=](size_t) { d->bias_backward(dbias, dy, tokens, m.hidden); };
  }));
}

void add_tables(case_list& list, const model_shape& m, int tokens, bool training) {
  const size_t t = static_cast<size_t>(tokens), hidden = t * m.hidden, table = static_cast<size_t>(m.vocab) * m.hidden;
  const std::string shape = std::to_string(m.vocab) + " x " + std::to_string(m.hidden);
  list.push_back(rows(m, "embedding", shape, tokens, 2.0 * hidden, [=](workspace& w) {
    linear_weight of;
    of.weight = w.in(table);
    of.out = m.vocab;
    of.in = m.hidden;
    float* out = w.out(hidden);
    const int32_t* ids = w.ids(t, m.vocab);
    backend* d = &w.device;
    return [=](size_t) { d->embed_forward(out, of, ids, tokens); };
  }));
  list.back().memory += table * sizeof(float);
  list.push_back(rows(m, "loss of a row", std::to_string(m.vocab), tokens, 1.0 * t * m.vocab, [=](workspace& w) {
    float *logits = w.in(t * m.vocab), *nll = w.out(t), *weights = w.in(t);
    const int32_t* targets = w.ids(t, m.vocab);
    backend* d = &w.device;
    return [=](size_t) { d->loss(logits, nll, targets, weights, tokens, m.vocab, false); };
  }));
  if (!training) return;
  list.push_back(rows(m, "loss and its gradient", std::to_string(m.vocab), tokens, 2.0 * t * m.vocab, [=](workspace& w) {
    float *logits = w.out(t * m.vocab), *nll = w.out(t), *weights = w.in(t);
    const int32_t* targets = w.ids(t, m.vocab);
    backend* d = &w.device;
    return [=](size_t) { d->loss(logits, nll, targets, weights, tokens, m.vocab, true); };
  }));
  list.push_back(rows(m, "embedding, backward", shape, tokens, 3.0 * hidden, [=](workspace& w) {
    float *dtable = w.out(table), *dout = w.in(hidden);
    const int32_t* ids = w.ids(t, m.vocab);
    backend* d = &w.device;
    return [=](size_t) { d->embed_backward(dtable, dout, ids, tokens, m.hidden, m.vocab); };
  }));
  list.back().memory += table * sizeof(float);
  std::vector<int32_t> picked;
  for (int i = 0; i < tokens; i += 2) picked.push_back(i);
  const int count = static_cast<int>(picked.size());
  const size_t half = picked.size() * m.hidden;
  list.push_back(rows(m, "rows gathered", std::to_string(m.hidden), tokens, 2.0 * half, [=](workspace& w) {
    float *out = w.out(half), *x = w.in(hidden);
    const int32_t* at = w.in(picked);
    backend* d = &w.device;
    return [=](size_t) { d->gather_rows(out, x, at, count, m.hidden); };
  }));
  list.push_back(rows(m, "rows scattered", std::to_string(m.hidden), tokens, 2.0 * half, [=](workspace& w) {
    float *out = w.out(hidden), *x = w.in(half);
    const int32_t* at = w.in(picked);
    backend* d = &w.device;
    return [=](size_t) { d->scatter_rows(out, x, at, count, m.hidden); };
  }));
}

// On as many values as one matrix of the model has.
void add_optimizer(case_list& list, const model_shape& m) {
  const size_t n = static_cast<size_t>(m.inner) * m.hidden;
  const std::string shape = std::to_string(n);
  list.push_back(rows(m, "AdamW", shape, 0, 7.0 * n, [=](workspace& w) {
    static const float constants[10] = {1e-3f, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.99f, 0.271f, 0.003f, 0.7f};
    float *weights = w.out(n), *first = w.out(n), *second = w.out(n), *gradient = w.in(n);
    w.device.zero(second, n * sizeof(float));  // a square is never negative
    backend* d = &w.device;
    return [=](size_t) { d->adamw(weights, first, second, gradient, n, constants); };
  }));
  list.push_back(rows(m, "sum of squares", shape, 0, 1.0 * n, [=](workspace& w) {
    float *out = w.out((n + norm_chunk - 1) / norm_chunk), *x = w.in(n);
    backend* d = &w.device;
    return [=](size_t) { d->sum_squares(out, x, n); };
  }));
}

}  // namespace

void add_rows(case_list& list, const model_shape& model, const sizes& all) {
  for (const int tokens : all.tokens) {
    const bool training = tokens == all.training_tokens;
    add_norms(list, model, tokens, training);
    add_elements(list, model, tokens, training);
    add_tables(list, model, tokens, training);
  }
  add_optimizer(list, model);
}

}  // namespace bench
}  // namespace ol

#include "bench/cases.h"

namespace ol {
namespace bench {
namespace {

struct linear {
  const char* name;
  int out, in;
};

std::string shape_of(int out, int in) { return std::to_string(out) + " x " + std::to_string(in); }

const linear_weight& turn(const std::vector<linear_weight>& weights, size_t i) { return weights[i % weights.size()]; }

double product_flops(double tokens, const linear& l) { return 2.0 * tokens * l.out * l.in; }
// Weight, input and output once each.
double product_values(double tokens, const linear& l) { return 1.0 * l.out * l.in + tokens * (l.out + l.in); }

operator_case product(const model_shape& model, const std::string& name, const linear& l, int tokens) {
  const double values = product_values(tokens, l);
  return {model.name, name,         shape_of(l.out, l.in), tokens, product_flops(tokens, l), values * sizeof(float),
          static_cast<size_t>(values) * sizeof(float), {}};
}

operator_case forward(const model_shape& model, const std::string& name, const linear& l, int tokens, bool accumulate) {
  operator_case made = product(model, name, l, tokens);
  made.make = [=](workspace& w) -> prepared {
    const size_t t = static_cast<size_t>(tokens);
    float *y = w.out(t * l.out), *x = w.in(t * l.in);
    const auto* weights = &w.weights(l.out, l.in, false);
    backend* device = &w.device;
    return {[=](size_t i) { device->linear_forward(y, x, turn(*weights, i), tokens, accumulate); },
            [=](size_t i) -> sgemm {
              return {true, false, l.out, tokens, l.in, turn(*weights, i).weight, l.in, x, l.in, accumulate ? 1.0f : 0.0f, y, l.out};
            }};
  };
  return made;
}

operator_case backward_input(const model_shape& model, const std::string& name, const linear& l, int tokens, bool accumulate) {
  operator_case made = product(model, name, l, tokens);
  made.make = [=](workspace& w) -> prepared {
    const size_t t = static_cast<size_t>(tokens);
    float *dx = w.out(t * l.in), *dy = w.in(t * l.out);
    const auto* weights = &w.weights(l.out, l.in, true);
    backend* device = &w.device;
    return {[=](size_t i) { device->linear_backward_input(dx, dy, turn(*weights, i), tokens, accumulate); },
            [=](size_t i) -> sgemm {
              return {false, false, l.in, tokens, l.out, turn(*weights, i).weight, l.in, dy, l.out, accumulate ? 1.0f : 0.0f, dx, l.in};
            }};
  };
  return made;
}

operator_case backward_weight(const model_shape& model, const std::string& name, const linear& l, int tokens) {
  operator_case made = product(model, name, l, tokens);
  made.make = [=](workspace& w) -> prepared {
    const size_t t = static_cast<size_t>(tokens);
    float* dw = w.out(static_cast<size_t>(l.out) * l.in);
    float *dy = w.in(t * l.out), *x = w.in(t * l.in);
    backend* device = &w.device;
    return {[=](size_t) { device->linear_backward_weight(dw, dy, x, tokens, l.out, l.in); },
            [=](size_t) -> sgemm { return {false, true, l.in, l.out, tokens, x, l.in, dy, l.out, 1.0f, dw, l.in}; }};
  };
  return made;
}

// Several linears of one x, made together.
operator_case together(const model_shape& model, const std::string& name, const std::vector<linear>& all, int tokens) {
  operator_case made = product(model, name, {"", 0, all.front().in}, tokens);
  double values = 1.0 * tokens * all.front().in;
  made.shape.clear();
  made.flops = 0;
  for (const linear& l : all) {
    made.shape += (made.shape.empty() ? "" : ", ") + shape_of(l.out, l.in);
    made.flops += product_flops(tokens, l);
    values += product_values(tokens, l) - 1.0 * tokens * l.in;
  }
  made.bytes = values * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  made.make = [=](workspace& w) -> prepared {
    const size_t t = static_cast<size_t>(tokens);
    const float* x = w.in(t * all.front().in);
    std::vector<const std::vector<linear_weight>*> weights;
    std::vector<float*> ys;
    for (const linear& l : all) {
      ys.push_back(w.out(t * l.out));
      weights.push_back(&w.weights(l.out, l.in, false));
    }
    backend* device = &w.device;
    return {[=](size_t i) {
              std::vector<linear_product> outputs;
              for (size_t n = 0; n < ys.size(); ++n) outputs.push_back({ys[n], &turn(*weights[n], i)});
              device->linear_forward_each(outputs.data(), static_cast<int>(outputs.size()), x, tokens);
            },
            {}};
  };
  return made;
}

// x^T x of a training's inputs. The half below the diagonal means nothing, so no byte of it is compared.
operator_case gram(const model_shape& model, int tokens) {
  const int n = model.hidden;
  operator_case made = product(model, "x^T x, upper half", {"", n, n}, tokens);
  made.flops = 1.0 * tokens * n * (n + 1);
  made.make = [=](workspace& w) -> prepared {
    float *sums = w.in(static_cast<size_t>(n) * n), *x = w.in(static_cast<size_t>(tokens) * n);
    backend* device = &w.device;
    return {[=](size_t) { device->add_gram(sums, x, tokens, n); }, {}};
  };
  return made;
}

operator_case weight_each(const model_shape& model, const std::string& name, const linear& l, const sizes& all) {
  const int tokens = all.training_tokens, examples = all.examples;
  operator_case made = product(model, name, l, tokens);
  made.bytes = (1.0 * examples * l.out * l.in + 1.0 * tokens * (l.out + l.in)) * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  made.make = [=](workspace& w) -> prepared {
    const size_t stride = static_cast<size_t>(l.out) * l.in;
    float* dw = w.out(stride * examples);
    float *dy = w.in(static_cast<size_t>(tokens) * l.out), *x = w.in(static_cast<size_t>(tokens) * l.in);
    std::vector<int32_t> offsets;
    for (int e = 0; e <= examples; ++e) offsets.push_back(tokens / examples * e);
    backend* device = &w.device;
    return {[=](size_t) { device->linear_backward_weight_each(dw, stride, dy, x, offsets.data(), examples, l.out, l.in); }, {}};
  };
  return made;
}

// Requests of one row, each with an adapter of its own, at one linear.
operator_case own_adapters(const model_shape& model, const linear& l, int rank, int requests) {
  operator_case made;
  const double values = 1.0 * requests * (rank + 1.0) * (l.in + l.out);
  made.model = model.name;
  made.name = "LoRA, own adapters, rank " + std::to_string(rank);
  made.shape = shape_of(l.out, l.in);
  made.tokens = requests;
  made.flops = 2.0 * requests * rank * (l.in + l.out);
  made.bytes = values * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  made.make = [=](workspace& w) -> prepared {
    const size_t n = static_cast<size_t>(requests);
    float *y = w.out(n * l.out), *x = w.in(n * l.in), *u = w.in(n * rank);
    std::vector<lora_rows> segments;
    for (int r = 0; r < requests; ++r) {
      const linear_weight &a = w.weights(rank, l.in, false, 1).front(), &b = w.weights(l.out, rank, false, 1).front();
      segments.push_back({r, 1, &a, &b, 2.0f, x, y});
    }
    backend* device = &w.device;
    return {[=](size_t) { device->lora_forward(segments.data(), requests, u); }, {}};
  };
  return made;
}

}  // namespace

void add_products(case_list& list, const model_shape& m, const sizes& all) {
  const int q = m.heads * m.head_dim, kv = m.kv_heads * m.head_dim;
  const linear layer[] = {{"q", q, m.hidden}, {"k, v", kv, m.hidden}, {"o", m.hidden, q}, {"gate, up", m.inner, m.hidden},
                          {"down", m.hidden, m.inner}};
  const linear head{"head", m.vocab, m.hidden};
  for (const int tokens : all.tokens) {
    for (const linear& l : layer) list.push_back(forward(m, l.name, l, tokens, false));
    list.push_back(forward(m, head.name, head, tokens, false));
    list.push_back(together(m, "q, k and v together", {layer[0], layer[1], layer[1]}, tokens));
    list.push_back(together(m, "gate and up together", {layer[3], layer[3]}, tokens));
  }
  const int tokens = all.training_tokens;
  list.push_back(forward(m, "q, its lines not in quads", {"", q, m.hidden - 1}, tokens, false));
  for (const linear& l : layer) list.push_back(backward_input(m, std::string(l.name) + ", dx", l, tokens, false));
  for (const linear& l : layer) list.push_back(backward_weight(m, std::string(l.name) + ", dW", l, tokens));
  list.push_back(gram(m, tokens));
}

void add_lora(case_list& list, const model_shape& m, const sizes& all) {
  const int training = all.training_tokens;
  for (const int rank : all.ranks) {
    const std::string of = ", rank " + std::to_string(rank);
    const linear a{"", rank, m.hidden}, b{"", m.inner, rank}, up{"", m.inner, m.hidden};
    list.push_back(together(m, "gate, up and their LoRA A" + of, {up, a, up, a}, training));
    for (const int tokens : all.tokens) {
      list.push_back(forward(m, "LoRA A" + of, a, tokens, false));
      list.push_back(forward(m, "LoRA B" + of, b, tokens, true));
    }
    list.push_back(backward_input(m, "LoRA B, dx" + of, b, training, false));
    list.push_back(backward_input(m, "LoRA A, dx" + of, a, training, true));
    list.push_back(backward_weight(m, "LoRA dA" + of, a, training));
    list.push_back(backward_weight(m, "LoRA dB" + of, b, training));
    list.push_back(weight_each(m, "LoRA dA of each example" + of, a, all));
    list.push_back(weight_each(m, "LoRA dB of each example" + of, b, all));
    for (const int requests : all.adapters) list.push_back(own_adapters(m, {"", m.inner, m.hidden}, rank, requests));
  }
}

}  // namespace bench
}  // namespace ol

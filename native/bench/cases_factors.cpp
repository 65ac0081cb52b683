#include "bench/cases.h"

namespace ol {
namespace bench {
namespace {

using body = std::function<std::function<void(size_t)>(workspace&)>;

const int rank = OL_EMULATED ? 3 : 8, axes = OL_EMULATED ? 4 : 32;
const int directions = OL_EMULATED ? 3 : 20;  // of a factor

struct factor {
  int examples, longer;
  size_t count() const { return static_cast<size_t>(rank) * longer; }
  size_t values() const { return examples * count(); }
  size_t wide() const { return static_cast<size_t>(examples) * rank * axes; }
};

operator_case one(const model_shape& m, const std::string& name, const factor& f, double flops, double values, body make) {
  operator_case made;
  made.model = m.name;
  made.name = name;
  made.shape = std::to_string(rank) + " x " + std::to_string(f.longer);
  made.tokens = f.examples;
  made.flops = flops;
  made.bytes = values * sizeof(float);
  made.memory = static_cast<size_t>(made.bytes);
  made.make = [make](workspace& w) -> prepared { return {make(w), {}}; };
  return made;
}

double* wide_out(workspace& w, size_t count) { return reinterpret_cast<double*>(w.out(2 * count)); }

void add_turns(case_list& list, const model_shape& m, const factor& f) {
  for (const bool tensors : {false, true})
    list.push_back(one(m, tensors ? "factor B turned" : "factor A turned", f, 2.0 * rank * f.values(), 2.0 * f.values(), [=](workspace& w) {
      float *to = w.out(f.values()), *from = w.in(f.values()), *turn = w.in(static_cast<size_t>(rank) * rank);
      backend* d = &w.device;
      return [=](size_t) { d->turn_factors(to, from, turn, {rank, f.longer, f.count(), tensors, false, false}, f.examples); };
    }));
}

void add_sums(case_list& list, const model_shape& m, const factor& f) {
  list.push_back(one(m, "factor's squares", f, 2.0 * f.values(), 1.0 * f.values(), [=](workspace& w) {
    double* sums = wide_out(w, rank);
    float* x = w.in(f.values());
    backend* d = &w.device;
    return [=](size_t) { d->add_row_squares(sums, x, f.examples, rank, f.longer); };
  }));
  list.push_back(one(m, "factor probed", f, 4.0 * f.values(), 2.0 * f.values(), [=](workspace& w) {
    float *probes = w.out(static_cast<size_t>(f.examples) * directions), *rows = w.in(f.values()), *narrow = w.out(f.wide());
    double* squares = wide_out(w, f.examples);
    const size_t axis_count = static_cast<size_t>(rank) * axes;
    const factor_probe by{rank, f.longer, axes, directions, w.in(static_cast<size_t>(rank)), w.in(axis_count), w.in(f.count())};
    backend* d = &w.device;
    return [=](size_t) { d->probe_factors(probes, squares, by, rows, narrow, f.examples); };
  }));
}

// Timed only: what is below the diagonal means nothing, and differs.
void add_grams(case_list& list, const model_shape& m, int n, int tokens) {
  const size_t size = static_cast<size_t>(n) * n, values = static_cast<size_t>(tokens) * n;
  operator_case made = one(m, "Gram sums", {tokens, n}, 1.0 * tokens * (size + n), 1.0 * size + values, [=](workspace& w) {
    float *sums = w.in(size), *x = w.in(values);
    backend* d = &w.device;
    return [=](size_t) { d->add_gram(sums, x, tokens, n); };
  });
  made.shape = std::to_string(n);
  list.push_back(made);
}

// All factors of a layer at once.
void add_sketch(case_list& list, const model_shape& m, int examples) {
  const int q = m.heads * m.head_dim, kv = m.kv_heads * m.head_dim;
  const int sides[] = {m.hidden, q, m.hidden, kv, m.hidden, kv, q, m.hidden, m.hidden, m.inner, m.hidden, m.inner, m.inner, m.hidden};
  size_t values = 0;
  for (const int side : sides) values += static_cast<size_t>(rank) * side;
  const factor whole{examples, static_cast<int>(values / rank)};
  const double flops = 2.0 * examples * values * directions, moved = 1.0 * values * (examples + directions);
  list.push_back(one(m, "sketches by a layer's factors", whole, flops, moved, [=](workspace& w) {
    const size_t width = 14u * directions;
    float *found = w.out(examples * width), *rows = w.in(examples * values);
    std::vector<row_part> parts;
    size_t from = 0;
    for (const int side : sides) {
      const int count = rank * side;
      parts.push_back({from, w.in(static_cast<size_t>(count) * directions), count, static_cast<int>(parts.size()) * directions, directions});
      from += count;
    }
    backend* d = &w.device;
    return [=](size_t) { d->gemm_parts(found, width, rows, values, parts.data(), static_cast<int>(parts.size()), examples); };
  }));
}

void add_directions(case_list& list, const model_shape& m, const factor& f) {
  const double pairs = 0.5 * directions * (directions + 3);
  list.push_back(one(m, "directions made orthonormal", f, 4.0 * pairs * f.count(), 2.0 * f.count() * directions, [=](workspace& w) {
    const row_set set{w.out(f.count() * directions), directions, static_cast<int>(f.count())};
    backend* d = &w.device;
    return [=](size_t) { d->orthonormalise_rows(&set, 1); };
  }));
}

void add_pivots(case_list& list, const model_shape& m, int examples) {
  const factor of{examples, examples};
  const size_t size = static_cast<size_t>(examples) * examples;
  const int matrices = 4;
  list.push_back(one(m, "directions chosen", of, 2.0 * matrices * examples * directions * directions, 1.0 * matrices * size, [=](workspace& w) {
    auto* out = reinterpret_cast<factor_pivot*>(w.out(4u * matrices * directions));
    float *grams = w.in(matrices * size), *rows = w.in(size), *sums = w.out(size);
    backend* d = &w.device;
    // A matrix that is what it should be: of all values with themselves.
    for (int i = 0; i < matrices; ++i) {
      d->zero(sums, size * sizeof(float));
      d->linear_backward_weight(sums, rows, rows, examples, examples, examples);
      d->copy(grams + i * size, sums, size * sizeof(float));
    }
    return [=](size_t) { d->choose_pivots(out, grams, matrices, examples, directions, 1e-5); };
  }));
}

}  // namespace

void add_factors(case_list& list, const model_shape& m, const sizes& all) {
  for (const int longer : {m.hidden, m.inner}) {
    const factor f{all.examples, longer};
    add_turns(list, m, f);
    add_sums(list, m, f);
    add_directions(list, m, f);
    add_grams(list, m, longer, all.training_tokens);
  }
  for (const int examples : {1, all.examples}) add_sketch(list, m, examples);
  add_pivots(list, m, OL_EMULATED ? 20 : 1024);
}

}  // namespace bench
}  // namespace ol

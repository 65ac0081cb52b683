// Every operation on the CPU and on CUDA with the same input, compared byte by byte; with a word, those that have it in their
// name. Exit status 1: they differ.
#include "cuda/compare.h"

#include "core/error.h"
#include "core/session.h"
#include "cpu/backend.h"

using namespace ol;

namespace {

// What an operation leaves below a matrix's diagonal means nothing.
void clear_below(backend& device, float* matrix, int n) {
  std::vector<float> host(static_cast<size_t>(n) * n);
  device.download(host.data(), matrix, host.size() * sizeof(float));
  device.finish();
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++) host[static_cast<size_t>(i) * n + j] = 0;
  device.upload(matrix, host.data(), host.size() * sizeof(float));
  device.finish();
}

void products(comparison& compare) {
  // tokens, out, in: every tile shape, whole and ragged; the last fills the large one.
  const int sizes[][3] = {{1, 1, 1},   {1, 70, 44},   {7, 33, 65},    {16, 200, 31},  {40, 5, 97},     {130, 16, 33},
                          {65, 67, 5}, {64, 64, 16},  {200, 130, 70}, {129, 300, 48}, {17, 17, 1},     {33, 129, 257},
                          {3, 64, 128}, {128, 8, 64}, {1500, 1400, 19}};
  for (const auto& s : sizes) {
    const int tokens = s[0], out = s[1], in = s[2];
    const std::string at = std::to_string(tokens) + "x" + std::to_string(out) + "x" + std::to_string(in);
    const size_t t = tokens, o = out, i = in;
    for (const bool accumulate : {false, true}) {
      compare("linear_forward " + at, [&](bench& b) {
        linear_weight w{b.in(o * i), out, in, nullptr, nullptr};
        b.device.pack(w, true);
        b.device.linear_forward(b.out(t * o), b.in(t * i), w, tokens, accumulate);
      });
      compare("linear_backward_input " + at, [&](bench& b) {
        linear_weight w{b.in(o * i), out, in, nullptr, nullptr};
        b.device.pack(w, true);
        b.device.linear_backward_input(b.out(t * i), b.in(t * o), w, tokens, accumulate);
      });
    }
    compare("linear_backward_weight " + at, [&](bench& b) {
      b.device.linear_backward_weight(b.out(o * i), b.in(t * o), b.in(t * i), tokens, out, in);
    });
    compare("add_gram " + at, [&](bench& b) {
      float* sums = b.out(i * i);
      b.device.add_gram(sums, b.in(t * i), tokens, in);
      clear_below(b.device, sums, in);
    });
    compare("gemm " + at, [&](bench& b) { b.device.gemm(b.out(t * o), b.in(t * i), b.in(i * o), tokens, out, in); });
  }
  const std::vector<int32_t> offsets{0, 3, 4, 40, 75};
  for (const auto& s : {std::pair<int, int>{5, 44}, {70, 6}, {66, 90}})
    compare("linear_backward_weight_each " + std::to_string(s.first), [&](bench& b) {
      const size_t size = static_cast<size_t>(s.first) * s.second, stride = size + 7;
      b.device.linear_backward_weight_each(b.out(4 * stride), stride, b.in(75u * s.first), b.in(75u * s.second),
                                           offsets.data(), 4, s.first, s.second);
    });
}

// Segments of one row and of some, by adapters of several ranks, at two linears of one input.
void adapters(comparison& compare) {
  const int in = 75, rows[] = {0, 1, 2, 7, 8, 11}, ranks[] = {8, 8, 16, 3, 32};
  for (const float c : {2.0f, 0.3f})
    compare("lora_forward", [&](bench& b) {
      std::vector<linear_weight> factors;
      const float* x = b.in(11u * in);
      for (const int out : {70, 32}) {
        for (const int rank : ranks) {
          factors.push_back({b.in(static_cast<size_t>(rank) * in), rank, in, nullptr, nullptr});
          factors.push_back({b.in(static_cast<size_t>(rank) * out), out, rank, nullptr, nullptr});
        }
      }
      for (auto& w : factors) b.device.pack(w, false);
      float *ys[] = {b.out(11u * 70), b.out(11u * 32)}, *u = b.in(11u * 32);
      std::vector<lora_rows> segments;
      for (int s = 0; s < 5; ++s)
        for (int y = 0; y < 2; ++y) {
          const linear_weight* a = &factors[static_cast<size_t>(2 * (5 * y + s))];
          segments.push_back({rows[s], rows[s + 1] - rows[s], a, a + 1, c, x, ys[y]});
        }
      b.device.lora_forward(segments.data(), static_cast<int>(segments.size()), u);
    });
}

void rows(comparison& compare) {
  for (const int n : {1, 10, 16, 44, 1024, 2500}) {
    const int tokens = 37;
    const size_t size = static_cast<size_t>(tokens) * n;
    const std::string at = " " + std::to_string(n);
    compare("embed_forward" + at, [&](bench& b) {
      const linear_weight table{b.in(11u * n), 11, n, nullptr, nullptr};
      b.device.embed_forward(b.out(size), table, b.in(b.random.integers(tokens, 11)), tokens);
    });
    compare("embed_backward" + at, [&](bench& b) {
      b.device.embed_backward(b.out(11u * n), b.in(size), b.in(b.random.integers(tokens, 11)), tokens, n, 11);
    });
    compare("rmsnorm_forward" + at, [&](bench& b) {
      b.device.rmsnorm_forward(b.out(size), b.out(tokens), b.in(size), b.in(n), tokens, n, 1e-6f);
    });
    compare("rmsnorm_backward" + at, [&](bench& b) {
      b.device.rmsnorm_backward(b.out(size), b.in(size), b.in(size), b.in(tokens), b.in(n), tokens, n);
    });
    compare("rmsnorm_gain" + at, [&](bench& b) {
      b.device.rmsnorm_gain(b.out(n), b.in(size), b.in(size), b.in(tokens), tokens, n);
    });
    compare("add_bias" + at, [&](bench& b) { b.device.add_bias(b.out(size), b.in(n), tokens, n); });
    compare("bias_backward" + at, [&](bench& b) { b.device.bias_backward(b.out(n), b.in(size), tokens, n); });
    const std::vector<int32_t> picked{5, 0, 36, 8};
    compare("gather_rows" + at, [&](bench& b) { b.device.gather_rows(b.out(4u * n), b.in(size), b.in(picked), 4, n); });
    compare("scatter_rows" + at, [&](bench& b) { b.device.scatter_rows(b.out(size), b.in(4u * n), b.in(picked), 4, n); });
    for (const bool gradient : {false, true})
      compare("loss" + at, [&](bench& b) {
        b.device.loss(b.out(size), b.out(tokens), b.in(b.random.integers(tokens, n)), b.in(tokens), tokens, n, gradient);
      });
  }
}

void elements(comparison& compare) {
  for (const bool inverse : {false, true})
    compare("rope", [&](bench& b) {
      b.device.rope(b.out(29u * 6 * 10), b.in(b.random.integers(29, 50)), b.in(50 * 5), b.in(50 * 5), 29, 6, 10, inverse);
    });
  for (const size_t n : {1, 255, 4096, 10007}) {
    const std::string at = " " + std::to_string(n);
    compare("swiglu_forward" + at, [&](bench& b) { b.device.swiglu_forward(b.out(n), b.in(n), b.in(n), n); });
    compare("swiglu_backward" + at, [&](bench& b) {
      b.device.swiglu_backward(b.out(n), b.out(n), b.in(n), b.in(n), b.in(n), n);
    });
    compare("add" + at, [&](bench& b) { b.device.add(b.out(n), b.in(n), n); });
    compare("scale" + at, [&](bench& b) { b.device.scale(b.out(n), b.in(n), 1.7f, n); });
    compare("sum_squares" + at, [&](bench& b) {
      b.device.sum_squares(b.out((n + norm_chunk - 1) / norm_chunk), b.in(n), n);
    });
    compare("adamw" + at, [&](bench& b) {
      const float constants[10] = {1e-3f, 0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.99f, 0.271f, 0.003f, 0.7f};
      b.device.adamw(b.out(n), b.out(n), b.out(b.random.positive(n)), b.in(n), n, constants);
    });
  }
}

void attention(comparison& compare) {
  const int heads = 6, kv_heads = 2;
  for (const int hd : {10, 72})
    for (const bool decode : {false, true})
      compare("attention " + std::to_string(hd), [&](bench& b) {
        const std::vector<int32_t> offsets{0, 1, 4, 70, 85, 235};
        const size_t tokens = offsets.back(), q = tokens * heads * hd, kv = tokens * kv_heads * hd;
        const attention_shape shape{heads, kv_heads, hd, 0.3f};
        const float *k = b.in(kv), *v = b.in(kv), *queries = b.in(q);
        float *max = b.out(tokens * heads), *sum = b.out(tokens * heads), *out = b.out(q);
        std::vector<attention_sequence> sequences;
        for (size_t s = 0; s + 1 < offsets.size(); ++s) {
          const int first = offsets[s], length = offsets[s + 1] - first;
          const int position = decode ? (length > 8 ? length - 3 : length - 1) : 0;
          sequences.push_back({first, length - position, position, k + static_cast<size_t>(first) * kv_heads * hd,
                               v + static_cast<size_t>(first) * kv_heads * hd});
        }
        const int count = static_cast<int>(sequences.size());
        b.device.attention_forward({shape, queries, out, max, sum}, sequences.data(), count);
        if (decode) return;
        b.device.attention_backward({shape, queries, b.in(q), max, sum, b.out(q), b.out(kv), b.out(kv)},
                                    sequences.data(), count);
      });
}

}  // namespace

int main(int count, char** words) {
  char reason[256];
  const int state = cuda_state(reason, sizeof reason);
  std::printf("cuda: %s\n", reason);
  if (state != 2) return 2;
  try {
    const auto cpu = make_cpu_backend(1, best_isa()), cuda = make_cuda_backend();
    comparison compare{*cpu, *cuda, count > 1 ? words[1] : ""};
    products(compare);
    adapters(compare);
    rows(compare);
    elements(compare);
    attention(compare);
    compare_attention(compare);
    compare_attention_backward(compare);
    compare_factors(compare);
    compare_fused(compare);
    compare_greedy(compare);
    compare_lora(compare);
    compare_products(compare);
    compare_sampling(compare);
    compare_scan(compare);
    compare_stored(compare);
    std::printf("%d operations compared with the CPU (%s), %d differ\n", compare.done, isa_name(best_isa()),
                compare.failed);
    return compare.failed != 0;
  } catch (const failure& f) {
    std::printf("%s\n", f.what());
    return 1;
  }
}

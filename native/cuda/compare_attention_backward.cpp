// Attention's backward pass: lengths around a tile's edges, heads narrower and wider than a block's columns, several heads a group,
// keys that lie anywhere, and many tiles.
#include "cuda/compare.h"

#include <cmath>

namespace ol {

namespace {

// Maxima and sums come from the forward pass, so that probabilities are such.
void go_back(comparison& compare, const std::string& name, attention_shape shape, const std::vector<int>& lengths) {
  compare(name, [&](bench& b) {
    const size_t kv = static_cast<size_t>(shape.kv_heads) * shape.head_dim, row = static_cast<size_t>(shape.heads) * shape.head_dim;
    int rows = 0;
    for (const int length : lengths) rows += length;
    const float *k = b.in((rows + 40) * kv), *v = b.in((rows + 40) * kv), *q = b.in(rows * row), *dout = b.in(rows * row);
    float *max = b.out(static_cast<size_t>(rows) * shape.heads), *sum = b.out(static_cast<size_t>(rows) * shape.heads);
    float *out = b.in(rows * row), *dq = b.out(rows * row), *dk = b.out(rows * kv), *dv = b.out(rows * kv);
    std::vector<attention_sequence> sequences;
    int first = 0;
    for (const int length : lengths) {
      const size_t at = b.random.integers(1, rows + 40 - length)[0] * kv;
      sequences.push_back({first, length, 0, k + at, v + at});
      first += length;
    }
    const int count = static_cast<int>(sequences.size());
    b.device.attention_forward({shape, q, out, max, sum}, sequences.data(), count);
    b.device.attention_backward({shape, q, dout, max, sum, dq, dk, dv}, sequences.data(), count);
  });
}

}  // namespace

void compare_attention_backward(comparison& compare) {
  // heads, key-value heads, head size: columns of one block and of several, ragged and whole.
  const int shapes[][3] = {{1, 1, 2}, {6, 2, 10}, {4, 4, 64}, {7, 1, 66}, {8, 2, 128}, {3, 1, 130}, {2, 2, 258}};
  const std::vector<int> batch{1, 64, 65, 17, 130};
  for (const auto& s : shapes) {
    const std::string at = " " + std::to_string(s[0]) + "/" + std::to_string(s[1]) + "x" + std::to_string(s[2]);
    go_back(compare, "attention_backward" + at, {s[0], s[1], s[2], 1 / std::sqrt(static_cast<float>(s[2]))}, batch);
  }
  go_back(compare, "attention_backward one", {3, 1, 6, 0.5f}, {1});
  go_back(compare, "attention_backward long", {2, 1, 4, 0.5f}, {600});
}

}  // namespace ol

// Attention's forward pass where its two kernels differ in what they do: many and few queries, keys of more than one
// stretch, heads wider than a block's columns, keys that lie in pages.
#include "cuda/compare.h"

#include <algorithm>

namespace ol {

namespace {

struct piece {
  int count, position;
};

// Sequences at random places of one store of keys and values, wherever the one before them ends.
void attend(comparison& compare, const std::string& name, attention_shape shape, const std::vector<piece>& pieces,
            bool statistics) {
  compare(name, [&](bench& b) {
    const size_t kv = static_cast<size_t>(shape.kv_heads) * shape.head_dim;
    int rows = 0, most = 0;
    for (const piece& p : pieces) {
      rows += p.count;
      most = std::max(most, p.position + p.count);
    }
    const int store = most + 40;
    const float *k = b.in(store * kv), *v = b.in(store * kv);
    const size_t places = static_cast<size_t>(rows) * shape.heads;
    const float* q = b.in(places * shape.head_dim);
    float *max = b.out(places), *sum = b.out(places), *out = b.out(places * shape.head_dim);
    std::vector<attention_sequence> sequences;
    int row = 0;
    for (const piece& p : pieces) {
      const size_t at = b.random.integers(1, store - p.position - p.count)[0] * kv;
      sequences.push_back({row, p.count, p.position, k + at, v + at});
      row += p.count;
    }
    b.device.attention_forward({shape, q, out, statistics ? max : nullptr, statistics ? sum : nullptr},
                               sequences.data(), static_cast<int>(sequences.size()));
  });
}

}  // namespace

void compare_attention(comparison& compare) {
  // heads, key-value heads, head size: columns of one block and of several, ragged and whole.
  const int shapes[][3] = {{1, 1, 2}, {6, 2, 10}, {4, 4, 64}, {7, 1, 66}, {8, 2, 128}, {3, 1, 130}, {2, 2, 258}};
  const std::vector<piece> batch{{1, 0}, {1, 63}, {70, 0}, {2, 130}, {1, 301}, {40, 25}, {16, 48}, {17, 100}};
  for (const auto& s : shapes) {
    const std::string at = " " + std::to_string(s[0]) + "/" + std::to_string(s[1]) + "x" + std::to_string(s[2]);
    attend(compare, "attention_forward" + at, {s[0], s[1], s[2], 0.3f}, batch, s[2] % 4 != 0);
  }
  // More keys than a block holds scores of: one row a block, then rows put together (enough blocks).
  attend(compare, "attention_forward long", {2, 1, 4, 0.5f}, {{1, 12400}, {2, 6142}, {1, 6143}}, true);
  std::vector<piece> many(64, {1, 3});
  many[5] = {3, 3100};
  many[11] = {2, 1534};
  attend(compare, "attention_forward many", {6, 2, 6, 0.5f}, many, true);
}

}  // namespace ol

// One LoRA factor seen as [rank, longer]: A as it is, B transposed.
#pragma once
#include <algorithm>
#include <cstddef>

namespace ol {

struct factor_block {
  size_t offset = 0;  // in the flat gradient
  int rank = 0, longer = 0;
  bool transposed = false;
  size_t count() const { return static_cast<size_t>(rank) * longer; }
};

// [rank, longer] <- the tensor's own layout, or back.
inline void load_block(const factor_block& m, const float* tensor, float* block) {
  if (!m.transposed) {
    std::copy_n(tensor, m.count(), block);
    return;
  }
  for (int i = 0; i < m.longer; i++)
    for (int r = 0; r < m.rank; r++) block[static_cast<size_t>(r) * m.longer + i] = tensor[static_cast<size_t>(i) * m.rank + r];
}

inline void store_block(const factor_block& m, const float* block, float* tensor) {
  if (!m.transposed) {
    std::copy_n(block, m.count(), tensor);
    return;
  }
  for (int i = 0; i < m.longer; i++)
    for (int r = 0; r < m.rank; r++) tensor[static_cast<size_t>(i) * m.rank + r] = block[static_cast<size_t>(r) * m.longer + i];
}

}  // namespace ol

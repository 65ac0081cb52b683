// The key-value cache of many sequences in pages of a fixed number of positions.
#pragma once
#include <vector>

#include "core/backend.h"
#include "core/config.h"

namespace ol {

class page_pool {
 public:
  page_pool(backend& device, const ol_config& config, int page_tokens, int pages);
  int page_tokens() const { return page_tokens_; }
  int free_pages() const { return free_count_; }
  int pages_for(int positions) const { return (positions + page_tokens_ - 1) / page_tokens_; }
  // Side by side where there is such a run, else wherever they are; empty where there are too few.
  std::vector<int> take(int count);
  void give_back(const std::vector<int>& pages);
  float* k(int layer) const { return k_[layer].get(); }
  float* v(int layer) const { return v_[layer].get(); }
  size_t width() const { return width_; }
  size_t bytes() const { return 2 * k_.size() * used_.size() * page_tokens_ * width_ * sizeof(float); }

 private:
  int page_tokens_, free_count_;
  size_t width_;  // floats of one position in one layer
  std::vector<bool> used_;
  std::vector<device_array<float>> k_, v_;  // per layer, [pages * page_tokens, width]
};

// True where page i + 1 follows page i in memory.
bool side_by_side(const std::vector<int>& pages);

}  // namespace ol

#include "serve/pages.h"

namespace ol {

page_pool::page_pool(backend& device, const ol_config& config, int page_tokens, int pages)
    : page_tokens_(page_tokens),
      free_count_(pages),
      width_(static_cast<size_t>(config.kv_heads) * config.head_dim),
      used_(static_cast<size_t>(pages), false) {
  const size_t size = static_cast<size_t>(pages) * page_tokens * width_;
  for (int i = 0; i < config.layers; ++i) {
    k_.emplace_back(device, size);
    v_.emplace_back(device, size);
  }
}

std::vector<int> page_pool::take(int count) {
  std::vector<int> taken;
  if (count > free_count_) return taken;
  const int all = static_cast<int>(used_.size());
  int run = 0;
  for (int page = 0; page < all && run < count; ++page) {
    run = used_[page] ? 0 : run + 1;
    if (run == count)
      for (int i = page + 1 - count; i <= page; ++i) taken.push_back(i);
  }
  for (int page = 0; page < all && static_cast<int>(taken.size()) < count; ++page)
    if (!used_[page]) taken.push_back(page);
  for (int page : taken) used_[page] = true;
  free_count_ -= count;
  return taken;
}

void page_pool::give_back(const std::vector<int>& pages) {
  for (int page : pages) used_[page] = false;
  free_count_ += static_cast<int>(pages.size());
}

bool side_by_side(const std::vector<int>& pages) {
  for (size_t i = 1; i < pages.size(); ++i)
    if (pages[i] != pages[i - 1] + 1) return false;
  return true;
}

}  // namespace ol

#include "cpu/block_products.h"

#include <algorithm>

namespace ol {

// Rows of x that go through a panel before the next panel: they stay in the second cache beside it.
static const int row_block = 64;
// Multiplications below which threads cost more than they give.
static const double small_product = 65536;

block_products::block_products(pool& threads, const kernels& table) : pool_(threads), kernels_(table) {}

block_operand block_products::round(const float* x, int cols, int m, int block) {
  const size_t values = static_cast<size_t>(m) * cols, per_row = static_cast<size_t>(cols / block);
  if (values_.size() < values) values_.resize(values);
  if (scales_.size() < m * per_row) scales_.resize(m * per_row);
  if (sums_.size() < values / 16) sums_.resize(values / 16);
  const auto row = [&](int r, int) {
    const size_t at = static_cast<size_t>(r) * cols;
    kernels_.whole_row(values_.data() + at, scales_.data() + r * per_row, sums_.data() + at / 16, x + at, cols, block);
  };
  if (static_cast<double>(values) < small_product) {
    for (int r = 0; r < m; ++r) row(r, 0);
  } else {
    pool_.run(m, row);
  }
  return {values_.data(), scales_.data(), sums_.data(), cols};
}

void block_products::forward(float* y, const float* x, const stored_matrix& w, int m, bool accumulate) {
  if (m <= 0) return;
  const int n = w.rows(), panels = w.panels();
  const block_operand rounded = round(x, w.cols(), m, info_of(w.format()).values);
  const auto part = [&](int first, int last) {
    for (int row = 0; row < m; row += row_block) {
      const int rows = std::min(row_block, m - row);
      for (int panel = first; panel < last; ++panel) {
        const int output = panel * panel_rows;
        kernels_.block_tile(w.format(), rounded, row, rows, w.panel(panel), std::min(panel_rows, n - output),
                            y + static_cast<size_t>(row) * n + output, n, accumulate);
      }
    }
  };
  if (static_cast<double>(m) * n * w.cols() < small_product) return part(0, panels);
  const int tasks = std::min(panels, pool_.threads() * 4);
  pool_.run(tasks, [&](int task, int) {
    part(static_cast<int>(static_cast<int64_t>(panels) * task / tasks),
         static_cast<int>(static_cast<int64_t>(panels) * (task + 1) / tasks));
  });
}

}  // namespace ol

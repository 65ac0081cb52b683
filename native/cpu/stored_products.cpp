#include "cpu/stored_products.h"

#include <algorithm>

namespace ol {

// Terms that are widened at a time: 32 columns of them are 32 KB. A multiple of every format's block.
static const int depth_block = 256;
// Rows of x for which one widening serves; with depth_block terms they stay in the second cache.
static const int row_block = 384;
// Values of x that are packed at once, unless row_block rows have more; and about how many rows a thread packs at a time.
static const int most_packed = 1 << 20, strip = 96;

stored_products::stored_products(pool& threads, const kernels& table)
    : pool_(threads), kernels_(table), scratch_(static_cast<size_t>(threads.threads())) {}

void stored_products::forward(float* y, const float* x, const stored_matrix& w, int m, bool accumulate) {
  run(m, {y, x, &w, w.rows(), w.cols(), false, accumulate});
}

void stored_products::backward(float* dx, const float* dy, const stored_matrix& w, int m, bool accumulate) {
  run(m, {dx, dy, &w, w.cols(), w.rows(), true, accumulate});
}

// Terms k0 .. k0+depth-1 of one panel of 32 outputs, as [depth][32].
const float* stored_products::block(const product& p, int panel, int k0, int depth, scratch& memory) const {
  const stored_matrix& w = *p.w;
  float* out = memory.b.data;
  if (!p.transposed) {
    const uint8_t* from = w.panel(panel);
    if (w.format() == OL_FORMAT_F32) return reinterpret_cast<const float*>(from) + static_cast<size_t>(k0) * panel_rows;
    kernels_.widen(w.format(), out, from, k0, depth);
    return out;
  }
  // Outputs are columns of W, terms its rows: each square of 32 x 32 is turned round.
  const int first = panel * panel_rows, cols = std::min(panel_rows, w.cols() - first);
  for (int k = 0; k < depth; k += panel_rows) {
    const uint8_t* from = w.panel((k0 + k) / panel_rows);
    const float* square = memory.square.data;
    if (w.format() == OL_FORMAT_F32) {
      square = reinterpret_cast<const float*>(from) + static_cast<size_t>(first) * panel_rows;
    } else {
      kernels_.widen(w.format(), memory.square.data, from, first, cols);
    }
    pack_rows(out + static_cast<size_t>(k) * panel_rows, square, panel_rows, cols, std::min(panel_rows, depth - k),
              panel_rows);
  }
  return out;
}

// Rows [m0, m1) and panels [p0, p1) of the outputs. A chain is stored to c and taken up again every depth_block terms.
void stored_products::task(const product& p, int m0, int m1, int p0, int p1, scratch& memory) const {
  const int mr = kernels_.mr, nr = kernels_.nr, rows = m1 - m0;
  for (int k0 = 0; k0 < p.k; k0 += depth_block) {
    const int depth = std::min(depth_block, p.k - k0);
    const bool go_on = p.accumulate || k0 > 0;
    for (int panel = p0; panel < p1; ++panel) {
      const float* b = block(p, panel, k0, depth, memory);
      const int first = panel * panel_rows, cols = std::min(panel_rows, p.n - first);
      for (int i = 0; i < rows; i += mr) {
        float* c = p.c + static_cast<size_t>(m0 + i) * p.n + first;
        const float* a = rows_.data + static_cast<size_t>(m0 + i) * p.k + static_cast<size_t>(k0) * mr;
        for (int j = 0; j < cols; j += nr) {
          kernels_.tile(std::min(mr, rows - i), std::min(nr, cols - j), depth, a, 1, mr, b + j, panel_rows, c + j, p.n,
                        go_on);
        }
      }
    }
  }
}

// Blocks of as many rows as a tile has, each [k][rows], so that the tile reads them in one stream.
void stored_products::pack(const product& p, int m) {
  const int mr = kernels_.mr, part = (strip / mr) * mr;
  float* packed = rows_.reserve((static_cast<size_t>(m) + mr) * p.k);
  pool_.run((m + part - 1) / part, [&](int index, int) {
    for (int i = index * part; i < std::min(m, (index + 1) * part); i += mr)
      pack_rows(packed + static_cast<size_t>(i) * p.k, p.a + static_cast<size_t>(i) * p.k, p.k, std::min(mr, m - i), p.k, mr);
  });
}

void stored_products::run(int m, const product& whole) {
  for (auto& memory : scratch_) {
    memory.b.reserve(static_cast<size_t>(depth_block) * panel_rows);
    memory.square.reserve(static_cast<size_t>(panel_rows) * panel_rows);
  }
  const int most_rows = std::max(1, most_packed / row_block / std::max(1, whole.k)) * row_block;
  for (int from = 0; from < m; from += most_rows) {
    product p = whole;
    p.a += static_cast<size_t>(from) * p.k;
    p.c += static_cast<size_t>(from) * p.n;
    run_packed(std::min(most_rows, m - from), p);
  }
}

void stored_products::run_packed(int m, const product& p) {
  const int panels = (p.n + panel_rows - 1) / panel_rows, mr = kernels_.mr;
  // Whole tiles, but for the last rows.
  const int row_tasks = (m + row_block - 1) / row_block, part = ((m + row_tasks - 1) / row_tasks + mr - 1) / mr * mr;
  pack(p, m);
  if (static_cast<double>(m) * p.n * p.k < 32768) {
    for (int r = 0; r < row_tasks; ++r) task(p, r * part, std::min(m, (r + 1) * part), 0, panels, scratch_[0]);
    return;
  }
  pool_.run(row_tasks * panels, [&](int index, int worker) {
    const int r = index % row_tasks, panel = index / row_tasks;
    task(p, r * part, std::min(m, (r + 1) * part), panel, panel + 1, scratch_[static_cast<size_t>(worker)]);
  });
}

}  // namespace ol

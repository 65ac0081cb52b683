#include "cpu/gemm.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#if OL_X86
#include <xmmintrin.h>
#endif

namespace ol {

// A chain is stored to C and taken up again every k_block terms: a panel of B (32 KB) then stays in the first cache.
static const int k_block = 256;
static const int max_rows = 96;
// Of a Gram matrix, packed at a time.
static const int gram_values = 1 << 18;

aligned_buffer::~aligned_buffer() { std::free(data); }

float* aligned_buffer::reserve(size_t n) {
  if (n > count) {
    std::free(data);
    count = 0;
    data = static_cast<float*>(std::aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64));
    if (!data) throw std::bad_alloc();
    count = n;
  }
  return data;
}

gemm_engine::gemm_engine(pool& threads, const kernels& table)
    : pool_(threads), kernels_(table), blocks_(static_cast<size_t>(threads.threads())) {
  for (auto& block : blocks_) block.reserve(static_cast<size_t>(max_rows + 16) * k_block);
}

size_t gemm_engine::packed_size(int n, int k) const { return static_cast<size_t>(n) * k; }

// A line of a panel or block is a few dozen values: a call for each would take longer than the copy.
static inline void copy_line(float* to, const float* from, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) std::memcpy(to + i, from + i, 4 * sizeof(float));
  for (; i + 2 <= count; i += 2) std::memcpy(to + i, from + i, 2 * sizeof(float));
  if (i < count) to[i] = from[i];
}

// Four rows by four terms where whole squares fit, then two by four.
void pack_rows(float* to, const float* from, ptrdiff_t rs, int rows, int depth, int mr) {
  int q = 0;
#if OL_X86
  for (; q + 4 <= rows; q += 4) {
    const float* r = from + q * rs;
    int p = 0;
    for (; p + 4 <= depth; p += 4) {
      __m128 a = _mm_loadu_ps(r + p), b = _mm_loadu_ps(r + rs + p), c = _mm_loadu_ps(r + 2 * rs + p),
             d = _mm_loadu_ps(r + 3 * rs + p);
      _MM_TRANSPOSE4_PS(a, b, c, d);
      _mm_storeu_ps(to + p * mr + q, a);
      _mm_storeu_ps(to + (p + 1) * mr + q, b);
      _mm_storeu_ps(to + (p + 2) * mr + q, c);
      _mm_storeu_ps(to + (p + 3) * mr + q, d);
    }
    for (; p < depth; ++p)
      for (int i = 0; i < 4; ++i) to[p * mr + q + i] = r[i * rs + p];
  }
  for (; q + 2 <= rows; q += 2) {
    const float* r = from + q * rs;
    int p = 0;
    for (; p + 4 <= depth; p += 4) {
      const __m128 a = _mm_loadu_ps(r + p), b = _mm_loadu_ps(r + rs + p);
      const __m128 low = _mm_unpacklo_ps(a, b), high = _mm_unpackhi_ps(a, b);
      float* at = to + p * mr + q;
      _mm_storel_pi(reinterpret_cast<__m64*>(at), low);
      _mm_storeh_pi(reinterpret_cast<__m64*>(at + mr), low);
      _mm_storel_pi(reinterpret_cast<__m64*>(at + 2 * mr), high);
      _mm_storeh_pi(reinterpret_cast<__m64*>(at + 3 * mr), high);
    }
    for (; p < depth; ++p)
      for (int i = 0; i < 2; ++i) to[p * mr + q + i] = r[i * rs + p];
  }
#endif
  for (; q < rows; ++q)
    for (int p = 0; p < depth; ++p) to[p * mr + q] = from[q * rs + p];
}

// The last panel is as wide as what is left: a LoRA factor of rank 8 takes no more than its own values.
static void pack_panel(float* out, matrix_view b, int cols, int k) {
  if (b.cs == 1) {
    for (int p = 0; p < k; ++p) copy_line(out + static_cast<size_t>(p) * cols, b.data + p * b.rs, cols);
    return;
  }
  // A transposed weight: b.rs is 1, k runs along its rows.
  pack_rows(out, b.data, b.cs, cols, k, cols);
}

void gemm_engine::pack(float* out, matrix_view b, int n, int k) {
  const int nr = kernels_.nr, panels = (n + nr - 1) / nr;
  pool_.run(panels, [&](int panel, int) {
    const int j = panel * nr;
    pack_panel(out + static_cast<size_t>(j) * k, {b.data + j * b.cs, b.rs, b.cs}, std::min(nr, n - j), k);
  });
}

// Rows [m0, m1) and panels [p0, p1).
void gemm_engine::task(int m0, int m1, int p0, int p1, int n, int k, matrix_view a, const float* packed_b, float* c,
                       ptrdiff_t ldc, bool accumulate, float* scratch) const {
  const int nr = kernels_.nr, mr = kernels_.mr, rows = m1 - m0;
  for (int k0 = 0; k0 < k || k0 == 0; k0 += k_block) {
    const int depth = std::min(k_block, k - k0);
    const bool go_on = accumulate || k0 > 0;
    // Blocks of A as [k][mr], so that the tile reads it in one stream.
    const bool packed_a = p1 - p0 > 1;
    if (packed_a) {
      for (int i = 0; i < rows; i += mr) {
        const int r = std::min(mr, rows - i);
        const float* from = a.data + (m0 + i) * a.rs + k0 * a.cs;
        float* to = scratch + static_cast<size_t>(i) * k_block;
        if (a.rs == 1) {
          for (int p = 0; p < depth; ++p) copy_line(to + p * mr, from + p * a.cs, r);
        } else {
          pack_rows(to, from, a.rs, r, depth, mr);  // a.cs is 1: one of the two strides always is
        }
      }
    }
    for (int panel = p0; panel < p1; ++panel) {
      const int j = panel * nr, cols = std::min(nr, n - j);
      const float* b = packed_b + static_cast<size_t>(j) * k + static_cast<size_t>(k0) * cols;
      for (int i = 0; i < rows; i += mr) {
        const int r = std::min(mr, rows - i);
        if (packed_a) {
          kernels_.tile(r, cols, depth, scratch + static_cast<size_t>(i) * k_block, 1, mr, b, cols,
                        c + (m0 + i) * ldc + j, ldc, go_on);
        } else {
          kernels_.tile(r, cols, depth, a.data + (m0 + i) * a.rs + k0 * a.cs, a.rs, a.cs, b, cols,
                        c + (m0 + i) * ldc + j, ldc, go_on);
        }
      }
    }
  }
}

void gemm_engine::run_packed(int m, int n, int k, matrix_view a, const float* packed_b, float* c, ptrdiff_t ldc,
                             bool accumulate) {
  if (m <= 0 || n <= 0) return;
  const int nr = kernels_.nr, mr = kernels_.mr, panels = (n + nr - 1) / nr, wanted = pool_.threads() * 4;
  // Enough tasks to balance the load, as few as possible beyond that.
  int row_block = (max_rows / mr) * mr;
  while (row_block > 2 * mr && (m + row_block - 1) / row_block < wanted) row_block -= mr;
  const int row_tasks = (m + row_block - 1) / row_block;
  const int col_tasks = std::max(1, std::min(panels, (wanted + row_tasks - 1) / row_tasks));
  const bool small = static_cast<double>(m) * n * k < 32768;
  if (small) {
    for (int r = 0; r < row_tasks; ++r) {
      task(r * row_block, std::min(m, (r + 1) * row_block), 0, panels, n, k, a, packed_b, c, ldc, accumulate,
           blocks_[0].data);
    }
    return;
  }
  pool_.run(row_tasks * col_tasks, [&](int index, int worker) {
    const int r = index % row_tasks, q = index / row_tasks;
    task(r * row_block, std::min(m, (r + 1) * row_block), static_cast<int>(static_cast<int64_t>(panels) * q / col_tasks),
         static_cast<int>(static_cast<int64_t>(panels) * (q + 1) / col_tasks), n, k, a, packed_b, c, ldc, accumulate,
         blocks_[static_cast<size_t>(worker)].data);
  });
}

void gemm_engine::run(int m, int n, int k, matrix_view a, matrix_view b, float* c, ptrdiff_t ldc, bool accumulate) {
  float* packed = panels_.reserve(packed_size(n, k));
  pack(packed, b, n, k);
  run_packed(m, n, k, a, packed, c, ldc, accumulate);
}

// Terms [k0, k0 + depth) of rows that lie in one panel, with all panels from that one on. A panel serves as both sides.
void gemm_engine::gram_task(int n, int k, int k0, int depth, int first, int rows, const float* packed, float* c) const {
  const int nr = kernels_.nr, own = first / nr * nr;
  const auto at = [&](int j) { return packed + static_cast<size_t>(j) * k + static_cast<size_t>(k0) * std::min(nr, n - j); };
  const float* a = at(own) + (first - own);
  for (int j = own; j < n; j += nr) {
    const int cols = std::min(nr, n - j);
    kernels_.tile(rows, cols, depth, a, 1, std::min(nr, n - own), at(j), cols, c + static_cast<ptrdiff_t>(first) * n + j, n, true);
  }
}

void gemm_engine::add_gram(int n, int k, const float* x, float* c) {
  if (n <= 0) return;
  const int nr = kernels_.nr, mr = kernels_.mr, parts = (nr + mr - 1) / mr, panels = (n + nr - 1) / nr;
  // As many terms at a time as the second cache holds of all panels.
  const int most = std::max(1, gram_values / k_block / n) * k_block;
  float* packed = panels_.reserve(packed_size(n, std::min(k, most)));
  for (int from = 0; from < k; from += most) {
    const int terms = std::min(most, k - from);
    pack(packed, {x + static_cast<ptrdiff_t>(from) * n, n, 1}, n, terms);
    // The first rows have the most columns, so they come first.
    pool_.run(panels * parts, [&](int index, int) {
      const int panel = index / parts, width = std::min(nr, n - panel * nr), part = index % parts;
      const int first = width * part / parts, rows = width * (part + 1) / parts - first;
      if (rows == 0) return;
      for (int k0 = 0; k0 < terms; k0 += k_block)
        gram_task(n, terms, k0, std::min(k_block, terms - k0), panel * nr + first, rows, packed, c);
    });
  }
}

void gemm_engine::run_packed_serial(int m, int n, int k, matrix_view a, const float* packed_b, float* c, ptrdiff_t ldc,
                                    bool accumulate, int worker) const {
  const int panels = (n + kernels_.nr - 1) / kernels_.nr;
  for (int first = 0; first < m; first += max_rows) {
    task(first, std::min(m, first + max_rows), 0, panels, n, k, a, packed_b, c, ldc, accumulate,
         blocks_[static_cast<size_t>(worker)].data);
  }
}

void gemm_engine::run_serial(int m, int n, int k, matrix_view a, matrix_view b, float* c, ptrdiff_t ldc,
                             bool accumulate) const {
  // Needs b.cs == 1 (lanes over columns).
  const int nr = kernels_.nr, mr = kernels_.mr;
  for (int j = 0; j < n; j += nr) {
    for (int k0 = 0; k0 < k || k0 == 0; k0 += k_block) {
      for (int i = 0; i < m; i += mr) {
        kernels_.tile(std::min(mr, m - i), std::min(nr, n - j), std::min(k_block, k - k0),
                      a.data + i * a.rs + k0 * a.cs, a.rs, a.cs, b.data + k0 * b.rs + j, b.rs, c + i * ldc + j, ldc,
                      accumulate || k0 > 0);
      }
    }
  }
}

}  // namespace ol

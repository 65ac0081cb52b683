// What core/factor_algebra.h says, in host memory.
#include <algorithm>
#include <cmath>

#include "core/factor_algebra.h"
#include "influence/leading.h"
#include "influence/lines.h"
#include "influence/whitening.h"

namespace ol {
namespace {

// Values of a row that a thread takes at a time: a cache holds them for a few rows.
const size_t chunk = 64;
// Rows that are turned over together: a cache line of fp32 each, and how many a thread takes.
const int strip = 16, rows_a_task = 256;

// The turn itself, or its transpose.
std::vector<float> turn_of(const float* turn, const factor_turn& how) {
  const size_t rank = how.rank;
  std::vector<float> by(turn, turn + rank * rank);
  for (size_t i = 0; how.adjoint && i < rank; i++)
    for (size_t j = 0; j < rank; j++) by[i * rank + j] = turn[j * rank + i];
  return by;
}

double squared_length(const factor_probe& by, const float* row, const float* found) {
  double sum = 0;
  for (int i = 0; i < by.rank; i++) {
    const double rest = by.beside[i];
    sum += rest * rest * sum_of_squares(row + static_cast<size_t>(i) * by.longer, by.longer);
    for (int k = 0; k < by.axes; k++) {
      const double whole = rest + by.scale[static_cast<size_t>(i) * by.axes + k], along = found[static_cast<size_t>(i) * by.axes + k];
      sum += (whole * whole - rest * rest) * (along * along);
    }
  }
  return sum;
}

void choose_of(factor_pivot* out, const float* gram, size_t n, int most, double least_part) {
  std::vector<double> left(n), before;
  std::vector<double> columns;  // one after the other
  for (size_t e = 0; e < n; e++) left[e] = gram[e * n + e];
  const double least = least_part * *std::max_element(left.begin(), left.end());
  for (int chosen = 0; chosen < most; chosen++) out[chosen] = {-1, 0};
  for (int chosen = 0; chosen < most && static_cast<size_t>(chosen) < n; chosen++) {
    const size_t p = std::max_element(left.begin(), left.end()) - left.begin();
    const double value = left[p];
    if (!(value > least)) return;
    before.clear();
    for (int i = 0; i < chosen; i++) before.push_back(-columns[i * n + p]);
    columns.resize(columns.size() + n);
    double* column = &columns[chosen * n];
    for (size_t e = 0; e < n; e++) column[e] = gram[std::min(e, p) * n + std::max(e, p)];
    add_scaled_lines(column, columns.data(), n, before.data(), chosen, n);
    const double scale = 1 / std::sqrt(value);
    for (size_t e = 0; e < n; e++) {
      column[e] *= scale;
      left[e] -= column[e] * column[e];
    }
    out[chosen] = {static_cast<int64_t>(p), value};
    for (int i = 0; i <= chosen; i++) left[out[i].example] = 0;
  }
}

}  // namespace

void factor_algebra::share_out(int count, const std::function<void(int)>& body) {
  for (int i = 0; i < count; i++) body(i);
}

void factor_algebra::load_factors(float* to, const float* from, size_t stride, int n, int rank, int longer, bool tensors) {
  const factor_block block{0, rank, longer, tensors};
  share_out(n, [&](int e) { load_block(block, from + e * stride, to + e * block.count()); });
}

void factor_algebra::turn_factors(float* to, const float* from, const float* turn, const factor_turn& how, int n) {
  const factor_block block{0, how.rank, how.longer, true};
  const std::vector<float> by = turn_of(turn, how);
  share_out(n, [&](int e) {
    const float* own = from + e * how.stride;
    float* out = to + e * block.count();
    std::vector<float> loaded(how.from_tensors ? block.count() : 0), made(how.to_tensors ? block.count() : 0);
    if (how.from_tensors) {
      load_block(block, own, loaded.data());
      own = loaded.data();
    }
    turn_lines(how.to_tensors ? made.data() : out, own, by.data(), how.rank, how.longer);
    if (how.to_tensors) store_block(block, made.data(), out);
  });
}

void factor_algebra::scale_columns(float* x, const float* by, int rows, size_t cols) {
  share_out(rows, [&](int r) {
    for (size_t c = 0; c < cols; c++) x[r * cols + c] *= by[c];
  });
}

void factor_algebra::blend_factors(float* x, const float* y, const float* beside, int n, int rank, int longer) {
  share_out(n, [&](int e) {
    for (int i = 0; i < rank; i++)
      for (int k = 0; k < longer; k++) {
        const size_t at = (static_cast<size_t>(e) * rank + i) * longer + k;
        const float rest = beside[i] * x[at];
        x[at] = rest + y[at];
      }
  });
}

void factor_algebra::add_squares(double* sums, const float* x, int rows, size_t cols) {
  share_out(static_cast<int>((cols + chunk - 1) / chunk), [&](int task) {
    const size_t first = task * chunk, last = std::min(cols, first + chunk);
    for (int r = 0; r < rows; r++)
      for (size_t c = first; c < last; c++) {
        const double value = x[r * cols + c];
        sums[c] += value * value;
      }
  });
}

void factor_algebra::add_row_squares(double* sums, const float* x, int n, int rank, int longer) {
  share_out(rank, [&](int i) {
    for (int e = 0; e < n; e++) sums[i] += sum_of_squares(x + (static_cast<size_t>(e) * rank + i) * longer, longer);
  });
}

void factor_algebra::add_doubles(double* sums, const float* x, size_t n) {
  for (size_t i = 0; i < n; i++) sums[i] += x[i];
}

void factor_algebra::probe_factors(float* probes, double* squares, const factor_probe& by, const float* rows, float* narrow, int n) {
  const size_t count = static_cast<size_t>(by.rank) * by.longer, wide = static_cast<size_t>(by.rank) * by.axes;
  share_out(n, [&](int e) {
    const float* row = rows + e * count;
    float *to = probes + static_cast<size_t>(e) * by.probes, *found = narrow + e * wide;
    squares[e] += std::max(0.0, squared_length(by, row, found));
    std::fill_n(to, by.probes, 0.0f);
    for (size_t from = 0; from < count; from += by.probes) {
      const size_t width = std::min<size_t>(by.probes, count - from);
      for (size_t i = 0; i < width; i++) to[i] += by.weights[from + i] * row[from + i];
    }
    for (size_t i = 0; i < wide; i++) found[i] *= by.scale[i];
  });
}

void factor_algebra::turn_over(float* to, const float* from, const float* by, int rows, int cols) {
  const int width = static_cast<int>(chunk), across = (cols + width - 1) / width, down = (rows + rows_a_task - 1) / rows_a_task;
  share_out(across * down, [&](int task) {
    const int col0 = task % across * width, last_col = std::min(cols, col0 + width);
    const int row0 = task / across * rows_a_task, last_row = std::min(rows, row0 + rows_a_task);
    for (int first = row0; first < last_row; first += strip)
      for (int c = col0; c < last_col; c++)
        for (int r = first; r < std::min(last_row, first + strip); r++) {
          const float value = from[static_cast<size_t>(r) * cols + c];
          to[static_cast<size_t>(c) * rows + r] = by ? value * by[r] : value;
        }
  });
}

void factor_algebra::choose_pivots(factor_pivot* out, const float* grams, int matrices, int n, int most, double least_part) {
  const size_t size = static_cast<size_t>(n) * n;
  share_out(matrices, [&](int i) { choose_of(out + static_cast<size_t>(i) * most, grams + i * size, n, most, least_part); });
}

void factor_algebra::orthonormalise_rows(const row_set* sets, int count) {
  share_out(count, [&](int i) {
    const row_set& set = sets[i];
    std::vector<double> rows(set.rows, set.rows + static_cast<size_t>(set.count) * set.n);
    orthonormalise(rows, set.count, set.n, 1);
    std::copy(rows.begin(), rows.end(), set.rows);
  });
}

}  // namespace ol

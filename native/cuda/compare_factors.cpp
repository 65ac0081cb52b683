// The algebra of sketches: sizes around a lane's and a block's edges, factors that lie both ways, one example and more than a block has
// threads, rows that vanish, ties, and numbers that are not finite.
#include "cuda/compare.h"

#include <algorithm>
#include <limits>

namespace ol {
namespace {

struct factor_case {
  int n, rank, longer, axes;
};

const factor_case cases[] = {{1, 1, 1, 1}, {1, 3, 7, 2}, {5, 4, 16, 16}, {3, 8, 33, 5}, {300, 2, 9, 4}, {2, 3, 1100, 40}};

std::string title(const char* name, const factor_case& c) {
  return name + (" " + std::to_string(c.n)) + "x" + std::to_string(c.rank) + "x" + std::to_string(c.longer);
}

// fp64 in memory whose bytes are compared.
double* wide_out(bench& b, size_t count) {
  std::vector<double> before(count);
  for (double& value : before) value = static_cast<double>(b.random.value()) * 1e-3 + b.random.value();
  std::vector<float> bytes(2 * count);
  std::memcpy(bytes.data(), before.data(), count * sizeof(double));
  return reinterpret_cast<double*>(b.out(bytes));
}

void turns(comparison& compare, const factor_case& c) {
  const size_t count = static_cast<size_t>(c.rank) * c.longer, stride = count + 5;
  for (const bool tensors : {false, true}) {
    compare(title("load_factors", c), [&](bench& b) {
      b.device.load_factors(b.out(c.n * count), b.in(c.n * stride), stride, c.n, c.rank, c.longer, tensors);
    });
    for (const bool adjoint : {false, true})
      compare(title("turn_factors", c), [&](bench& b) {
        const factor_turn how{c.rank, c.longer, adjoint ? count : stride, tensors && !adjoint, tensors && adjoint, adjoint};
        b.device.turn_factors(b.out(c.n * count), b.in(c.n * stride), b.in(static_cast<size_t>(c.rank) * c.rank), how, c.n);
      });
  }
}

void factors(comparison& compare, const factor_case& c) {
  const size_t count = static_cast<size_t>(c.rank) * c.longer, wide = static_cast<size_t>(c.rank) * c.axes;
  compare(title("scale_columns", c), [&](bench& b) { b.device.scale_columns(b.out(c.n * count), b.in(count), c.n, count); });
  compare(title("blend_factors", c), [&](bench& b) {
    b.device.blend_factors(b.out(c.n * count), b.in(c.n * count), b.in(c.rank), c.n, c.rank, c.longer);
  });
  compare(title("add_squares", c), [&](bench& b) { b.device.add_squares(wide_out(b, count), b.in(c.n * count), c.n, count); });
  compare(title("add_row_squares", c), [&](bench& b) {
    b.device.add_row_squares(wide_out(b, c.rank), b.in(c.n * count), c.n, c.rank, c.longer);
  });
  compare(title("add_doubles", c), [&](bench& b) { b.device.add_doubles(wide_out(b, count), b.in(count), count); });
  for (const int probes : {1, 6, 300})
    compare(title("probe_factors", c) + " by " + std::to_string(probes), [&](bench& b) {
      const int some = static_cast<int>(std::min<size_t>(probes, count));
      const factor_probe by{c.rank, c.longer, c.axes, some, b.in(c.rank), b.in(wide), b.in(count)};
      b.device.probe_factors(b.out(static_cast<size_t>(c.n) * some), wide_out(b, c.n), by, b.in(c.n * count), b.out(c.n * wide), c.n);
    });
  for (const bool scaled : {false, true})
    compare(title("turn_over", c), [&](bench& b) {
      b.device.turn_over(b.out(c.n * count), b.in(c.n * count), scaled ? b.in(c.n) : nullptr, c.n, static_cast<int>(count));
    });
}

void choose(bench& b, const std::vector<float>& grams, int matrices, int n, int most) {
  float* found = b.out(static_cast<size_t>(matrices) * most * (sizeof(factor_pivot) / sizeof(float)));
  b.device.choose_pivots(reinterpret_cast<factor_pivot*>(found), b.in(grams), matrices, n, most, 1e-5);
}

// Of rows with few values; some are the same, which makes ties and what vanishes.
std::vector<float> grams_of(bench& b, int matrices, int n, int values) {
  std::vector<float> all;
  for (int m = 0; m < matrices; ++m) {
    std::vector<float> rows = b.random.floats(static_cast<size_t>(values) * n);
    for (int e = 3; e < n; e += 4)
      for (int v = 0; v < values; ++v) rows[static_cast<size_t>(v) * n + e] = rows[static_cast<size_t>(v) * n + e - 2];
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        float sum = 0;
        for (int v = 0; v < values; ++v) sum += rows[static_cast<size_t>(v) * n + i] * rows[static_cast<size_t>(v) * n + j];
        all.push_back(j < i ? 77.0f : sum);  // what is below the diagonal is not read
      }
  }
  return all;
}

void pivots(comparison& compare) {
  for (const int n : {1, 2, 17, 300})
    for (const int most : {1, 5, 40})
      compare("choose_pivots " + std::to_string(n) + " most " + std::to_string(most), [&](bench& b) {
        choose(b, grams_of(b, 3, n, n < 20 ? 30 : 12), 3, n, most);
      });
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();
  for (const float value : {nan, infinite, 0.0f})
    for (const int where : {0, 5})
      compare("choose_pivots that are not finite", [&](bench& b) {
        std::vector<float> gram = grams_of(b, 1, 9, 4);
        gram[static_cast<size_t>(where) * 10] = value;
        choose(b, gram, 1, 9, 6);
      });
  compare("choose_pivots of nothing", [&](bench& b) { choose(b, std::vector<float>(50, 0.0f), 2, 5, 3); });
}

void directions(comparison& compare) {
  compare("orthonormalise_rows", [&](bench& b) {
    const std::pair<int, int> sizes[] = {{1, 1}, {4, 16}, {5, 3}, {7, 1025}, {0, 5}, {3, 2100}};
    std::vector<row_set> sets;
    for (const auto& [count, n] : sizes) {
      std::vector<float> rows = b.random.floats(static_cast<size_t>(count) * n);
      if (count == 7) std::copy_n(rows.begin() + 2 * n, n, rows.begin() + 4 * n);  // the same again
      if (count == 3) std::fill_n(rows.begin() + n, n, 0.0f);
      sets.push_back({b.out(rows), count, n});
    }
    b.device.orthonormalise_rows(sets.data(), static_cast<int>(sets.size()));
  });
}

// Factors of a row, some without directions between them; columns that no factor has stay.
void parts(comparison& compare, int rows) {
  compare("gemm_parts " + std::to_string(rows), [&](bench& b) {
    const int sizes[][2] = {{1, 1}, {32, 32}, {33, 2}, {31, 33}, {200, 70}, {5, 6}};  // values, directions
    std::vector<row_part> list;
    size_t from = 3;
    int first = 2;
    for (const auto& [values, count] : sizes) {
      list.push_back({from, b.in(static_cast<size_t>(values) * count), values, first, count});
      from += values + 7u;
      first += count + (values == 33 ? 4 : 0);
    }
    b.device.gemm_parts(b.out(rows * (first + 3u)), first + 3u, b.in(rows * from), from, list.data(), static_cast<int>(list.size()), rows);
  });
}

// Wider than a strip of rows; what is below the diagonal means nothing.
void wide_gram(comparison& compare) {
  compare("add_gram wide", [&](bench& b) {
    const size_t n = 1101;
    const device_array<float> sums = uploaded(b.device, b.random.floats(n * n));
    b.device.add_gram(sums.get(), b.in(3 * n), 3, static_cast<int>(n));
    std::vector<float> host = downloaded(b.device, sums);
    for (size_t i = 0; i < n; ++i) std::fill_n(host.begin() + static_cast<std::ptrdiff_t>(i * n), i, 0.0f);
    b.out(host);
  });
}

}  // namespace

void compare_factors(comparison& compare) {
  for (const factor_case& c : cases) {
    turns(compare, c);
    factors(compare, c);
  }
  pivots(compare);
  directions(compare);
  wide_gram(compare);
  for (const int m : {1, 3, 40})
    compare("gemm_rows " + std::to_string(m), [&](bench& b) {
      const int n = 21, k = 37;
      b.device.gemm_rows(b.out(m * 30u) + 4, 30, b.in(m * 50u) + 3, 50, b.in(static_cast<size_t>(k) * n), m, n, k);
    });
  for (const int m : {1, 7, 8, 9, 40}) parts(compare, m);
}

}  // namespace ol

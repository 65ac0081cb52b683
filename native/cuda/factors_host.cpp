#include "cuda/factors.h"

#include <algorithm>
#include <vector>

namespace ol {
namespace cuda {
namespace {

// Bytes of fp64 that sets of rows take at a time, unless one set has more.
const size_t most_wide = size_t{256} << 20;

// A launch grid's second side ends there.
const int most_parts = 65535;

}  // namespace

void factors_on_device::load_factors(float* to, const float* from, size_t stride, int n, int rank, int longer, bool tensors) {
  cuda::load_factors(stream(), to, from, stride, n, rank, longer, tensors);
}
void factors_on_device::turn_factors(float* to, const float* from, const float* turn, const factor_turn& how, int n) {
  cuda::turn_factors(stream(), to, from, turn, how, n);
}
void factors_on_device::scale_columns(float* x, const float* by, int rows, size_t cols) {
  cuda::scale_columns(stream(), x, by, rows, cols);
}
void factors_on_device::blend_factors(float* x, const float* y, const float* beside, int n, int rank, int longer) {
  cuda::blend_factors(stream(), x, y, beside, n, rank, longer);
}
void factors_on_device::add_squares(double* sums, const float* x, int rows, size_t cols) {
  cuda::add_squares(stream(), sums, x, rows, cols);
}
void factors_on_device::add_row_squares(double* sums, const float* x, int n, int rank, int longer) {
  const size_t rows = static_cast<size_t>(n) * rank;
  const device_array<double> squares(*this, rows);
  cuda::row_squares(stream(), squares.get(), x, rows, longer);
  cuda::add_rows(stream(), sums, squares.get(), n, rank);
}
void factors_on_device::add_doubles(double* sums, const float* x, size_t n) { cuda::add_doubles(stream(), sums, x, n); }
void factors_on_device::probe_factors(float* probes, double* squares, const factor_probe& by, const float* rows, float* narrow,
                                      int n) {
  const size_t count = static_cast<size_t>(n) * by.rank;
  const device_array<double> of_rows(*this, count);
  cuda::row_squares(stream(), of_rows.get(), rows, count, by.longer);
  cuda::probe_factors(stream(), probes, squares, by, rows, of_rows.get(), narrow, n);
}
void factors_on_device::turn_over(float* to, const float* from, const float* by, int rows, int cols) {
  cuda::turn_over(stream(), to, from, by, rows, cols);
}

void factors_on_device::choose_pivots(factor_pivot* out, const float* grams, int matrices, int n, int most, double least_part) {
  const device_array<double> scratch(*this, cuda::pivot_scratch(matrices, n, most));
  cuda::choose_pivots(stream(), out, grams, matrices, n, most, least_part, scratch.get());
}

void factors_on_device::gemm_parts(float* c, size_t ldc, const float* a, size_t lda, const row_part* parts, int count, int rows) {
  if (count <= 0) return;
  int most = 0;
  for (int i = 0; i < count; ++i) most = std::max(most, parts[i].count);
  const device_array<row_part> on_device(*this, count);
  upload(on_device.get(), parts, count * sizeof(row_part));
  for (int first = 0; first < count; first += most_parts)
    cuda::gemm_parts(stream(), c, ldc, a, lda, on_device.get() + first, std::min(count - first, most_parts), rows, most);
}

void factors_on_device::orthonormalise_rows(const row_set* sets, int count) {
  for (int first = 0; first < count;) {
    int last = first;
    size_t values = 0;
    for (; last < count; ++last) {
      const size_t more = static_cast<size_t>(sets[last].count) * sets[last].n;
      if (last > first && (values + more) * sizeof(double) > most_wide) break;
      values += more;
    }
    const device_array<double> wide(*this, values);
    std::vector<wide_set> listed;
    size_t at = 0;
    for (int i = first; i < last; ++i) {
      listed.push_back({sets[i].rows, wide.get() + at, sets[i].count, sets[i].n});
      at += static_cast<size_t>(sets[i].count) * sets[i].n;
    }
    const device_array<wide_set> on_device(*this, listed.size());
    upload(on_device.get(), listed.data(), listed.size() * sizeof(wide_set));
    cuda::orthonormalise_rows(stream(), on_device.get(), static_cast<int>(listed.size()));
    first = last;
  }
}

}  // namespace cuda
}  // namespace ol

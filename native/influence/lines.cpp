#include "influence/lines.h"

#include <algorithm>

#include "core/clones.h"

namespace ol {
namespace {

const size_t lanes = 16;
// Columns that are turned together: their sums stay in registers.
const size_t width = 32;
// Elements to which lines are added together: they stay in registers.
const size_t strip = 32;

OL_CLONES("arch=skylake-avx512", "avx2", "default")
void add_to_strip(double* __restrict y, const double* __restrict lines, size_t stride, const double* __restrict scales, size_t count) {
  double sums[strip];
  for (size_t i = 0; i < strip; i++) sums[i] = y[i];
  for (size_t j = 0; j < count; j++)
    for (size_t i = 0; i < strip; i++) sums[i] += scales[j] * lines[j * stride + i];
  for (size_t i = 0; i < strip; i++) y[i] = sums[i];
}

OL_CLONES("arch=skylake-avx512", "avx2", "default")
void square_lanes(double* __restrict sums, const float* __restrict values, size_t rows) {
  for (size_t r = 0; r < rows; r++)
    for (size_t lane = 0; lane < lanes; lane++) sums[lane] += static_cast<double>(values[r * lanes + lane]) * values[r * lanes + lane];
}

}  // namespace

OL_CLONES("arch=skylake-avx512", "avx2", "default")
void add_scaled(double* __restrict y, const double* __restrict x, double s, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += s * x[i];
}

void add_scaled_lines(double* y, const double* lines, size_t stride, const double* scales, size_t count, size_t n) {
  const size_t whole = n / strip * strip;
  for (size_t i = 0; i < whole; i += strip) add_to_strip(y + i, lines + i, stride, scales, count);
  for (size_t j = 0; j < count; j++) add_scaled(y + whole, lines + j * stride + whole, scales[j], n - whole);
}

OL_CLONES("arch=skylake-avx512", "avx2", "default")
void turn_lines(float* __restrict to, const float* __restrict from, const float* __restrict by, size_t rank, size_t n) {
  const size_t whole = n / width * width;
  for (size_t k = 0; k < whole; k += width)
    for (size_t i = 0; i < rank; i++) {
      float sums[width] = {};
      for (size_t j = 0; j < rank; j++) {
        const float* line = from + j * n + k;
        for (size_t x = 0; x < width; x++) sums[x] += by[i * rank + j] * line[x];
      }
      for (size_t x = 0; x < width; x++) to[i * n + k + x] = sums[x];
    }
  for (size_t k = whole; k < n; k++)
    for (size_t i = 0; i < rank; i++) {
      float sum = 0;
      for (size_t j = 0; j < rank; j++) sum += by[i * rank + j] * from[j * n + k];
      to[i * n + k] = sum;
    }
}

double sum_of_squares(const float* values, size_t count) {
  double sums[lanes] = {};
  const size_t rows = count / lanes;
  square_lanes(sums, values, rows);
  for (size_t i = rows * lanes; i < count; i++) sums[i - rows * lanes] += static_cast<double>(values[i]) * values[i];
  double sum = 0;
  for (double one : sums) sum += one;
  return sum;
}

}  // namespace ol

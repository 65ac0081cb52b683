#include "influence/leading.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "influence/eigen.h"
#include "influence/lines.h"

namespace ol {
namespace {

const int iterations = 24;

double dot(const double* x, const double* y, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

// out [count, n] = rows * matrix; one row of the matrix at a time, in order.
void multiply(const std::vector<float>& matrix, const std::vector<double>& rows, int count, int n, std::vector<double>* out) {
  std::fill(out->begin(), out->end(), 0.0);
  for (int k = 0; k < n; k++) {
    const float* line = &matrix[static_cast<size_t>(k) * n];
    for (int i = 0; i < count; i++) {
      const double x = rows[static_cast<size_t>(i) * n + k];
      double* to = &(*out)[static_cast<size_t>(i) * n];
      for (int j = 0; j < n; j++) to[j] += x * line[j];
    }
  }
}

// Signs, one for each entry.
void start(std::vector<double>& rows) {
  random_source random(0);
  for (double& value : rows) value = random.next() >> 63 ? 1 : -1;
}

bool whole(const std::vector<float>& matrix, int n, int wanted, std::vector<double>* vectors) {
  std::vector<double> a(matrix.begin(), matrix.end()), all(a.size()), values(n);
  if (!symmetric_eigen(a.data(), all.data(), values.data(), n)) return false;
  for (int i = 0; i < wanted; i++) std::copy_n(&all[static_cast<size_t>(n - 1 - i) * n], n, &(*vectors)[static_cast<size_t>(i) * n]);
  return true;
}

bool by_iteration(const std::vector<float>& matrix, int n, int wanted, std::vector<double>* vectors) {
  // A few more than wanted: the last ones converge slowly.
  const int count = std::min(n, wanted + 8);
  std::vector<double> rows(static_cast<size_t>(count) * n), next(rows.size());
  start(rows);
  orthonormalise(rows, count, n, 2);
  for (int i = 0; i < iterations; i++) {
    multiply(matrix, rows, count, n, &next);
    rows.swap(next);
    orthonormalise(rows, count, n, 2);
  }
  multiply(matrix, rows, count, n, &next);
  std::vector<double> small(static_cast<size_t>(count) * count), turn(small.size()), values(count);
  for (int i = 0; i < count; i++)
    for (int j = 0; j < count; j++) small[static_cast<size_t>(i) * count + j] = dot(&next[static_cast<size_t>(std::max(i, j)) * n], &rows[static_cast<size_t>(std::min(i, j)) * n], n);
  if (!symmetric_eigen(small.data(), turn.data(), values.data(), count)) return false;
  for (int i = 0; i < wanted; i++) {
    double* to = &(*vectors)[static_cast<size_t>(i) * n];
    std::fill_n(to, n, 0.0);
    const double* mix = &turn[static_cast<size_t>(count - 1 - i) * count];
    for (int j = 0; j < count; j++)
      add_scaled(to, &rows[static_cast<size_t>(j) * n], mix[j], n);
    orient(to, n);
  }
  return true;
}

}  // namespace

void orthonormalise(std::vector<double>& rows, int count, int n, int passes) {
  for (int i = 0; i < count; i++) {
    double* row = &rows[static_cast<size_t>(i) * n];
    const double before = std::sqrt(dot(row, row, n));
    for (int pass = 0; pass < passes; pass++)
      for (int j = 0; j < i; j++) {
        const double* other = &rows[static_cast<size_t>(j) * n];
        add_scaled(row, other, -dot(row, other, n), n);
      }
    const double length = std::sqrt(dot(row, row, n));
    const double scale = length > before * 1e-10 ? 1 / length : 0;
    for (int k = 0; k < n; k++) row[k] *= scale;
  }
}

bool leading_eigenvectors(const std::vector<float>& matrix, int n, int wanted, std::vector<double>* vectors) {
  vectors->assign(static_cast<size_t>(wanted) * n, 0.0);
  for (float value : matrix)
    if (!std::isfinite(value)) return false;
  return n <= whole_eigen_limit ? whole(matrix, n, wanted, vectors) : by_iteration(matrix, n, wanted, vectors);
}

}  // namespace ol

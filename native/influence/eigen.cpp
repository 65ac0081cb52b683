#include "influence/eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/clones.h"
#include "influence/lines.h"

namespace ol {
namespace {

// row -= a * x + b * y
OL_CLONES("arch=skylake-avx512", "avx2", "default")
void subtract_both(double *__restrict row, const double *__restrict x, double a, const double *__restrict y, double b, size_t n) {
  for (size_t i = 0; i < n; i++) row[i] -= a * x[i] + b * y[i];
}

double dot(const double *x, const double *y, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

// A = Q T Q' with T tridiagonal. The reflection of step k is I - beta v v' on rows k+1..n-1; v is kept in row k of `a`.
void tridiagonalise(double *a, double *diagonal, double *off, double *beta, size_t n) {
  std::vector<double> p(n), scaled(n);
  for (size_t k = 0; k + 2 < n; k++) {
    const size_t m = n - k - 1;
    double *v = a + k * n + k + 1;
    double scale = 0;
    for (size_t i = 0; i < m; i++) scale = std::max(scale, std::fabs(v[i]));
    diagonal[k] = a[k * n + k];
    beta[k] = 0;
    off[k] = v[0];
    if (scale == 0) continue;
    double norm = 0;
    for (size_t i = 0; i < m; i++) norm += (v[i] / scale) * (v[i] / scale);
    norm = scale * std::sqrt(norm);
    const double alpha = v[0] > 0 ? -norm : norm;
    off[k] = alpha;
    v[0] -= alpha;
    const double square = dot(v, v, m);
    if (square == 0) continue;
    beta[k] = 2 / square;
    std::fill_n(p.begin(), m, 0.0);
    for (size_t i = 0; i < m; i++) scaled[i] = beta[k] * v[i];
    add_scaled_lines(p.data(), a + (k + 1) * n + k + 1, n, scaled.data(), m, m);
    add_scaled(p.data(), v, -0.5 * beta[k] * dot(p.data(), v, m), m);
    for (size_t i = 0; i < m; i++) {
      subtract_both(a + (k + 1 + i) * n + k + 1, p.data(), v[i], v, p[i], m);
    }
  }
  if (n >= 2) {
    diagonal[n - 2] = a[(n - 2) * n + n - 2];
    off[n - 2] = a[(n - 2) * n + n - 1];
  }
  if (n >= 1) {
    diagonal[n - 1] = a[n * n - 1];
    off[n - 1] = 0;
  }
}

// q (n x n) = the product of the reflections, transposed: row i becomes column i of Q.
void accumulate_reflections(const double *a, const double *beta, double *qt, size_t n) {
  std::vector<double> q(n * n, 0.0), y(n);
  for (size_t i = 0; i < n; i++) q[i * n + i] = 1;
  for (size_t k = n >= 3 ? n - 2 : 0; k-- > 0;) {
    if (beta[k] == 0) continue;
    const size_t m = n - k - 1;
    const double *v = a + k * n + k + 1;
    std::fill_n(y.begin(), m, 0.0);
    add_scaled_lines(y.data(), &q[(k + 1) * n + k + 1], n, v, m, m);
    for (size_t i = 0; i < m; i++) add_scaled(&q[(k + 1 + i) * n + k + 1], y.data(), -beta[k] * v[i], m);
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) qt[j * n + i] = q[i * n + j];
}

double hypotenuse(double x, double y) {
  x = std::fabs(x);
  y = std::fabs(y);
  if (x < y) std::swap(x, y);
  if (x == 0) return 0;
  const double r = y / x;
  return x * std::sqrt(1 + r * r);
}

// Rows i and i + 1 are turned: a sweep's rotations go from row to row downwards.
struct rotation {
  size_t i;
  double c, s;
};

// Columns that are turned together: what one rotation leaves for the next stays in registers.
const size_t turned = 32;
// Rotations that are kept before they are carried out.
const size_t most_kept = 8192;

OL_CLONES("arch=skylake-avx512", "avx2", "default")
void turn_columns(double *__restrict rows, const rotation *by, size_t count) {
  double lower[turned];
  for (size_t r = 0; r < count; r++) {
    const auto [i, c, s] = by[r];
    double *__restrict upper = rows + i * turned, *__restrict out = upper + turned;
    if (r == 0 || by[r - 1].i != i + 1)
      for (size_t k = 0; k < turned; k++) lower[k] = out[k];
    for (size_t k = 0; k < turned; k++) {
      const double f = lower[k];
      out[k] = s * upper[k] + c * f;
      lower[k] = c * upper[k] - s * f;
    }
    if (r + 1 == count || by[r + 1].i + 1 != i)
      for (size_t k = 0; k < turned; k++) upper[k] = lower[k];
  }
}

// Carries the rotations out in their order, on one block of columns of z after the other.
void turn_rows(double *z, std::vector<rotation> &rotations, std::vector<double> &columns, size_t n) {
  columns.resize(n * turned);
  for (size_t k = 0; k < n; k += turned) {
    const size_t width = std::min(turned, n - k);
    for (size_t i = 0; i < n; i++) std::copy_n(z + i * n + k, width, &columns[i * turned]);
    turn_columns(columns.data(), rotations.data(), rotations.size());
    for (size_t i = 0; i < n; i++) std::copy_n(&columns[i * turned], width, z + i * n + k);
  }
  rotations.clear();
}

// One implicit QL sweep on the block l..m; the rotations of the vectors are added.
void sweep(double *d, double *e, std::vector<rotation> &rotations, size_t l, size_t m) {
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  double r = hypotenuse(g, 1);
  g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
  double s = 1, c = 1, p = 0;
  for (size_t i = m; i-- > l;) {
    const double f = s * e[i], b = c * e[i];
    r = hypotenuse(f, g);
    e[i + 1] = r;
    if (r == 0) {
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    r = (d[i] - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotations.push_back({i, c, s});
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

bool diagonalise(double *d, double *e, double *z, size_t n) {
  double norm = 0;
  for (size_t i = 0; i < n; i++) norm = std::max(norm, std::fabs(d[i]) + std::fabs(e[i]));
  // Relative to the whole matrix, as a singular one has blocks whose own size is rounding noise.
  const double negligible = 2.220446049250313e-16 * norm;
  std::vector<rotation> rotations;
  std::vector<double> columns;
  for (size_t l = 0; l < n; l++) {
    for (int iteration = 0;; iteration++) {
      size_t m = l;
      while (m + 1 < n && !(std::fabs(e[m]) <= negligible)) m++;
      if (m == l) break;
      if (iteration == 60) return false;
      sweep(d, e, rotations, l, m);
      if (rotations.size() >= most_kept) turn_rows(z, rotations, columns, n);
    }
  }
  turn_rows(z, rotations, columns, n);
  return true;
}

}  // namespace

void orient(double *vector, size_t n) {
  size_t largest = 0;
  for (size_t i = 1; i < n; i++)
    if (std::fabs(vector[i]) > std::fabs(vector[largest])) largest = i;
  if (vector[largest] < 0)
    for (size_t i = 0; i < n; i++) vector[i] = -vector[i];
}

bool symmetric_eigen(double *a, double *vectors, double *values, size_t n) {
  if (n == 0) return true;
  std::vector<double> d(n), e(n), beta(n, 0.0), z(n * n);
  tridiagonalise(a, d.data(), e.data(), beta.data(), n);
  accumulate_reflections(a, beta.data(), z.data(), n);
  if (!diagonalise(d.data(), e.data(), z.data(), n)) return false;
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) { return d[x] < d[y]; });
  for (size_t i = 0; i < n; i++) {
    values[i] = d[order[i]];
    std::copy_n(&z[order[i] * n], n, vectors + i * n);
    orient(vectors + i * n, n);
  }
  return true;
}

}  // namespace ol

// The algebra of sketches on gradients, once per device. Pointers are device memory (host memory on the CPU).
//
// A LoRA factor's gradient is [rank, longer]: A as its tensor lies, B transposed. Of each operation the order of rounded operations
// is written beside it; all devices keep it. Products and sums are rounded by themselves; nothing is fused but where it says so.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

namespace ol {

// How factors lie that are turned. `from` and `to` must not overlap.
struct factor_turn {
  int rank, longer;
  size_t stride;      // from one example's values to the next in `from`; in `to` they follow each other
  bool from_tensors;  // [longer, rank]
  bool to_tensors;
  bool adjoint;       // by the transpose
};

// What a factor is probed by.
struct factor_probe {
  int rank, longer, axes, probes;
  const float* beside;   // [rank]
  const float* scale;    // [rank, axes], less `beside`
  const float* weights;  // [rank, longer]
};

struct factor_pivot {
  int64_t example;  // -1: no more of them
  double value;     // squared length of what was left of it
};

// Rows [count, n] that are made orthonormal.
struct row_set {
  float* rows;
  int count, n;
};

// A factor's columns of a row of `a` and its directions: see gemm_parts.
struct row_part {
  size_t from;      // where the factor's values begin in a row
  const float* by;  // [values, count]
  int values, first, count;
};

class factor_algebra {
 public:
  virtual ~factor_algebra() = default;

  // [n, rank, longer] <- n tensors [longer, rank], each `stride` after the last, or [rank, longer] where they lie so.
  virtual void load_factors(float* to, const float* from, size_t stride, int n, int rank, int longer, bool tensors);
  // Row i of the result: the sum over j, ascending from +0, of turn[i, j] times row j.
  virtual void turn_factors(float* to, const float* from, const float* turn, const factor_turn& how, int n);
  // x[r, c] = x[r, c] * by[c]
  virtual void scale_columns(float* x, const float* by, int rows, size_t cols);
  // x[e, i, k] = beside[i] * x[e, i, k] + y[e, i, k]
  virtual void blend_factors(float* x, const float* y, const float* beside, int n, int rank, int longer);
  // sums[c] += x[r, c]^2 in fp64, r ascending.
  virtual void add_squares(double* sums, const float* x, int rows, size_t cols);
  // sums[i] += the sum of squares of x[e, i, ...], e ascending. A sum of squares: sixteen lanes in fp64 (k mod 16, ascending), then
  // the lanes in their order.
  virtual void add_row_squares(double* sums, const float* x, int n, int rank, int longer);
  // sums[i] += x[i] in fp64
  virtual void add_doubles(double* sums, const float* x, size_t n);
  // Of whitened gradients, which are not made: rows [n, rank, longer], and `narrow` [n, rank, axes] of them along the axes.
  // squares[e] += their squared length unless it is below 0: fp64, for i ascending beside_i^2 times the row's sum of squares, then for
  // k ascending ((beside_i + scale_ik)^2 - beside_i^2) * narrow_ik^2. probes[e, p] = the sum over c, ascending from +0, of weight times value at
  // p + c * probes. Then narrow = narrow * scale.
  virtual void probe_factors(float* probes, double* squares, const factor_probe& by, const float* rows, float* narrow, int n);
  // to[c, r] = from[r, c] * by[r]; without `by` as it is.
  virtual void turn_over(float* to, const float* from, const float* by, int rows, int cols);
  // Pivoted Cholesky of Gram matrices [n, n], of which the upper triangle is read: out[matrices, most] in the order of their choice, -1
  // behind the last. Each time the largest that is left, the first of several; it ends where that is not above `least_part` of the
  // largest at first. fp64: a column less along * column before, those before it ascending, times 1 / sqrt(value).
  virtual void choose_pivots(factor_pivot* out, const float* grams, int matrices, int n, int most, double least_part);
  // Rows of each set become orthonormal in fp64, each against those before it, once (modified Gram-Schmidt; leading.h), then rounded. A
  // dot product is one chain. `sets` is a host array.
  virtual void orthonormalise_rows(const row_set* sets, int count);

 protected:
  // body(i) for i = 0 .. count-1, which have nothing to do with each other: where a device's memory is the host's, on its threads.
  virtual void share_out(int count, const std::function<void(int)>& body);
};

}  // namespace ol

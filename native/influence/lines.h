// Lines of numbers whose elements have nothing to do with each other: one order of rounded operations, by whatever vectors the
// processor has.
#pragma once
#include <cstddef>

namespace ol {

// y += s * x
void add_scaled(double* __restrict y, const double* __restrict x, double s, size_t n);
// The same for `count` lines after another, each `stride` after the last, by their own scales.
void add_scaled_lines(double* y, const double* lines, size_t stride, const double* scales, size_t count, size_t n);
// to[i, k] = the sum over j, ascending from +0, of by[i, j] from[j, k]: by [rank, rank], from and to [rank, n].
void turn_lines(float* __restrict to, const float* __restrict from, const float* __restrict by, size_t rank, size_t n);
// The sum of squares in fp64: sixteen lanes (k mod 16, ascending), then the lanes in their order.
double sum_of_squares(const float* values, size_t count);

}  // namespace ol

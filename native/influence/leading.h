#pragma once
#include <cstddef>
#include <vector>

namespace ol {

// Above this size the leading eigenvectors come from subspace iteration.
inline constexpr int whole_eigen_limit = 1024;

// The `wanted` leading eigenvectors of a symmetric positive semidefinite matrix, largest first: rows of the result [wanted, n].
// Up to whole_eigen_limit by symmetric_eigen, above it by ordered subspace iteration (Golub and Van Loan, Matrix Computations,
// section 8.2.4) from a seeded start, with a Rayleigh-Ritz step at the end. Only + - * / and sqrt on doubles in a fixed order.
// False when the input is not finite.
bool leading_eigenvectors(const std::vector<float>& matrix, int n, int wanted, std::vector<double>* vectors);

// Rows [count, n] become orthonormal, each against those before it (modified Gram-Schmidt); a row that vanishes becomes zero. Twice serves
// rows that are nearly the same.
void orthonormalise(std::vector<double>& rows, int count, int n, int passes);

}  // namespace ol

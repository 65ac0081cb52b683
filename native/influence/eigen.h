#pragma once
#include <cstddef>

namespace ol {

// Eigenvectors and eigenvalues of a real symmetric matrix, by Householder tridiagonalisation and the implicit QL
// iteration (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3). Only + - * / and sqrt on doubles in a
// fixed order: the same bytes on every IEEE 754 machine that does not contract.
//
// a:       n x n, row-major, symmetric; overwritten.
// vectors: n x n, row-major; row i is the unit eigenvector of values[i], its entry of largest magnitude positive.
// values:  n, ascending.
// Returns false when the iteration does not converge (input with NaN or infinity).
bool symmetric_eigen(double *a, double *vectors, double *values, size_t n);

// Of a vector and its negative, the one whose entry of largest magnitude (the first of several) is positive.
void orient(double *vector, size_t n);

}  // namespace ol

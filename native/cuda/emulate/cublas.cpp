// The names of cuBLAS that native/bench/cublas.cpp looks for, with plain loops: shows that its calls mean the products they stand
// beside.
extern "C" {

int cublasCreate_v2(void** handle) {
  static int only;
  return *handle = &only, 0;
}
int cublasDestroy_v2(void*) { return 0; }
int cublasSetStream_v2(void*, void*) { return 0; }
int cublasSetMathMode(void*, int) { return 0; }
int cublasGetVersion_v2(void*, int* version) { return *version = 0, 0; }

// C[m, n] = alpha op(A) op(B) + beta C, columns end to end; op: 0 as it lies, 1 turned round.
int cublasSgemm_v2(void*, int turn_a, int turn_b, int m, int n, int k, const float* alpha, const float* a, int lda, const float* b,
                   int ldb, const float* beta, float* c, int ldc) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < m; ++i) {
      double sum = 0;
      for (int p = 0; p < k; ++p)
        sum += static_cast<double>(turn_a ? a[i * lda + p] : a[p * lda + i]) * (turn_b ? b[p * ldb + j] : b[j * ldb + p]);
      float& to = c[j * ldc + i];
      to = static_cast<float>(*alpha * sum) + (*beta != 0 ? *beta * to : 0);
    }
  return 0;
}
}

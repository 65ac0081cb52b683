// fp32 products by cuBLAS, found when the program runs: the peer of the products here where it is installed.
#pragma once
#include <cuda_runtime.h>

#include <string>

namespace ol {
namespace bench {

// C[m, n] = op(A) op(B) + beta C, columns end to end; `turn`: the matrix lies turned round.
struct sgemm {
  bool turn_a, turn_b;
  int m, n, k;
  const float* a;
  int lda;
  const float* b;
  int ldb;
  float beta;
  float* c;
  int ldc;
};

class cublas {
 public:
  // Looks at $OL_CUBLAS, then by cuBLAS's own names. It may be absent.
  explicit cublas(cudaStream_t stream);
  ~cublas();
  cublas(const cublas&) = delete;
  cublas& operator=(const cublas&) = delete;

  bool there() const { return handle_ != nullptr; }
  // Its version, or why it is not there.
  const std::string& says() const { return says_; }
  // True if it took the mode: the default one, or the pedantic one. TF32 is off in both.
  bool set_pedantic(bool on);
  // Queues the product; false if cuBLAS refused.
  bool multiply(const sgemm& call);

 private:
  bool open();
  bool find_functions();
  void* library_ = nullptr;
  void* handle_ = nullptr;
  std::string says_;
  int (*create_)(void**) = nullptr;
  int (*destroy_)(void*) = nullptr;
  int (*set_stream_)(void*, void*) = nullptr;
  int (*set_mode_)(void*, int) = nullptr;
  int (*version_)(void*, int*) = nullptr;
  int (*sgemm_)(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*, float*,
                int) = nullptr;
};

}  // namespace bench
}  // namespace ol

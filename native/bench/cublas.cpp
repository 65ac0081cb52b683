#include "bench/cublas.h"

#include <dlfcn.h>

#include <cstdlib>
#include <type_traits>

namespace ol {
namespace bench {
namespace {

// cublasMath_t of cuBLAS's documentation: both keep fp32 products in fp32.
const int default_math = 0, pedantic_math = 2;

// libcublas needs libcublasLt of the same folder, which the loader may not know.
void open_companion(const std::string& path) {
  const size_t at = path.rfind("libcublas.so");
  if (at == std::string::npos || path.rfind('/') == std::string::npos) return;
  dlopen((path.substr(0, at) + "libcublasLt.so" + path.substr(at + 12)).c_str(), RTLD_NOW | RTLD_GLOBAL);
}

}  // namespace

bool cublas::open() {
  const char* named = std::getenv("OL_CUBLAS");
  if (named && *named) {
    open_companion(named);
    library_ = dlopen(named, RTLD_NOW | RTLD_LOCAL);
    if (!library_) says_ = dlerror();
  }
  for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
    if (!library_) library_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  if (!library_ && says_.empty()) says_ = "no libcublas.so was found; name one in OL_CUBLAS";
  return library_ != nullptr;
}

bool cublas::find_functions() {
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library_, name));
    if (!function) says_ = std::string("the library found has no ") + name;
    return function != nullptr;
  };
  return find(create_, "cublasCreate_v2") && find(destroy_, "cublasDestroy_v2") && find(set_stream_, "cublasSetStream_v2") &&
         find(set_mode_, "cublasSetMathMode") && find(version_, "cublasGetVersion_v2") && find(sgemm_, "cublasSgemm_v2");
}

cublas::cublas(cudaStream_t stream) {
  if (!open() || !find_functions()) return;
  void* made = nullptr;
  const int created = create_(&made);
  if (created != 0 || !made) {
    says_ = "cublasCreate gave status " + std::to_string(created);
    return;
  }
  handle_ = made;
  int version = 0;
  version_(handle_, &version);
  says_ = "version " + std::to_string(version);
  if (set_stream_(handle_, stream) == 0 && set_pedantic(false)) return;
  says_ = "cuBLAS took neither stream nor mode";
  destroy_(handle_);
  handle_ = nullptr;
}

cublas::~cublas() {
  if (handle_) destroy_(handle_);
}

bool cublas::set_pedantic(bool on) { return set_mode_(handle_, on ? pedantic_math : default_math) == 0; }

bool cublas::multiply(const sgemm& s) {
  const float one = 1.0f;
  return sgemm_(handle_, s.turn_a, s.turn_b, s.m, s.n, s.k, &one, s.a, s.lda, s.b, s.ldb, &s.beta, s.c, s.ldc) == 0;
}

}  // namespace bench
}  // namespace ol

#include "cpu/isa.h"

#include <cstring>
#include <initializer_list>
#if OL_X86
#include <xmmintrin.h>
#endif

namespace ol {

bool isa_supported(isa which) {
#if OL_X86
  switch (which) {
    case isa::scalar: return true;
    case isa::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case isa::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
  }
  return false;
#else
  return which == isa::scalar;
#endif
}

isa best_isa() {
  if (isa_supported(isa::avx512)) return isa::avx512;
  return isa_supported(isa::avx2) ? isa::avx2 : isa::scalar;
}

const char* isa_name(isa which) {
  switch (which) {
    case isa::avx512: return "avx512";
    case isa::avx2: return "avx2";
    default: return "scalar";
  }
}

bool parse_isa(const char* name, isa* which) {
  for (isa candidate : {isa::scalar, isa::avx2, isa::avx512}) {
    if (std::strcmp(name, isa_name(candidate)) == 0) {
      *which = candidate;
      return true;
    }
  }
  return false;
}

const kernels& kernels_for(isa which) {
#if OL_X86
  if (which == isa::avx512) return avx512_kernels;
  if (which == isa::avx2) return avx2_kernels;
#endif
  (void)which;
  return scalar_kernels;
}

void clear_flush_modes() {
#if OL_X86
  _mm_setcsr(_mm_getcsr() & ~0x8040u);  // FTZ is bit 15, DAZ bit 6
#endif
}

}  // namespace ol

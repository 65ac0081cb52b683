#include "cpu/isa.h"

#include <cstring>
#include <initializer_list>
#if OL_X86
#include <cpuid.h>
#include <xmmintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace ol {

#if OL_X86
// Tiles of int8 (CPUID 7, edx bits 24 and 25), and the system's leave to have their state: it is asked for once.
static bool ask_for_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d >> 24 & 3u) != 3u) return false;
#if defined(__linux__)
  const long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

static bool has_tiles() {
  static const bool answer = ask_for_tiles();
  return answer;
}
#endif

bool isa_supported(isa which) {
#if OL_X86
  switch (which) {
    case isa::scalar: return true;
    case isa::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case isa::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
    case isa::vnni: return isa_supported(isa::avx512) && __builtin_cpu_supports("avx512vnni");
    case isa::amx: return isa_supported(isa::vnni) && has_tiles();
  }
  return false;
#else
  return which == isa::scalar;
#endif
}

isa best_isa() {
  if (isa_supported(isa::amx)) return isa::amx;
  if (isa_supported(isa::vnni)) return isa::vnni;
  if (isa_supported(isa::avx512)) return isa::avx512;
  return isa_supported(isa::avx2) ? isa::avx2 : isa::scalar;
}

const char* isa_name(isa which) {
  switch (which) {
    case isa::amx: return "amx";
    case isa::vnni: return "vnni";
    case isa::avx512: return "avx512";
    case isa::avx2: return "avx2";
    default: return "scalar";
  }
}

bool parse_isa(const char* name, isa* which) {
  for (isa candidate : {isa::scalar, isa::avx2, isa::avx512, isa::vnni, isa::amx}) {
    if (std::strcmp(name, isa_name(candidate)) == 0) {
      *which = candidate;
      return true;
    }
  }
  return false;
}

#if OL_X86
static kernels with_products(const char* name, decltype(kernels::block_tile) block_tile) {
  kernels made = avx512_kernels;
  made.name = name;
  made.block_tile = block_tile;
  made.row_dots = vnni_row_dots;
  return made;
}
#endif

const kernels& kernels_for(isa which) {
#if OL_X86
  static const kernels vnni_kernels = with_products("vnni", vnni_block_tile);
  static const kernels amx_kernels = with_products("amx", amx_block_tile);
  if (which == isa::amx) return amx_kernels;
  if (which == isa::vnni) return vnni_kernels;
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

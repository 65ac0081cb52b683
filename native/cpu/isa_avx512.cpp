// The avx512 kernels. Only headers without inline functions of external linkage may be included here: the linker would
// be free to use a copy compiled for this instruction set anywhere.
#include <immintrin.h>
#include "core/block_shape.h"
#include "core/half.h"
#include "core/math.h"
#include "core/whole.h"
#include "cpu/isa.h"
#include "openledger.h"

namespace ol {
namespace avx512_set {
#include "cpu/tile_avx512.inc"
#include "cpu/widen.inc"
#include "cpu/whole_rows.inc"
#include "cpu/blocks_avx512.inc"
#include "cpu/blocks.inc"
#include "cpu/scan_avx512.inc"
#include "cpu/lanes.inc"
#include "cpu/rmsnorm.inc"
#include "cpu/rope.inc"
#include "cpu/elementwise.inc"
#include "cpu/lora.inc"
#include "cpu/softmax.inc"
#include "cpu/attention.inc"
}  // namespace avx512_set

#define OL_TABLE(x) avx512_set::x
const kernels avx512_kernels = {
    "avx512",
#include "cpu/table.inc"
};
}  // namespace ol

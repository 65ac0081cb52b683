// AVX-512 with VNNI and AMX's tiles of whole numbers: many rows at a time by tiles, everything else as without. Only headers
// without inline functions of external linkage may be included here: the linker would be free to use a copy compiled for this
// instruction set anywhere.
#include <immintrin.h>
#include "core/block_shape.h"
#include "core/half.h"
#include "core/math.h"
#include "cpu/isa.h"
#include "openledger.h"

namespace ol {
namespace amx_set {
#include "cpu/blocks_vnni.inc"
#include "cpu/blocks_common.inc"
#include "cpu/blocks_amx.inc"
}  // namespace amx_set

void amx_block_tile(int32_t format, const block_operand& x, int row, int rows, const uint8_t* panel, int outputs, float* y,
                    ptrdiff_t ldy, bool accumulate) {
  amx_set::amx_block_tile(format, x, row, rows, panel, outputs, y, ldy, accumulate);
}
}  // namespace ol

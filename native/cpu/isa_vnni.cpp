// AVX-512 with VNNI: its own products of whole numbers, everything else as without. Only headers without inline functions of
// external linkage may be included here: the linker would be free to use a copy compiled for this instruction set anywhere.
#include <immintrin.h>
#include "core/block_shape.h"
#include "core/half.h"
#include "core/math.h"
#include "cpu/isa.h"
#include "openledger.h"

namespace ol {
namespace vnni_set {
#include "cpu/blocks_vnni.inc"
#include "cpu/blocks.inc"
#include "cpu/scan_vnni.inc"
}  // namespace vnni_set

void vnni_block_tile(int32_t format, const block_operand& x, int row, int rows, const uint8_t* panel, int outputs,
                     float* y, ptrdiff_t ldy, bool accumulate) {
  vnni_set::block_tile(format, x, row, rows, panel, outputs, y, ldy, accumulate);
}

void vnni_row_dots(const scan_query* queries, int count, const uint8_t* values, size_t stride, int rows, int dimension,
                   int64_t* dots) {
  // One query alone waits for memory, and for each step's sum: those of the plain set take less time to come.
  const auto row_dots = count == 1 ? avx512_kernels.row_dots : vnni_set::row_dots;
  row_dots(queries, count, values, stride, rows, dimension, dots);
}
}  // namespace ol

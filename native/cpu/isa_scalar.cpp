// The scalar kernels. Only headers without inline functions of external linkage may be included here: the linker would
// be free to use a copy compiled for this instruction set anywhere.

#include "core/block_shape.h"
#include "core/half.h"
#include "core/math.h"
#include "core/whole.h"
#include "cpu/isa.h"
#include "openledger.h"

namespace ol {
namespace scalar_set {
#include "cpu/tile_scalar.inc"
#include "cpu/widen.inc"
#include "cpu/whole_rows.inc"
#include "cpu/blocks_scalar.inc"
#include "cpu/blocks.inc"
#include "cpu/scan_scalar.inc"
#include "cpu/lanes.inc"
#include "cpu/rmsnorm.inc"
#include "cpu/rope.inc"
#include "cpu/elementwise.inc"
#include "cpu/lora.inc"
#include "cpu/softmax.inc"
#include "cpu/attention.inc"
}  // namespace scalar_set

#define OL_TABLE(x) scalar_set::x
const kernels scalar_kernels = {
    "scalar",
#include "cpu/table.inc"
};
}  // namespace ol

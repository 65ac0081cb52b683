#include "core/matrix.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace ol {

void stored_matrix::free_memory::operator()(uint8_t* memory) const { std::free(memory); }

stored_matrix::stored_matrix(int32_t format, int rows, int cols)
    : format_(format), rows_(rows), cols_(cols), row_bytes_(ol::row_bytes(format, cols)) {
  data_.reset(static_cast<uint8_t*>(std::aligned_alloc(64, (bytes() + 127) / 64 * 64)));
  if (!data_) throw std::bad_alloc();
}

// to[k][lane] = from[lane][k], k running over `count` elements.
template <typename T>
static void lay_side_by_side(T* to, const uint8_t* from, size_t stride, size_t count, int lanes) {
  // A few elements of every row at a time, so that both sides stay in the first cache.
  const size_t step = 64 / sizeof(T);
  for (size_t k0 = 0; k0 < count; k0 += step) {
    const size_t k1 = k0 + step < count ? k0 + step : count;
    for (int lane = 0; lane < lanes; ++lane) {
      for (size_t k = k0; k < k1; ++k) {
        std::memcpy(&to[k * panel_rows + lane], from + lane * stride + k * sizeof(T), sizeof(T));
      }
    }
  }
}

void stored_matrix::fill_panel(int p, const uint8_t* rows, int count) {
  uint8_t* to = data_.get() + p * panel_bytes();
  if (count < panel_rows) std::memset(to, 0, panel_bytes());
  switch (format_) {
    case OL_FORMAT_F32:
      return lay_side_by_side(reinterpret_cast<uint32_t*>(to), rows, row_bytes_, cols_, count);
    case OL_FORMAT_F16:
    case OL_FORMAT_BF16:
      return lay_side_by_side(reinterpret_cast<uint16_t*>(to), rows, row_bytes_, cols_, count);
    default:
      return lay_side_by_side(to, rows, row_bytes_, row_bytes_, count);
  }
}

void stored_matrix::read_row(int row, float* out) const {
  const uint8_t* from = panel(row / panel_rows);
  const int lane = row % panel_rows;
  const format_info& info = info_of(format_);
  // The elements that lie side by side are whole values, or the bytes of blocks.
  const size_t unit = info.values == 1 ? info.bytes : 1;
  const int units = info.values == 1 ? 1 : info.bytes;
  uint8_t block[256];
  for (int k = 0; k < cols_; k += info.values) {
    for (int u = 0; u < units; ++u, from += panel_rows * unit) std::memcpy(block + u * unit, from + lane * unit, unit);
    widen_block(format_, block, out + k);
  }
}

}  // namespace ol

#include "core/matrix.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "core/error.h"

namespace ol {

void stored_matrix::free_memory::operator()(uint8_t* memory) const { std::free(memory); }

stored_matrix::stored_matrix(int32_t format, int rows, int cols)
    : format_(format), rows_(rows), cols_(cols), row_bytes_(ol::row_bytes(format, cols)) {
  data_.reset(static_cast<uint8_t*>(std::aligned_alloc(64, (bytes() + 127) / 64 * 64)));
  if (!data_) throw std::bad_alloc();
}

// Bytes of the unit at `offset` of a block.
static int unit_at(const format_info& info, int offset) {
  return offset >= info.half_first && offset < info.half_last ? 2 : 4;
}

// to[unit][lane] = from[lane][unit], units of a type T.
template <typename T>
static void lay_side_by_side(uint8_t* to, const uint8_t* from, size_t stride, size_t count, int lanes) {
  // A few elements of every row at a time, so that both sides stay in the first cache.
  const size_t step = 64 / sizeof(T);
  for (size_t k0 = 0; k0 < count; k0 += step) {
    const size_t k1 = std::min(k0 + step, count);
    for (int lane = 0; lane < lanes; ++lane) {
      for (size_t k = k0; k < k1; ++k) {
        std::memcpy(to + (k * panel_rows + lane) * sizeof(T), from + lane * stride + k * sizeof(T), sizeof(T));
      }
    }
  }
}

// The same for a run of blocks: halves, then or before units of four bytes.
static void lay_blocks(const format_info& info, uint8_t* to, const uint8_t* from, size_t stride, size_t blocks, int lanes) {
  const int halves = info.half_last - info.half_first, quads = info.bytes - halves;
  const int first_quad = info.half_first == 0 ? halves : 0;
  for (size_t b = 0; b < blocks; ++b, from += info.bytes, to += static_cast<size_t>(info.bytes) * panel_rows) {
    lay_side_by_side<uint16_t>(to + info.half_first * panel_rows, from + info.half_first, stride, halves / 2, lanes);
    lay_side_by_side<uint32_t>(to + first_quad * panel_rows, from + first_quad, stride, quads / 4, lanes);
  }
}

void stored_matrix::fill_panel(int p, const uint8_t* rows, int count) {
  uint8_t* to = data_.get() + p * panel_bytes();
  if (count < panel_rows) std::memset(to, 0, panel_bytes());
  const format_info& info = info_of(format_);
  const size_t values = static_cast<size_t>(cols_);
  if (info.values > 1) return lay_blocks(info, to, rows, row_bytes_, values / info.values, count);
  if (info.bytes == 4) return lay_side_by_side<uint32_t>(to, rows, row_bytes_, values, count);
  lay_side_by_side<uint16_t>(to, rows, row_bytes_, values, count);
}

void stored_matrix::read_row(int row, float* out) const {
  const uint8_t* from = panel(row / panel_rows);
  const int lane = row % panel_rows;
  const format_info& info = info_of(format_);
  uint8_t block[256];
  for (int k = 0; k < cols_; k += info.values, from += static_cast<size_t>(info.bytes) * panel_rows) {
    for (int at = 0, unit; at < info.bytes; at += unit) {
      unit = unit_at(info, at);
      std::memcpy(block + at, from + at * panel_rows + lane * unit, unit);
    }
    widen_block(format_, block, out + k);
  }
}

stored_matrix matrix_of(int32_t format, int rows, int cols, const uint8_t* bytes, size_t size) {
  const size_t stride = row_bytes(format, cols);
  if (size != stride * static_cast<size_t>(rows)) {
    fail(OL_ERROR_TENSOR, "the matrix has " + std::to_string(size) + " bytes; its shape needs " +
                              std::to_string(stride * static_cast<size_t>(rows)));
  }
  for (int row = 0; row < rows; ++row) {
    if (first_not_finite(format, bytes + row * stride, cols) >= 0) {
      fail(OL_ERROR_FINITE, "row " + std::to_string(row) + " of the matrix has a value that is not finite");
    }
  }
  stored_matrix made(format, rows, cols);
  for (int p = 0; p < made.panels(); ++p) {
    const int first = p * panel_rows;
    made.fill_panel(p, bytes + first * stride, std::min(panel_rows, rows - first));
  }
  return made;
}

}  // namespace ol

// A frozen weight [rows, cols] kept in the format it came in, once, in the order in which products read it. Devices with memory
// of their own have a copy of the same bytes.
//
// Panels of 32 rows, side by side: a value of F32, F16 and BF16, a half (d, m) or four bytes in a row of any other format's
// block is a unit, and each unit of the 32 rows is 32 neighbours. The last panel is filled up with zeros.
// Lanes run over rows, which are a product's outputs; the product with the transposed weight turns blocks of 32 x 32
// round as it widens them. Four bytes are what the integer products of the block formats take at a time.
#pragma once
#include <memory>

#include "core/format.h"

namespace ol {

static const int panel_rows = 32;

class stored_matrix {
 public:
  stored_matrix() = default;
  stored_matrix(int32_t format, int rows, int cols);

  int32_t format() const { return format_; }
  int rows() const { return rows_; }
  int cols() const { return cols_; }
  int panels() const { return (rows_ + panel_rows - 1) / panel_rows; }
  size_t bytes() const { return panels() * panel_bytes(); }
  size_t panel_bytes() const { return row_bytes_ * panel_rows; }
  const uint8_t* panel(int p) const { return data_.get() + p * panel_bytes(); }

  // Fills panel p from `count` rows of the format, `row_bytes(format, cols)` apart.
  void fill_panel(int p, const uint8_t* rows, int count);
  // fp32 values of one row.
  void read_row(int row, float* out) const;

 private:
  struct free_memory {
    void operator()(uint8_t* memory) const;
  };
  int32_t format_ = 0;
  int rows_ = 0, cols_ = 0;
  size_t row_bytes_ = 0;
  std::unique_ptr<uint8_t[], free_memory> data_;
};

// From the bytes of all rows, end to end. OL_ERROR_TENSOR for a wrong size, OL_ERROR_FINITE for NaN and infinity.
stored_matrix matrix_of(int32_t format, int rows, int cols, const uint8_t* bytes, size_t size);

}  // namespace ol

// The numbers of a block that templates need at compile time; core/format.h has them for everybody else. Constants only: a
// header for all instruction sets and for nvcc.
#pragma once
#include "openledger.h"

// Calls F(format) for each of them.
#define OL_BLOCK_FORMATS(F) \
  F(OL_FORMAT_Q8_0) F(OL_FORMAT_Q4_0) F(OL_FORMAT_Q4_1) F(OL_FORMAT_Q5_0) F(OL_FORMAT_Q5_1) F(OL_FORMAT_Q4_K) \
  F(OL_FORMAT_Q5_K) F(OL_FORMAT_Q6_K)

namespace ol {

template <int FORMAT>
struct block_shape {
  static const bool is_k = FORMAT == OL_FORMAT_Q4_K || FORMAT == OL_FORMAT_Q5_K || FORMAT == OL_FORMAT_Q6_K;
  static const bool has_minimum = FORMAT == OL_FORMAT_Q4_1 || FORMAT == OL_FORMAT_Q5_1 || FORMAT == OL_FORMAT_Q4_K ||
                                  FORMAT == OL_FORMAT_Q5_K;
  static const int values = is_k ? 256 : 32;
  static const int bytes = FORMAT == OL_FORMAT_Q8_0   ? 34
                           : FORMAT == OL_FORMAT_Q4_0 ? 18
                           : FORMAT == OL_FORMAT_Q4_1 ? 20
                           : FORMAT == OL_FORMAT_Q5_0 ? 22
                           : FORMAT == OL_FORMAT_Q5_1 ? 24
                           : FORMAT == OL_FORMAT_Q4_K ? 144
                           : FORMAT == OL_FORMAT_Q5_K ? 176
                                                      : 210;
  static const int d_at = FORMAT == OL_FORMAT_Q6_K ? 208 : 0;
};

}  // namespace ol

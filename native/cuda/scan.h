// Scans of an attribution index on the device (core/row_scan.h).
#pragma once
#include <cuda_runtime.h>

#include "core/row_scan.h"

namespace ol {
namespace cuda {

// Rows as they lie on the device: `stride` bytes apart, zeros behind the values up to a multiple of sixteen.
struct scan_rows {
  const int8_t* values;
  const int8_t* exponents;
  const uint8_t* marks;
  size_t stride;
  int count;
};
// Queries of int16 values, `stride` of them apart, zeros behind.
struct scan_queries {
  const int16_t* values;
  const int32_t* exponents;
  size_t stride;
  int count;
};
// scan.cu. scores[q * ld + r] of the rows from the first on.
void scan(cudaStream_t stream, int64_t* scores, size_t ld, const scan_queries& queries, const scan_rows& rows, int e0);

// best.cu. Rows of one stretch, sorted for one query; the best `keep` of each are told. What takes no part has no_score.
const int stretch = 1024;
struct best_request {
  const int64_t* scores;  // of the first row
  const uint8_t* marks;   // of the first row
  const uint32_t* except;  // ascending
  int except_count;
  uint64_t first;
  uint64_t rows;
  int keep;
};
void best_of_stretches(cudaStream_t stream, scan_hit* out, const best_request& request);
// out[i] = scores[rows[i]]
void pick_scores(cudaStream_t stream, int64_t* out, const int64_t* scores, const uint32_t* rows, int count);

// scan_host.cpp. Keeps as much of the rows on the device as fits `budget` bytes.
std::shared_ptr<row_scan> keep_rows(const std::vector<scan_part>& parts, int dimension, size_t budget);

}  // namespace cuda
}  // namespace ol

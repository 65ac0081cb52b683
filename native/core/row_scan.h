// Rows of an attribution index in a device's own memory, and exact scores by them (sketches/format.md). The rule of a score is
// here, for the host and for nvcc alike.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/math.h"

namespace ol {

// In place of a score: the exponents ask for a shift that the rule refuses, or a value of the row is -128.
constexpr int64_t no_score = INT64_MIN;
constexpr int most_score_shift = 24;
// What a row's marks say: it repeats no other row and is not skipped; a value of it is -128.
enum row_mark : uint8_t { row_takes_part = 1, row_has_no_score = 2 };
// Values of a row at most: the sums of products of a scan's lane stay below 2^31.
constexpr int most_row_values = 8192;

// `shift` is the query's exponent plus the row's minus e0.
OL_FN int64_t score_of(int64_t dot, int shift, uint8_t marks) {
  if ((marks & row_has_no_score) != 0 || shift < 0 || shift > most_score_shift) return no_score;
  return dot * (static_cast<int64_t>(1) << shift);
}

// A stretch of rows in host memory: `values` and `exponents` of one are `stride` bytes before those of the next.
struct scan_part {
  const uint8_t *values, *exponents, *marks;
  size_t stride;
  uint64_t rows;
};

struct scan_question {
  const int16_t* values;
  int exponent;
};

struct scan_hit {
  uint64_t row;
  int64_t score;
};

// Score descending, then row ascending.
inline bool is_better(const scan_hit& a, const scan_hit& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; }

// Scores of all rows for the queries of one pass, in the device's memory: 8 bytes a row and query.
class row_scores {
 public:
  virtual ~row_scores() = default;
  // The `limit` best rows that take part, score above 0 and are not in `except` (ascending): score descending, then row
  // ascending.
  virtual std::vector<scan_hit> best(size_t query, size_t limit, const std::vector<uint32_t>& except) const = 0;
  // Scores of these rows, which are there.
  virtual std::vector<int64_t> pick(size_t query, const std::vector<uint32_t>& rows) const = 0;
};

// Rows from 0 on. May be asked by several threads; they take turns.
class row_scan {
 public:
  virtual ~row_scan() = default;
  virtual std::shared_ptr<const row_scores> score(const std::vector<scan_question>& queries, int e0) = 0;
};

}  // namespace ol

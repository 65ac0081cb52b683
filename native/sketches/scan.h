// Exact scores of all rows of an index for several queries in one pass, the best of them, and the estimate from signs alone.
#pragma once
#include "cpu/isa.h"
#include "sketches/index.h"

namespace sketches {

// In place of a score: exponents ask for a shift that the rule refuses, or a value of the row is -128. No score is as low.
constexpr int64_t NONE = INT64_MIN;
constexpr int MAX_SHIFT = 24;

struct query {
  int8_t exponent;
  std::vector<int16_t> values;
};

struct scored_row {
  uint64_t row;
  int64_t score;
};

// Scores of all rows, 8 bytes each.
struct scores {
  std::shared_ptr<const index> of;
  std::vector<std::vector<int64_t>> queries;
};

// score = dot << (query exponent + row exponent - e0). Errors: SKETCH_INPUT.
scores score_rows(const std::shared_ptr<const index>& of, const std::vector<query>& queries, int32_t e0, unsigned threads,
                  ol::isa isa);

// Reads every byte of the records and adds them up in words of 8: as fast as any scan of them can be.
uint64_t read_records(const index& of, unsigned threads);

// The `limit` best rows that take part, have a score above 0 and are not in `except` (ascending): score descending, then row ascending.
std::vector<scored_row> best_rows(const scores& from, size_t query, size_t limit, const std::vector<uint32_t>& except);

// For display: the `limit` rows that take part and look best by the signs of their values beside the query in 8 bits: estimate
// descending, then row ascending. No list that is claimed is made from it.
std::vector<scored_row> likely_rows(const index& of, const query& asked, size_t limit, unsigned threads);

}  // namespace sketches

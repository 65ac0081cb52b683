// Exact scores of all rows of an index for several queries in one pass, by the CPU or by a device that keeps the rows, and the
// estimate from signs alone.
#pragma once
#include "core/backend.h"
#include "cpu/isa.h"
#include "sketches/index.h"

namespace sketches {

// In place of a score: exponents ask for a shift that the rule refuses, or a value of the row is -128. No score is as low.
constexpr int64_t NONE = ol::no_score;

struct query {
  int8_t exponent;
  std::vector<int16_t> values;
};

using scored_row = ol::scan_hit;

// Scores of all rows for each query, 8 bytes each, in the host's memory or the device's.
struct scores {
  std::shared_ptr<const index> of;
  size_t queries;
  std::shared_ptr<const ol::row_scores> rows;
};

// score = dot << (query exponent + row exponent - e0). Errors: SKETCH_INPUT.
scores score_rows(const std::shared_ptr<const index>& of, const std::vector<query>& queries, int32_t e0, unsigned threads,
                  ol::isa isa);

// An index whose rows the device of a session keeps in memory of its own; null where it has none. At most `budget` bytes of rows
// stay there, the others are read from the files at each pass. Errors: SKETCH_MEMORY, SKETCH_DEVICE.
struct resident_index {
  std::shared_ptr<const index> of;
  std::shared_ptr<ol::row_scan> rows;
};
std::shared_ptr<const resident_index> keep_index(const std::shared_ptr<const index>& of, ol::backend& device, size_t budget);
// The same scores as score_rows'. Errors: SKETCH_INPUT, SKETCH_MEMORY, SKETCH_DEVICE.
scores score_resident(const resident_index& of, const std::vector<query>& queries, int32_t e0);

// Errors: SKETCH_INPUT where a query is not as long as the sketches.
void check_queries(const index& of, const std::vector<query>& queries);

// Reads every byte of the records and adds them up in words of 8: as fast as any scan of them can be.
uint64_t read_records(const index& of, unsigned threads);

// For display: the `limit` rows that take part and look best by the signs of their values beside the query in 8 bits: estimate
// descending, then row ascending. No list that is claimed is made from it.
std::vector<scored_row> likely_rows(const index& of, const query& asked, size_t limit, unsigned threads);

}  // namespace sketches

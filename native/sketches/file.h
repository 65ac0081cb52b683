// The file of a stretch of an attribution index's rows: a header of 256 bytes, then the sections, each at a multiple of 64, the whole a
// multiple of 64 long. Little-endian numbers; records and hashes are as committed. format.md describes it.
#pragma once
#include "core/row_scan.h"
#include "spans/common.h"

namespace sketches {

using spans::HASH;

enum section { RECORDS, MARKS, SIGNS, TREE, SECTIONS };

struct section_place {
  uint64_t offset, length, sum;
};

struct header {
  uint8_t magic[8];
  uint32_t version, dimension;
  uint64_t first, rows, length;
  section_place sections[SECTIONS];
  uint64_t sum;  // of the bytes before it
};
static_assert(sizeof(header) == 8 + 8 + 24 + SECTIONS * 24 + 8, "the header has no holes");

constexpr uint8_t MAGIC[8] = {'O', 'L', 'S', 'K', 'E', 'T', 'C', 'H'};
constexpr uint32_t VERSION = 1;
constexpr uint64_t HEADER_BYTES = 256;
constexpr uint32_t MAX_DIMENSION = ol::most_row_values;
// Row ids have 32 bits, and the highest of them means something else.
constexpr uint64_t MAX_ROWS = 0xffffffff;
// JavaScript looks at the records of a file as at one array.
constexpr uint64_t MAX_RECORD_BYTES = uint64_t{1} << 32;

// What stands before a record's sketch: rowId u32 | contributionId u64 | row u32 | first u32 | exponent i8, big endian.
constexpr size_t RECORD_HEAD = 21, FIRST_AT = 16, EXPONENT_AT = 20;

// What of a row follows from its record, so that no scan looks at all of its values for it.
enum mark : uint8_t {
  TAKES_PART = ol::row_takes_part,
  NO_SCORE = ol::row_has_no_score,
};

inline size_t record_size(uint32_t dimension) { return RECORD_HEAD + dimension; }
// Words of a row's signs: bit j of the whole is set where value j is below 0.
inline uint64_t sign_words(uint32_t dimension) { return (dimension + 63) / 64; }

// A stretch of whole records in memory.
struct piece {
  const uint8_t* data;
  uint64_t bytes;
};

// Writes the file of these records, which are the rows from `first` on, to `path`: first beside it, then in its place, so that no half of a
// file is ever there. Errors: SKETCH_INPUT, SKETCH_TOO_LARGE, SKETCH_WRITE.
void write_shard(const std::vector<piece>& records, uint32_t dimension, uint64_t first, const std::string& path,
                 unsigned threads);

}  // namespace sketches

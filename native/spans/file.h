// The file of a shard: a header of 512 bytes, then the sections, each at a multiple of 64. Little-endian numbers; document
// records and hashes are as committed.
#pragma once
#include "spans/common.h"

namespace spans {

enum section { TEXT, ORDER, INVERSE, COMMON, DOCUMENTS, VOCABULARY, TREES, SECTIONS };
enum tree { TEXT_TREE, ORDER_TREE, INVERSE_TREE, DOCUMENT_TREE, TREES_COUNT };

struct section_place {
  uint64_t offset, length, sum;
};

// One symbol that occurs, in ascending order; the suffixes that begin with it have the ranks from `first` on.
struct vocabulary_entry {
  uint32_t symbol, first, documents;
};

struct header {
  uint8_t magic[8];
  uint32_t version;
  uint32_t symbol_bytes;  // 2 where every symbol is below 2^16, else 4
  uint64_t symbols, documents, vocabulary, length;
  section_place sections[SECTIONS];
  uint8_t roots[TREES_COUNT][HASH];
  uint64_t sum;  // of the bytes before it
};
static_assert(sizeof(header) == 8 + 8 + 32 + SECTIONS * 24 + TREES_COUNT * HASH + 8, "the header has no holes");

constexpr uint8_t MAGIC[8] = {'O', 'L', 'S', 'P', 'A', 'N', 'S', 0};
constexpr uint32_t VERSION = 1;
constexpr uint64_t HEADER_BYTES = 512;

// What a shard is built from: tokens of all documents and where each ends in them (exclusive).
struct corpus {
  std::vector<uint32_t> tokens;
  std::vector<uint64_t> ends;
  std::vector<uint32_t> rows;
  std::vector<uint8_t> contributors;  // 20 bytes a document
};

// Leaves of a tree over `count` values of text, order or inverse.
inline uint64_t chunk_count(uint64_t count) { return (count + CHUNK - 1) / CHUNK; }

// Writes the shard of `from` to `path`: first beside it, then in its place, so that no half of a file is ever there.
// Empties `from`. Errors: SPANS_INPUT, SPANS_TOO_LARGE, SPANS_WRITE.
void write_shard(corpus& from, const std::string& path, unsigned threads);

// The order of the suffixes of the same text, without a file. Empties `from`. Errors: SPANS_INPUT, SPANS_TOO_LARGE.
std::vector<uint32_t> sort_corpus(corpus& from, unsigned threads);

}  // namespace spans

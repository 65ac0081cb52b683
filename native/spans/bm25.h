// BM25 in integers over the tokens of the documents, k1 = 6/5, b = 3/4.
#pragma once
#include "spans/shard.h"

namespace spans {

struct bm25_request {
  // Distinct symbols of the query, ascending, and for each how often it stands there times its weight (2^-16).
  std::vector<symbol> symbols;
  std::vector<uint32_t> times, weights;
  uint32_t limit = 0;
  unsigned threads = 1;
};

struct bm25_hit {
  uint64_t document;  // over all shards
  uint64_t score;     // 2^-16
};

// The best documents with a score above 0: score descending, ties the earlier document.
std::vector<bm25_hit> bm25(const shards& in, const bm25_request& request);

}  // namespace spans

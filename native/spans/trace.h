// All maximal spans of an answer over any number of shards, and where they occur. The answer is the same for any division
// of the same documents into shards and for any number of threads.
#pragma once
#include "spans/search.h"

namespace spans {

// Marks of one token of an answer.
enum mark : uint8_t {
  MAY_BEGIN = 1,  // a span may begin with it
  MAY_END = 2,    // a span may end with it
  STOPS = 4       // a span that holds it ends with it
};

struct trace_request {
  std::vector<symbol> answer;
  std::vector<uint8_t> information;  // of each token
  std::vector<uint8_t> marks;        // of each token
  uint32_t least_length = 1;
  uint64_t least_information = 0;
  // Spans with the largest information (ties: the earlier) stay.
  uint32_t max_spans = 0;
  // Occurrences of one span, and of all together (earlier spans first).
  uint32_t max_occurrences = 0, max_total = 0;
  unsigned threads = 1;
};

struct traced_span {
  uint32_t start, end;  // tokens of the answer, end exclusive
  uint64_t information, count;
  uint32_t listed;  // occurrences in the list
};

struct occurrence {
  uint32_t shard;
  uint32_t rank, position;  // in that shard
  uint64_t document;        // in that shard
};

struct trace_result {
  std::vector<uint32_t> longest;  // longest match from each token of the answer on
  std::vector<traced_span> spans;
  // Span after span, in the order of the suffixes, equal ones in the order of shard and position.
  std::vector<occurrence> occurrences;
};

trace_result trace(const shards& in, const trace_request& request);

// Occurrences of one pattern in all shards: how many, and the first `limit` in the order above.
uint64_t list_occurrences(const shards& in, const std::vector<symbol>& pattern, uint32_t limit,
                          std::vector<occurrence>& out);

}  // namespace spans

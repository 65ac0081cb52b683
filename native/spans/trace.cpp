#include "spans/trace.h"

#include <mutex>

namespace spans {
namespace {

std::vector<uint32_t> longest_matches(const shards& in, const trace_request& request) {
  const std::vector<symbol>& answer = request.answer;
  std::vector<uint32_t> longest(answer.size());
  std::mutex guard;
  std::exception_ptr error;
  in_parallel(answer.size(), request.threads, 32, [&](uint64_t from, uint64_t to) {
    try {
      for (uint64_t i = from; i < to; ++i) {
        for (const auto& part : in) {
          const match found = longest_match(*part, answer.data() + i, answer.size() - i);
          longest[i] = std::max(longest[i], found.length);
        }
      }
    } catch (...) {
      const std::lock_guard<std::mutex> lock(guard);
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
  return longest;
}

// From each token that may begin a span: to the last one that may end it before the match or a stop ends. Spans inside
// another one fall out.
std::vector<traced_span> maximal_spans(const trace_request& request, const std::vector<uint32_t>& longest) {
  const size_t n = request.answer.size();
  std::vector<uint64_t> sums(n + 1);
  for (size_t i = 0; i < n; ++i) sums[i + 1] = sums[i] + request.information[i];
  std::vector<uint32_t> stop(n + 1, static_cast<uint32_t>(n)), end_before(n + 1);
  for (size_t i = n; i-- > 0;) stop[i] = request.marks[i] & STOPS ? static_cast<uint32_t>(i + 1) : stop[i + 1];
  for (size_t i = 0; i < n; ++i) {
    end_before[i + 1] = request.marks[i] & MAY_END ? static_cast<uint32_t>(i + 1) : end_before[i];
  }
  std::vector<traced_span> spans;
  uint32_t reached = 0;
  for (uint32_t start = 0; start < n; ++start) {
    if (!(request.marks[start] & MAY_BEGIN)) continue;
    const uint32_t end = end_before[std::min(start + longest[start], stop[start])];
    if (end <= start || end <= reached) continue;
    reached = end;
    const uint64_t information = sums[end] - sums[start];
    if (end - start < request.least_length || information < request.least_information) continue;
    spans.push_back({start, end, information, 0, 0});
  }
  return spans;
}

void keep_best(std::vector<traced_span>& spans, size_t limit) {
  if (spans.size() <= limit) return;
  std::stable_sort(spans.begin(), spans.end(),
                   [](const traced_span& a, const traced_span& b) { return a.information > b.information; });
  spans.resize(limit);
  std::sort(spans.begin(), spans.end(), [](const traced_span& a, const traced_span& b) { return a.start < b.start; });
}

// Orders two suffixes from p and q on, up to the first end.
int compare_rest(const shard& a, uint64_t p, const shard& b, uint64_t q) {
  for (;; ++p, ++q) {
    if (p >= a.symbols() || q >= b.symbols()) fail("SPANS_FILE", "the array is out of order");
    const symbol left = a.text_at(p), right = b.text_at(q);
    if (left != right) return left < right ? -1 : 1;
    if (left == 0) return 0;
  }
}

struct cursor {
  uint32_t shard;
  uint64_t rank, high;
};

}  // namespace

uint64_t list_occurrences(const shards& in, const std::vector<symbol>& pattern, uint32_t limit,
                          std::vector<occurrence>& out) {
  std::vector<cursor> heads;
  uint64_t count = 0;
  for (uint32_t i = 0; i < in.size(); ++i) {
    const interval found = occurrences(*in[i], pattern.data(), pattern.size());
    count += found.size();
    if (found.size() > 0) heads.push_back({i, found.low, found.high});
  }
  // A heap of the shards' next suffixes: earlier shards come first where suffixes are equal, as one array would have them.
  const auto later = [&](const cursor& a, const cursor& b) {
    const shard &left = *in[a.shard], &right = *in[b.shard];
    const int order = compare_rest(left, uint64_t{left.position(a.rank)} + pattern.size(), right,
                                   uint64_t{right.position(b.rank)} + pattern.size());
    return order != 0 ? order > 0 : a.shard > b.shard;
  };
  if (limit > 0) std::make_heap(heads.begin(), heads.end(), later);
  for (uint32_t i = 0; i < limit && !heads.empty(); ++i) {
    std::pop_heap(heads.begin(), heads.end(), later);
    cursor& next = heads.back();
    const uint32_t position = in[next.shard]->position(next.rank);
    out.push_back({next.shard, static_cast<uint32_t>(next.rank), position, in[next.shard]->document_of(position)});
    if (++next.rank == next.high) {
      heads.pop_back();
    } else {
      std::push_heap(heads.begin(), heads.end(), later);
    }
  }
  return count;
}

trace_result trace(const shards& in, const trace_request& request) {
  trace_result result;
  result.longest = longest_matches(in, request);
  result.spans = maximal_spans(request, result.longest);
  keep_best(result.spans, request.max_spans);
  for (traced_span& span : result.spans) {
    const std::vector<symbol> pattern(request.answer.begin() + span.start, request.answer.begin() + span.end);
    const size_t before = result.occurrences.size();
    const uint64_t left = request.max_total - before;
    const auto limit = static_cast<uint32_t>(std::min<uint64_t>(request.max_occurrences, left));
    span.count = list_occurrences(in, pattern, limit, result.occurrences);
    span.listed = static_cast<uint32_t>(result.occurrences.size() - before);
  }
  return result;
}

}  // namespace spans

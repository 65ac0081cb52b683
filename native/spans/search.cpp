#include "spans/search.h"

namespace spans {
namespace {

// Ranks of the suffixes that begin with one symbol; empty, where they would stand, if there are none.
interval bucket(const shard& in, symbol first) {
  const vocabulary_entry* const begin = in.vocabulary();
  const vocabulary_entry* const end = begin + in.head().vocabulary;
  const auto* const found = std::lower_bound(
      begin, end, first, [](const vocabulary_entry& entry, symbol wanted) { return entry.symbol < wanted; });
  const auto start = [&](const vocabulary_entry* at) { return at == end ? in.symbols() : at->first; };
  const uint64_t low = start(found);
  const uint64_t high = found != end && found->symbol == first ? start(found + 1) : low;
  if (low > high || high > in.symbols()) fail("SPANS_FILE", "the vocabulary leads out of the array");
  return {low, high};
}


// Manber and Myers 1993: what both ends of the interval share with the pattern is not compared again. The text's last
// symbol is an end and no pattern holds one, so no comparison leaves the text.
template <typename T>
uint64_t lower(const shard& in, const symbol* pattern, uint32_t length, interval at, bool after_prefix, uint32_t* longest) {
  const T* const text = in.text<T>();
  uint32_t below = 1, above = 1;
  while (at.low < at.high) {
    const uint64_t middle = at.low + (at.high - at.low) / 2;
    const uint64_t p = in.position(middle);
    uint32_t shared = std::min(below, above);
    if (p + shared >= in.symbols()) fail("SPANS_FILE", "the array is out of order");
    while (shared < length && text[p + shared] == pattern[shared]) ++shared;
    *longest = std::max(*longest, shared);
    const bool is_before = shared == length ? after_prefix : text[p + shared] < pattern[shared];
    if (is_before) {
      at.low = middle + 1;
      below = shared;
    } else {
      at.high = middle;
      above = shared;
    }
  }
  return at.low;
}

uint64_t lower(const shard& in, const symbol* pattern, size_t length, interval at, bool after_prefix, uint32_t* longest) {
  const auto size = static_cast<uint32_t>(length);
  return in.is_short() ? lower<uint16_t>(in, pattern, size, at, after_prefix, longest)
                       : lower<uint32_t>(in, pattern, size, at, after_prefix, longest);
}

}  // namespace

match longest_match(const shard& in, const symbol* pattern, size_t length) {
  uint32_t longest = 0;
  const uint64_t rank = lower(in, pattern, length, bucket(in, pattern[0]), false, &longest);
  return {rank, longest};
}

interval occurrences(const shard& in, const symbol* pattern, size_t length) {
  uint32_t longest = 0;
  const interval first = bucket(in, pattern[0]);
  const uint64_t low = lower(in, pattern, length, first, false, &longest);
  return {low, lower(in, pattern, length, {low, first.high}, true, &longest)};
}

}  // namespace spans

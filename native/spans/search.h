// Strings of symbols in one shard's suffix array.
#pragma once
#include "spans/shard.h"

namespace spans {

struct match {
  // Suffixes that sort before the pattern; one that begins with the whole pattern does not.
  uint64_t rank;
  // Longest beginning of the pattern that occurs inside a document.
  uint32_t length;
};

// `pattern` holds `length` symbols, none of them 0, at least one.
match longest_match(const shard& in, const symbol* pattern, size_t length);

struct interval {
  uint64_t low, high;  // ranks, high exclusive
  uint64_t size() const { return high - low; }
};

// The suffixes that begin with the pattern.
interval occurrences(const shard& in, const symbol* pattern, size_t length);

}  // namespace spans

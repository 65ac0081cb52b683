// The suffix array of a text of documents, its inverse and its longest common prefixes.
#pragma once
#include "spans/common.h"

namespace spans {

struct arrays {
  // Positions in the order of their suffixes: symbol by symbol, up to the first end; equal ones by position.
  std::vector<uint32_t> order;
  // inverse[order[r]] = r
  std::vector<uint32_t> inverse;
  // Symbols before any end that the suffixes at ranks r - 1 and r share; 0 at rank 0.
  std::vector<uint32_t> common;
};

// `text` ends in 0. Linear in its length but for a sort's logarithm; the same for any number of threads.
arrays build_arrays(const std::vector<uint16_t>& text, unsigned threads);
arrays build_arrays(const std::vector<uint32_t>& text, unsigned threads);

// The order alone.
std::vector<uint32_t> sort_suffixes(const std::vector<uint16_t>& text, unsigned threads);
std::vector<uint32_t> sort_suffixes(const std::vector<uint32_t>& text, unsigned threads);

}  // namespace spans

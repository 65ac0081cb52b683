// The order of a text's suffixes, by induced sorting.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spans {

// `text` holds ranks from 0 up to `largest`; a suffix that is another's beginning comes first. Linear in time and memory,
// whatever the text (SA-IS; Nong, Zhang and Chan 2009, "Linear Suffix Array Construction by Almost Pure Induced-Sorting").
std::vector<int32_t> order_of_suffixes(const std::vector<int32_t>& text, int32_t largest);

}  // namespace spans

// The order of a text's suffixes where they soon differ, bucket by bucket on several threads.
#pragma once
#include <cstdint>
#include <vector>

namespace spans {

// Suffixes of a text of documents (array.h), whose symbols are 0 ... largest, put into buckets by their first symbol, then sorted
// by the next few at a time; what is equal is looked at further on. Empty where that would take long: one symbol makes up an
// eighth of the text, or a bucket's suffixes are looked at more than a fixed number of times each. So its time is linear in the
// text but for the sorts' logarithm, whatever the text. The same result for any number of threads.
std::vector<uint32_t> refined_order(const std::vector<uint16_t>& text, uint32_t largest, unsigned threads);
std::vector<uint32_t> refined_order(const std::vector<uint32_t>& text, uint32_t largest, unsigned threads);

}  // namespace spans

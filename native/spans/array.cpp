#include "spans/array.h"

#include "spans/induced_sort.h"

namespace spans {
namespace {

// Each end gets a symbol of its own, in the order of position, below all tokens: ties cannot occur.
template <typename T>
std::vector<uint32_t> sort(const std::vector<T>& text) {
  std::vector<uint32_t> tokens(text.begin(), text.end());
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  const uint64_t ends = static_cast<uint64_t>(std::count(text.begin(), text.end(), T{0}));
  std::vector<int32_t> ranks(text.size());
  int32_t end = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == 0) {
      ranks[i] = end++;
    } else {
      const auto found = std::lower_bound(tokens.begin(), tokens.end(), uint32_t{text[i]});
      ranks[i] = static_cast<int32_t>(ends + static_cast<uint64_t>(found - tokens.begin()) - 1);
    }
  }
  const auto largest = static_cast<int32_t>(ends + tokens.size() - 2);
  const std::vector<int32_t> order = order_of_suffixes(ranks, largest);
  return std::vector<uint32_t>(order.begin(), order.end());
}

// Kärkkäinen, Manzini and Puglisi 2009: prefixes in the order of position lose at most one symbol from one to the next.
// Each thread begins anew in its piece, which costs it at most one longest prefix.
template <typename T>
arrays finish(const std::vector<T>& text, std::vector<uint32_t> order, unsigned threads) {
  const size_t n = text.size();
  arrays result;
  result.inverse.resize(n);
  result.common.resize(n);
  constexpr uint64_t LEAST = 1 << 16;
  in_parallel(n, threads, LEAST, [&](uint64_t from, uint64_t to) {
    for (uint64_t r = from; r < to; ++r) result.inverse[order[r]] = static_cast<uint32_t>(r);
  });
  in_parallel(n, threads, LEAST, [&](uint64_t from, uint64_t to) {
    size_t shared = 0;
    for (uint64_t p = from; p < to; ++p) {
      const uint32_t rank = result.inverse[p];
      if (rank == 0) {
        shared = 0;
        continue;
      }
      const size_t q = order[rank - 1];
      while (text[p + shared] == text[q + shared] && text[p + shared] != 0) ++shared;
      result.common[rank] = static_cast<uint32_t>(shared);
      if (shared > 0) --shared;
    }
  });
  result.order = std::move(order);
  return result;
}

}  // namespace

std::vector<uint32_t> sort_suffixes(const std::vector<uint16_t>& text) { return sort(text); }

std::vector<uint32_t> sort_suffixes(const std::vector<uint32_t>& text) { return sort(text); }

arrays build_arrays(const std::vector<uint16_t>& text, unsigned threads) { return finish(text, sort(text), threads); }

arrays build_arrays(const std::vector<uint32_t>& text, unsigned threads) { return finish(text, sort(text), threads); }

}  // namespace spans

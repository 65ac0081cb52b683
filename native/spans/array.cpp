#include "spans/array.h"

#include "spans/induced_sort.h"
#include "spans/refined_sort.h"

namespace spans {
namespace {

// Ranks of the tokens that occur, from 0 on; `count` is how many there are. Tables for short symbols, else a sort.
void rank_tokens(const std::vector<uint16_t>& text, std::vector<int32_t>& ranks, int32_t& count) {
  std::vector<int32_t> table(1 << 16, -1);
  for (const uint16_t symbol : text) table[symbol] = 0;
  count = 0;
  for (size_t symbol = 1; symbol < table.size(); ++symbol) {
    if (table[symbol] == 0) table[symbol] = count++;
  }
  for (size_t i = 0; i < text.size(); ++i) ranks[i] = table[text[i]];
}

void rank_tokens(const std::vector<uint32_t>& text, std::vector<int32_t>& ranks, int32_t& count) {
  std::vector<uint32_t> tokens(text.begin(), text.end());
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  // The first one is the end.
  for (size_t i = 0; i < text.size(); ++i) {
    const auto found = std::lower_bound(tokens.begin(), tokens.end(), text[i]);
    ranks[i] = static_cast<int32_t>(found - tokens.begin()) - 1;
  }
  count = static_cast<int32_t>(tokens.size()) - 1;
}

// Each end gets a symbol of its own, in the order of position, below all tokens: ties cannot occur.
template <typename T>
std::vector<uint32_t> induced(const std::vector<T>& text) {
  std::vector<int32_t> ranks(text.size());
  int32_t tokens = 0, end = 0;
  rank_tokens(text, ranks, tokens);
  const auto ends = static_cast<int32_t>(std::count(text.begin(), text.end(), T{0}));
  for (size_t i = 0; i < text.size(); ++i) ranks[i] = text[i] == 0 ? end++ : ranks[i] + ends;
  const std::vector<int32_t> order = order_of_suffixes(ranks, ends + tokens - 1);
  return std::vector<uint32_t>(order.begin(), order.end());
}

std::vector<uint32_t> by_refining(const std::vector<uint16_t>& text, unsigned threads) {
  return refined_order(text, UINT16_MAX, threads);
}

// Tables by symbol need symbols without gaps: 0 for an end, else the token's rank + 1.
template <typename S>
std::vector<S> dense(const std::vector<uint32_t>& text, const std::vector<int32_t>& ranks) {
  std::vector<S> symbols(text.size());
  for (size_t i = 0; i < text.size(); ++i) symbols[i] = static_cast<S>(text[i] == 0 ? 0 : ranks[i] + 1);
  return symbols;
}

std::vector<uint32_t> by_refining(const std::vector<uint32_t>& text, unsigned threads) {
  std::vector<int32_t> ranks(text.size());
  int32_t tokens = 0;
  rank_tokens(text, ranks, tokens);
  const auto sorted = [&](const auto& symbols) {
    std::vector<int32_t>().swap(ranks);
    return refined_order(symbols, static_cast<uint32_t>(tokens), threads);
  };
  return tokens < UINT16_MAX ? sorted(dense<uint16_t>(text, ranks)) : sorted(dense<uint32_t>(text, ranks));
}

template <typename T>
std::vector<uint32_t> sort(const std::vector<T>& text, unsigned threads) {
  std::vector<uint32_t> order = by_refining(text, threads);
  return order.empty() ? induced(text) : order;
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

std::vector<uint32_t> sort_suffixes(const std::vector<uint16_t>& text, unsigned threads) { return sort(text, threads); }

std::vector<uint32_t> sort_suffixes(const std::vector<uint32_t>& text, unsigned threads) { return sort(text, threads); }

arrays build_arrays(const std::vector<uint16_t>& text, unsigned threads) {
  return finish(text, sort(text, threads), threads);
}

arrays build_arrays(const std::vector<uint32_t>& text, unsigned threads) {
  return finish(text, sort(text, threads), threads);
}

}  // namespace spans

#include "spans/array.h"

extern "C" {
#include "libsais.h"
#include "libsais16.h"
}

namespace spans {
namespace {

void sorted(int32_t status) {
  if (status == -2) throw std::bad_alloc();
  if (status != 0) fail("SPANS_INTERNAL", "sorting the suffixes failed with " + std::to_string(status));
}

// Each end gets a symbol of its own, in the order of position, below all tokens: ties cannot occur.
template <typename T>
std::vector<uint32_t> sort_general(const std::vector<T>& text, unsigned threads) {
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
  const uint64_t alphabet = ends + tokens.size() - 1;
  const uint64_t room = std::min<uint64_t>(6 * alphabet, MAX_SYMBOLS - text.size());
  std::vector<uint32_t> order(text.size() + room);
  auto* out = reinterpret_cast<int32_t*>(order.data());
  const auto n = static_cast<int32_t>(text.size()), k = static_cast<int32_t>(alphabet), spare = static_cast<int32_t>(room);
#ifdef LIBSAIS_OPENMP
  sorted(libsais_int_omp(ranks.data(), out, n, k, spare, static_cast<int32_t>(threads)));
#else
  (void)threads;
  sorted(libsais_int(ranks.data(), out, n, k, spare));
#endif
  order.resize(text.size());
  return order;
}

std::vector<uint32_t> sort_short(const std::vector<uint16_t>& text, unsigned threads) {
  std::vector<uint32_t> order(text.size());
  auto* out = reinterpret_cast<int32_t*>(order.data());
  const auto n = static_cast<int32_t>(text.size());
#ifdef LIBSAIS_OPENMP
  sorted(libsais16_gsa_omp(text.data(), out, n, 0, nullptr, static_cast<int32_t>(threads)));
#else
  (void)threads;
  sorted(libsais16_gsa(text.data(), out, n, 0, nullptr));
#endif
  return order;
}

// libsais's sort of documents refuses empty ones.
bool has_empty_document(const std::vector<uint16_t>& text) {
  return text[0] == 0 || std::adjacent_find(text.begin(), text.end(), [](uint16_t a, uint16_t b) {
                           return a == 0 && b == 0;
                         }) != text.end();
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

arrays build_arrays(const std::vector<uint16_t>& text, unsigned threads, bool general) {
  return finish(text, general || has_empty_document(text) ? sort_general(text, threads) : sort_short(text, threads), threads);
}

arrays build_arrays(const std::vector<uint32_t>& text, unsigned threads) {
  return finish(text, sort_general(text, threads), threads);
}

}  // namespace spans

#include "spans/induced_sort.h"

namespace spans {
namespace {

using std::size_t;

constexpr int32_t NONE = -1;

// A suffix is small when it is less than the next one, else large; the empty suffix behind the text is less than all.
// A small one behind a large one is a leftmost small one: sorting these sorts all others.
struct Types {
  std::vector<bool> small;

  explicit Types(const std::vector<int32_t>& text) : small(text.size()) {
    for (size_t i = text.size() - 1; i-- > 0;) {
      small[i] = text[i] == text[i + 1] ? static_cast<bool>(small[i + 1]) : text[i] < text[i + 1];
    }
  }
  bool leftmost(size_t i) const { return i > 0 && small[i] && !small[i - 1]; }
};

// Where each symbol's suffixes lie in the order: the large ones first, then the small ones.
struct Buckets {
  std::vector<int32_t> begin, end;

  Buckets(const std::vector<int32_t>& text, int32_t largest)
      : begin(static_cast<size_t>(largest) + 1), end(static_cast<size_t>(largest) + 1) {
    for (const int32_t symbol : text) ++end[symbol];
    int32_t sum = 0;
    for (size_t symbol = 0; symbol < end.size(); ++symbol) {
      begin[symbol] = sum;
      sum += end[symbol];
      end[symbol] = sum;
    }
  }
};

// From the leftmost small suffixes, given in order, to the order of all of them.
void induce(const std::vector<int32_t>& text, const Types& types, const Buckets& buckets,
            const std::vector<int32_t>& leftmost, std::vector<int32_t>& order) {
  const size_t n = text.size();
  order.assign(n, NONE);
  std::vector<int32_t> next = buckets.end;
  for (size_t i = leftmost.size(); i-- > 0;) order[--next[text[leftmost[i]]]] = leftmost[i];

  next = buckets.begin;
  const auto put_large = [&](int32_t suffix) { order[next[text[suffix]]++] = suffix; };
  // The empty suffix comes first: what stands before it is the last one, which is large.
  put_large(static_cast<int32_t>(n) - 1);
  for (size_t r = 0; r < n; ++r) {
    const int32_t suffix = order[r];
    if (suffix > 0 && !types.small[suffix - 1]) put_large(suffix - 1);
  }

  next = buckets.end;
  for (size_t r = n; r-- > 0;) {
    const int32_t suffix = order[r];
    if (suffix > 0 && types.small[suffix - 1]) order[--next[text[suffix - 1]]] = suffix - 1;
  }
}

// True when the stretches from two leftmost small suffixes up to the next such one are the same.
bool same_stretch(const std::vector<int32_t>& text, const Types& types, size_t a, size_t b) {
  const size_t n = text.size();
  for (size_t i = 0;; ++i) {
    if (a + i == n || b + i == n || text[a + i] != text[b + i]) return false;
    const bool end_a = i > 0 && types.leftmost(a + i), end_b = i > 0 && types.leftmost(b + i);
    if (end_a || end_b) return end_a && end_b;
  }
}

}  // namespace

std::vector<int32_t> order_of_suffixes(const std::vector<int32_t>& text, int32_t largest) {
  const size_t n = text.size();
  std::vector<int32_t> order(n);
  if (n < 2) return order;
  const Types types(text);
  const Buckets buckets(text, largest);

  std::vector<int32_t> leftmost;
  for (size_t i = 1; i < n; ++i) {
    if (types.leftmost(i)) leftmost.push_back(static_cast<int32_t>(i));
  }
  induce(text, types, buckets, leftmost, order);
  if (leftmost.size() < 2) return order;

  // The first pass has put the stretches in order; each gets its rank, equal ones the same.
  std::vector<int32_t> rank(n, NONE);
  int32_t ranks = 0, before = NONE;
  for (const int32_t suffix : order) {
    if (!types.leftmost(static_cast<size_t>(suffix))) continue;
    if (before != NONE && !same_stretch(text, types, before, suffix)) ++ranks;
    rank[suffix] = ranks;
    before = suffix;
  }
  std::vector<int32_t> shorter;
  shorter.reserve(leftmost.size());
  for (const int32_t suffix : leftmost) shorter.push_back(rank[suffix]);
  rank = {};

  const std::vector<int32_t> inner = order_of_suffixes(shorter, ranks);
  std::vector<int32_t> sorted;
  sorted.reserve(inner.size());
  for (const int32_t at : inner) sorted.push_back(leftmost[at]);
  induce(text, types, buckets, sorted, order);
  return order;
}

}  // namespace spans

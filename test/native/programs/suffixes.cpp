// Orders of suffixes: as a comparison of the suffixes says, the same by any number of threads, for texts that like to be sorted and
// for those that don't.
#include "common.h"
#include "spans/array.h"

namespace {

using text_of_words = std::vector<uint32_t>;

// Documents of random tokens: `vocabulary` of them, `length` on average.
text_of_words random_text(size_t size, uint32_t vocabulary, uint32_t length, random_numbers& random) {
  text_of_words text(size);
  for (uint32_t& symbol : text) symbol = random.below(length) == 0 ? 0 : 1 + random.below(vocabulary);
  text.back() = 0;
  return text;
}

// The same `period` symbols over and over, an end here and there.
text_of_words repeating_text(size_t size, uint32_t period, size_t end_every) {
  text_of_words text(size);
  for (size_t i = 0; i < size; ++i) text[i] = (i + 1) % end_every == 0 ? 0 : 1 + static_cast<uint32_t>(i) % period;
  text.back() = 0;
  return text;
}

bool comes_before(const text_of_words& text, uint32_t a, uint32_t b) {
  for (uint32_t i = 0;; ++i) {
    if (text[a + i] != text[b + i]) return text[a + i] < text[b + i];
    if (text[a + i] == 0) return a < b;
  }
}

void require_order(const text_of_words& text, const std::vector<uint32_t>& order) {
  CHECK(order.size() == text.size());
  for (size_t r = 1; r < order.size(); ++r) CHECK(comes_before(text, order[r - 1], order[r]));
}

void sorted(const char* name, const text_of_words& text) {
  const std::vector<uint32_t> order = spans::sort_suffixes(text, 1);
  require_order(text, order);
  for (const unsigned threads : {2u, 5u}) CHECK(spans::sort_suffixes(text, threads) == order);
  uint32_t largest = 0;
  for (const uint32_t symbol : text) largest = std::max(largest, symbol);
  if (largest <= UINT16_MAX) {
    const std::vector<uint16_t> narrow(text.begin(), text.end());
    for (const unsigned threads : {1u, 3u}) CHECK(spans::sort_suffixes(narrow, threads) == order);
  }
  hash64 hash;
  hash.add(order);
  report(name, hash);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 10;
  random_numbers random{11};
  for (int round = 0; round < rounds; ++round) {
    sorted("suffixes of few symbols", random_text(140'000, 3, 40, random));
    sorted("suffixes of a vocabulary", random_text(280'000, 2'000, 30, random));
    sorted("suffixes of a wide vocabulary", random_text(140'000, 200'000, 1'000, random));
    sorted("suffixes of one symbol", repeating_text(20'000, 1, 500));
    sorted("suffixes of a period", repeating_text(140'000, 50, 2'000));
    sorted("suffixes of ends", repeating_text(140'000, 7, 2));
    for (size_t size = 1; size < 40; ++size) sorted("suffixes of a short text", random_text(size, 2, 6, random));
  }
}

#include "spans/refined_sort.h"

#include <atomic>
#include <mutex>

#include "spans/common.h"

namespace spans {
namespace {

// Looks at further symbols for each suffix of a bucket, on average.
constexpr size_t LOOKS = 12;
constexpr size_t LEAST_BUCKET = 64;
constexpr size_t AHEAD = 16;
constexpr uint64_t LEAST_PIECE = 1 << 16;

// A suffix with the symbols that are looked at, the first of them highest. Behind a document's end are zeros.
struct item {
  uint64_t key;
  uint32_t at;
};

bool before(const item& a, const item& b) { return a.key != b.key ? a.key < b.key : a.at < b.at; }

// Suffixes [from, to) of a bucket that share their first `depth` symbols, none of them an end.
struct stretch {
  size_t from, to, depth;
};

// Aligned so that workers, which stand side by side, share no line of the cache.
template <typename T>
class alignas(128) refiner {
 public:
  static constexpr int BITS = 8 * sizeof(T);
  static constexpr size_t WIDTH = 64 / BITS;

  refiner(const std::vector<T>& text, std::vector<uint32_t>& order, size_t largest_bucket) : text_(text), order_(order) {
    items_.reserve(largest_bucket);
  }

  // Sorts ranks [from, to) of the order, whose suffixes have the same first symbol. False: given up.
  bool sort(size_t from, size_t to) {
    items_.clear();
    for (size_t r = from; r < to; ++r) items_.push_back({0, order_[r]});
    looks_ = LOOKS * items_.size();
    if (!refine({0, items_.size(), 1})) return false;
    for (size_t i = 0; i < items_.size(); ++i) order_[from + i] = items_[i].at;
    return true;
  }

 private:
  uint64_t key_at(size_t at) const {
    uint64_t key = 0;
    size_t i = 0;
    for (; i < WIDTH; ++i) {
      const T symbol = text_[at + i];
      key = key << (BITS % 64) | symbol;
      if (symbol == 0) break;
    }
    return i + 1 >= WIDTH ? key : key << BITS * (WIDTH - 1 - i);
  }

  // A document's end comes with it: such suffixes are equal for good, and go by position.
  static bool ended(uint64_t key) { return static_cast<T>(key) == 0; }

  bool refine(stretch whole) {
    stack_.assign(1, whole);
    while (!stack_.empty()) {
      const stretch s = stack_.back();
      stack_.pop_back();
      if (looks_ < s.to - s.from) return false;
      looks_ -= s.to - s.from;
      for (size_t i = s.from; i < s.to; ++i) {
        // Places all over the text: memory is asked for them well before they are looked at.
        if (i + AHEAD < s.to) __builtin_prefetch(&text_[items_[i + AHEAD].at + s.depth]);
        items_[i].key = key_at(items_[i].at + s.depth);
      }
      std::sort(items_.begin() + s.from, items_.begin() + s.to, before);
      for (size_t i = s.from; i < s.to;) {
        const uint64_t key = items_[i].key;
        size_t j = i + 1;
        while (j < s.to && items_[j].key == key) ++j;
        if (j - i > 1 && !ended(key)) stack_.push_back({i, j, s.depth + WIDTH});
        i = j;
      }
    }
    return true;
  }

  const std::vector<T>& text_;
  std::vector<uint32_t>& order_;
  std::vector<item> items_;
  std::vector<stretch> stack_;
  size_t looks_ = 0;
};

// Positions by their first symbol, ascending within each; begins[s] is where those of symbol s lie.
template <typename T>
std::vector<size_t> scatter(const std::vector<T>& text, uint32_t largest, unsigned threads, std::vector<uint32_t>& order) {
  const size_t symbols = static_cast<size_t>(largest) + 1, n = text.size();
  // Each piece counts for itself; a wide vocabulary's tables are not made more than twice.
  const unsigned pieces = symbols > (1 << 17) ? std::min(threads, 2u) : std::min(threads, 16u);
  std::vector<std::vector<size_t>> counts(pieces);
  for (auto& count : counts) count.assign(symbols, 0);
  const auto each = [&](const auto& body) {
    in_parallel(pieces, pieces, 1, [&](uint64_t from, uint64_t to) {
      for (uint64_t p = from; p < to; ++p) body(counts[p], n * p / pieces, n * (p + 1) / pieces);
    });
  };
  each([&](std::vector<size_t>& count, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) ++count[text[i]];
  });
  std::vector<size_t> begins(symbols + 1);
  size_t sum = 0;
  for (size_t symbol = 0; symbol < symbols; ++symbol) {
    begins[symbol] = sum;
    for (auto& count : counts) {
      const size_t mine = count[symbol];
      count[symbol] = sum;
      sum += mine;
    }
  }
  begins[symbols] = sum;
  each([&](std::vector<size_t>& next, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) order[next[text[i]]++] = static_cast<uint32_t>(i);
  });
  return begins;
}

template <typename T>
std::vector<uint32_t> refined(const std::vector<T>& text, uint32_t largest, unsigned threads) {
  const size_t n = text.size();
  threads = static_cast<unsigned>(std::max<uint64_t>(1, std::min<uint64_t>(threads, n / LEAST_PIECE)));
  std::vector<uint32_t> order(n);
  const std::vector<size_t> begins = scatter(text, largest, threads, order);
  // Ends are in order by position already. The largest buckets first, so that threads end together.
  std::vector<uint32_t> buckets;
  const auto size_of = [&](uint32_t symbol) { return begins[symbol + 1] - begins[symbol]; };
  for (uint32_t symbol = 1; symbol <= largest; ++symbol)
    if (size_of(symbol) > 1) buckets.push_back(symbol);
  std::sort(buckets.begin(), buckets.end(),
            [&](uint32_t a, uint32_t b) { return size_of(a) != size_of(b) ? size_of(a) > size_of(b) : a < b; });
  if (buckets.empty()) return order;
  const size_t largest_bucket = size_of(buckets[0]);
  if (largest_bucket > std::max(n / 8, LEAST_BUCKET)) return {};
  // Each worker has room for one bucket: together they take no more than six bytes a symbol.
  threads = static_cast<unsigned>(std::min<uint64_t>(threads, std::max<uint64_t>(1, n / (3 * largest_bucket))));
  std::vector<refiner<T>> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(text, order, largest_bucket);
  std::atomic<size_t> next{0};
  std::atomic<bool> given_up{false};
  std::mutex lock;
  std::exception_ptr broken;
  in_parallel(threads, threads, 1, [&](uint64_t from, uint64_t to) {
    for (uint64_t worker = from; worker < to; ++worker) {
      try {
        for (size_t b; !given_up && (b = next++) < buckets.size();) {
          if (!workers[worker].sort(begins[buckets[b]], begins[buckets[b] + 1])) given_up = true;
        }
      } catch (...) {
        std::lock_guard<std::mutex> guard(lock);
        broken = std::current_exception();
        given_up = true;
      }
    }
  });
  if (broken) std::rethrow_exception(broken);
  return given_up ? std::vector<uint32_t>() : order;
}

}  // namespace

std::vector<uint32_t> refined_order(const std::vector<uint16_t>& text, uint32_t largest, unsigned threads) {
  return refined(text, largest, threads);
}

std::vector<uint32_t> refined_order(const std::vector<uint32_t>& text, uint32_t largest, unsigned threads) {
  return refined(text, largest, threads);
}

}  // namespace spans

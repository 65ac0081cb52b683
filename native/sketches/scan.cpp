#include "sketches/scan.h"

#if OL_X86
#include <immintrin.h>
#endif

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "core/clones.h"

namespace sketches {
namespace {

using spans::fail;
using spans::in_parallel;

// Rows whose products are made before they become scores: what stands of them stays in the nearest cache.
constexpr uint64_t BLOCK = 64;

// Zeros up to a multiple of 64 values, from the border of a cache line on.
template <typename T>
class aligned {
 public:
  explicit aligned(size_t count) : bytes_((count + 63) / 64 * 64 * sizeof(T) + 64, 0) {
    const auto at = reinterpret_cast<uintptr_t>(bytes_.data());
    data_ = reinterpret_cast<T*>(bytes_.data() + (64 - at % 64) % 64);
  }
  aligned(const aligned&) = delete;
  aligned(aligned&&) = default;
  T& operator[](size_t i) { return data_[i]; }
  const T* data() const { return data_; }

 private:
  std::vector<uint8_t> bytes_;
  T* data_;
};

// A query in the forms that the kernels take.
struct prepared {
  aligned<int16_t> values;
  aligned<uint8_t> low;
  aligned<int8_t> high;
  int32_t high_sum = 0;

  explicit prepared(const std::vector<int16_t>& from) : values(from.size()), low(from.size()), high(from.size()) {
    for (size_t j = 0; j < from.size(); ++j) {
      values[j] = from[j];
      low[j] = static_cast<uint8_t>(from[j] & 255);
      high[j] = static_cast<int8_t>((from[j] - low[j]) / 256);
      high_sum += high[j];
    }
  }
};

// The best so many of those that are offered.
class best_list {
 public:
  explicit best_list(size_t limit) : limit_(limit) {}
  void offer(const scored_row& row) {
    if (limit_ == 0) return;
    if (rows_.size() == limit_) {
      if (!ol::is_better(row, rows_.front())) return;
      std::pop_heap(rows_.begin(), rows_.end(), ol::is_better);
      rows_.back() = row;
    } else {
      rows_.push_back(row);
    }
    std::push_heap(rows_.begin(), rows_.end(), ol::is_better);
  }
  const std::vector<scored_row>& rows() const { return rows_; }
  std::vector<scored_row> sorted() {
    std::sort(rows_.begin(), rows_.end(), ol::is_better);
    return std::move(rows_);
  }

 private:
  size_t limit_;
  std::vector<scored_row> rows_;  // a heap, the worst in front
};

// Calls body(shard, from, to) for stretches of rows of one shard each, on up to `threads` threads.
template <typename F>
void each_stretch(const index& of, unsigned threads, const F& body) {
  in_parallel(of.rows(), threads, 4 * BLOCK, [&](uint64_t from, uint64_t to) {
    for (const auto& part : of.shards()) {
      const uint64_t begin = std::max(from, part->first()), end = std::min(to, part->end());
      if (begin < end) body(*part, begin, end);
    }
  });
}

// 8-bit planes of a query: bit j of plane p is bit p of (value j in 8 bits, plus 128).
struct planes {
  std::vector<uint64_t> words[8];
  int64_t sum = 0;  // of the values in 8 bits

  explicit planes(const std::vector<int16_t>& values) {
    int largest = 1;
    for (const int16_t value : values) largest = std::max(largest, std::abs(static_cast<int>(value)));
    for (auto& plane : words) plane.assign((values.size() + 63) / 64, 0);
    for (size_t j = 0; j < values.size(); ++j) {
      const int small = values[j] * 127 / largest;
      sum += small;
      for (int p = 0; p < 8; ++p) words[p][j / 64] |= static_cast<uint64_t>((small + 128) >> p & 1) << (j % 64);
    }
  }
};

using estimator = int64_t (*)(const uint64_t* const*, int64_t, const uint64_t*, size_t);

OL_CLONES("popcnt", "default")
// Sum over j of q_j * (below 0 ? -1 : 1), q in 8 bits. Whole numbers: exact in any order.
int64_t estimate(const uint64_t* const asked[8], int64_t sum, const uint64_t* signs, size_t words) {
  int64_t count = 0, below[8] = {};
  for (size_t w = 0; w < words; ++w) {
    const uint64_t negative = signs[w];
    count += __builtin_popcountll(negative);
    for (int p = 0; p < 8; ++p) below[p] += __builtin_popcountll(negative & asked[p][w]);
  }
  int64_t total = 0;
  for (int p = 0; p < 8; ++p) total += below[p] << p;
  return sum - 2 * (total - 128 * count);
}

#if OL_X86 && defined(__GNUC__)
// The same, eight words at once.
__attribute__((target("avx512f,avx512vpopcntdq"))) int64_t estimate_wide(const uint64_t* const asked[8], int64_t sum,
                                                                         const uint64_t* signs, size_t words) {
  __m512i counts[8], count = _mm512_setzero_si512();
  // Unrolled, so that the counts stay in registers.
#pragma GCC unroll 8
  for (int p = 0; p < 8; ++p) counts[p] = count;
  for (size_t w = 0; w < words; w += 8) {
    const __mmask8 here = static_cast<__mmask8>(words - w >= 8 ? 255 : (1u << (words - w)) - 1);
    const __m512i negative = _mm512_maskz_loadu_epi64(here, signs + w);
    count = _mm512_add_epi64(count, _mm512_popcnt_epi64(negative));
#pragma GCC unroll 8
    for (int p = 0; p < 8; ++p) {
      const __m512i both = _mm512_and_si512(negative, _mm512_maskz_loadu_epi64(here, asked[p] + w));
      counts[p] = _mm512_add_epi64(counts[p], _mm512_popcnt_epi64(both));
    }
  }
  __m512i total = counts[7];
#pragma GCC unroll 8
  for (int p = 6; p >= 0; --p) total = _mm512_add_epi64(_mm512_slli_epi64(total, 1), counts[p]);
  total = _mm512_sub_epi64(total, _mm512_slli_epi64(count, 7));
  alignas(64) int64_t lanes[8];
  _mm512_store_si512(lanes, total);
  for (const int64_t lane : lanes) sum -= 2 * lane;
  return sum;
}
#endif

estimator best_estimator() {
#if OL_X86 && defined(__GNUC__)
  if (ol::isa_supported(ol::isa::avx512) && __builtin_cpu_supports("avx512vpopcntdq")) return estimate_wide;
#endif
  return estimate;
}

// In the host's memory, row after row.
class host_scores final : public ol::row_scores {
 public:
  host_scores(std::shared_ptr<const index> of, size_t queries) : of_(std::move(of)) {
    for (size_t q = 0; q < queries; ++q) values.emplace_back(of_->rows());
  }

  std::vector<scored_row> best(size_t query, size_t limit, const std::vector<uint32_t>& except) const override {
    const std::vector<int64_t>& all = values[query];
    best_list best(limit);
    size_t next = 0;
    for (const auto& part : of_->shards()) {
      for (uint64_t row = part->first(); row < part->end(); ++row) {
        if (all[row] <= 0 || (part->marks()[row - part->first()] & TAKES_PART) == 0) continue;
        while (next < except.size() && except[next] < row) ++next;
        if (next < except.size() && except[next] == row) continue;
        best.offer({row, all[row]});
      }
    }
    return best.sorted();
  }
  std::vector<int64_t> pick(size_t query, const std::vector<uint32_t>& rows) const override {
    std::vector<int64_t> found;
    for (const uint32_t row : rows) found.push_back(values[query][row]);
    return found;
  }

  std::vector<std::vector<int64_t>> values;

 private:
  std::shared_ptr<const index> of_;
};

}  // namespace

void check_queries(const index& of, const std::vector<query>& queries) {
  for (const query& one : queries) {
    if (one.values.size() != of.dimension()) fail("SKETCH_INPUT", "a query's length is not that of the index's sketches");
  }
}

scores score_rows(const std::shared_ptr<const index>& of, const std::vector<query>& queries, int32_t e0, unsigned threads,
                  ol::isa isa) {
  check_queries(*of, queries);
  std::vector<prepared> forms;
  std::vector<ol::scan_query> views;
  for (const query& one : queries) forms.emplace_back(one.values);
  for (const prepared& one : forms) views.push_back({one.values.data(), one.low.data(), one.high.data(), one.high_sum});
  const auto made = std::make_shared<host_scores>(of, queries.size());
  const auto row_dots = ol::kernels_for(isa).row_dots;
  const size_t size = record_size(of->dimension());
  each_stretch(*of, threads, [&](const shard& part, uint64_t begin, uint64_t end) {
    std::vector<int64_t> dots(BLOCK * queries.size());
    for (uint64_t row = begin; row < end; row += BLOCK) {
      const uint64_t count = std::min(BLOCK, end - row);
      const uint8_t* const records = part.records() + (row - part.first()) * size;
      row_dots(views.data(), static_cast<int>(views.size()), records + RECORD_HEAD, size, static_cast<int>(count),
               static_cast<int>(of->dimension()), dots.data());
      for (size_t q = 0; q < queries.size(); ++q) {
        for (uint64_t i = 0; i < count; ++i) {
          const int shift = queries[q].exponent + static_cast<int8_t>(records[i * size + EXPONENT_AT]) - e0;
          made->values[q][row + i] = ol::score_of(dots[q * count + i], shift, part.marks()[row - part.first() + i]);
        }
      }
    }
  });
  return {of, queries.size(), made};
}

namespace {

OL_CLONES("avx512f", "avx2", "default")
uint64_t sum_words(const uint8_t* bytes, uint64_t words) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < words; ++i) {
    uint64_t word;
    std::memcpy(&word, bytes + 8 * i, sizeof word);
    sum += word;
  }
  return sum;
}

}  // namespace

uint64_t read_records(const index& of, unsigned threads) {
  const size_t size = record_size(of.dimension());
  std::atomic<uint64_t> total{0};
  each_stretch(of, threads, [&](const shard& part, uint64_t begin, uint64_t end) {
    const uint8_t* const records = part.records() + (begin - part.first()) * size;
    total += sum_words(records, (end - begin) * size / 8);
  });
  return total;
}

std::vector<scored_row> likely_rows(const index& of, const query& asked, size_t limit, unsigned threads) {
  check_queries(of, {asked});
  const planes cut(asked.values);
  const size_t words = sign_words(of.dimension());
  const uint64_t* asked_words[8];
  for (int p = 0; p < 8; ++p) asked_words[p] = cut.words[p].data();
  const estimator estimate_row = best_estimator();
  best_list best(limit);
  std::mutex mutex;
  each_stretch(of, threads, [&](const shard& part, uint64_t begin, uint64_t end) {
    best_list mine(limit);
    for (uint64_t row = begin; row < end; ++row) {
      const uint64_t at = row - part.first();
      if ((part.marks()[at] & TAKES_PART) == 0) continue;
      mine.offer({row, estimate_row(asked_words, cut.sum, part.signs() + at * words, words)});
    }
    const std::lock_guard<std::mutex> lock(mutex);
    for (const scored_row& row : mine.rows()) best.offer(row);
  });
  return best.sorted();
}

}  // namespace sketches

#include "spans/bm25.h"

#include <mutex>

namespace spans {
namespace {

__extension__ typedef unsigned __int128 wide;

bool better(const bm25_hit& a, const bm25_hit& b) {
  return a.score != b.score ? a.score > b.score : a.document < b.document;
}

// Where each symbol of a text stands in the query: a table for short symbols, else a search.
class slots {
 public:
  slots(const bm25_request& request, bool is_short) : symbols_(request.symbols) {
    if (!is_short) return;
    table_.assign(1 << 16, NONE);
    for (size_t i = 0; i < symbols_.size(); ++i) {
      if (symbols_[i] < table_.size()) table_[symbols_[i]] = static_cast<uint16_t>(i);
    }
  }
  static constexpr uint16_t NONE = UINT16_MAX;
  uint16_t of(symbol at) const {
    if (!table_.empty()) return table_[at];
    const auto found = std::lower_bound(symbols_.begin(), symbols_.end(), at);
    return found != symbols_.end() && *found == at ? static_cast<uint16_t>(found - symbols_.begin()) : NONE;
  }

 private:
  const std::vector<symbol>& symbols_;
  std::vector<uint16_t> table_;
};

struct scorer {
  const bm25_request& request;
  uint64_t tokens, documents;  // over all shards

  // Sum over the query of times * floor(weight * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length))), where
  // both sides of the fraction are multiplied by 20 * tokens.
  uint64_t score(const std::vector<uint32_t>& frequencies, uint64_t length) const {
    const wide rest = wide{6} * tokens + wide{18} * length * documents;
    uint64_t sum = 0;
    for (size_t i = 0; i < frequencies.size(); ++i) {
      if (frequencies[i] == 0) continue;
      const wide above = wide{request.weights[i]} * frequencies[i] * 44 * tokens;
      sum += request.times[i] * static_cast<uint64_t>(above / (wide{20} * frequencies[i] * tokens + rest));
    }
    return sum;
  }

  void scan(const shard& in, const slots& places, uint64_t from, uint64_t to, uint64_t base,
            std::vector<bm25_hit>& best) const {
    std::vector<uint32_t> frequencies(request.symbols.size());
    for (uint64_t i = from; i < to; ++i) {
      const document_record record = in.document(i);
      if (record.start > record.end || record.end >= in.symbols()) fail("SPANS_FILE", "a document leaves the text");
      bool found = false;
      for (uint64_t p = record.start; p < record.end; ++p) {
        const uint16_t place = places.of(in.text_at(p));
        if (place == slots::NONE) continue;
        ++frequencies[place];
        found = true;
      }
      if (!found) continue;
      const uint64_t value = score(frequencies, record.end - record.start);
      std::fill(frequencies.begin(), frequencies.end(), 0);
      if (value > 0) keep(best, {base + i, value});
    }
  }

  // `best` is a heap with the worst of the best on top.
  void keep(std::vector<bm25_hit>& best, const bm25_hit& hit) const {
    if (best.size() == request.limit) {
      if (!better(hit, best.front())) return;
      std::pop_heap(best.begin(), best.end(), better);
      best.pop_back();
    }
    best.push_back(hit);
    std::push_heap(best.begin(), best.end(), better);
  }
};

}  // namespace

std::vector<bm25_hit> bm25(const shards& in, const bm25_request& request) {
  scorer all{request, 0, 0};
  for (const auto& part : in) {
    all.documents += part->documents();
    all.tokens += part->symbols() - part->documents();
  }
  std::vector<bm25_hit> best;
  std::mutex guard;
  std::exception_ptr error;
  uint64_t base = 0;
  for (const auto& part : in) {
    const slots places(request, part->is_short());
    in_parallel(part->documents(), request.threads, 1024, [&](uint64_t from, uint64_t to) {
      std::vector<bm25_hit> mine;
      try {
        all.scan(*part, places, from, to, base, mine);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(guard);
        error = std::current_exception();
      }
      const std::lock_guard<std::mutex> lock(guard);
      best.insert(best.end(), mine.begin(), mine.end());
    });
    base += part->documents();
  }
  if (error) std::rethrow_exception(error);
  std::sort(best.begin(), best.end(), better);
  if (best.size() > request.limit) best.resize(request.limit);
  return best;
}

}  // namespace spans

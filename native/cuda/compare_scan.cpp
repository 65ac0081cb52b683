// Scans of an index by the device: scores and lists, beside sums and sorts that are written out.
#include <algorithm>

#include "cuda/compare.h"

namespace ol {
namespace {

const size_t head = 21;  // as in sketches/file.h: an exponent right before the values

struct made_index {
  int dimension;
  std::vector<uint8_t> records, marks;
  uint64_t rows() const { return marks.size(); }
  size_t stride() const { return head + static_cast<size_t>(dimension); }
  const int8_t* values(uint64_t row) const {
    return reinterpret_cast<const int8_t*>(records.data()) + row * stride() + head;
  }
  // The rows as parts of these lengths, and one of what is left.
  std::vector<scan_part> parts(const std::vector<uint64_t>& lengths) const {
    std::vector<scan_part> all;
    uint64_t first = 0;
    const auto add = [&](uint64_t count) {
      const uint8_t* at = records.data() + first * stride();
      all.push_back({at + head, at + head - 1, marks.data() + first, stride(), count});
      first += count;
    };
    for (const uint64_t length : lengths) add(length);
    add(rows() - first);
    return all;
  }
};

// Rows of both extremes, of small values (many of them the same: ties), and of any; exponents around what the rule takes.
made_index index_of(numbers& random, int dimension, uint64_t rows) {
  made_index made{dimension, {}, {}};
  made.records.resize(rows * made.stride());
  for (uint64_t r = 0; r < rows; ++r) {
    uint8_t* const record = made.records.data() + r * made.stride();
    const uint32_t kind = random.next() >> 28;
    uint8_t mark = random.next() >> 29 ? row_takes_part : 0;
    record[head - 1] = static_cast<uint8_t>(kind == 3 ? 100 : kind == 4 ? -100 : kind < 8 ? 3 : random.next() >> 27);
    for (int j = 0; j < dimension; ++j) {
      int value = static_cast<int8_t>(random.next() >> 24);
      if (kind == 0) value = 127;
      if (kind == 1) value = -127;
      if (kind > 10) value = (value & 1) * (j % 3 == 0);
      if (value == -128) mark |= row_has_no_score;
      record[head + j] = static_cast<uint8_t>(value);
    }
    made.marks.push_back(mark);
  }
  return made;
}

// Any, the largest, the smallest, and one value alone.
std::vector<std::vector<int16_t>> queries_of(numbers& random, int dimension, size_t count) {
  std::vector<std::vector<int16_t>> all(count, std::vector<int16_t>(dimension));
  for (size_t q = 0; q < count; ++q)
    for (int j = 0; j < dimension; ++j) {
      const auto any = static_cast<int16_t>(random.next() >> 16);
      all[q][j] = q % 5 == 1 ? 32767 : q % 5 == 2 ? -32768 : q % 5 == 3 ? (j == dimension - 1) : any;
    }
  return all;
}

int64_t plain_score(const made_index& of, uint64_t row, const std::vector<int16_t>& query, int exponent, int e0) {
  int64_t dot = 0;
  for (int j = 0; j < of.dimension; ++j) dot += static_cast<int64_t>(query[j]) * of.values(row)[j];
  const int shift = exponent + of.values(row)[-1] - e0;
  if ((of.marks[row] & row_has_no_score) || shift < 0 || shift > 24) return INT64_MIN;
  return dot * (int64_t{1} << shift);
}

std::vector<scan_hit> plain_best(const made_index& of, const std::vector<int64_t>& scores, size_t limit,
                                 const std::vector<uint32_t>& except) {
  std::vector<scan_hit> all;
  for (uint64_t r = 0; r < of.rows(); ++r) {
    const bool aside = std::find(except.begin(), except.end(), static_cast<uint32_t>(r)) != except.end();
    if (scores[r] > 0 && (of.marks[r] & row_takes_part) && !aside) all.push_back({r, scores[r]});
  }
  std::stable_sort(all.begin(), all.end(), [](const scan_hit& a, const scan_hit& b) { return a.score > b.score; });
  if (all.size() > limit) all.resize(limit);
  return all;
}

bool same(const std::vector<scan_hit>& a, const std::vector<scan_hit>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const scan_hit& x, const scan_hit& y) { return x.row == y.row && x.score == y.score; });
}

// How many scores and lists differ.
size_t differences(backend& device, const made_index& of, const std::vector<uint64_t>& lengths, size_t budget, size_t count,
                   numbers& random) {
  const auto kept = device.keep_rows(of.parts(lengths), of.dimension, budget);
  const auto queries = queries_of(random, of.dimension, count);
  std::vector<scan_question> asked;
  for (size_t q = 0; q < count; ++q) asked.push_back({queries[q].data(), static_cast<int>(q % 7) - 3});
  const int e0 = -2;
  const auto scores = kept->score(asked, e0);
  std::vector<uint32_t> rows, except;
  for (uint64_t r = 0; r < of.rows(); ++r) rows.push_back(static_cast<uint32_t>(of.rows() - 1 - r));
  for (uint64_t r = 0; r < of.rows(); r += 1 + r / 3) except.push_back(static_cast<uint32_t>(r));
  except.push_back(0xffffffffu);
  size_t wrong = 0;
  for (size_t q = 0; q < count; ++q) {
    std::vector<int64_t> want;
    for (uint64_t r = 0; r < of.rows(); ++r) want.push_back(plain_score(of, r, queries[q], asked[q].exponent, e0));
    const std::vector<int64_t> got = scores->pick(q, rows);
    for (uint64_t r = 0; r < of.rows(); ++r) wrong += got[r] != want[rows[r]];
    for (const size_t limit : {size_t{0}, size_t{1}, size_t{16}, size_t{1500}, size_t{65536}}) {
      wrong += !same(scores->best(q, limit, {}), plain_best(of, want, limit, {}));
      wrong += !same(scores->best(q, limit, except), plain_best(of, want, limit, except));
    }
  }
  return wrong;
}

}  // namespace

void compare_scan(comparison& compare) {
  numbers random{4242};
  const struct {
    int dimension;
    uint64_t rows;
    std::vector<uint64_t> lengths;  // of the parts but the last
    size_t budget, queries;
  } cases[] = {{1, 1, {}, 1 << 20, 1},           {16, 33, {1, 31}, 1 << 20, 9},        {37, 1025, {1000}, 0, 5},
               {513, 300, {7, 100}, 1 << 30, 8}, {64, 2500, {1, 2, 1024}, 100000, 17}, {8192, 21, {20}, 1 << 30, 3}};
  for (const auto& one : cases) {
    const made_index made = index_of(random, one.dimension, one.rows);
    const size_t wrong = differences(compare.cuda, made, one.lengths, one.budget, one.queries, random);
    ++compare.done;
    if (wrong == 0) continue;
    ++compare.failed;
    std::printf("DIFFERS scan of %d rows of %d: %zu scores and lists\n", static_cast<int>(one.rows), one.dimension, wrong);
  }
}

}  // namespace ol

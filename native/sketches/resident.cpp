// Scores by a device that keeps an index's rows in memory of its own.
#include "core/error.h"
#include "sketches/scan.h"

namespace sketches {
namespace {

// What a device refuses, by this room's codes.
template <typename F>
auto on_device(const F& body) -> decltype(body()) {
  try {
    return body();
  } catch (const ol::failure& f) {
    spans::fail(f.status() == OL_ERROR_MEMORY ? "SKETCH_MEMORY" : "SKETCH_DEVICE", f.what());
  }
}

// The device's scores, with this room's codes.
class device_scores final : public ol::row_scores {
 public:
  explicit device_scores(std::shared_ptr<const ol::row_scores> of) : of_(std::move(of)) {}
  std::vector<scored_row> best(size_t query, size_t limit, const std::vector<uint32_t>& except) const override {
    return on_device([&] { return of_->best(query, limit, except); });
  }
  std::vector<int64_t> pick(size_t query, const std::vector<uint32_t>& rows) const override {
    return on_device([&] { return of_->pick(query, rows); });
  }

 private:
  std::shared_ptr<const ol::row_scores> of_;
};

}  // namespace

std::shared_ptr<const resident_index> keep_index(const std::shared_ptr<const index>& of, ol::backend& device, size_t budget) {
  std::vector<ol::scan_part> parts;
  for (const auto& part : of->shards()) {
    const uint8_t* const first = part->records();
    parts.push_back({first + RECORD_HEAD, first + EXPONENT_AT, part->marks(), record_size(of->dimension()), part->head().rows});
  }
  auto rows = on_device([&] { return device.keep_rows(parts, static_cast<int>(of->dimension()), budget); });
  return rows ? std::make_shared<const resident_index>(resident_index{of, std::move(rows)}) : nullptr;
}

scores score_resident(const resident_index& of, const std::vector<query>& queries, int32_t e0) {
  check_queries(*of.of, queries);
  std::vector<ol::scan_question> asked;
  for (const query& one : queries) asked.push_back({one.values.data(), one.exponent});
  return {of.of, queries.size(), on_device([&] { return std::make_shared<const device_scores>(of.rows->score(asked, e0)); })};
}

}  // namespace sketches

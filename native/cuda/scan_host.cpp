// An index on the device: what fits the budget stays there, the rest goes through a buffer at every pass. On a stream and in
// memory of its own, so that a scan waits for no model.
#include "cuda/scan.h"

#include <algorithm>
#include <mutex>

#include "cuda/memory.h"

namespace ol {
namespace cuda {
namespace {

// Rows go to the device in pieces of a quarter of the budget, within these bytes: at least one row.
const size_t least_piece = size_t{16} << 10, most_piece = size_t{64} << 20;
// Stretches whose best rows are fetched at a time.
const uint64_t most_stretches = 4096;

// Rows of one part that are on the device together.
struct piece {
  scan_part from;  // its first row's bytes on the host
  uint64_t first;
  std::unique_ptr<device_scratch> resident;  // null: they are brought for each pass
};

// Cuts parts into pieces; rows are `row_bytes` long on the device.
std::vector<piece> cut(const std::vector<scan_part>& parts, size_t row_bytes, size_t piece_bytes) {
  const uint64_t most = std::max<uint64_t>(1, piece_bytes / row_bytes);
  std::vector<piece> pieces;
  uint64_t first = 0;
  for (const scan_part& part : parts) {
    for (uint64_t at = 0; at < part.rows; at += most) {
      const uint64_t rows = std::min(most, part.rows - at);
      pieces.push_back({{part.values + at * part.stride, part.exponents + at * part.stride, part.marks + at, part.stride, rows},
                        first + at, nullptr});
    }
    first += part.rows;
  }
  return pieces;
}

class index_on_device;

class scores_on_device final : public row_scores {
 public:
  scores_on_device(std::shared_ptr<index_on_device> of, size_t queries);
  std::vector<scan_hit> best(size_t query, size_t limit, const std::vector<uint32_t>& except) const override;
  std::vector<int64_t> pick(size_t query, const std::vector<uint32_t>& rows) const override;
  int64_t* data() const { return static_cast<int64_t*>(values_.data()); }

 private:
  std::shared_ptr<index_on_device> of_;
  device_scratch values_;
};

class index_on_device final : public row_scan, public std::enable_shared_from_this<index_on_device> {
 public:
  index_on_device(const std::vector<scan_part>& parts, int dimension, size_t budget)
      : dimension_(static_cast<size_t>(dimension)), row_bytes_((dimension_ + 15) / 16 * 16) {
    const size_t piece_bytes = std::min(std::max(budget / 4, least_piece), most_piece);
    pieces_ = cut(parts, row_bytes_, piece_bytes);
    for (const piece& one : pieces_) rows_ += one.from.rows;
    load_small();
    // What comes and goes at each pass has its buffer in the budget too.
    const bool all_fit = rows_ * row_bytes_ <= budget;
    size_t left = all_fit ? budget : budget - std::min(budget, piece_bytes);
    for (piece& one : pieces_) {
      const size_t bytes = one.from.rows * row_bytes_;
      if (bytes > left) break;
      left -= bytes;
      one.resident = std::make_unique<device_scratch>(memory_);
      load(one, *one.resident);
    }
    finish();
  }

  // For scores, which hold the index as long as they last.
  arena& memory() { return memory_; }

  std::shared_ptr<const row_scores> score(const std::vector<scan_question>& queries, int e0) override {
    const std::lock_guard<std::mutex> lock(turn_);
    auto made = std::make_shared<scores_on_device>(shared_from_this(), queries.size());
    const scan_queries asked = load_queries(queries);
    for (const piece& one : pieces_) {
      // On the stream the copy is behind the scan of what the buffer held.
      device_scratch& at = one.resident ? *one.resident : passing_;
      if (!one.resident) load(one, at);
      const scan_rows rows{static_cast<const int8_t*>(at.data()), exponents() + one.first, marks() + one.first, row_bytes_,
                           static_cast<int>(one.from.rows)};
      scan(stream(), made->data() + one.first, rows_, asked, rows, e0);
    }
    finish();
    return made;
  }

  std::vector<scan_hit> best(const int64_t* scores, size_t limit, const std::vector<uint32_t>& except) {
    const std::lock_guard<std::mutex> lock(turn_);
    std::vector<scan_hit> all;
    if (limit == 0) return all;
    const int keep = static_cast<int>(std::min<size_t>(limit, stretch));
    const auto* aside = static_cast<const uint32_t*>(upload(except_, except.data(), except.size() * sizeof(uint32_t)));
    for (uint64_t first = 0; first < rows_; first += most_stretches * stretch) {
      const uint64_t rows = std::min(most_stretches * stretch, rows_ - first);
      std::vector<scan_hit> found((rows + stretch - 1) / stretch * keep);
      auto* out = static_cast<scan_hit*>(hits_.reserve(found.size() * sizeof(scan_hit)));
      best_of_stretches(stream(), out,
                        {scores + first, marks() + first, aside, static_cast<int>(except.size()), first, rows, keep});
      download(found.data(), out, found.size() * sizeof(scan_hit));
      for (const scan_hit& hit : found)
        if (hit.score > 0) all.push_back(hit);
      std::sort(all.begin(), all.end(), is_better);
      if (all.size() > limit) all.resize(limit);
    }
    return all;
  }

  std::vector<int64_t> pick(const int64_t* scores, const std::vector<uint32_t>& rows) {
    const std::lock_guard<std::mutex> lock(turn_);
    std::vector<int64_t> found(rows.size());
    const auto* asked = static_cast<const uint32_t*>(upload(except_, rows.data(), rows.size() * sizeof(uint32_t)));
    auto* out = static_cast<int64_t*>(hits_.reserve(found.size() * sizeof(int64_t)));
    pick_scores(stream(), out, scores, asked, static_cast<int>(rows.size()));
    download(found.data(), out, found.size() * sizeof(int64_t));
    return found;
  }

  uint64_t rows() const { return rows_; }

 private:
  cudaStream_t stream() const { return stream_.stream; }
  const int8_t* exponents() const { return static_cast<const int8_t*>(exponents_.data()); }
  const uint8_t* marks() const { return static_cast<const uint8_t*>(marks_.data()); }
  void finish() { OL_CUDA_CHECK(cudaStreamSynchronize(stream())); }

  void* upload(device_scratch& to, const void* from, size_t bytes) {
    void* at = to.reserve(bytes + 16);
    if (bytes) OL_CUDA_CHECK(cudaMemcpyAsync(at, from, bytes, cudaMemcpyHostToDevice, stream()));
    finish();
    return at;
  }
  void download(void* to, const void* from, size_t bytes) {
    if (bytes) OL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream()));
    finish();
  }

  // Exponents and marks of all rows: two bytes of each, whatever the budget.
  void load_small() {
    std::vector<uint8_t> exponents, marks;
    exponents.reserve(rows_);
    marks.reserve(rows_);
    for (const piece& one : pieces_) {
      for (uint64_t r = 0; r < one.from.rows; ++r) exponents.push_back(one.from.exponents[r * one.from.stride]);
      marks.insert(marks.end(), one.from.marks, one.from.marks + one.from.rows);
    }
    upload(exponents_, exponents.data(), exponents.size());
    upload(marks_, marks.data(), marks.size());
  }

  void load(const piece& one, device_scratch& to) {
    const size_t rows = one.from.rows;
    void* at = to.reserve(rows * row_bytes_);
    if (row_bytes_ != dimension_) OL_CUDA_CHECK(cudaMemsetAsync(at, 0, rows * row_bytes_, stream()));
    OL_CUDA_CHECK(cudaMemcpy2DAsync(at, row_bytes_, one.from.values, one.from.stride, dimension_, rows, cudaMemcpyHostToDevice,
                                    stream()));
  }

  scan_queries load_queries(const std::vector<scan_question>& queries) {
    std::vector<int16_t> values(queries.size() * row_bytes_, 0);
    std::vector<int32_t> exponents;
    for (size_t q = 0; q < queries.size(); ++q) {
      std::copy(queries[q].values, queries[q].values + dimension_, values.begin() + static_cast<ptrdiff_t>(q * row_bytes_));
      exponents.push_back(queries[q].exponent);
    }
    const void* asked = upload(queries_, values.data(), values.size() * sizeof(int16_t));
    const void* shifts = upload(query_exponents_, exponents.data(), exponents.size() * sizeof(int32_t));
    return {static_cast<const int16_t*>(asked), static_cast<const int32_t*>(shifts), row_bytes_,
            static_cast<int>(queries.size())};
  }

  const size_t dimension_, row_bytes_;
  std::mutex turn_;
  stream_owner stream_;
  arena memory_;
  std::vector<piece> pieces_;
  uint64_t rows_ = 0;
  device_scratch exponents_{memory_}, marks_{memory_}, passing_{memory_};
  device_scratch queries_{memory_}, query_exponents_{memory_}, except_{memory_}, hits_{memory_};
};

scores_on_device::scores_on_device(std::shared_ptr<index_on_device> of, size_t queries) : of_(std::move(of)), values_(of_->memory()) {
  values_.reserve(queries * of_->rows() * sizeof(int64_t));
}

std::vector<scan_hit> scores_on_device::best(size_t query, size_t limit, const std::vector<uint32_t>& except) const {
  return of_->best(data() + query * of_->rows(), limit, except);
}

std::vector<int64_t> scores_on_device::pick(size_t query, const std::vector<uint32_t>& rows) const {
  return of_->pick(data() + query * of_->rows(), rows);
}

}  // namespace

std::shared_ptr<row_scan> keep_rows(const std::vector<scan_part>& parts, int dimension, size_t budget) {
  return std::make_shared<index_on_device>(parts, dimension, budget);
}

}  // namespace cuda
}  // namespace ol

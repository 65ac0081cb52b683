// An attribution index in files: each one mapped, together the rows from 0 on. Nothing in a file is trusted: what is read is checked
// against its bounds when it is opened.
#pragma once
#include <map>
#include <memory>
#include <utility>

#include "sketches/file.h"

namespace sketches {

class shard {
 public:
  // Maps `path`. `verify` reads all of it and compares the checksums; without it only the header's is compared.
  // Errors: SKETCH_FILE (not such a file, damaged), SKETCH_READ.
  static std::shared_ptr<shard> open(const std::string& path, bool verify, unsigned threads);
  ~shard();
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  const header& head() const { return head_; }
  uint64_t first() const { return head_.first; }
  uint64_t end() const { return head_.first + head_.rows; }
  uint8_t* records() const { return data_ + head_.sections[RECORDS].offset; }
  uint64_t record_bytes() const { return head_.sections[RECORDS].length; }
  const uint8_t* marks() const { return data_ + head_.sections[MARKS].offset; }
  const uint64_t* signs() const { return reinterpret_cast<const uint64_t*>(data_ + head_.sections[SIGNS].offset); }
  // A node of the index's tree; null where it does not lie above rows of this file alone.
  const uint8_t* node(int height, uint64_t index) const;

 private:
  shard(uint8_t* data, size_t length) : data_(data), length_(length) {}
  void check_header(const std::string& path);
  void check_sections(const std::string& path, unsigned threads) const;

  uint8_t* data_;
  size_t length_;
  header head_{};
};

class index {
 public:
  // The shards in any order; together they must be the rows from 0 on. Errors: SKETCH_INPUT.
  explicit index(std::vector<std::shared_ptr<shard>> shards);

  const std::vector<std::shared_ptr<shard>>& shards() const { return shards_; }
  uint64_t rows() const { return shards_.back()->end(); }
  uint32_t dimension() const { return shards_.front()->head().dimension; }
  const uint8_t* root() const { return find(depth_, 0); }
  // The hashes beside the way from a row's leaf to the root, bottom up. Errors: SKETCH_INPUT.
  std::vector<uint8_t> path(uint64_t row) const;

 private:
  const uint8_t* find(int height, uint64_t index) const;
  void fill(int height, uint64_t index);

  std::vector<std::shared_ptr<shard>> shards_;
  int depth_ = 0;
  // Hashes of subtrees without rows, by height.
  std::vector<std::vector<uint8_t>> padding_;
  // Nodes above rows of several shards, or of the last rows and padding.
  std::map<std::pair<int, uint64_t>, std::vector<uint8_t>> seams_;
};

}  // namespace sketches

// A shard's file, mapped. Nothing in it is trusted: what is read is checked against its bounds.
#pragma once
#include <memory>

#include "spans/file.h"

namespace spans {

struct document_record {
  uint32_t start, end, row;
  const uint8_t* contributor;
};

class shard {
 public:
  // Maps `path`. `verify` reads all of it and compares the checksums; without it only the header's is compared.
  // Errors: SPANS_FILE (not such a file, damaged), SPANS_READ.
  static std::shared_ptr<const shard> open(const std::string& path, bool verify, unsigned threads);
  ~shard();
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  const header& head() const { return head_; }
  uint64_t symbols() const { return head_.symbols; }
  uint64_t documents() const { return head_.documents; }
  bool is_short() const { return head_.symbol_bytes == 2; }
  template <typename T>
  const T* text() const { return reinterpret_cast<const T*>(data_ + head_.sections[TEXT].offset); }
  uint32_t text_at(uint64_t p) const { return is_short() ? text<uint16_t>()[p] : text<uint32_t>()[p]; }
  const uint32_t* values(section which) const {
    return reinterpret_cast<const uint32_t*>(data_ + head_.sections[which].offset);
  }
  // Position of the suffix at a rank below symbols().
  uint32_t position(uint64_t rank) const;
  const vocabulary_entry* vocabulary() const {
    return reinterpret_cast<const vocabulary_entry*>(data_ + head_.sections[VOCABULARY].offset);
  }
  document_record document(uint64_t index) const;
  // The document that holds a position.
  uint64_t document_of(uint64_t position) const;
  uint64_t leaves(tree which) const { return which == DOCUMENT_TREE ? documents() : chunk_count(symbols()); }
  // Bytes of leaves first...last, as hashed (without the 0x00), and the hashes that open them.
  void opening(tree which, uint64_t first, uint64_t last, std::vector<uint8_t>& bytes, std::vector<uint8_t>& path) const;

 private:
  shard(const uint8_t* data, size_t length) : data_(data), length_(length) {}
  void check_header(const std::string& path);
  void check_sections(const std::string& path, unsigned threads) const;

  const uint8_t* data_;
  size_t length_;
  header head_{};
};

using shards = std::vector<std::shared_ptr<const shard>>;

// The documents of several shards as one corpus, in their order.
corpus joined(const shards& parts);

}  // namespace spans

#include "sketches/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "openledger_crypto.h"
#include "sketches/tree.h"
#include "spans/checksum.h"
#include "spans/merkle.h"

namespace sketches {
namespace {

using spans::fail;
using spans::in_parallel;

uint64_t padded(uint64_t length) { return (length + 63) / 64 * 64; }

// A file of a known length that is written in place, and is there under its name only when it is whole.
class growing_file {
 public:
  growing_file(std::string path, uint64_t length) : place_(std::move(path)), partial_(place_ + ".partial"), length_(length) {
    file_ = ::open(partial_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file_ < 0) broken(errno);
    // Room is taken before: a full disk is an error here, not a signal at a store to memory.
    const int error = reserve();
    if (error != 0) {
      clear();
      broken(error);
    }
    void* const memory = mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (memory == MAP_FAILED) {
      const int why = errno;
      clear();
      broken(why);
    }
    data_ = static_cast<uint8_t*>(memory);
  }
  ~growing_file() { clear(); }
  growing_file(const growing_file&) = delete;
  growing_file& operator=(const growing_file&) = delete;

  uint8_t* data() { return data_; }

  void finish() {
    if (msync(data_, length_, MS_SYNC) != 0 || fsync(file_) != 0) broken(errno);
    if (std::rename(partial_.c_str(), place_.c_str()) != 0) broken(errno);
    is_whole_ = true;
  }

 private:
  int reserve() {
#if defined(__APPLE__)
    return ftruncate(file_, static_cast<off_t>(length_)) == 0 ? 0 : errno;
#else
    return posix_fallocate(file_, 0, static_cast<off_t>(length_));
#endif
  }
  [[noreturn]] void broken(int error) { fail("SKETCH_WRITE", partial_ + ": " + std::strerror(error)); }
  void clear() {
    if (data_ != nullptr) munmap(data_, length_);
    if (file_ >= 0) ::close(file_);
    if (file_ >= 0 && !is_whole_) unlink(partial_.c_str());
    data_ = nullptr;
    file_ = -1;
  }

  std::string place_, partial_;
  uint64_t length_;
  int file_ = -1;
  uint8_t* data_ = nullptr;
  bool is_whole_ = false;
};

uint64_t counted_rows(const std::vector<piece>& records, uint32_t dimension, uint64_t first) {
  if (dimension == 0 || dimension > MAX_DIMENSION) fail("SKETCH_INPUT", "a sketch has 1 to 8192 values");
  const uint64_t size = record_size(dimension);
  uint64_t bytes = 0;
  for (const piece& one : records) {
    if (one.bytes % size != 0) fail("SKETCH_INPUT", "the records are no multiple of " + std::to_string(size) + " bytes");
    bytes += one.bytes;
  }
  if (bytes == 0) fail("SKETCH_INPUT", "there is no record");
  if (bytes > MAX_RECORD_BYTES) fail("SKETCH_TOO_LARGE", "a file holds at most 4 GiB of records: use several");
  const uint64_t rows = bytes / size;
  if (first >= MAX_ROWS || rows > MAX_ROWS - first) fail("SKETCH_TOO_LARGE", "an index has at most 2^32 - 1 rows");
  return rows;
}

uint32_t load_first(const uint8_t* record) { return spans::load_be32(record + FIRST_AT); }

uint8_t mark_of(const uint8_t* record, uint32_t dimension, uint64_t row) {
  const bool takes_part = load_first(record) == row;
  const bool no_score = std::memchr(record + RECORD_HEAD, 0x80, dimension) != nullptr;
  return static_cast<uint8_t>((takes_part ? TAKES_PART : 0) | (no_score ? NO_SCORE : 0));
}

void store_signs(const uint8_t* values, uint32_t dimension, uint64_t* out) {
  for (uint32_t from = 0; from < dimension; from += 64) {
    const uint32_t count = std::min<uint32_t>(64, dimension - from);
    uint64_t word = 0;
    for (uint32_t j = 0; j < count; ++j) word |= static_cast<uint64_t>(values[from + j] >> 7) << j;
    out[from / 64] = word;
  }
}

header placed(uint32_t dimension, uint64_t first, uint64_t rows) {
  header head{};
  std::memcpy(head.magic, MAGIC, sizeof MAGIC);
  head.version = VERSION;
  head.dimension = dimension;
  head.first = first;
  head.rows = rows;
  const uint64_t lengths[SECTIONS] = {rows * record_size(dimension), rows, rows * sign_words(dimension) * 8,
                                      tree_bytes(first, rows)};
  uint64_t offset = HEADER_BYTES;
  for (int i = 0; i < SECTIONS; ++i) {
    head.sections[i] = {offset, lengths[i], 0};
    offset = padded(offset + lengths[i]);
  }
  head.length = offset;
  return head;
}

}  // namespace

void build_tree(uint64_t first, uint64_t rows, const uint8_t* records, size_t size, unsigned threads, uint8_t* out) {
  in_parallel(rows, threads, 64, [&](uint64_t from, uint64_t to) {
    std::vector<uint8_t> leaf(1 + size);
    for (uint64_t i = from; i < to; ++i) {
      std::memcpy(leaf.data() + 1, records + i * size, size);
      ol_keccak256(leaf.data(), leaf.size(), out + i * HASH);
    }
  });
  level below = level_of(first, rows, 0);
  for (int height = 1; level_of(first, rows, height).count() > 0; ++height) {
    const level at = level_of(first, rows, height);
    uint8_t* const next = out + below.count() * HASH;
    in_parallel(at.count(), threads, 64, [&](uint64_t from, uint64_t to) {
      for (uint64_t i = from; i < to; ++i) {
        const uint8_t* const left = out + (2 * (at.from + i) - below.from) * HASH;
        spans::node_hash(left, left + HASH, next + i * HASH);
      }
    });
    out = next;
    below = at;
  }
}

void write_shard(const std::vector<piece>& records, uint32_t dimension, uint64_t first, const std::string& path,
                 unsigned threads) {
  const uint64_t rows = counted_rows(records, dimension, first);
  const size_t size = record_size(dimension);
  header head = placed(dimension, first, rows);
  growing_file out(path, head.length);
  const auto at = [&](section which) { return out.data() + head.sections[which].offset; };
  uint8_t* next = at(RECORDS);
  for (const piece& one : records) {
    std::memcpy(next, one.data, one.bytes);
    next += one.bytes;
  }
  in_parallel(rows, threads, 64, [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      const uint8_t* const record = at(RECORDS) + i * size;
      at(MARKS)[i] = mark_of(record, dimension, first + i);
      store_signs(record + RECORD_HEAD, dimension, reinterpret_cast<uint64_t*>(at(SIGNS)) + i * sign_words(dimension));
    }
  });
  build_tree(first, rows, at(RECORDS), size, threads, at(TREE));
  in_parallel(SECTIONS, threads, 1, [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      section_place& place = head.sections[i];
      place.sum = spans::checksum(out.data() + place.offset, place.length);
    }
  });
  head.sum = spans::checksum(&head, offsetof(header, sum));
  std::memcpy(out.data(), &head, sizeof head);
  out.finish();
}

}  // namespace sketches

#include "sketches/index.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sketches/tree.h"
#include "spans/checksum.h"
#include "spans/merkle.h"

namespace sketches {
namespace {

using spans::fail;

[[noreturn]] void damaged(const std::string& path, const char* what) { fail("SKETCH_FILE", path + ": " + what); }

uint64_t section_length(const header& head, int which) {
  switch (which) {
    case RECORDS: return head.rows * record_size(head.dimension);
    case MARKS: return head.rows;
    case SIGNS: return head.rows * sign_words(head.dimension) * 8;
    default: return tree_bytes(head.first, head.rows);
  }
}

}  // namespace

std::shared_ptr<shard> shard::open(const std::string& path, bool verify, unsigned threads) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("SKETCH_READ", path + ": " + std::strerror(errno));
  struct stat status;
  const bool known = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const size_t length = known ? static_cast<size_t>(status.st_size) : 0;
  if (length < HEADER_BYTES) {
    close(file);
    damaged(path, "shorter than a header");
  }
  // Private and writable: JavaScript looks at the records, and what it writes there must neither reach the file nor end the process.
  void* const data = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
  const int error = errno;
  close(file);
  if (data == MAP_FAILED) fail("SKETCH_READ", path + ": " + std::strerror(error));
  const std::shared_ptr<shard> opened(new shard(static_cast<uint8_t*>(data), length));
  opened->check_header(path);
  if (verify) opened->check_sections(path, threads);
  return opened;
}

shard::~shard() { munmap(data_, length_); }

// Everything that later reads rely on: the sections lie inside the file and have the lengths that the counts give.
void shard::check_header(const std::string& path) {
  std::memcpy(&head_, data_, sizeof head_);
  if (std::memcmp(head_.magic, MAGIC, sizeof MAGIC) != 0) damaged(path, "not a file of sketches");
  if (head_.version != VERSION) damaged(path, "a version that this program does not know");
  if (head_.sum != spans::checksum(&head_, offsetof(header, sum))) damaged(path, "the header's checksum is wrong");
  if (head_.length != length_) damaged(path, "the file has another length than its header says");
  if (head_.dimension == 0 || head_.dimension > MAX_DIMENSION || head_.rows == 0 || head_.first >= MAX_ROWS ||
      head_.rows > MAX_ROWS - head_.first) {
    damaged(path, "the header's counts cannot be");
  }
  uint64_t end = HEADER_BYTES;
  for (int i = 0; i < SECTIONS; ++i) {
    const section_place& place = head_.sections[i];
    if (place.offset != end || place.length != section_length(head_, i) || place.offset > length_ ||
        place.length > length_ - place.offset) {
      damaged(path, "a section lies outside the file");
    }
    end = (place.offset + place.length + 63) / 64 * 64;
  }
  if (end != length_ || record_bytes() > MAX_RECORD_BYTES) damaged(path, "the sections do not end with the file");
}

void shard::check_sections(const std::string& path, unsigned threads) const {
  bool wrong[SECTIONS] = {};
  spans::in_parallel(SECTIONS, threads, 1, [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      const section_place& place = head_.sections[i];
      wrong[i] = spans::checksum(data_ + place.offset, place.length) != place.sum;
    }
  });
  for (const bool one : wrong) {
    if (one) damaged(path, "a section's checksum is wrong");
  }
}

const uint8_t* shard::node(int height, uint64_t index) const {
  if (!level_of(head_.first, head_.rows, height).has(index)) return nullptr;
  const uint8_t* at = data_ + head_.sections[TREE].offset;
  for (int below = 0; below < height; ++below) at += level_of(head_.first, head_.rows, below).count() * HASH;
  return at + (index - level_of(head_.first, head_.rows, height).from) * HASH;
}

index::index(std::vector<std::shared_ptr<shard>> shards) : shards_(std::move(shards)) {
  if (shards_.empty()) fail("SKETCH_INPUT", "an index has at least one file");
  std::sort(shards_.begin(), shards_.end(), [](const auto& a, const auto& b) { return a->first() < b->first(); });
  uint64_t end = 0;
  for (const auto& one : shards_) {
    if (one->head().dimension != dimension()) fail("SKETCH_INPUT", "the files have sketches of different lengths");
    if (one->first() != end) fail("SKETCH_INPUT", "the files are not the rows from 0 on, each once");
    end = one->end();
  }
  while (uint64_t{1} << depth_ < end) ++depth_;
  padding_.assign(1, std::vector<uint8_t>(HASH, 0));
  for (int height = 1; height <= depth_; ++height) {
    std::vector<uint8_t> next(HASH);
    spans::node_hash(padding_.back().data(), padding_.back().data(), next.data());
    padding_.push_back(std::move(next));
  }
  fill(depth_, 0);
}

// The shard that holds a node whole, padding, or a seam; null where a seam is not made yet.
const uint8_t* index::find(int height, uint64_t at) const {
  const uint64_t row = at << height;
  if (row >= rows()) return padding_[static_cast<size_t>(height)].data();
  const auto after = std::upper_bound(shards_.begin(), shards_.end(), row,
                                      [](uint64_t wanted, const auto& one) { return wanted < one->first(); });
  if (const uint8_t* const found = (*(after - 1))->node(height, at)) return found;
  const auto seam = seams_.find({height, at});
  return seam == seams_.end() ? nullptr : seam->second.data();
}

void index::fill(int height, uint64_t at) {
  if (find(height, at) != nullptr) return;
  fill(height - 1, 2 * at);
  fill(height - 1, 2 * at + 1);
  std::vector<uint8_t> made(HASH);
  spans::node_hash(find(height - 1, 2 * at), find(height - 1, 2 * at + 1), made.data());
  seams_.emplace(std::make_pair(height, at), std::move(made));
}

std::vector<uint8_t> index::path(uint64_t row) const {
  if (row >= rows()) fail("SKETCH_INPUT", "no such row");
  std::vector<uint8_t> hashes;
  for (int height = 0; height < depth_; ++height) {
    const uint8_t* const beside = find(height, (row >> height) ^ 1);
    hashes.insert(hashes.end(), beside, beside + HASH);
  }
  return hashes;
}

}  // namespace sketches

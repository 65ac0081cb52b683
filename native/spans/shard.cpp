#include "spans/shard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "spans/checksum.h"
#include "spans/merkle.h"

namespace spans {
namespace {

[[noreturn]] void damaged(const std::string& path, const char* what) {
  fail("SPANS_FILE", path + ": " + what);
}

uint64_t section_length(const header& head, int which) {
  switch (which) {
    case TEXT: return head.symbols * head.symbol_bytes;
    case DOCUMENTS: return head.documents * DOCUMENT;
    case VOCABULARY: return head.vocabulary * sizeof(vocabulary_entry);
    case TREES: return 3 * tree_bytes(chunk_count(head.symbols)) + tree_bytes(head.documents);
    default: return head.symbols * 4;
  }
}

}  // namespace

std::shared_ptr<const shard> shard::open(const std::string& path, bool verify, unsigned threads) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("SPANS_READ", path + ": " + std::strerror(errno));
  struct stat status;
  const bool known = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const size_t length = known ? static_cast<size_t>(status.st_size) : 0;
  if (length < HEADER_BYTES) {
    close(file);
    damaged(path, "shorter than a header");
  }
  void* const data = mmap(nullptr, length, PROT_READ, MAP_SHARED, file, 0);
  const int error = errno;
  close(file);
  if (data == MAP_FAILED) fail("SPANS_READ", path + ": " + std::strerror(error));
  const std::shared_ptr<shard> opened(new shard(static_cast<const uint8_t*>(data), length));
  opened->check_header(path);
  if (verify) opened->check_sections(path, threads);
  return opened;
}

shard::~shard() { munmap(const_cast<uint8_t*>(data_), length_); }

// Everything that later reads rely on: the sections lie inside the file and have the lengths that the counts give.
void shard::check_header(const std::string& path) {
  std::memcpy(&head_, data_, sizeof head_);
  if (std::memcmp(head_.magic, MAGIC, sizeof MAGIC) != 0) damaged(path, "not a file of spans");
  if (head_.version != VERSION) damaged(path, "a version that this program does not know");
  if (head_.sum != checksum(&head_, offsetof(header, sum))) damaged(path, "the header's checksum is wrong");
  if (head_.length != length_) damaged(path, "the file has another length than its header says");
  if ((head_.symbol_bytes != 2 && head_.symbol_bytes != 4) || head_.symbols == 0 || head_.symbols > MAX_SYMBOLS ||
      head_.documents == 0 || head_.documents > head_.symbols || head_.vocabulary == 0 ||
      head_.vocabulary > head_.symbols) {
    damaged(path, "the header's counts cannot be");
  }
  for (int i = 0; i < SECTIONS; ++i) {
    const section_place& place = head_.sections[i];
    if (place.offset % 64 != 0 || place.length != section_length(head_, i) || place.offset > length_ ||
        place.length > length_ - place.offset) {
      damaged(path, "a section lies outside the file");
    }
  }
  if (text_at(symbols() - 1) != 0) damaged(path, "the text has no end");
}

void shard::check_sections(const std::string& path, unsigned threads) const {
  bool wrong[SECTIONS] = {};
  in_parallel(SECTIONS, threads, 1, [&](uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      const section_place& place = head_.sections[i];
      wrong[i] = checksum(data_ + place.offset, place.length) != place.sum;
    }
  });
  for (const bool one : wrong) {
    if (one) damaged(path, "a section's checksum is wrong");
  }
}

uint32_t shard::position(uint64_t rank) const {
  const uint32_t p = values(ORDER)[rank];
  if (p >= symbols()) fail("SPANS_FILE", "the array leads out of the text");
  return p;
}

document_record shard::document(uint64_t index) const {
  const uint8_t* const at = data_ + head_.sections[DOCUMENTS].offset + DOCUMENT * index;
  return {load_be32(at), load_be32(at + 4), load_be32(at + 8), at + 12};
}

uint64_t shard::document_of(uint64_t position) const {
  uint64_t low = 0, high = documents() - 1;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (document(middle).end < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const document_record found = document(low);
  if (found.start > position || found.end < position) fail("SPANS_FILE", "the documents do not cover the text");
  return low;
}

void shard::opening(tree which, uint64_t first, uint64_t last, std::vector<uint8_t>& bytes,
                    std::vector<uint8_t>& path) const {
  const uint64_t count = leaves(which);
  if (first > last || last >= count) fail("SPANS_INPUT", "no such leaf");
  const uint8_t* at = data_ + head_.sections[TREES].offset;
  for (int i = 0; i < which; ++i) at += tree_bytes(leaves(static_cast<tree>(i)));
  path = siblings(at, count, first, last);
  if (which == DOCUMENT_TREE) {
    const uint8_t* const records = data_ + head_.sections[DOCUMENTS].offset;
    bytes.assign(records + DOCUMENT * first, records + DOCUMENT * (last + 1));
    return;
  }
  bytes.assign(4 * CHUNK * (last - first + 1), 0);
  const section from = which == ORDER_TREE ? ORDER : INVERSE;
  const uint64_t end = std::min(symbols(), (last + 1) * CHUNK);
  for (uint64_t i = first * CHUNK; i < end; ++i) {
    store_be32(bytes.data() + 4 * (i - first * CHUNK), which == TEXT_TREE ? text_at(i) : values(from)[i]);
  }
}

corpus joined(const shards& parts) {
  corpus all;
  for (const auto& part : parts) {
    for (uint64_t i = 0; i < part->documents(); ++i) {
      const document_record record = part->document(i);
      if (record.start > record.end || record.end >= part->symbols()) fail("SPANS_FILE", "a document leaves the text");
      for (uint64_t p = record.start; p < record.end; ++p) all.tokens.push_back(part->text_at(p) - 1);
      all.ends.push_back(all.tokens.size());
      all.rows.push_back(record.row);
      all.contributors.insert(all.contributors.end(), record.contributor, record.contributor + 20);
      if (all.tokens.size() + all.ends.size() > MAX_SYMBOLS) {
        fail("SPANS_TOO_LARGE", "the shards together are longer than one shard may be");
      }
    }
  }
  return all;
}

}  // namespace spans

#include "spans/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <cstdio>

#include "spans/array.h"
#include "spans/checksum.h"
#include "spans/merkle.h"

namespace spans {
namespace {

void check_corpus(const corpus& from) {
  const uint64_t documents = from.ends.size();
  if (documents == 0) fail("SPANS_INPUT", "there is no document");
  if (from.rows.size() != documents || from.contributors.size() != 20 * documents) {
    fail("SPANS_INPUT", "rows and contributors are not as many as documents");
  }
  uint64_t before = 0;
  for (const uint64_t end : from.ends) {
    if (end < before) fail("SPANS_INPUT", "a document ends before it begins");
    before = end;
  }
  if (before != from.tokens.size()) fail("SPANS_INPUT", "the last document does not end with the tokens");
  if (from.tokens.size() + documents > MAX_SYMBOLS) {
    fail("SPANS_TOO_LARGE", "a shard holds at most 2^31 - 2^16 tokens and documents together");
  }
}

struct writer {
  int file;
  std::string path;

  explicit writer(std::string at) : file(-1), path(std::move(at)) {
    file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) broken();
  }
  ~writer() {
    if (file < 0) return;
    close(file);
    unlink(path.c_str());
  }
  [[noreturn]] void broken() { fail("SPANS_WRITE", path + ": " + std::strerror(errno)); }

  void put(uint64_t offset, const void* data, size_t length) {
    const auto* from = static_cast<const uint8_t*>(data);
    while (length > 0) {
      const ssize_t done = pwrite(file, from, std::min<size_t>(length, 1 << 30), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) broken();
      from += done;
      offset += static_cast<uint64_t>(done);
      length -= static_cast<size_t>(done);
    }
  }
  void finish(uint64_t length, const std::string& place) {
    if (ftruncate(file, static_cast<off_t>(length)) != 0 || fsync(file) != 0) broken();
    if (std::rename(path.c_str(), place.c_str()) != 0) broken();
    close(file);
    file = -1;
  }
};

template <typename T>
std::vector<uint8_t> document_records(const corpus& from, const std::vector<T>& text) {
  std::vector<uint8_t> records(DOCUMENT * from.ends.size());
  uint64_t start = 0, i = 0;
  for (uint64_t end = 0; end < text.size(); ++end) {
    if (text[end] != 0) continue;
    uint8_t* const record = records.data() + DOCUMENT * i;
    store_be32(record, static_cast<uint32_t>(start));
    store_be32(record + 4, static_cast<uint32_t>(end));
    store_be32(record + 8, from.rows[i]);
    std::memcpy(record + 12, from.contributors.data() + 20 * i, 20);
    start = end + 1;
    ++i;
  }
  return records;
}

template <typename T>
std::vector<vocabulary_entry> vocabulary_of(const std::vector<T>& text, const std::vector<uint32_t>& order) {
  std::vector<vocabulary_entry> entries;
  for (uint64_t r = 0; r < order.size(); ++r) {
    const uint32_t at = text[order[r]];
    if (entries.empty() || entries.back().symbol != at) entries.push_back({at, static_cast<uint32_t>(r), 0});
  }
  std::vector<uint32_t> last(entries.size(), UINT32_MAX);
  uint32_t document = 0;
  std::vector<uint32_t> slots(sizeof(T) == 2 ? 1 << 16 : 0);
  for (size_t i = 0; i < entries.size() && !slots.empty(); ++i) slots[entries[i].symbol] = static_cast<uint32_t>(i);
  const auto find = [&](uint32_t at) -> size_t {
    if (!slots.empty()) return slots[at];
    const auto found =
        std::lower_bound(entries.begin(), entries.end(), at,
                         [](const vocabulary_entry& e, uint32_t wanted) { return e.symbol < wanted; });
    return static_cast<size_t>(found - entries.begin());
  };
  for (const T at : text) {
    const size_t entry = find(at);
    if (last[entry] != document) ++entries[entry].documents;
    last[entry] = document;
    if (at == 0) ++document;
  }
  return entries;
}

template <typename T>
size_t chunk_leaf(const std::vector<T>& values, uint64_t chunk, uint8_t* out) {
  std::memset(out, 0, 4 * CHUNK);
  const uint64_t from = chunk * CHUNK, to = std::min<uint64_t>(values.size(), from + CHUNK);
  for (uint64_t i = from; i < to; ++i) store_be32(out + 4 * (i - from), values[i]);
  return 4 * CHUNK;
}

template <typename T>
std::vector<uint8_t> trees(const std::vector<T>& text, const arrays& made, const std::vector<uint8_t>& documents,
                           unsigned threads, header& head) {
  const uint64_t chunks = chunk_count(text.size()), count = documents.size() / DOCUMENT;
  std::vector<uint8_t> all(3 * tree_bytes(chunks) + tree_bytes(count));
  uint8_t* at = all.data();
  const auto add = [&](tree which, uint64_t leaves, size_t longest, const leaf_writer& leaf) {
    build_tree(leaves, longest, threads, leaf, at);
    at += tree_bytes(leaves);
    std::memcpy(head.roots[which], at - HASH, HASH);
  };
  add(TEXT_TREE, chunks, 4 * CHUNK, [&](uint64_t i, uint8_t* out) { return chunk_leaf(text, i, out); });
  add(ORDER_TREE, chunks, 4 * CHUNK, [&](uint64_t i, uint8_t* out) { return chunk_leaf(made.order, i, out); });
  add(INVERSE_TREE, chunks, 4 * CHUNK, [&](uint64_t i, uint8_t* out) { return chunk_leaf(made.inverse, i, out); });
  add(DOCUMENT_TREE, count, DOCUMENT, [&](uint64_t i, uint8_t* out) {
    std::memcpy(out, documents.data() + DOCUMENT * i, DOCUMENT);
    return DOCUMENT;
  });
  return all;
}

template <typename T>
std::vector<T> text_of(corpus& from) {
  std::vector<T> text;
  text.reserve(from.tokens.size() + from.ends.size());
  uint64_t start = 0;
  for (const uint64_t end : from.ends) {
    for (uint64_t i = start; i < end; ++i) text.push_back(static_cast<T>(from.tokens[i] + 1));
    text.push_back(0);
    start = end;
  }
  std::vector<uint32_t>().swap(from.tokens);
  return text;
}

template <typename T>
void write_text(corpus& from, const std::string& path, unsigned threads) {
  const std::vector<T> text = text_of<T>(from);
  const arrays made = build_arrays(text, threads);
  const std::vector<uint8_t> documents = document_records(from, text);
  const std::vector<vocabulary_entry> vocabulary = vocabulary_of(text, made.order);
  header head{};
  std::memcpy(head.magic, MAGIC, sizeof MAGIC);
  head.version = VERSION;
  head.symbol_bytes = sizeof(T);
  head.symbols = text.size();
  head.documents = from.ends.size();
  head.vocabulary = vocabulary.size();
  const std::vector<uint8_t> hashes = trees(text, made, documents, threads, head);
  writer out(path + ".partial");
  uint64_t offset = HEADER_BYTES;
  const auto put = [&](section which, const auto& values) {
    const size_t length = values.size() * sizeof(values[0]);
    head.sections[which] = {offset, length, checksum(values.data(), length)};
    out.put(offset, values.data(), length);
    offset = (offset + length + 63) / 64 * 64;
  };
  put(TEXT, text);
  put(ORDER, made.order);
  put(INVERSE, made.inverse);
  put(COMMON, made.common);
  put(DOCUMENTS, documents);
  put(VOCABULARY, vocabulary);
  put(TREES, hashes);
  head.length = offset;
  head.sum = checksum(&head, offsetof(header, sum));
  out.put(0, &head, sizeof head);
  out.finish(offset, path);
}

// Whether 16 bits hold every symbol.
bool is_short(const corpus& from) {
  const auto largest = std::max_element(from.tokens.begin(), from.tokens.end());
  if (largest == from.tokens.end()) return true;
  if (*largest == UINT32_MAX) fail("SPANS_INPUT", "a token id is 2^32 - 1");
  return *largest < UINT16_MAX;
}

}  // namespace

void write_shard(corpus& from, const std::string& path, unsigned threads) {
  check_corpus(from);
  if (is_short(from)) {
    write_text<uint16_t>(from, path, threads);
  } else {
    write_text<uint32_t>(from, path, threads);
  }
}

std::vector<uint32_t> sort_corpus(corpus& from, unsigned threads) {
  check_corpus(from);
  return is_short(from) ? sort_suffixes(text_of<uint16_t>(from), threads) : sort_suffixes(text_of<uint32_t>(from), threads);
}

}  // namespace spans

// What all files of this room share: the error, the sizes, a loop over threads.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace spans {

// A symbol is 0 for the end of a document, else a token id + 1. The text is every document's symbols, each with its end.
using symbol = uint32_t;

// Suffixes are sorted by 32-bit signed positions.
constexpr uint64_t MAX_SYMBOLS = (uint64_t{1} << 31) - (uint64_t{1} << 16);
constexpr size_t HASH = 32;
// Values in one leaf of a tree over text, array or inverse.
constexpr uint64_t CHUNK = 64;
// start u32, end u32 (position of its end symbol), row u32, contributor 20; big endian, as committed.
constexpr size_t DOCUMENT = 32;

class failure : public std::exception {
 public:
  failure(const char* code, std::string text) : code_(code), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  const char* code() const { return code_; }

 private:
  const char* code_;
  std::string text_;
};

[[noreturn]] inline void fail(const char* code, std::string text) { throw failure(code, std::move(text)); }

// Calls body(from, to) for pieces of 0...count on up to `threads` threads; the pieces cover it once. No piece may throw.
template <typename F>
void in_parallel(uint64_t count, unsigned threads, uint64_t least, const F& body) {
  const uint64_t pieces = std::max<uint64_t>(1, std::min<uint64_t>(threads, count / std::max<uint64_t>(1, least)));
  std::vector<std::thread> workers;
  for (uint64_t i = 1; i < pieces; ++i) {
    workers.emplace_back([&, i] { body(count * i / pieces, count * (i + 1) / pieces); });
  }
  body(0, count / pieces);
  for (auto& worker : workers) worker.join();
}

inline uint32_t load_be32(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

inline void store_be32(uint8_t* at, uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

}  // namespace spans

#include "spans/checksum.h"

#include <cstring>

namespace spans {
namespace {

constexpr uint64_t P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F, P3 = 0x165667B19E3779F9, P4 = 0x85EBCA77C2B2AE63,
                   P5 = 0x27D4EB2F165667C5;

uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

template <typename T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint64_t mix(uint64_t sum, uint64_t lane) { return rotate(sum + lane * P2, 31) * P1; }

}  // namespace

// The XXH64 algorithm of Yann Collet's specification, seed 0; words are read as this (little-endian) machine has them.
uint64_t checksum(const void* data, size_t length) {
  const auto* at = static_cast<const uint8_t*>(data);
  const uint8_t* const end = at + length;
  uint64_t hash = P5;
  if (length >= 32) {
    uint64_t sums[4] = {P1 + P2, P2, 0, 0 - P1};
    for (; end - at >= 32; at += 32) {
      for (int i = 0; i < 4; ++i) sums[i] = mix(sums[i], load<uint64_t>(at + 8 * i));
    }
    hash = rotate(sums[0], 1) + rotate(sums[1], 7) + rotate(sums[2], 12) + rotate(sums[3], 18);
    for (const uint64_t sum : sums) hash = (hash ^ mix(0, sum)) * P1 + P4;
  }
  hash += length;
  for (; end - at >= 8; at += 8) hash = rotate(hash ^ mix(0, load<uint64_t>(at)), 27) * P1 + P4;
  if (end - at >= 4) {
    hash = rotate(hash ^ load<uint32_t>(at) * P1, 23) * P2 + P3;
    at += 4;
  }
  for (; at < end; ++at) hash = rotate(hash ^ *at * P5, 11) * P1;
  hash = (hash ^ hash >> 33) * P2;
  hash = (hash ^ hash >> 29) * P3;
  return hash ^ hash >> 32;
}

}  // namespace spans

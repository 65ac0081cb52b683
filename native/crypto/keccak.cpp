// Keccak-256 as Ethereum uses it: FIPS 202's permutation with the padding byte 0x01.
#include <cstdint>
#include <cstring>

#include "openledger_crypto.h"

namespace {

constexpr size_t RATE = 136;  // bytes

constexpr uint64_t ROUND[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

inline uint64_t rotate(uint64_t x, unsigned by) { return by == 0 ? x : x << by | x >> (64 - by); }

inline void chi(uint64_t* row, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  row[0] = a ^ (~b & c);
  row[1] = b ^ (~c & d);
  row[2] = c ^ (~d & e);
  row[3] = d ^ (~e & a);
  row[4] = e ^ (~a & b);
}

// s[x + 5y] is lane (x, y). Rho and pi are folded into the reads of chi: lane (y, 2x + 3y) of the next state comes from
// lane (x, y).
inline void round(const uint64_t* s, uint64_t* t, uint64_t constant) {
  const uint64_t c0 = s[0] ^ s[5] ^ s[10] ^ s[15] ^ s[20], c1 = s[1] ^ s[6] ^ s[11] ^ s[16] ^ s[21];
  const uint64_t c2 = s[2] ^ s[7] ^ s[12] ^ s[17] ^ s[22], c3 = s[3] ^ s[8] ^ s[13] ^ s[18] ^ s[23];
  const uint64_t c4 = s[4] ^ s[9] ^ s[14] ^ s[19] ^ s[24];
  const uint64_t d0 = c4 ^ rotate(c1, 1), d1 = c0 ^ rotate(c2, 1), d2 = c1 ^ rotate(c3, 1);
  const uint64_t d3 = c2 ^ rotate(c4, 1), d4 = c3 ^ rotate(c0, 1);
  chi(t, s[0] ^ d0, rotate(s[6] ^ d1, 44), rotate(s[12] ^ d2, 43), rotate(s[18] ^ d3, 21), rotate(s[24] ^ d4, 14));
  chi(t + 5, rotate(s[3] ^ d3, 28), rotate(s[9] ^ d4, 20), rotate(s[10] ^ d0, 3), rotate(s[16] ^ d1, 45),
      rotate(s[22] ^ d2, 61));
  chi(t + 10, rotate(s[1] ^ d1, 1), rotate(s[7] ^ d2, 6), rotate(s[13] ^ d3, 25), rotate(s[19] ^ d4, 8),
      rotate(s[20] ^ d0, 18));
  chi(t + 15, rotate(s[4] ^ d4, 27), rotate(s[5] ^ d0, 36), rotate(s[11] ^ d1, 10), rotate(s[17] ^ d2, 15),
      rotate(s[23] ^ d3, 56));
  chi(t + 20, rotate(s[2] ^ d2, 62), rotate(s[8] ^ d3, 55), rotate(s[14] ^ d4, 39), rotate(s[15] ^ d0, 41),
      rotate(s[21] ^ d1, 2));
  t[0] ^= constant;
}

void permute(uint64_t* state) {
  uint64_t other[25];
  for (int i = 0; i < 24; i += 2) {
    round(state, other, ROUND[i]);
    round(other, state, ROUND[i + 1]);
  }
}

uint64_t load(const uint8_t* bytes) {
  uint64_t lane = 0;
  for (int i = 7; i >= 0; i--) lane = lane << 8 | bytes[i];
  return lane;
}

void absorb(uint64_t* state, const uint8_t* block) {
  for (size_t i = 0; i < RATE / 8; i++) state[i] ^= load(block + 8 * i);
  permute(state);
}

}  // namespace

extern "C" void ol_keccak256(const uint8_t* input, size_t length, uint8_t output[32]) {
  uint64_t state[25] = {};
  for (; length >= RATE; length -= RATE, input += RATE) absorb(state, input);
  uint8_t last[RATE] = {};
  if (length != 0) std::memcpy(last, input, length);
  last[length] ^= 0x01;
  last[RATE - 1] ^= 0x80;
  absorb(state, last);
  for (int i = 0; i < 32; i++) output[i] = static_cast<uint8_t>(state[i / 8] >> (8 * (i % 8)));
}

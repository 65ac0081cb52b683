#pragma once
#include "bn254_tower.h"

namespace ol_crypto::bn254 {

struct G1Point {
  Fp x, y;
  bool infinity;
};

// On the twist y^2 = x^3 + 3 / xi.
struct G2Point {
  Fp2 x, y;
  bool infinity;
};

// 64 bytes: x, y; infinity is (0, 0). False for a coordinate of p or above and for a point off the curve.
bool read_g1(G1Point* out, const uint8_t* bytes);

}  // namespace ol_crypto::bn254

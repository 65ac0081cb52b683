// Seeded numbers for fresh weights: SplitMix64, and normals through own fp64 functions.
#pragma once
#include <cstdint>

namespace ol {

class random_source {
 public:
  explicit random_source(uint64_t seed) : state_(seed) {}
  uint64_t next();
  double uniform();  // in (0, 1), 53 bits
  double normal();   // Box-Muller, one value per two uniforms

 private:
  uint64_t state_;
};

}  // namespace ol

#include "core/random.h"

#include <cmath>

#include "core/math64.h"

namespace ol {

uint64_t random_source::next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double random_source::uniform() { return (static_cast<double>(next() >> 11) + 0.5) * (1.0 / 9007199254740992.0); }

double random_source::normal() {
  const double radius = std::sqrt(-2.0 * log64(uniform()));  // IEEE square root: rounded once
  double s, c;
  sincos64(6.283185307179586477 * uniform(), &s, &c);
  return radius * c;
}

}  // namespace ol

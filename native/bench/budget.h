// How long a program may take: the number of seconds that its command line names.
#pragma once
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ol {
namespace bench {

class budget {
 public:
  explicit budget(double seconds) : seconds_(seconds) {}
  double left() const {
    return seconds_ - std::chrono::duration<double>(std::chrono::steady_clock::now() - from_).count();
  }
  bool over() const { return left() <= 0; }

 private:
  double seconds_;
  std::chrono::steady_clock::time_point from_ = std::chrono::steady_clock::now();
};

// The value of `name SECONDS` among the words, 600 where it isn't; a value that is no number from 0 to 86400 ends the program.
inline double seconds_of(int argc, char** argv, const char* name) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], name) != 0) continue;
    char* end = nullptr;
    const double value = i + 1 < argc ? std::strtod(argv[i + 1], &end) : -1;
    if (end && end != argv[i + 1] && *end == 0 && value >= 0 && value <= 86400) return value;
    std::fprintf(stderr, "%s takes a number of seconds, 0 to 86400\n", name);
    std::exit(2);
  }
  return 600;
}

inline bool has_word(int argc, char** argv, const char* word) {
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], word) == 0) return true;
  return false;
}

}  // namespace bench
}  // namespace ol

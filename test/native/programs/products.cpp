// Products with matrices of every format by both arithmetics: every instruction set and number of threads gives the scalar bytes.
#include "common.h"

static std::vector<float> product(const char* isa, int threads, int32_t arithmetic, const format_case& format,
                                  const std::vector<uint8_t>& weights, int rows, int cols, const std::vector<float>& x) {
  const session_ptr session = open_session(isa, threads);
  const int64_t tokens = static_cast<int64_t>(x.size()) / cols;
  std::vector<float> y(static_cast<size_t>(tokens) * rows);
  must(ol_product(session.get(), arithmetic, format.number, weights.data(), weights.size(), rows, cols, x.data(), tokens,
                  y.data()));
  return y;
}

int main(int argc, char** argv) {
  const int scale = scale_of(argc, argv);
  for (const format_case& format : all_formats()) {
    for (const int32_t arithmetic : {OL_ARITHMETIC_F32, OL_ARITHMETIC_Q8}) {
      hash64 hash;
      random_numbers random{static_cast<uint32_t>(7 + format.number)};
      for (int round = 0; round < 3 * scale; ++round) {
        const int rows = 1 + static_cast<int>(random.below(80)), tokens = 1 + static_cast<int>(random.below(14));
        const int cols = format.values * (1 + static_cast<int>(random.below(format.values == 256 ? 3 : 20)));
        // Every second time with scales of every size.
        const auto weights = random_weights(format, static_cast<size_t>(rows) * cols, random, round % 2 ? 30 : 16);
        const std::vector<float> x = random.floats(static_cast<size_t>(tokens) * cols);
        const std::vector<float> want = product("scalar", 1, arithmetic, format, weights, rows, cols, x);
        for (const char* isa : instruction_sets()) {
          for (const int threads : {1, 2, 3}) {
            const auto got = product(isa, threads, arithmetic, format, weights, rows, cols, x);
            if (std::memcmp(got.data(), want.data(), want.size() * sizeof(float)) != 0) {
              std::printf("DIFFERS %s %s %s %d threads\n", format.name, arithmetic ? "q8" : "f32", isa, threads);
              return 1;
            }
          }
        }
        hash.add(want);
      }
      report(std::string("product ") + format.name + (arithmetic ? " q8" : " f32"), hash);
    }
  }
}

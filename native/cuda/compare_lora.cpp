// Adapters' products where their launch differs from one adapter's: many adapters of few rows, some of many rows beside
// them, ranks and widths that fill no tile.
#include "cuda/compare.h"

namespace ol {

void compare_lora(comparison& compare) {
  const int counts[][5] = {{1, 1, 1, 1, 1}, {3, 8, 1, 2, 7}, {1, 45, 2, 70, 1}};
  const int ranks[] = {1, 8, 16, 130, 5};
  for (const auto& rows : counts)
    for (const int in : {5, 300})
      compare("lora_forward segments", [&](bench& b) {
        const int outs[] = {33, 150};
        int all = 4;  // of which the last are nobody's
        for (const int n : rows) all += n;
        std::vector<linear_weight> factors;
        for (const int out : outs) {
          for (const int rank : ranks) {
            factors.push_back({b.in(static_cast<size_t>(rank) * in), rank, in, nullptr, nullptr});
            factors.push_back({b.in(static_cast<size_t>(rank) * out), out, rank, nullptr, nullptr});
          }
        }
        for (auto& w : factors) b.device.pack(w, false);
        const float* x = b.in(static_cast<size_t>(all) * in);
        float *ys[] = {b.out(static_cast<size_t>(all) * 33), b.out(static_cast<size_t>(all) * 150)};
        float* u = b.in(static_cast<size_t>(all) * 130);
        std::vector<lora_rows> segments;
        for (int s = 0, row = 0; s < 5; row += rows[s++]) {
          for (int y = 0; y < 2; ++y) {
            const linear_weight* a = &factors[static_cast<size_t>(2 * (5 * y + s))];
            segments.push_back({row, rows[s], a, a + 1, 1.7f, x, ys[y]});
          }
        }
        b.device.lora_forward(segments.data(), static_cast<int>(segments.size()), u);
      });
}

}  // namespace ol

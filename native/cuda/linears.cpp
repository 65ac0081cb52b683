#include "cuda/linears.h"

#include <algorithm>
#include <vector>

#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

// By q8: x is rounded once for all matrices whose blocks have as many values, and those of a format are multiplied together.
void blocks_forward(cudaStream_t stream, device_scratch& whole, std::vector<stored_product> all, const float* x, int tokens,
                    bool accumulate) {
  if (tokens <= 0) return;
  const auto values = [](const stored_product& p) { return info_of(p.w.format).values; };
  std::stable_sort(all.begin(), all.end(), [&](const stored_product& a, const stored_product& b) {
    return values(a) != values(b) ? values(a) < values(b) : a.w.format < b.w.format;
  });
  whole_rows rows{};
  for (size_t first = 0, end; first < all.size(); first = end) {
    for (end = first + 1; end < all.size() && all[end].w.format == all[first].w.format;) ++end;
    if (first == 0 || values(all[first]) != values(all[first - 1])) {
      rows = round_rows(stream, whole, x, tokens, all[first].w.cols, values(all[first]));
    }
    const auto multiply = tokens <= few_rows ? blocks_few : blocks_many;
    multiply(stream, &all[first], static_cast<int>(end - first), rows, tokens, accumulate);
  }
}

}  // namespace

stored_view view_of(const linear_weight& w) {
  const stored_matrix& m = *w.stored;
  return {static_cast<const device_array<uint8_t>*>(w.packed.get())->get(), m.panel_bytes(), m.format(), m.rows(), m.cols()};
}

void linears_forward(cudaStream_t stream, device_scratch& widened, device_scratch& whole, const linear_product* outputs,
                     int count, const float* x, int tokens, bool accumulate) {
  std::vector<product> plain;
  std::vector<stored_product> stored, blocks;
  for (int i = 0; i < count; ++i) {
    const linear_weight& w = *outputs[i].w;
    float* y = outputs[i].y;
    if (w.stored) (w.q8 ? blocks : stored).push_back({y, view_of(w)});
    else plain.push_back({y, x, w.weight, w.out, w.in, w.in, tokens, w.out, w.in});
  }
  multiply(stream, plain.data(), static_cast<int>(plain.size()), true, true, accumulate);
  stored_forward(stream, widened, stored.data(), static_cast<int>(stored.size()), x, tokens, accumulate);
  blocks_forward(stream, whole, std::move(blocks), x, tokens, accumulate);
}

}  // namespace cuda
}  // namespace ol

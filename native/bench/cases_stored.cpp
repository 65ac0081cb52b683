// Products with matrices in the formats that models come in, by both arithmetics.
#include <algorithm>
#include <cstring>

#include "bench/cases.h"
#include "core/format.h"
#include "openledger.h"

namespace ol {
namespace bench {
namespace {

// Fields of blocks: halves around 2^-6, any bytes between them.
std::vector<uint8_t> made_rows(int32_t format, int rows, int cols) {
  const format_info& info = info_of(format);
  std::vector<uint8_t> all(row_bytes(format, cols) * static_cast<size_t>(rows));
  uint32_t state = 4242;
  const auto next = [&] { return state = state * 1664525u + 1013904223u; };
  for (size_t at = 0; at < all.size(); at += info.bytes) {
    for (int i = 0; i < info.bytes; ++i) all[at + i] = static_cast<uint8_t>(next() >> 24);
    // BF16 has eight bits of exponent.
    const bool brain = format == OL_FORMAT_BF16;
    const uint16_t kept = brain ? 0x807f : 0x83ff, exponent = brain ? 0x3c80 : 0x2400;
    for (int i = info.half_first; i < info.half_last; i += 2) {
      const uint16_t half = static_cast<uint16_t>((next() >> 16 & kept) | exponent);
      std::memcpy(&all[at + i], &half, 2);
    }
  }
  return all;
}

struct stored_linear {
  int32_t format;
  int out, in;
  bool q8;
};

operator_case product(const model_shape& model, const stored_linear& l, int tokens, bool backward) {
  const double weight = static_cast<double>(row_bytes(l.format, l.in)) * l.out;
  const double bytes = weight + 4.0 * tokens * (l.out + l.in);
  const std::string name = std::string("down, ") + info_of(l.format).name + (l.q8 ? " by q8" : "") + (backward ? ", dx" : "");
  operator_case made;
  made.model = model.name;
  made.name = name;
  made.shape = std::to_string(l.out) + " x " + std::to_string(l.in);
  made.tokens = tokens;
  made.flops = 2.0 * tokens * l.out * l.in;
  made.bytes = bytes;
  made.memory = static_cast<size_t>(bytes);
  made.make = [=](workspace& w) -> prepared {
    const size_t outputs = static_cast<size_t>(tokens) * l.out, inputs = static_cast<size_t>(tokens) * l.in;
    float *to = w.out(backward ? inputs : outputs), *from = w.in(backward ? outputs : inputs);
    const auto* weights = &w.stored(l.format, l.out, l.in, l.q8);
    backend* device = &w.device;
    return {[=](size_t i) {
              const linear_weight& weight = (*weights)[i % weights->size()];
              if (backward) device->linear_backward_input(to, from, weight, tokens, false);
              else device->linear_forward(to, from, weight, tokens, false);
            },
            {}};
  };
  return made;
}

}  // namespace

std::vector<linear_weight>& workspace::stored(int32_t format, int out, int in, bool q8) {
  const std::vector<uint8_t> rows = made_rows(format, out, in);
  matrices_.push_back(std::make_unique<stored_matrix>(matrix_of(format, out, in, rows.data(), rows.size())));
  const stored_matrix& matrix = *matrices_.back();
  const size_t copies = std::max<size_t>(1, pool_ / matrix.bytes());
  weights_.push_back(std::make_unique<std::vector<linear_weight>>());
  for (size_t i = 0; i < copies; ++i) weights_.back()->push_back({nullptr, out, in, device.keep(matrix), &matrix, q8});
  return *weights_.back();
}

void add_stored(case_list& list, const model_shape& m, const sizes& all) {
  for (const int32_t format : {OL_FORMAT_BF16, OL_FORMAT_Q8_0, OL_FORMAT_Q4_K, OL_FORMAT_Q6_K}) {
    const format_info& info = info_of(format);
    if (m.inner % info.values != 0) continue;
    for (const int tokens : all.tokens) {
      list.push_back(product(m, {format, m.hidden, m.inner, false}, tokens, false));
      if (info.values > 1) list.push_back(product(m, {format, m.hidden, m.inner, true}, tokens, false));
    }
    list.push_back(product(m, {format, m.hidden, m.inner, false}, all.training_tokens, true));
  }
}

}  // namespace bench
}  // namespace ol

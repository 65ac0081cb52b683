// Products with matrices in the format they came in, and the arithmetic q8.
#include <algorithm>
#include <memory>

#include "core/format.h"
#include "cuda/compare.h"
#include "openledger.h"

namespace ol {
namespace {

const int32_t formats[] = {OL_FORMAT_F32,  OL_FORMAT_F16,  OL_FORMAT_BF16, OL_FORMAT_Q8_0, OL_FORMAT_Q4_0, OL_FORMAT_Q4_1,
                           OL_FORMAT_Q5_0, OL_FORMAT_Q5_1, OL_FORMAT_Q4_K, OL_FORMAT_Q5_K, OL_FORMAT_Q6_K};

// What the fields of blocks look like: any bytes, the largest and smallest quants beside extreme scales, small numbers.
enum class bytes { any, extreme, small };

bool is_half(const format_info& info, int at) { return at >= info.half_first && at < info.half_last; }

// Halves that are finite: any of them, the largest and the smallest, or around 2^-6.
uint16_t half_of(numbers& random, bytes kind) {
  const uint16_t extremes[] = {0x7bff, 0xfbff, 0x0001, 0x8001, 0x0000, 0x8000, 0x0400, 0x03ff};
  const uint32_t next = random.next() >> 8;
  if (kind == bytes::extreme) return extremes[next % 8];
  uint16_t made = static_cast<uint16_t>(next);
  if (kind == bytes::small) made = static_cast<uint16_t>((made & 0x83ffu) | 0x2400u);
  return (made & 0x7c00u) == 0x7c00u ? made & 0xbfffu : made;
}

stored_matrix matrix(numbers& random, int32_t format, int rows, int cols, bytes kind) {
  const format_info& info = info_of(format);
  std::vector<uint8_t> all(row_bytes(format, cols) * static_cast<size_t>(rows));
  for (size_t at = 0; at < all.size(); at += info.bytes) {
    if (format == OL_FORMAT_F32) {
      const float value = random.value();
      std::memcpy(&all[at], &value, 4);
      continue;
    }
    for (int i = 0; i < info.bytes; i += is_half(info, i) ? 2 : 1) {
      const uint16_t half = half_of(random, kind);
      // BF16's own exponent, without NaN and infinity.
      const uint16_t brain = static_cast<uint16_t>((random.next() >> 8 & 0xbfffu) | (half & 0x4000u ? 0 : 0x3000u));
      const uint8_t ends[] = {0, 255, 128, 127, 0x80, 0x7f, 0xf0, 0x0f};
      if (is_half(info, i)) std::memcpy(&all[at + i], format == OL_FORMAT_BF16 ? &brain : &half, 2);
      else all[at + i] = kind == bytes::extreme ? ends[random.next() >> 24 & 7u] : static_cast<uint8_t>(random.next() >> 24);
    }
  }
  return matrix_of(format, rows, cols, all.data(), all.size());
}

// One matrix on both devices.
struct stored_weight {
  stored_matrix matrix;
  linear_weight on(backend& device, bool q8) const {
    return {nullptr, matrix.rows(), matrix.cols(), device.keep(matrix), &matrix, q8};
  }
};

// Rows whose blocks have every exponent from the smallest to the largest; ties of the rounding; zeros.
std::vector<float> hostile_rows(numbers& random, int rows, int cols) {
  std::vector<float> x = random.floats(static_cast<size_t>(rows) * cols);
  for (size_t b = 0; b + 32 <= x.size(); b += 32) {
    const uint32_t kind = random.next() >> 24;
    for (size_t i = b; i < b + 32; ++i) {
      if (kind < 40) x[i] = static_cast<float>(static_cast<int>(random.next() >> 20) % 255 - 127) * 0.5f;
      if (kind >= 40 && kind < 60) x[i] = random.next() & 256u ? 3e38f : -1.5e-45f;
      if (kind >= 60 && kind < 80) x[i] *= 1e-41f;
      if (kind >= 80 && kind < 90) x[i] = random.next() & 256u ? -0.0f : 0.0f;
    }
    if (kind < 40) x[b] = 127.0f;
  }
  return x;
}

std::string name_of(const char* what, int32_t format, int tokens, int out, int in) {
  return std::string(what) + " " + info_of(format).name + " " + std::to_string(tokens) + "x" + std::to_string(out) + "x" +
         std::to_string(in);
}

void forward(comparison& compare, int32_t format, const stored_weight& w, int tokens, bool q8, bool accumulate) {
  const int out = w.matrix.rows(), in = w.matrix.cols();
  const size_t outputs = static_cast<size_t>(tokens) * out;
  compare(name_of(q8 ? "q8" : "stored forward", format, tokens, out, in), [&](bench& b) {
    const std::vector<float> x = q8 ? hostile_rows(b.random, tokens, in) : b.random.floats(static_cast<size_t>(tokens) * in);
    b.device.linear_forward(b.out(outputs), b.in(x), w.on(b.device, q8), tokens, accumulate);
    b.device.finish();
  });
}

void products(comparison& compare, int32_t format) {
  const int block = info_of(format).values;
  // Rows of W, blocks of a row (values in place of blocks where there are none): whole and ragged.
  const int shapes[][2] = {{70, 9}, {32, 1}, {131, 3}};
  numbers random{static_cast<uint32_t>(format) * 7u + 1u};
  for (const auto& s : shapes) {
    const int in = block == 1 ? 32 * s[1] + s[1] % 4 : block * (block == 256 ? (s[1] + 1) / 2 : s[1]);
    const stored_weight w{matrix(random, format, s[0], in, bytes::any)};
    for (const int tokens : {1, 3, 16, 67}) {
      forward(compare, format, w, tokens, false, tokens != 16);
      if (block > 1) forward(compare, format, w, tokens, true, tokens != 16);
    }
    for (const int tokens : {1, 40})
      compare(name_of("stored backward", format, tokens, s[0], in), [&](bench& b) {
        b.device.linear_backward_input(b.out(static_cast<size_t>(tokens) * in), b.in(static_cast<size_t>(tokens) * s[0]),
                                       w.on(b.device, false), tokens, tokens == 1);
        b.device.finish();
      });
    compare(name_of("stored embedding", format, 9, s[0], in), [&](bench& b) {
      b.device.embed_forward(b.out(9u * in), w.on(b.device, false), b.in(b.random.integers(9, s[0])), 9);
      b.device.finish();
    });
  }
  for (const bytes kind : {bytes::extreme, bytes::small}) {
    const stored_weight w{matrix(random, format, 64, block == 1 ? 44 : 2 * block, kind)};
    for (const int tokens : {2, 65}) {
      forward(compare, format, w, tokens, false, false);
      if (block > 1) forward(compare, format, w, tokens, true, false);
    }
  }
}

// A matrix that is widened in several parts: the last one ragged.
void parts(comparison& compare) {
  numbers random{99};
  const int in = 1 << 17, out = 37;
  const stored_weight w{matrix(random, OL_FORMAT_Q4_0, out, in, bytes::small)};
  forward(compare, OL_FORMAT_Q4_0, w, 17, false, true);
  compare("stored backward in parts", [&](bench& b) {
    b.device.linear_backward_input(b.out(static_cast<size_t>(in)), b.in(out), w.on(b.device, false), 1, false);
    b.device.finish();
  });
}

// A row that is not finite makes its own outputs NaN and no others.
void not_finite(comparison& compare) {
  numbers random{5};
  const stored_weight w{matrix(random, OL_FORMAT_Q4_K, 40, 512, bytes::small)};
  for (const int tokens : {3, 20})
    compare("q8 of rows that are not finite", [&](bench& b) {
      std::vector<float> x = b.random.floats(static_cast<size_t>(tokens) * 512);
      const float bad[] = {__builtin_nanf(""), __builtin_inff()};
        for (int i = 0; i < 2; ++i) x[512u * i + 300] = bad[i];
      float* y = b.out(static_cast<size_t>(tokens) * 40);
      b.device.linear_forward(y, b.in(x), w.on(b.device, true), tokens, false);
      std::vector<float> host(static_cast<size_t>(tokens) * 40);
      b.device.download(host.data(), y, host.size() * sizeof(float));
      b.device.finish();
      // Which NaN it is, is not told: one for all.
      for (float& v : host) v = v == v ? v : 12345.0f;
      b.device.upload(y, host.data(), host.size() * sizeof(float));
      b.device.finish();
    });
}

// Several linears of one x: formats and shapes that share a launch and such that do not, more of them than one launch takes.
void lists(comparison& compare) {
  const int in = 512;
  struct linear {
    int32_t format;  // -1: fp32 values
    int out;
    bool q8;
  };
  const int32_t plain = -1, q4 = OL_FORMAT_Q4_K, q6 = OL_FORMAT_Q6_K, q8 = OL_FORMAT_Q8_0;
  const std::vector<std::vector<linear>> all{
      {{q4, 70, true}, {q4, 33, true}, {q6, 65, true}},
      {{q4, 70, false}, {OL_FORMAT_BF16, 33, false}, {q6, 1, false}},
      {{plain, 70, false}, {plain, 33, false}, {plain, 8, false}, {plain, 66, false}, {plain, 8, false}},
      {{plain, 9, false}, {q8, 40, true}, {q4, 31, true}, {OL_FORMAT_F16, 32, false}, {q8, 96, true}, {q8, 5, false},
       {OL_FORMAT_Q4_0, 64, true}, {q8, 64, true}, {q8, 33, true}, {q8, 20, true}},
      {{plain, 17, false}, {plain, 40, false}, {plain, 50, false}, {plain, 36, false}, {plain, 20, false}, {plain, 31, false},
       {plain, 64, false}, {plain, 65, false}, {plain, 44, false}, {plain, 18, false}, {plain, 3, false}}};
  for (size_t n = 0; n < all.size(); ++n)
    for (const int tokens : {1, 6, 16, 43})
      compare("linears of one x, list " + std::to_string(n) + " " + std::to_string(tokens), [&](bench& b) {
        std::vector<linear_weight> weights;
        std::vector<stored_matrix> matrices;
        matrices.reserve(all[n].size());
        std::vector<linear_product> outputs;
        for (const linear& l : all[n]) {
          if (l.format == plain) {
            weights.push_back({b.in(static_cast<size_t>(l.out) * in), l.out, in, nullptr, nullptr});
            b.device.pack(weights.back(), false);
            continue;
          }
          matrices.push_back(matrix(b.random, l.format, l.out, in, bytes::small));
          weights.push_back({nullptr, l.out, in, b.device.keep(matrices.back()), &matrices.back(), l.q8});
        }
        for (const linear_weight& w : weights) outputs.push_back({b.out(static_cast<size_t>(tokens) * w.out), &w});
        const float* x = b.in(hostile_rows(b.random, tokens, in));
        b.device.linear_forward_each(outputs.data(), static_cast<int>(outputs.size()), x, tokens);
        b.device.finish();
      });
}

}  // namespace

void compare_stored(comparison& compare) {
  for (const int32_t format : formats) products(compare, format);
  parts(compare);
  not_finite(compare);
  lists(compare);
}

}  // namespace ol

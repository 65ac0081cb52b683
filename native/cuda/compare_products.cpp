// Matrix products at the edges of every kernel's tiles: few and many rows, columns and terms, addresses that cannot be read in
// quads, zeros of both signs, NaN.
#include "cuda/compare.h"

namespace ol {
namespace {

// C[m, n] from k terms; `shift` values after an aligned address begin all its matrices.
struct shape {
  int m, n, k, shift;
};

std::string at(const shape& s) {
  return " " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k) + (s.shift ? " shifted" : "");
}

size_t area(int a, int b) { return static_cast<size_t>(a) * b; }

const float* matrix(bench& b, int rows, int cols, int shift) { return b.in(area(rows, cols) + shift) + shift; }
float* sums(bench& b, const shape& s) { return b.out(area(s.m, s.n) + s.shift) + s.shift; }

linear_weight weight(bench& b, int out, int in, int shift) {
  linear_weight w{matrix(b, out, in, shift), out, in, nullptr, nullptr};
  b.device.pack(w, true);
  return w;
}

// The product in each of the forms in which operands lie.
void each_form(comparison& compare, const shape& s) {
  for (const bool accumulate : {false, true}) {
    if (accumulate != ((s.m + s.n + s.k) % 2 == 1)) continue;
    compare("product forward" + at(s), [&](bench& b) {
      const linear_weight w = weight(b, s.n, s.k, s.shift);
      b.device.linear_forward(sums(b, s), matrix(b, s.m, s.k, s.shift), w, s.m, accumulate);
      b.device.finish();
    });
    compare("product backward input" + at(s), [&](bench& b) {
      const linear_weight w = weight(b, s.k, s.n, s.shift);
      b.device.linear_backward_input(sums(b, s), matrix(b, s.m, s.k, s.shift), w, s.m, accumulate);
      b.device.finish();
    });
  }
  compare("product backward weight" + at(s), [&](bench& b) {
    b.device.linear_backward_weight(sums(b, s), matrix(b, s.k, s.m, s.shift), matrix(b, s.k, s.n, s.shift), s.k, s.m, s.n);
  });
}

// Of each example, some without any row. The stride leaves room, or none of the c's but the first begins at an aligned address.
void each_example(comparison& compare, const shape& s, int gap) {
  compare("product each example" + at(s), [&](bench& b) {
    const std::vector<int32_t> offsets{0, 0, 1, 1 + s.k, 6 + s.k, 6 + s.k, 70 + s.k};
    const int rows = offsets.back(), examples = static_cast<int>(offsets.size()) - 1;
    const size_t stride = area(s.m, s.n) + gap;
    b.device.linear_backward_weight_each(b.out(stride * examples), stride, matrix(b, rows, s.m, s.shift),
                                         matrix(b, rows, s.n, s.shift), offsets.data(), examples, s.m, s.n);
  });
}

void tiles(comparison& compare) {
  // Less than 128 tiles of 64 x 64; at least so many; at least 128 of 128 x 128.
  const shape small[] = {{17, 17, 1, 0}, {31, 33, 16, 0}, {32, 32, 17, 0}, {33, 64, 15, 0}, {64, 31, 52, 0}, {36, 68, 48, 1},
                         {100, 20, 3, 0}, {96, 96, 96, 0}};
  const shape medium[] = {{65, 4097, 20, 0}, {128, 4160, 36, 0}, {40, 8200, 8, 1}, {8200, 36, 33, 0}};
  const shape large[] = {{130, 8196, 7, 0}, {128, 16384, 52, 0}, {8320, 68, 16, 0}, {132, 8196, 48, 0}};
  for (const shape& s : small) each_form(compare, s);
  for (const shape& s : medium) each_form(compare, s);
  for (const shape& s : large) each_form(compare, s);
  for (const shape& s : {shape{33, 66, 40, 0}, {64, 96, 33, 0}, {40, 52, 1, 1}, {700, 660, 5, 0}}) {
    each_example(compare, s, 0);
    each_example(compare, s, 3);
  }
}

void thin(comparison& compare) {
  // Of the few, every number of chains a thread has; of the many, blocks of 8, 16 and 32.
  for (const int few : {1, 2, 4, 5, 8, 9, 13, 16})
    for (const int many : {few, 9, 1032, 2049, 4100}) {
      const int k = many > 1000 ? 20 + many % 60 : 130;
      each_form(compare, {few, many, k, 0});
      if (few > 2) each_form(compare, {many, few, k + few % 3, 0});
    }
  for (const int k : {1, 2, 3, 4, 63, 64, 65, 127, 128, 129, 191, 512, 700}) {
    each_form(compare, {3, 40, k, 0});
    each_form(compare, {50, 8, k, 0});
    each_form(compare, {12, 44, k, 1});
  }
  for (const shape& s : {shape{8, 36, 40, 0}, {44, 16, 128, 0}, {3, 5, 90, 1}, {4, 2060, 9, 0}}) {
    each_example(compare, s, 0);
    each_example(compare, s, 2);
  }
}

// -0 stays where all terms are -0: nothing is added that is not there.
void zeros(comparison& compare) {
  for (const shape& s : {shape{3, 40, 5, 0}, {50, 8, 67, 0}, {40, 44, 18, 0}, {40, 44, 19, 1}})
    compare("product of zeros" + at(s), [&](bench& b) {
      linear_weight w{b.in(std::vector<float>(area(s.n, s.k), -1.0f)), s.n, s.k, nullptr, nullptr};
      b.device.pack(w, true);
      float* y = b.out(std::vector<float>(area(s.m, s.n), -0.0f));
      b.device.linear_forward(y, b.in(std::vector<float>(area(s.m, s.k))), w, s.m, true);
      b.device.finish();
    });
}

// NaN and infinity reach the outputs of their row and column and no others. Which NaN it is, is not told: one for all.
void not_finite(comparison& compare) {
  for (const shape& s : {shape{5, 40, 70, 0}, {70, 9, 33, 0}, {70, 45, 21, 0}, {140, 8200, 6, 0}})
    compare("product of NaN" + at(s), [&](bench& b) {
      std::vector<float> x = b.random.floats(area(s.m, s.k)), values = b.random.floats(area(s.n, s.k));
      x[area(s.m - 1, s.k) + s.k - 1] = __builtin_nanf("");
      x[area(2, s.k)] = __builtin_inff();
      values[area(s.n - 2, s.k)] = __builtin_nanf("");
      values[area(3, s.k) + s.k - 1] = -__builtin_inff();
      linear_weight w{b.in(values), s.n, s.k, nullptr, nullptr};
      b.device.pack(w, true);
      float* y = sums(b, s);
      b.device.linear_forward(y, b.in(x), w, s.m, false);
      std::vector<float> host(area(s.m, s.n));
      b.device.download(host.data(), y, host.size() * sizeof(float));
      b.device.finish();
      for (float& v : host) v = v == v ? v : 12345.0f;
      b.device.upload(y, host.data(), host.size() * sizeof(float));
      b.device.finish();
    });
}

}  // namespace

void compare_products(comparison& compare) {
  tiles(compare);
  thin(compare);
  zeros(compare);
  not_finite(compare);
}

}  // namespace ol

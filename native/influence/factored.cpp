#include "influence/factored.h"

#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "core/random.h"
#include "influence/leading.h"
#include "influence/quantise.h"

namespace ol {
namespace {

// Of a fixed-point coordinate: 2^-20 is one, and nothing is above 2^42 of them.
const int fraction_bits = 20;
const double largest_fixed = 4398046511104.0;
// Before squares are added, the largest coordinate is below this: squares of 2^19 coordinates fit 64 bits.
const int unit_bits = 22;
// Of a unit row's coordinates.
const int unit_fraction = 30;

struct eigen_task {
  const std::vector<float>* matrix;
  int n, wanted;
  std::vector<double> vectors;
};

void quantise_rows(const std::vector<double>& rows, int count, int n, int16_t* mantissas, int8_t* exponents) {
  std::vector<float> row(n);
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < n; k++) row[k] = static_cast<float>(rows[static_cast<size_t>(i) * n + k]);
    exponents[i] = quantise_int16(row.data(), n, mantissas + static_cast<size_t>(i) * n);
  }
}

void read_rows(const int16_t* mantissas, const int8_t* exponents, int count, int n, std::vector<float>* rows) {
  rows->resize(static_cast<size_t>(count) * n);
  for (int i = 0; i < count; i++) {
    const float scale = power_of_two(exponents[i]);
    for (int k = 0; k < n; k++) (*rows)[static_cast<size_t>(i) * n + k] = mantissas[static_cast<size_t>(i) * n + k] * scale;
  }
}

// In as many chains as a vector has lanes, added up in their order.
double sum_of_squares(const float* values, size_t count) {
  const size_t lanes = 16;
  double chains[lanes] = {};
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (size_t lane = 0; lane < lanes; lane++) chains[lane] += static_cast<double>(values[i + lane]) * values[i + lane];
  for (size_t lane = 0; i < count; i++, lane++) chains[lane] += static_cast<double>(values[i]) * values[i];
  double sum = 0;
  for (double chain : chains) sum += chain;
  return sum;
}

uint64_t integer_root(uint64_t square) {
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << 31; bit != 0; bit >>= 1) {
    const uint64_t tried = root | bit;
    if (tried * tried <= square) root = tried;
  }
  return root;
}

// To nearest, ties to even; divisor > 0.
int64_t divide_to_even(int64_t value, int64_t divisor) {
  const int64_t size = value < 0 ? -value : value;
  const int64_t whole = size / divisor, rest = size % divisor;
  const int64_t twice = 2 * rest;
  const int64_t rounded = whole + (twice > divisor || (twice == divisor && (whole & 1)) ? 1 : 0);
  return value < 0 ? -rounded : rounded;
}

// Every coordinate times 2^30 over the row's length; zeros stay zeros.
void make_unit(std::vector<int64_t>& row) {
  int64_t largest = 0;
  for (int64_t value : row) largest = std::max(largest, value < 0 ? -value : value);
  if (largest == 0) return;
  int down = 0, up = 0;
  while (largest >> down >= int64_t{1} << unit_bits) down++;
  while (largest << up < int64_t{1} << (unit_bits - 1)) up++;
  uint64_t squares = 0;
  for (int64_t& value : row) {
    // Rounding up may give 2^unit_bits itself, which still fits.
    value = down > 0 ? divide_to_even(value, int64_t{1} << down) : value * (int64_t{1} << up);
    squares += static_cast<uint64_t>(value * value);
  }
  const int64_t length = static_cast<int64_t>(integer_root(squares));
  for (int64_t& value : row) value = divide_to_even(value * (int64_t{1} << unit_fraction), length);
}

}  // namespace

factored_layout factored_layout_of(const ol_config& config, int rank, int targets, int axes) {
  const adapter_layout adapter = layout_of(config, rank, targets);
  factored_layout layout;
  layout.parameters = adapter.count;
  const auto add = [&](size_t offset, int longer, bool transposed) {
    factored_block block;
    block.offset = offset;
    block.rank = rank;
    block.longer = longer;
    block.transposed = transposed;
    block.axes = std::min(axes, longer);
    block.mantissas = layout.mantissas;
    block.exponents = layout.exponents;
    layout.mantissas += block.mantissa_count();
    layout.exponents += block.exponent_count();
    layout.coordinates += block.coordinates();
    layout.blocks.push_back(block);
  };
  for (int layer = 0; layer < config.layers; layer++)
    for (int proj = 0; proj < projection_count; proj++) {
      if (!(targets >> proj & 1)) continue;
      const linear_shape shape = shape_of(config, proj);
      const size_t at = static_cast<size_t>(layer) * projection_count + proj;
      add(adapter.at[at].a, shape.in, false);
      add(adapter.at[at].b, shape.out, true);
    }
  return layout;
}

factored_basis fit_axes(pool& threads, const ol_config& config, int targets, const factored_layout& layout,
                        const kronecker_factors& factors) {
  // Of each block: the task of its longer side and that of its rank side.
  std::vector<eigen_task> tasks;
  std::vector<std::pair<int, int>> of_block;
  const auto task = [&](const std::vector<float>& matrix, int n, int wanted) {
    tasks.push_back({&matrix, n, wanted, {}});
    return static_cast<int>(tasks.size()) - 1;
  };
  size_t next = 0;
  for (int layer = 0; layer < config.layers; layer++) {
    int input_task[input_group_count] = {-1, -1, -1, -1};
    for (int proj = 0; proj < projection_count; proj++) {
      if (!(targets >> proj & 1)) continue;
      const kronecker_factors::module& module = factors.modules[static_cast<size_t>(layer) * projection_count + proj];
      const factored_block &a = layout.blocks[next], &b = layout.blocks[next + 1];
      int& input = input_task[group_of(proj)];
      if (input < 0) input = task(factors.inputs[layer * input_group_count + group_of(proj)], a.longer, a.axes);
      of_block.push_back({input, task(module.delta_a, a.rank, a.rank)});
      const int out = task(module.delta_b, b.longer, b.axes);
      of_block.push_back({out, task(module.u, b.rank, b.rank)});
      next += 2;
    }
  }
  std::vector<char> solved(tasks.size(), 0);
  threads.run(static_cast<int>(tasks.size()), [&](int index, int) {
    eigen_task& one = tasks[index];
    solved[index] = leading_eigenvectors(*one.matrix, one.n, one.wanted, &one.vectors);
  });
  if (std::find(solved.begin(), solved.end(), 0) != solved.end())
    fail(OL_ERROR_NUMERIC, "a factor has no eigenvectors: its sums are not finite");
  factored_basis basis{std::vector<int8_t>(layout.exponents), std::vector<int16_t>(layout.mantissas)};
  for (size_t i = 0; i < layout.blocks.size(); i++) {
    const factored_block& block = layout.blocks[i];
    int16_t* mantissas = &basis.mantissas[block.mantissas];
    int8_t* exponents = &basis.exponents[block.exponents];
    quantise_rows(tasks[of_block[i].first].vectors, block.axes, block.longer, mantissas, exponents);
    mantissas += static_cast<size_t>(block.axes) * block.longer;
    exponents += block.axes;
    quantise_rows(tasks[of_block[i].second].vectors, block.rank, block.rank, mantissas, exponents);
    mantissas += static_cast<size_t>(block.rank) * block.rank;
    exponents += block.rank;
    quantise_rows(std::vector<double>(block.coordinates(), 1.0), block.rank, block.axes, mantissas, exponents);
  }
  return basis;
}

factored_projection::factored_projection(const factored_layout& layout, const factored_basis& basis)
    : parameters_(layout.parameters), coordinates_(layout.coordinates) {
  for (const factored_block& block : layout.blocks) {
    part made;
    made.block = block;
    const int16_t* mantissas = &basis.mantissas[block.mantissas];
    const int8_t* exponents = &basis.exponents[block.exponents];
    std::vector<float> axes;
    read_rows(mantissas, exponents, block.axes, block.longer, &axes);
    made.across.resize(axes.size());
    for (int i = 0; i < block.axes; i++)
      for (int k = 0; k < block.longer; k++) made.across[static_cast<size_t>(k) * block.axes + i] = axes[static_cast<size_t>(i) * block.longer + k];
    mantissas += static_cast<size_t>(block.axes) * block.longer;
    exponents += block.axes;
    read_rows(mantissas, exponents, block.rank, block.rank, &made.turn);
    mantissas += static_cast<size_t>(block.rank) * block.rank;
    exponents += block.rank;
    read_rows(mantissas, exponents, block.rank, block.axes, &made.whiten);
    parts_.push_back(std::move(made));
  }
}

void factored_projection::run(backend& host, pool& threads, const float* gradients, int n, float* out) const {
  std::vector<float> blocks, narrow;
  size_t at = 0;
  for (const part& p : parts_) {
    const factored_block& block = p.block;
    const size_t count = block.count(), width = block.coordinates();
    blocks.resize(n * count);
    narrow.resize(n * width);
    threads.run(n, [&](int e, int) { load_block(block, gradients + e * parameters_ + block.offset, &blocks[e * count]); });
    host.gemm(narrow.data(), blocks.data(), p.across.data(), n * block.rank, block.axes, block.longer);
    threads.run(n, [&](int e, int) {
      float* to = out + e * coordinates_ + at;
      std::fill_n(to, width, 0.0f);
      for (int i = 0; i < block.rank; i++)
        for (int j = 0; j < block.rank; j++) {
          const float turn = p.turn[static_cast<size_t>(i) * block.rank + j];
          const float* from = &narrow[e * width + static_cast<size_t>(j) * block.axes];
          for (int k = 0; k < block.axes; k++) {
            const float turned = turn * from[k];
            to[static_cast<size_t>(i) * block.axes + k] += turned;
          }
        }
      for (size_t i = 0; i < width; i++) to[i] *= p.whiten[i];
    });
    at += width;
  }
}

fisher_sums::fisher_sums(const factored_layout& layout)
    : layout_(layout), sums_(layout.coordinates, 0.0), lengths_(layout.blocks.size(), 0.0) {
  size_t first = 0;
  for (const factored_block& block : layout.blocks) {
    firsts_.push_back(first);
    first += block.coordinates();
  }
}

void fisher_sums::add(pool& threads, const float* projected, const float* gradients, int n) {
  // A block's sums have an order of their own, whichever thread adds them up.
  threads.run(static_cast<int>(layout_.blocks.size()), [&](int b, int) {
    const factored_block& block = layout_.blocks[b];
    for (int e = 0; e < n; e++) {
      for (size_t i = firsts_[b]; i < firsts_[b] + block.coordinates(); i++) {
        const double value = projected[e * sums_.size() + i];
        const double square = value * value;
        sums_[i] += square;
      }
      lengths_[b] += sum_of_squares(gradients + e * layout_.parameters + block.offset, block.count());
    }
  });
  count_ += n;
}

void fisher_sums::whiten(double damping, factored_basis* basis) const {
  size_t at = 0;
  for (size_t b = 0; b < layout_.blocks.size(); b++) {
    const factored_block& block = layout_.blocks[b];
    const size_t width = block.coordinates();
    const double floor = damping * (lengths_[b] / static_cast<double>(count_) / static_cast<double>(block.count()));
    std::vector<double> scales(width, 0.0);
    if (floor > 0)
      for (size_t i = 0; i < width; i++) scales[i] = 1 / std::sqrt(sums_[at + i] / static_cast<double>(count_) + floor);
    const size_t before = static_cast<size_t>(block.axes) * block.longer + static_cast<size_t>(block.rank) * block.rank;
    quantise_rows(scales, block.rank, block.axes, &basis->mantissas[block.mantissas + before],
                  &basis->exponents[block.exponents + block.axes + block.rank]);
    at += width;
  }
}

folder::folder(size_t coordinates, const fold_terms& terms) : signs_(coordinates), terms_(terms) {
  random_source random(terms.seed);
  for (int8_t& sign : signs_) sign = random.next() >> 63 ? 1 : -1;
}

void folder::run(const float* projected, float* out) const {
  std::vector<int64_t> row(signs_.size()), folded(terms_.dimension, 0);
  for (size_t i = 0; i < row.size(); i++) {
    if (!std::isfinite(projected[i])) fail(OL_ERROR_NUMERIC, "a gradient is not finite");
    const double scaled = static_cast<double>(projected[i]) * (1 << fraction_bits);
    row[i] = static_cast<int64_t>(std::nearbyint(std::min(largest_fixed, std::max(-largest_fixed, scaled))));
  }
  if (terms_.unit) make_unit(row);
  for (size_t i = 0; i < row.size(); i++) folded[i % folded.size()] += signs_[i] * row[i];
  const float scale = power_of_two(terms_.unit ? -unit_fraction : -fraction_bits);
  for (size_t j = 0; j < folded.size(); j++) out[j] = static_cast<float>(folded[j]) * scale;
}

}  // namespace ol

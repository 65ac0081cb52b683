#include "influence/factored.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
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

std::vector<factor_block> factor_blocks_of(const ol_config& config, int rank, int targets) {
  const adapter_layout adapter = layout_of(config, rank, targets);
  std::vector<factor_block> blocks;
  for (int layer = 0; layer < config.layers; layer++)
    for (int proj = 0; proj < projection_count; proj++) {
      if (!(targets >> proj & 1)) continue;
      const linear_shape shape = shape_of(config, proj);
      const size_t at = static_cast<size_t>(layer) * projection_count + proj;
      blocks.push_back({adapter.at[at].a, rank, shape.in, false});
      blocks.push_back({adapter.at[at].b, rank, shape.out, true});
    }
  return blocks;
}

size_t factored_mantissas(const std::vector<factor_block>& blocks, const std::vector<int32_t>& counts) {
  size_t sum = 0;
  for (size_t b = 0; b < blocks.size(); b++) sum += static_cast<size_t>(counts[b]) * blocks[b].count();
  return sum;
}

factored_sketcher::factored_sketcher(const std::vector<factor_block>& blocks, size_t parameters, const factored_view& basis)
    : parameters_(parameters) {
  for (size_t j = 0; j < basis.dimension; j++) scales_.push_back(power_of_two(basis.exponents[j]));
  const int16_t* mantissas = basis.mantissas;
  size_t first = 0;
  for (size_t b = 0; b < blocks.size(); b++) {
    const size_t values = blocks[b].count(), count = basis.counts[b];
    if (count == 0) continue;
    part made{blocks[b].offset, values, first, static_cast<int>(count), std::vector<float>(values * count)};
    for (size_t j = 0; j < count; j++)
      for (size_t i = 0; i < values; i++) made.directions[i * count + j] = mantissas[j * values + i];
    mantissas += count * values;
    first += count;
    parts_.push_back(std::move(made));
  }
}

std::shared_ptr<const factored_sketcher::resident> factored_sketcher::on_device(backend& device) const {
  auto made = std::make_shared<resident>();
  made->scales = uploaded(device, scales_);
  const bool is_host = std::string(device.device()) == "cpu";
  size_t values = 0;
  for (const part& p : parts_) values += p.directions.size();
  if (!is_host) made->held = device_array<float>(device, values);
  float* to = made->held.get();
  for (const part& p : parts_) {
    if (!is_host) device.upload(to, p.directions.data(), p.directions.size() * sizeof(float));
    made->parts.push_back({p.offset, is_host ? p.directions.data() : to, static_cast<int>(p.values), static_cast<int>(p.first), p.count});
    to += is_host ? 0 : p.directions.size();
  }
  return made;
}

void factored_sketcher::run(backend& device, pool& threads, const resident& basis, const sketch_terms& terms, const float* gradients,
                            int n, float* coordinates) const {
  const size_t width = scales_.size();
  device_array<float> found(device, n * width);
  device.gemm_parts(found.get(), width, gradients, parameters_, basis.parts.data(), static_cast<int>(basis.parts.size()), n);
  device.scale_columns(found.get(), basis.scales.get(), n, width);
  const std::vector<float> raw = downloaded(device, found);
  threads.run(n, [&](int e, int) { finish(terms, &raw[e * width], coordinates + static_cast<size_t>(e) * terms.dimension); });
}

void factored_sketcher::finish(const sketch_terms& terms, const float* raw, float* out) const {
  std::vector<int64_t> row(scales_.size());
  for (size_t i = 0; i < row.size(); i++) {
    if (!std::isfinite(raw[i])) fail(OL_ERROR_NUMERIC, "a gradient is not finite");
    const double scaled = static_cast<double>(raw[i]) * (1 << fraction_bits);
    row[i] = static_cast<int64_t>(std::nearbyint(std::min(largest_fixed, std::max(-largest_fixed, scaled))));
  }
  if (terms.unit) make_unit(row);
  const float scale = power_of_two(terms.unit ? -unit_fraction : -fraction_bits);
  std::fill_n(out, terms.dimension, 0.0f);
  for (size_t i = 0; i < row.size(); i++) out[i] = static_cast<float>(row[i]) * scale;
}

}  // namespace ol

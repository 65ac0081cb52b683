#include "influence/directions.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "influence/quantise.h"

namespace ol {
namespace {

// Probes of a factor for each direction that it may have.
const int probes_a_direction = 1;
// A gradient of which less than this is left, as a part of the factor's longest, adds no direction: fp32 sums tell no more.
const double least_part = 1e-5;

// Gram matrices at a time take so many bytes, unless one has more: they are as large as examples are many, squared.
const size_t most_grams = size_t{64} << 20;

}  // namespace

int most_directions(size_t factors, int dimension) {
  return static_cast<int>(2 * ((dimension + factors - 1) / factors));
}

direction_finder::direction_finder(backend& device, pool& threads, const std::vector<factor_whitening>& factors, int examples,
                                   size_t parameters, int dimension)
    : device_(device), threads_(threads), factors_(factors), examples_(examples), parameters_(parameters), dimension_(dimension),
      lengths_(uploaded(device, std::vector<double>(examples, 0.0))) {
  const int most = probes_a_direction * most_directions(factors.size(), dimension);
  for (size_t b = 0; b < factors.size(); b++) {
    std::vector<int8_t> signs;
    random_source random(b);
    for (size_t i = 0; i < factors[b].count(); i++) signs.push_back(random.next() >> 63 ? 1 : -1);
    probing by(device, factors[b], static_cast<int>(std::min<size_t>(most, factors[b].count())), signs);
    const size_t probed = static_cast<size_t>(examples) * by.probes;
    parts_.push_back({std::move(by), device_array<float>(device, probed), {}, {}});
  }
}

void direction_finder::probe(int first, int n, const float* gradients) {
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = factors_[b];
    part& p = parts_[b];
    float* probes = p.probed.get() + static_cast<size_t>(first) * p.by.probes;
    w.probe(device_, scratch_, p.by, gradients + w.offset, parameters_, n, probes, lengths_.get() + first);
  }
}

// Of each of some factors the pivots of its Gram matrix of the probes, where every example has unit length over all factors.
std::vector<std::vector<factor_pivot>> direction_finder::pivots_of(size_t first, size_t count, const device_array<float>& units,
                                                                   gram_scratch& scratch) {
  const size_t n = examples_;
  auto& [grams, across] = scratch;
  grams.reserve(device_, count * n * n);
  device_.zero(grams.get(), count * n * n * sizeof(float));
  int most = 0;
  for (size_t i = 0; i < count; i++) {
    const part& p = parts_[first + i];
    across.reserve(device_, p.by.probes * n);
    device_.turn_over(across.get(), p.probed.get(), units.get(), examples_, p.by.probes);
    device_.add_gram(grams.get() + i * n * n, across.get(), p.by.probes, examples_);
    most = std::max(most, p.by.probes);
  }
  most = std::min(most, most_directions(parts_.size(), dimension_));
  device_array<factor_pivot> found(device_, count * most);
  device_.choose_pivots(found.get(), grams.get(), static_cast<int>(count), examples_, most, least_part);
  const std::vector<factor_pivot> all = downloaded(device_, found);
  std::vector<std::vector<factor_pivot>> result(count);
  for (size_t i = 0; i < count; i++) {
    // The first of more pivots are those that fewer would be.
    const int these = std::min(most, parts_[first + i].by.probes);
    for (int j = 0; j < these && all[i * most + j].example >= 0; j++) result[i].push_back(all[i * most + j]);
    parts_[first + i].probed = {};
  }
  return result;
}

void direction_finder::choose() {
  const std::vector<double> lengths = downloaded(device_, lengths_);
  std::vector<float> units;
  for (double length : lengths) {
    if (!std::isfinite(length)) fail(OL_ERROR_NUMERIC, "a gradient is not finite");
    units.push_back(length > 0 ? static_cast<float>(1 / std::sqrt(length)) : 0.0f);
  }
  const device_array<float> on_device = uploaded(device_, units);
  struct candidate {
    double value;
    size_t block;
  };
  std::vector<candidate> all;
  const size_t together = std::max<size_t>(1, most_grams / (sizeof(float) * examples_ * examples_));
  // Kept from group to group: memory that is new each time takes longer than what is written to it.
  gram_scratch scratch;
  for (size_t from = 0; from < parts_.size(); from += together) {
    const auto found = pivots_of(from, std::min(together, parts_.size() - from), on_device, scratch);
    for (size_t i = 0; i < found.size(); i++)
      for (const factor_pivot& one : found[i]) {
        parts_[from + i].chosen.push_back(static_cast<int>(one.example));
        all.push_back({one.value, from + i});
      }
  }
  // The longest of all factors, of two alike the earlier factor's; a factor's own are in the order of their values already.
  std::stable_sort(all.begin(), all.end(), [](const candidate& x, const candidate& y) { return x.value > y.value; });
  std::vector<size_t> counts(parts_.size(), 0);
  for (size_t i = 0; i < std::min<size_t>(all.size(), dimension_); i++) counts[all[i].block]++;
  for (size_t b = 0; b < parts_.size(); b++) {
    parts_[b].chosen.resize(counts[b]);
    parts_[b].directions = device_array<float>(device_, counts[b] * factors_[b].count());
  }
}

void direction_finder::collect(int first, int n, const float* gradients) {
  device_array<float> found;
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = factors_[b];
    part& p = parts_[b];
    std::vector<size_t> places;
    for (size_t j = 0; j < p.chosen.size(); j++)
      if (p.chosen[j] >= first && p.chosen[j] < first + n) places.push_back(j);
    if (places.empty()) continue;
    found.reserve(device_, places.size() * w.count());
    const size_t bytes = w.count() * sizeof(float);
    for (size_t i = 0; i < places.size(); i++)
      device_.copy(found.get() + i * w.count(), gradients + (p.chosen[places[i]] - first) * parameters_ + w.offset, bytes);
    w.apply(device_, scratch_, found.get(), w.count(), static_cast<int>(places.size()));
    for (size_t i = 0; i < places.size(); i++)
      device_.copy(p.directions.get() + places[i] * w.count(), scratch_.rows.get() + i * w.count(), bytes);
  }
}

void direction_finder::orthonormalise_all() {
  std::vector<row_set> sets;
  for (size_t b = 0; b < parts_.size(); b++)
    if (!parts_[b].chosen.empty())
      sets.push_back({parts_[b].directions.get(), static_cast<int>(parts_[b].chosen.size()), static_cast<int>(factors_[b].count())});
  device_.orthonormalise_rows(sets.data(), static_cast<int>(sets.size()));
}

factored_basis direction_finder::finish() {
  orthonormalise_all();
  factored_basis basis;
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = factors_[b];
    const int count = static_cast<int>(parts_[b].chosen.size());
    if (count > 0) w.apply_adjoint(device_, scratch_, parts_[b].directions.get(), count);
    const std::vector<float> directions = downloaded(device_, parts_[b].directions);
    const size_t at = basis.mantissas.size(), first = basis.exponents.size();
    basis.counts.push_back(count);
    basis.mantissas.resize(at + directions.size());
    basis.exponents.resize(first + count);
    threads_.run(count, [&](int j, int) {
      basis.exponents[first + j] = quantise_int16(&directions[j * w.count()], w.count(), &basis.mantissas[at + j * w.count()]);
    });
    parts_[b].directions = {};
  }
  return basis;
}

}  // namespace ol

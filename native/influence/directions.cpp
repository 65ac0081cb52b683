#include "influence/directions.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "influence/leading.h"
#include "influence/quantise.h"

namespace ol {
namespace {

// Probes of a factor for each direction that it may have.
const int probes_a_direction = 1;
// A gradient of which less than this is left, as a part of the factor's longest, adds no direction: fp32 sums tell no more.
const double least_part = 1e-5;

struct pivot {
  int example;
  double value;  // squared length of what was left of it
};

// Pivoted Cholesky of a Gram matrix [n, n], of which the upper triangle is read, as far as `most` pivots.
std::vector<pivot> pivots_of(const std::vector<float>& gram, int n, int most) {
  std::vector<double> left(n);
  std::vector<std::vector<double>> columns;
  std::vector<pivot> chosen;
  for (int e = 0; e < n; e++) left[e] = gram[static_cast<size_t>(e) * n + e];
  const double least = least_part * *std::max_element(left.begin(), left.end());
  while (static_cast<int>(chosen.size()) < std::min(n, most)) {
    const int p = static_cast<int>(std::max_element(left.begin(), left.end()) - left.begin());
    const double value = left[p];
    if (!(value > least)) break;
    std::vector<double> column(n);
    for (int e = 0; e < n; e++) column[e] = gram[static_cast<size_t>(std::min(e, p)) * n + std::max(e, p)];
    for (const std::vector<double>& before : columns) {
      const double along = before[p];
      for (int e = 0; e < n; e++) column[e] -= along * before[e];
    }
    const double scale = 1 / std::sqrt(value);
    for (int e = 0; e < n; e++) {
      column[e] *= scale;
      left[e] -= column[e] * column[e];
    }
    chosen.push_back({p, value});
    for (const pivot& one : chosen) left[one.example] = 0;
    columns.push_back(std::move(column));
  }
  return chosen;
}

}  // namespace

int most_directions(size_t factors, int dimension) {
  return static_cast<int>(2 * ((dimension + factors - 1) / factors));
}

direction_finder::direction_finder(backend& host, pool& threads, const std::vector<factor_whitening>& factors, int examples,
                                   size_t parameters, int dimension)
    : host_(host), threads_(threads), factors_(factors), examples_(examples), parameters_(parameters), dimension_(dimension),
      lengths_(examples, 0.0) {
  const int most = probes_a_direction * most_directions(factors.size(), dimension);
  for (size_t b = 0; b < factors.size(); b++) {
    std::vector<int8_t> signs;
    random_source random(b);
    for (size_t i = 0; i < factors[b].count(); i++) signs.push_back(random.next() >> 63 ? 1 : -1);
    part made{probing(factors[b], static_cast<int>(std::min<size_t>(most, factors[b].count())), signs), {}, {}, {}};
    made.probed.resize(static_cast<size_t>(examples) * made.by.probes);
    parts_.push_back(std::move(made));
  }
}

void direction_finder::probe(int first, int n, const float* gradients) {
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = factors_[b];
    part& p = parts_[b];
    float* probes = &p.probed[static_cast<size_t>(first) * p.by.probes];
    w.probe(host_, threads_, p.by, gradients + w.offset, parameters_, n, probes, &lengths_[first]);
  }
}

std::vector<float> direction_finder::gram(const part& p) const {
  const size_t n = examples_;
  std::vector<float> across(p.by.probes * n), sums(n * n, 0.0f);
  // A probe of some examples at a time, so that both sides stay in the cache.
  const int strip = 16;
  threads_.run((examples_ + strip - 1) / strip, [&](int task, int) {
    const int first = task * strip, last = std::min(examples_, first + strip);
    float units[strip];
    for (int e = first; e < last; e++) units[e - first] = lengths_[e] > 0 ? static_cast<float>(1 / std::sqrt(lengths_[e])) : 0.0f;
    for (int i = 0; i < p.by.probes; i++)
      for (int e = first; e < last; e++) across[i * n + e] = p.probed[e * static_cast<size_t>(p.by.probes) + i] * units[e - first];
  });
  host_.add_gram(sums.data(), across.data(), p.by.probes, examples_);
  return sums;
}

void direction_finder::choose() {
  for (double length : lengths_)
    if (!std::isfinite(length)) fail(OL_ERROR_NUMERIC, "a gradient is not finite");
  struct candidate {
    double value;
    size_t block;
  };
  std::vector<candidate> all;
  const int most = most_directions(parts_.size(), dimension_);
  // A few factors at a time: their Gram matrices are as large as examples are many, squared.
  const size_t together = threads_.threads();
  for (size_t from = 0; from < parts_.size(); from += together) {
    const size_t count = std::min(together, parts_.size() - from);
    std::vector<std::vector<float>> grams;
    for (size_t i = 0; i < count; i++) grams.push_back(gram(parts_[from + i]));
    std::vector<std::vector<pivot>> found(count);
    threads_.run(static_cast<int>(count), [&](int i, int) { found[i] = pivots_of(grams[i], examples_, std::min(most, parts_[from + i].by.probes)); });
    for (size_t i = 0; i < count; i++) {
      for (const pivot& one : found[i]) {
        parts_[from + i].chosen.push_back(one.example);
        all.push_back({one.value, from + i});
      }
      parts_[from + i].probed = {};
    }
  }
  // The longest of all factors, of two alike the earlier factor's; a factor's own are in the order of their values already.
  std::stable_sort(all.begin(), all.end(), [](const candidate& x, const candidate& y) { return x.value > y.value; });
  std::vector<size_t> counts(parts_.size(), 0);
  for (size_t i = 0; i < std::min<size_t>(all.size(), dimension_); i++) counts[all[i].block]++;
  for (size_t b = 0; b < parts_.size(); b++) {
    parts_[b].chosen.resize(counts[b]);
    parts_[b].directions.resize(counts[b] * factors_[b].count());
  }
}

void direction_finder::collect(int first, int n, const float* gradients) {
  std::vector<float> found;
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = factors_[b];
    part& p = parts_[b];
    std::vector<size_t> places;
    for (size_t j = 0; j < p.chosen.size(); j++)
      if (p.chosen[j] >= first && p.chosen[j] < first + n) places.push_back(j);
    if (places.empty()) continue;
    found.resize(places.size() * w.count());
    for (size_t i = 0; i < places.size(); i++)
      std::copy_n(gradients + (p.chosen[places[i]] - first) * parameters_ + w.offset, w.count(), &found[i * w.count()]);
    const std::vector<float> rows = w.apply(host_, threads_, found.data(), w.count(), static_cast<int>(places.size()));
    for (size_t i = 0; i < places.size(); i++) std::copy_n(&rows[i * w.count()], w.count(), &p.directions[places[i] * w.count()]);
  }
}

void direction_finder::orthonormalise_all() {
  threads_.run(static_cast<int>(parts_.size()), [&](int b, int) {
    part& p = parts_[b];
    std::vector<double> rows(p.directions.begin(), p.directions.end());
    orthonormalise(rows, static_cast<int>(p.chosen.size()), static_cast<int>(factors_[b].count()), 1);
    std::copy(rows.begin(), rows.end(), p.directions.begin());
  });
}

factored_basis direction_finder::finish() {
  orthonormalise_all();
  factored_basis basis;
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = factors_[b];
    std::vector<float>& directions = parts_[b].directions;
    const int count = static_cast<int>(parts_[b].chosen.size());
    const size_t at = basis.mantissas.size(), first = basis.exponents.size();
    if (count > 0) w.apply_adjoint(host_, threads_, directions.data(), count);
    basis.counts.push_back(count);
    basis.mantissas.resize(at + directions.size());
    basis.exponents.resize(first + count);
    threads_.run(count, [&](int j, int) {
      basis.exponents[first + j] = quantise_int16(&directions[j * w.count()], w.count(), &basis.mantissas[at + j * w.count()]);
    });
    directions = {};
  }
  return basis;
}

}  // namespace ol

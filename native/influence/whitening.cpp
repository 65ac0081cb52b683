#include "influence/whitening.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "influence/leading.h"

namespace ol {
namespace {

struct eigen_task {
  const std::vector<float>* matrix;
  int n, wanted;
  std::vector<double> vectors;
};

// The tasks of one adapter's factors: modules of a layer that read the same input share its eigenvectors.
class eigen_tasks {
 public:
  eigen_tasks(const ol_config& config, int targets, const std::vector<factor_whitening>& parts, const kronecker_factors& factors) {
    size_t next = 0;
    for (int layer = 0; layer < config.layers; layer++) {
      int input_task[input_group_count] = {-1, -1, -1, -1};
      for (int proj = 0; proj < projection_count; proj++) {
        if (!(targets >> proj & 1)) continue;
        const kronecker_factors::module& module = factors.modules[static_cast<size_t>(layer) * projection_count + proj];
        const factor_whitening &a = parts[next], &b = parts[next + 1];
        int& input = input_task[group_of(proj)];
        if (input < 0) input = add(factors.inputs[layer * input_group_count + group_of(proj)], a.longer, a.axes);
        of_block_.push_back({input, add(module.delta_a, a.rank, a.rank)});
        const int out = add(module.delta_b, b.longer, b.axes);
        of_block_.push_back({out, add(module.u, b.rank, b.rank)});
        next += 2;
      }
    }
  }

  void solve(pool& threads) {
    std::vector<char> solved(tasks_.size(), 0);
    threads.run(static_cast<int>(tasks_.size()), [&](int index, int) {
      eigen_task& one = tasks_[index];
      solved[index] = leading_eigenvectors(*one.matrix, one.n, one.wanted, &one.vectors);
    });
    if (std::find(solved.begin(), solved.end(), 0) != solved.end())
      fail(OL_ERROR_NUMERIC, "a factor has no eigenvectors: its sums are not finite");
  }

  const std::vector<double>& longer_side(size_t block) const { return tasks_[of_block_[block].first].vectors; }
  const std::vector<double>& rank_side(size_t block) const { return tasks_[of_block_[block].second].vectors; }

 private:
  int add(const std::vector<float>& matrix, int n, int wanted) {
    tasks_.push_back({&matrix, n, wanted, {}});
    return static_cast<int>(tasks_.size()) - 1;
  }

  std::vector<eigen_task> tasks_;
  std::vector<std::pair<int, int>> of_block_;
};

// [rank, longer] <- turn (or its transpose) times it.
void turn_block(const factor_whitening& w, bool transposed, const float* from, float* to) {
  std::fill_n(to, w.count(), 0.0f);
  for (int i = 0; i < w.rank; i++)
    for (int j = 0; j < w.rank; j++) {
      const float q = w.turn[static_cast<size_t>(transposed ? j : i) * w.rank + (transposed ? i : j)];
      const float* row = from + static_cast<size_t>(j) * w.longer;
      float* out = to + static_cast<size_t>(i) * w.longer;
      for (int k = 0; k < w.longer; k++) out[k] += q * row[k];
    }
}

// Of gradients at `first`, each `stride` after the last: turn G, [n, count].
std::vector<float> turned(const factor_whitening& w, pool& threads, const float* first, size_t stride, int n) {
  std::vector<float> out(n * w.count());
  threads.run(n, [&](int e, int) {
    const float* gradient = first + e * stride;
    // A lies as it is turned.
    if (!w.transposed) return turn_block(w, false, gradient, &out[e * w.count()]);
    std::vector<float> block(w.count());
    load_block(w, gradient, block.data());
    turn_block(w, false, block.data(), &out[e * w.count()]);
  });
  return out;
}

}  // namespace

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

void factor_whitening::whiten(backend& host, pool& threads, std::vector<float>& rows, int n) const {
  const size_t wide = static_cast<size_t>(rank) * axes;
  std::vector<float> narrow(n * wide), wider(rows.size());
  host.gemm(narrow.data(), rows.data(), into.data(), n * rank, axes, longer);
  threads.run(n, [&](int e, int) {
    for (size_t i = 0; i < wide; i++) narrow[e * wide + i] *= scale[i];
  });
  host.gemm(wider.data(), narrow.data(), back.data(), n * rank, longer, axes);
  threads.run(n, [&](int e, int) {
    for (int i = 0; i < rank; i++)
      for (int k = 0; k < longer; k++) {
        const size_t at = e * count() + static_cast<size_t>(i) * longer + k;
        const float rest = beside[i] * rows[at];
        rows[at] = rest + wider[at];
      }
  });
}

std::vector<float> factor_whitening::apply(backend& host, pool& threads, const float* first, size_t stride, int n) const {
  std::vector<float> rows = turned(*this, threads, first, stride, n);
  whiten(host, threads, rows, n);
  return rows;
}

void factor_whitening::probe(backend& host, pool& threads, const probing& by, const float* first, size_t stride, int n, float* probes,
                             double* squares) const {
  const std::vector<float> rows = turned(*this, threads, first, stride, n);
  const size_t wide = static_cast<size_t>(rank) * axes;
  std::vector<float> narrow(n * wide), added(static_cast<size_t>(n) * by.probes);
  host.gemm(narrow.data(), rows.data(), into.data(), n * rank, axes, longer);
  threads.run(n, [&](int e, int) {
    const float* row = &rows[e * count()];
    float* to = probes + static_cast<size_t>(e) * by.probes;
    float* found = &narrow[e * wide];
    std::fill_n(to, by.probes, 0.0f);
    double sum = 0;
    for (int i = 0; i < rank; i++) {
      const double rest = beside[i];
      sum += rest * rest * sum_of_squares(row + static_cast<size_t>(i) * longer, longer);
      for (int k = 0; k < axes; k++) {
        const double whole = rest + scale[static_cast<size_t>(i) * axes + k], along = found[static_cast<size_t>(i) * axes + k];
        sum += (whole * whole - rest * rest) * (along * along);
      }
    }
    squares[e] += std::max(0.0, sum);
    for (size_t from = 0; from < count(); from += by.probes) {
      const size_t width = std::min<size_t>(by.probes, count() - from);
      for (size_t i = 0; i < width; i++) to[i] += by.weights[from + i] * row[from + i];
    }
    for (size_t i = 0; i < wide; i++) found[i] *= scale[i];
  });
  host.gemm(added.data(), narrow.data(), by.along.data(), n, by.probes, static_cast<int>(wide));
  threads.run(n, [&](int e, int) {
    for (int i = 0; i < by.probes; i++) probes[static_cast<size_t>(e) * by.probes + i] += added[static_cast<size_t>(e) * by.probes + i];
  });
}

probing::probing(const factor_whitening& w, int count, const std::vector<int8_t>& signs) : probes(count), weights(w.count()) {
  along.assign(static_cast<size_t>(w.rank) * w.axes * probes, 0.0f);
  for (int i = 0; i < w.rank; i++)
    for (int k = 0; k < w.longer; k++) {
      const size_t at = static_cast<size_t>(i) * w.longer + k;
      weights[at] = signs[at] * w.beside[i];
      for (int x = 0; x < w.axes; x++) along[(static_cast<size_t>(i) * w.axes + x) * probes + at % probes] += signs[at] * w.into[static_cast<size_t>(k) * w.axes + x];
    }
}

void factor_whitening::apply_adjoint(backend& host, pool& threads, float* directions, int n) const {
  std::vector<float> rows(directions, directions + n * count());
  whiten(host, threads, rows, n);
  threads.run(n, [&](int e, int) {
    std::vector<float> block(count());
    turn_block(*this, true, &rows[e * count()], block.data());
    store_block(*this, block.data(), directions + e * count());
  });
}

fisher_sums::fisher_sums(pool& threads, const ol_config& config, int targets, const std::vector<factor_block>& blocks, int axes,
                         const kronecker_factors& factors, size_t parameters)
    : parameters_(parameters) {
  for (const factor_block& block : blocks) {
    factor_whitening w;
    static_cast<factor_block&>(w) = block;
    w.axes = std::min(axes, block.longer);
    parts_.push_back(std::move(w));
    along_.emplace_back(static_cast<size_t>(block.rank) * parts_.back().axes, 0.0);
    whole_.emplace_back(block.rank, 0.0);
  }
  eigen_tasks tasks(config, targets, parts_, factors);
  tasks.solve(threads);
  for (size_t b = 0; b < parts_.size(); b++) {
    factor_whitening& w = parts_[b];
    const std::vector<double> &longer_side = tasks.longer_side(b), &rank_side = tasks.rank_side(b);
    w.back.assign(longer_side.begin(), longer_side.begin() + static_cast<size_t>(w.axes) * w.longer);
    w.into.resize(w.back.size());
    for (int i = 0; i < w.axes; i++)
      for (int k = 0; k < w.longer; k++) w.into[static_cast<size_t>(k) * w.axes + i] = w.back[static_cast<size_t>(i) * w.longer + k];
    w.turn.assign(rank_side.begin(), rank_side.end());
  }
}

void fisher_sums::add(backend& host, pool& threads, const float* gradients, int n) {
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = parts_[b];
    const std::vector<float> rows = turned(w, threads, gradients + w.offset, parameters_, n);
    const size_t wide = along_[b].size();
    std::vector<float> narrow(n * wide);
    host.gemm(narrow.data(), rows.data(), w.into.data(), n * w.rank, w.axes, w.longer);
    // Each row of the rank side has sums of its own, in the examples' order.
    threads.run(w.rank, [&](int i, int) {
      double* along = &along_[b][static_cast<size_t>(i) * w.axes];
      for (int e = 0; e < n; e++) {
        const float* found = &narrow[e * wide + static_cast<size_t>(i) * w.axes];
        for (int k = 0; k < w.axes; k++) along[k] += static_cast<double>(found[k]) * found[k];
        whole_[b][i] += sum_of_squares(&rows[(static_cast<size_t>(e) * w.rank + i) * w.longer], w.longer);
      }
    });
  }
  count_ += n;
}

std::vector<factor_whitening> fisher_sums::whitenings(double damping) {
  const double n = static_cast<double>(count_);
  for (size_t b = 0; b < parts_.size(); b++) {
    factor_whitening& w = parts_[b];
    double sum = 0;
    for (double row : whole_[b]) sum += row;
    const double floor = damping * (sum / n / static_cast<double>(w.count()));
    w.beside.assign(w.rank, 0.0f);
    w.scale.assign(along_[b].size(), 0.0f);
    if (!(floor > 0)) continue;
    const int left = w.longer - w.axes;
    for (int i = 0; i < w.rank; i++) {
      const double* along = &along_[b][static_cast<size_t>(i) * w.axes];
      double rest = whole_[b][i];
      for (int k = 0; k < w.axes; k++) rest -= along[k];
      const double beside = left > 0 ? 1 / std::sqrt(std::max(0.0, rest) / n / left + floor) : 0;
      w.beside[i] = static_cast<float>(beside);
      for (int k = 0; k < w.axes; k++)
        w.scale[static_cast<size_t>(i) * w.axes + k] = static_cast<float>(1 / std::sqrt(along[k] / n + floor) - beside);
    }
  }
  return std::move(parts_);
}

}  // namespace ol

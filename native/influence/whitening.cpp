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

}  // namespace

void factor_whitening::along_axes(backend& device, factor_scratch& scratch, int n) const {
  scratch.narrow.reserve(device, static_cast<size_t>(n) * rank * axes);
  device.gemm(scratch.narrow.get(), scratch.rows.get(), into.get(), n * rank, axes, longer);
}

void factor_whitening::turn_in(backend& device, factor_scratch& scratch, const float* first, size_t stride, int n) const {
  scratch.rows.reserve(device, n * count());
  device.turn_factors(scratch.rows.get(), first, turn.get(), {rank, longer, stride, transposed, false, false}, n);
  along_axes(device, scratch, n);
}

// What is in scratch.rows; scratch.narrow has it along the axes.
void factor_whitening::whiten(backend& device, factor_scratch& scratch, int n) const {
  scratch.wider.reserve(device, n * count());
  device.scale_columns(scratch.narrow.get(), scale.get(), n, static_cast<size_t>(rank) * axes);
  device.gemm(scratch.wider.get(), scratch.narrow.get(), back.get(), n * rank, longer, axes);
  device.blend_factors(scratch.rows.get(), scratch.wider.get(), beside.get(), n, rank, longer);
}

void factor_whitening::apply(backend& device, factor_scratch& scratch, const float* first, size_t stride, int n) const {
  turn_in(device, scratch, first, stride, n);
  whiten(device, scratch, n);
}

void factor_whitening::probe(backend& device, factor_scratch& scratch, const probing& by, const float* first, size_t stride, int n,
                             float* probes, double* squares) const {
  turn_in(device, scratch, first, stride, n);
  const factor_probe terms{rank, longer, axes, by.probes, beside.get(), scale.get(), by.weights.get()};
  device.probe_factors(probes, squares, terms, scratch.rows.get(), scratch.narrow.get(), n);
  scratch.wider.reserve(device, static_cast<size_t>(n) * by.probes);
  device.gemm(scratch.wider.get(), scratch.narrow.get(), by.along.get(), n, by.probes, rank * axes);
  device.add(probes, scratch.wider.get(), static_cast<size_t>(n) * by.probes);
}

probing::probing(backend& device, const factor_whitening& w, int count, const std::vector<int8_t>& signs) : probes(count) {
  const std::vector<float> beside = downloaded(device, w.beside), into = downloaded(device, w.into);
  std::vector<float> weighed(w.count()), found(static_cast<size_t>(w.rank) * w.axes * probes, 0.0f);
  for (int i = 0; i < w.rank; i++)
    for (int k = 0; k < w.longer; k++) {
      const size_t at = static_cast<size_t>(i) * w.longer + k;
      weighed[at] = signs[at] * beside[i];
      for (int x = 0; x < w.axes; x++) found[(static_cast<size_t>(i) * w.axes + x) * probes + at % probes] += signs[at] * into[static_cast<size_t>(k) * w.axes + x];
    }
  weights = uploaded(device, weighed);
  along = uploaded(device, found);
}

void factor_whitening::apply_adjoint(backend& device, factor_scratch& scratch, float* directions, int n) const {
  scratch.rows.reserve(device, n * count());
  device.copy(scratch.rows.get(), directions, n * count() * sizeof(float));
  along_axes(device, scratch, n);
  whiten(device, scratch, n);
  device.turn_factors(directions, scratch.rows.get(), turn.get(), {rank, longer, count(), false, transposed, true}, n);
}

fisher_sums::fisher_sums(backend& device, pool& threads, const ol_config& config, int targets, const std::vector<factor_block>& blocks,
                         int axes, const kronecker_factors& factors, size_t parameters)
    : device_(device), parameters_(parameters) {
  for (const factor_block& block : blocks) {
    factor_whitening w;
    static_cast<factor_block&>(w) = block;
    w.axes = std::min(axes, block.longer);
    along_.push_back(uploaded(device, std::vector<double>(static_cast<size_t>(block.rank) * w.axes, 0.0)));
    whole_.push_back(uploaded(device, std::vector<double>(block.rank, 0.0)));
    parts_.push_back(std::move(w));
  }
  eigen_tasks tasks(config, targets, parts_, factors);
  tasks.solve(threads);
  for (size_t b = 0; b < parts_.size(); b++) {
    factor_whitening& w = parts_[b];
    const std::vector<double> &longer_side = tasks.longer_side(b), &rank_side = tasks.rank_side(b);
    const std::vector<float> back(longer_side.begin(), longer_side.begin() + static_cast<size_t>(w.axes) * w.longer);
    std::vector<float> into(back.size());
    for (int i = 0; i < w.axes; i++)
      for (int k = 0; k < w.longer; k++) into[static_cast<size_t>(k) * w.axes + i] = back[static_cast<size_t>(i) * w.longer + k];
    w.back = uploaded(device, back);
    w.into = uploaded(device, into);
    w.turn = uploaded(device, std::vector<float>(rank_side.begin(), rank_side.end()));
  }
}

void fisher_sums::add(const float* gradients, int n) {
  for (size_t b = 0; b < parts_.size(); b++) {
    const factor_whitening& w = parts_[b];
    w.turn_in(device_, scratch_, gradients + w.offset, parameters_, n);
    device_.add_squares(along_[b].get(), scratch_.narrow.get(), n, along_[b].size());
    device_.add_row_squares(whole_[b].get(), scratch_.rows.get(), n, w.rank, w.longer);
  }
  count_ += n;
}

std::vector<factor_whitening> fisher_sums::whitenings(double damping) {
  const double n = static_cast<double>(count_);
  for (size_t b = 0; b < parts_.size(); b++) {
    factor_whitening& w = parts_[b];
    const std::vector<double> all_along = downloaded(device_, along_[b]), whole = downloaded(device_, whole_[b]);
    double sum = 0;
    for (double row : whole) sum += row;
    const double floor = damping * (sum / n / static_cast<double>(w.count()));
    std::vector<float> besides(w.rank, 0.0f), scale(all_along.size(), 0.0f);
    const int left = w.longer - w.axes;
    for (int i = 0; i < w.rank && floor > 0; i++) {
      const double* along = &all_along[static_cast<size_t>(i) * w.axes];
      double rest = whole[i];
      for (int k = 0; k < w.axes; k++) rest -= along[k];
      const double beside = left > 0 ? 1 / std::sqrt(std::max(0.0, rest) / n / left + floor) : 0;
      besides[i] = static_cast<float>(beside);
      for (int k = 0; k < w.axes; k++)
        scale[static_cast<size_t>(i) * w.axes + k] = static_cast<float>(1 / std::sqrt(along[k] / n + floor) - beside);
    }
    w.beside = uploaded(device_, besides);
    w.scale = uploaded(device_, scale);
  }
  return std::move(parts_);
}

}  // namespace ol

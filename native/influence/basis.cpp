#include "influence/basis.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "core/error.h"
#include "cpu/pool.h"
#include "influence/block.h"
#include "influence/eigen.h"
#include "influence/quantise.h"

namespace ol {
namespace {

// `across` holds the eigenvectors of the longer side as rows, `along` those of the rank side.
struct ekfac_module : factor_block {
  ekfac_module(const factor_block& block, const std::vector<double>* longer_side, const std::vector<double>* rank_side)
      : factor_block(block), across(longer_side), along(rank_side) {}
  const std::vector<double>* across;
  const std::vector<double>* along;
  device_array<float> whiten;  // [rank, longer]: (Lambda + damping)^-1/2
};

struct eigen_task {
  const std::vector<float>* matrix;
  int n;
  std::vector<double> vectors;
};

std::vector<float> narrowed(const std::vector<double>& values, int n, bool over) {
  std::vector<float> out(values.size());
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) out[static_cast<size_t>(i) * n + j] = static_cast<float>(values[over ? static_cast<size_t>(j) * n + i : static_cast<size_t>(i) * n + j]);
  return out;
}

// Each of `count` blocks: along * block * across^T when `into`, else along^T * block * across, which comes out as the tensors lie.
void rotate(backend& device, const ekfac_module& m, device_array<float>& blocks, int count, bool into) {
  const device_array<float> right = uploaded(device, narrowed(*m.across, m.longer, into));
  const device_array<float> left = uploaded(device, narrowed(*m.along, m.rank, false));
  const device_array<float> out(device, count * m.count());
  device.gemm(out.get(), blocks.get(), right.get(), count * m.rank, m.longer, m.longer);
  device.turn_factors(blocks.get(), out.get(), left.get(), {m.rank, m.longer, m.count(), false, !into && m.transposed, !into}, count);
}

// Parameters of a module that a thread takes at a time: a cache holds them for a few examples.
const size_t chunk = 64;
// Directions that are turned over together: a cache line of fp32 each.
const size_t strip = 16;

void by_chunks(pool& threads, size_t count, const std::function<void(size_t first, size_t last)>& body) {
  threads.run(static_cast<int>((count + chunk - 1) / chunk),
              [&](int task, int) { body(task * chunk, std::min(count, (task + 1) * chunk)); });
}

// Lambda = mean over examples of the squared rotated gradient, whose sums are given; returns (Lambda + damping * mean Lambda)^-1/2.
std::vector<float> half_whitening(std::vector<double> lambda, int n, double damping) {
  double sum = 0;
  for (double& value : lambda) {
    value /= n;
    sum += value;
  }
  const double floor = damping * (sum / static_cast<double>(lambda.size()));
  std::vector<float> result(lambda.size(), 0.0f);
  // A module without any gradient has nothing to whiten and stays zero.
  if (floor > 0)
    for (size_t i = 0; i < lambda.size(); i++) result[i] = static_cast<float>(1 / std::sqrt(lambda[i] + floor));
  return result;
}

class fitter {
 public:
  fitter(backend& device, pool& threads, const ol_config& config, int rank, int targets, const kronecker_factors& factors, const float* gradients, int n)
      : device_(device), threads_(threads), gradients_(gradients), n_(n), layout_(layout_of(config, rank, targets)) {
    collect(config, rank, targets, factors);
    solve();
  }

  basis_fit run(int dimension, double damping) {
    whiten(damping);
    basis_fit fit;
    const std::vector<float> mix = principal_mix(dimension, &fit.spectrum);
    quantise(mix, dimension, &fit.basis);
    return fit;
  }

 private:
  void collect(const ol_config& config, int rank, int targets, const kronecker_factors& factors) {
    tasks_.reserve(4 * factors.modules.size() + factors.inputs.size());
    for (int layer = 0; layer < config.layers; layer++) {
      int input_task[input_group_count] = {-1, -1, -1, -1};
      for (int proj = 0; proj < projection_count; proj++) {
        if (!(targets >> proj & 1)) continue;
        const linear_shape shape = shape_of(config, proj);
        const size_t at = static_cast<size_t>(layer) * projection_count + proj;
        const kronecker_factors::module& module = factors.modules[at];
        int& input = input_task[group_of(proj)];
        if (input < 0) input = task(factors.inputs[layer * input_group_count + group_of(proj)], shape.in);
        const int u = task(module.u, rank), da = task(module.delta_a, rank), db = task(module.delta_b, shape.out);
        modules_.emplace_back(factor_block{layout_.at[at].a, rank, shape.in, false}, &tasks_[input].vectors, &tasks_[da].vectors);
        modules_.emplace_back(factor_block{layout_.at[at].b, rank, shape.out, true}, &tasks_[db].vectors, &tasks_[u].vectors);
      }
    }
  }

  int task(const std::vector<float>& matrix, int n) {
    tasks_.push_back({&matrix, n, {}});
    return static_cast<int>(tasks_.size()) - 1;
  }

  // The eigenvectors do not depend on the factors' divisor, so the plain sums serve.
  void solve() {
    std::vector<int> order(tasks_.size());
    for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int>(i);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return tasks_[a].n > tasks_[b].n; });
    std::vector<char> solved(tasks_.size(), 0);
    threads_.run(static_cast<int>(tasks_.size()), [&](int index, int) {
      eigen_task& task = tasks_[order[index]];
      std::vector<double> a(task.matrix->begin(), task.matrix->end()), values(task.n);
      task.vectors.resize(a.size());
      solved[order[index]] = symmetric_eigen(a.data(), task.vectors.data(), values.data(), task.n);
    });
    if (std::find(solved.begin(), solved.end(), 0) != solved.end())
      fail(OL_ERROR_NUMERIC, "an EK-FAC factor has no eigenvectors: its sums are not finite");
  }

  // Of one tensor all gradients in the eigenbasis: [n, rank, longer].
  device_array<float> turned(const ekfac_module& m) {
    device_array<float> blocks(device_, m.count() * n_);
    device_.load_factors(blocks.get(), gradients_ + m.offset, layout_.count, n_, m.rank, m.longer, m.transposed);
    rotate(device_, m, blocks, n_, true);
    return blocks;
  }

  // The whitening of each tensor, and the Gram matrix of the whitened gradients.
  void whiten(double damping) {
    const size_t pairs = static_cast<size_t>(n_) * n_;
    const device_array<double> gram = uploaded(device_, std::vector<double>(pairs, 0.0));
    const device_array<float> part(device_, pairs);
    for (ekfac_module& m : modules_) {
      const size_t count = m.count();
      const device_array<float> blocks = turned(m), across(device_, count * n_);
      const device_array<double> squares = uploaded(device_, std::vector<double>(count, 0.0));
      device_.add_squares(squares.get(), blocks.get(), n_, count);
      m.whiten = uploaded(device_, half_whitening(downloaded(device_, squares), n_, damping));
      device_.scale_columns(blocks.get(), m.whiten.get(), n_, count);
      device_.turn_over(across.get(), blocks.get(), nullptr, n_, static_cast<int>(count));
      device_.zero(part.get(), pairs * sizeof(float));
      device_.add_gram(part.get(), across.get(), static_cast<int>(count), n_);
      device_.add_doubles(gram.get(), part.get(), pairs);
    }
    gram_ = downloaded(device_, gram);
  }

  // [dimension, n]: direction j = sum over examples of mix[j, e] times whitened gradient e, of unit length.
  std::vector<float> principal_mix(int dimension, std::vector<double>* spectrum) {
    const size_t n = n_;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < i; j++) gram_[i * n + j] = gram_[j * n + i];
    std::vector<double> vectors(n * n), values(n);
    if (!symmetric_eigen(gram_.data(), vectors.data(), values.data(), n))
      fail(OL_ERROR_NUMERIC, "the Gram matrix of the gradients is not finite");
    std::vector<float> mix(static_cast<size_t>(dimension) * n, 0.0f);
    const double least = values[n - 1] * 1e-7;
    for (size_t j = 0; j < std::min<size_t>(n, dimension); j++) {
      const double value = values[n - 1 - j];
      spectrum->push_back(value);
      if (!(value > least)) continue;
      const double scale = 1 / std::sqrt(value);
      for (size_t e = 0; e < n; e++) mix[j * n + e] = static_cast<float>(vectors[(n - 1 - j) * n + e] * scale);
    }
    return mix;
  }

  void quantise(const std::vector<float>& mix, int dimension, sketch_basis* basis) {
    basis->dimension = dimension;
    basis->parameters = layout_.count;
    basis->blocks = modules_.size();
    basis->exponents.resize(static_cast<size_t>(dimension) * modules_.size());
    basis->mantissas.resize(static_cast<size_t>(dimension) * layout_.count);
    const device_array<float> mixed = uploaded(device_, mix);
    for (size_t b = 0; b < modules_.size(); b++) {
      const ekfac_module& m = modules_[b];
      const size_t count = m.count();
      const device_array<float> whitened = turned(m);
      device_array<float> directions(device_, count * dimension);
      device_.scale_columns(whitened.get(), m.whiten.get(), n_, count);
      device_.gemm(directions.get(), mixed.get(), whitened.get(), dimension, static_cast<int>(count), n_);
      device_.scale_columns(directions.get(), m.whiten.get(), dimension, count);
      rotate(device_, m, directions, dimension, false);
      const std::vector<float> tensors = downloaded(device_, directions);
      threads_.run(dimension, [&](int j, int) {
        int16_t* out = &basis->mantissas[j * layout_.count + m.offset];
        basis->exponents[j * modules_.size() + b] = quantise_int16(&tensors[j * count], count, out);
      });
    }
  }

  backend& device_;
  pool& threads_;
  const float* gradients_;
  int n_;
  adapter_layout layout_;
  std::vector<eigen_task> tasks_;
  std::vector<ekfac_module> modules_;
  std::vector<double> gram_;
};

}  // namespace

basis_fit fit_basis(backend& device, pool& threads, const ol_config& config, int rank, int targets,
                    const kronecker_factors& factors, const float* gradients, int n, int dimension, double damping) {
  return fitter(device, threads, config, rank, targets, factors, gradients, n).run(dimension, damping);
}

sketcher::sketcher(backend& device, pool& threads, const adapter_layout& layout, const sketch_basis& basis)
    : device_(device), dimension_(basis.dimension), parameters_(layout.count) {
  for (size_t b = 0; b < layout.tensors.size(); b++) {
    const size_t offset = layout.tensors[b].offset, count = layout.tensors[b].count;
    std::vector<float> directions(count * dimension_), scales(dimension_);
    by_chunks(threads, count, [&](size_t first, size_t last) {
      for (size_t from = 0; from < dimension_; from += strip)
        for (size_t i = first; i < last; i++)
          for (size_t j = from; j < std::min(dimension_, from + strip); j++)
            directions[i * dimension_ + j] = basis.mantissas[j * parameters_ + offset + i];
    });
    for (size_t j = 0; j < dimension_; j++) scales[j] = power_of_two(basis.exponents[j * basis.blocks + b]);
    blocks_.push_back({offset, count, uploaded(device, directions), uploaded(device, scales)});
  }
}

void sketcher::run(const float* gradients, int n, float* coordinates) const {
  const size_t values = n * dimension_;
  const device_array<float> sums(device_, values), part(device_, values);
  device_.zero(sums.get(), values * sizeof(float));
  for (const block& b : blocks_) {
    device_.gemm_rows(part.get(), dimension_, gradients + b.offset, parameters_, b.directions.get(), n, static_cast<int>(dimension_),
                      static_cast<int>(b.count));
    device_.scale_columns(part.get(), b.scales.get(), n, dimension_);
    device_.add(sums.get(), part.get(), values);
  }
  device_.download(coordinates, sums.get(), values * sizeof(float));
}

}  // namespace ol

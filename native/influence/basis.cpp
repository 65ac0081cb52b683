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
  std::vector<float> whiten;  // [rank, longer]: (Lambda + damping)^-1/2
};

struct eigen_task {
  const std::vector<float>* matrix;
  int n;
  std::vector<double> vectors;
};

// Each of `count` blocks: along * block * across^T when `into`, else along^T * block * across.
void rotate(backend& host, pool& threads, const ekfac_module& m, std::vector<float>& blocks, int count, bool into) {
  const int n = m.longer, r = m.rank;
  std::vector<float> right(static_cast<size_t>(n) * n), out(blocks.size());
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) right[static_cast<size_t>(i) * n + j] = static_cast<float>((*m.across)[into ? static_cast<size_t>(j) * n + i : static_cast<size_t>(i) * n + j]);
  host.gemm(out.data(), blocks.data(), right.data(), count * r, n, n);
  threads.run(count, [&](int c, int) {
    const float* block = &out[c * m.count()];
    float* mixed = &blocks[c * m.count()];
    std::fill_n(mixed, m.count(), 0.0f);
    for (int i = 0; i < r; i++)
      for (int j = 0; j < r; j++) {
        const float q = static_cast<float>((*m.along)[into ? i * r + j : j * r + i]);
        for (int k = 0; k < n; k++) mixed[static_cast<size_t>(i) * n + k] += q * block[static_cast<size_t>(j) * n + k];
      }
  });
}

// Parameters of a module that a thread takes at a time: a cache holds them for a few examples.
const size_t chunk = 64;
// Directions that are turned over together: a cache line of fp32 each.
const size_t strip = 16;

void by_chunks(pool& threads, size_t count, const std::function<void(size_t first, size_t last)>& body) {
  threads.run(static_cast<int>((count + chunk - 1) / chunk),
              [&](int task, int) { body(task * chunk, std::min(count, (task + 1) * chunk)); });
}

// Lambda = mean over examples of the squared rotated gradient; returns (Lambda + damping * mean Lambda)^-1/2.
std::vector<float> half_whitening(pool& threads, const std::vector<float>& blocks, int n, size_t count, double damping) {
  std::vector<double> lambda(count, 0.0);
  by_chunks(threads, count, [&](size_t first, size_t last) {
    for (int e = 0; e < n; e++)
      for (size_t i = first; i < last; i++) {
        const double g = blocks[e * count + i];
        lambda[i] += g * g;
      }
  });
  double sum = 0;
  for (double& value : lambda) {
    value /= n;
    sum += value;
  }
  const double floor = damping * (sum / static_cast<double>(count));
  std::vector<float> result(count, 0.0f);
  // A module without any gradient has nothing to whiten and stays zero.
  if (floor > 0)
    for (size_t i = 0; i < count; i++) result[i] = static_cast<float>(1 / std::sqrt(lambda[i] + floor));
  return result;
}

class fitter {
 public:
  fitter(backend& host, pool& threads, const ol_config& config, int rank, int targets, const kronecker_factors& factors, const float* gradients, int n)
      : host_(host), threads_(threads), gradients_(gradients), n_(n), layout_(layout_of(config, rank, targets)) {
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
  std::vector<float> turned(const ekfac_module& m) {
    std::vector<float> blocks(m.count() * n_);
    threads_.run(n_, [&](int e, int) { load_block(m, gradients_ + static_cast<size_t>(e) * layout_.count + m.offset, &blocks[e * m.count()]); });
    rotate(host_, threads_, m, blocks, n_, true);
    return blocks;
  }

  void scale(const ekfac_module& m, std::vector<float>& blocks, int count) {
    threads_.run(count, [&](int e, int) {
      for (size_t i = 0; i < m.count(); i++) blocks[e * m.count() + i] *= m.whiten[i];
    });
  }

  // The whitening of each tensor, and the Gram matrix of the whitened gradients.
  void whiten(double damping) {
    gram_.assign(static_cast<size_t>(n_) * n_, 0.0);
    std::vector<float> part(gram_.size());
    for (ekfac_module& m : modules_) {
      const size_t count = m.count();
      std::vector<float> blocks = turned(m), across(count * n_);
      m.whiten = half_whitening(threads_, blocks, n_, count, damping);
      scale(m, blocks, n_);
      by_chunks(threads_, count, [&](size_t first, size_t last) {
        for (int e = 0; e < n_; e++)
          for (size_t i = first; i < last; i++) across[i * n_ + e] = blocks[e * count + i];
      });
      std::fill(part.begin(), part.end(), 0.0f);
      host_.add_gram(part.data(), across.data(), static_cast<int>(count), n_);
      for (size_t i = 0; i < part.size(); i++) gram_[i] += part[i];
    }
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
    for (size_t b = 0; b < modules_.size(); b++) {
      const ekfac_module& m = modules_[b];
      const size_t count = m.count();
      std::vector<float> whitened = turned(m), directions(count * dimension);
      scale(m, whitened, n_);
      std::vector<std::vector<float>> tensors(threads_.threads(), std::vector<float>(count));
      host_.gemm(directions.data(), mix.data(), whitened.data(), dimension, static_cast<int>(count), n_);
      scale(m, directions, dimension);
      rotate(host_, threads_, m, directions, dimension, false);
      threads_.run(dimension, [&](int j, int worker) {
        float* tensor = tensors[worker].data();
        store_block(m, &directions[j * count], tensor);
        int16_t* out = &basis->mantissas[j * layout_.count + m.offset];
        basis->exponents[j * modules_.size() + b] = quantise_int16(tensor, count, out);
      });
    }
  }

  backend& host_;
  pool& threads_;
  const float* gradients_;
  int n_;
  adapter_layout layout_;
  std::vector<eigen_task> tasks_;
  std::vector<ekfac_module> modules_;
  std::vector<double> gram_;
};

}  // namespace

basis_fit fit_basis(backend& host, pool& threads, const ol_config& config, int rank, int targets,
                    const kronecker_factors& factors, const float* gradients, int n, int dimension, double damping) {
  return fitter(host, threads, config, rank, targets, factors, gradients, n).run(dimension, damping);
}

sketcher::sketcher(pool& threads, const adapter_layout& layout, const sketch_basis& basis)
    : dimension_(basis.dimension), parameters_(layout.count) {
  for (size_t b = 0; b < layout.tensors.size(); b++) {
    const size_t offset = layout.tensors[b].offset, count = layout.tensors[b].count;
    block made{offset, count, std::vector<float>(count * dimension_), std::vector<float>(dimension_)};
    by_chunks(threads, count, [&](size_t first, size_t last) {
      for (size_t from = 0; from < dimension_; from += strip)
        for (size_t i = first; i < last; i++)
          for (size_t j = from; j < std::min(dimension_, from + strip); j++)
            made.directions[i * dimension_ + j] = basis.mantissas[j * parameters_ + offset + i];
    });
    for (size_t j = 0; j < dimension_; j++) made.scales[j] = power_of_two(basis.exponents[j * basis.blocks + b]);
    blocks_.push_back(std::move(made));
  }
}

void sketcher::run(backend& host, const float* gradients, int n, float* coordinates) const {
  std::fill_n(coordinates, n * dimension_, 0.0f);
  std::vector<float> part(n * dimension_), rows;
  for (const block& b : blocks_) {
    rows.resize(n * b.count);
    for (int e = 0; e < n; e++) std::copy_n(gradients + e * parameters_ + b.offset, b.count, &rows[e * b.count]);
    host.gemm(part.data(), rows.data(), b.directions.data(), n, static_cast<int>(dimension_), static_cast<int>(b.count));
    for (int e = 0; e < n; e++)
      for (size_t j = 0; j < dimension_; j++) {
        const float scaled = part[e * dimension_ + j] * b.scales[j];
        coordinates[e * dimension_ + j] += scaled;
      }
  }
}

}  // namespace ol

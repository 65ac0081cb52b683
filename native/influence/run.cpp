#include "influence/run.h"

#include <algorithm>
#include <numeric>

#include "core/executor.h"
#include "cpu/backend.h"

namespace ol {
namespace {

// Per-example gradients of the adapter, micro-batch by micro-batch, on the host. `take(first, count, rows)` gets them. The job has
// done `before` steps already.
void each_gradient(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                   const example_set& examples, lora_visitor* visitor,
                   const std::function<void(int first, int count, const float* rows)>& take, int64_t before = 0) {
  backend& device = *self.owner().device;
  std::vector<int32_t> order(examples.count());
  std::iota(order.begin(), order.end(), 0);
  const auto groups = group(examples, order.data(), examples.count(), self.owner().microbatch_tokens);
  size_t widest = 0;
  for (const auto& batch : groups) widest = std::max(widest, batch.examples.size());
  const size_t count = lora.layout.count;
  std::vector<float> rows(widest * count);
  std::unique_ptr<executor> run;
  device_array<float> each;
  self.turn([&] {
    run = std::make_unique<executor>(device, self.owner().on_device(base),
                                     std::make_shared<device_adapter>(device, lora), examples.longest());
    each = device_array<float>(device, widest * count);
  });
  int done = 0;
  for (const auto& batch : groups) {
    const int size = static_cast<int>(batch.examples.size());
    self.turn([&] {
      gradient_sinks sinks;
      sinks.adapter_each = each.get();
      sinks.visitor = visitor;
      run->forward(batch, true);
      run->loss(batch, 1.0f);
      run->backward(batch, sinks);
      device.download(rows.data(), each.get(), size * count * sizeof(float));
      device.finish();
    });
    take(done, size, rows.data());
    self.advance(before + (done += size));
  }
}

// The dense algebra runs on the CPU whatever device the model is on.
std::unique_ptr<backend> host_backend(const session& owner) {
  isa which = best_isa();
  if (owner.device_name == "cpu") parse_isa(owner.isa.c_str(), &which);
  return make_cpu_backend(owner.threads, which);
}

}  // namespace

void run_fit_basis(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                   const example_set& examples, double damping, int dimension) {
  const int n = examples.count();
  const size_t count = lora.layout.count;
  self.plan(n + 1);
  std::vector<float> gradients(n * count);
  kronecker_factors factors;
  {
    factor_sums sums(*self.owner().device, base->config, lora.rank, lora.targets);
    each_gradient(self, base, lora, examples, &sums, [&](int first, int size, const float* rows) {
      std::copy_n(rows, size * count, &gradients[first * count]);
    });
    factors = sums.read();
  }
  const auto host = host_backend(self.owner());
  pool threads(self.owner().threads);
  basis_fit fit;
  self.turn([&] {
    fit = fit_basis(*host, threads, base->config, lora.rank, lora.targets, factors, gradients, n, dimension, damping);
  });
  self.output("exponents", fit.basis.exponents);
  self.output("mantissas", fit.basis.mantissas);
  self.output("spectrum", fit.spectrum);
  self.advance(n + 1);
}

void run_sketch(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                const sketch_basis& basis) {
  self.plan(examples.count());
  const auto host = host_backend(self.owner());
  const sketcher sketch(lora.layout, basis);
  std::vector<float> coordinates(static_cast<size_t>(examples.count()) * basis.dimension);
  each_gradient(self, base, lora, examples, nullptr, [&](int first, int size, const float* rows) {
    sketch.run(*host, rows, size, &coordinates[static_cast<size_t>(first) * basis.dimension]);
  });
  self.output("coordinates", coordinates);
}

void run_fit_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                      const example_set& examples, double damping, int axes) {
  const int n = examples.count();
  self.plan(2 * n + 1);
  const factored_layout layout = factored_layout_of(base->config, lora.rank, lora.targets, axes);
  const auto host = host_backend(self.owner());
  pool threads(self.owner().threads);
  factored_basis basis;
  {
    factor_sums sums(*self.owner().device, base->config, lora.rank, lora.targets);
    each_gradient(self, base, lora, examples, &sums, [](int, int, const float*) {});
    const kronecker_factors factors = sums.read();
    self.turn([&] { basis = fit_axes(threads, base->config, lora.targets, layout, factors); });
  }
  const factored_projection projection(layout, basis);
  fisher_sums fisher(layout);
  std::vector<float> projected;
  const auto add = [&](int, int size, const float* rows) {
    projected.resize(size * layout.coordinates);
    projection.run(*host, rows, size, projected.data());
    fisher.add(projected.data(), size);
  };
  each_gradient(self, base, lora, examples, nullptr, add, n);
  fisher.whiten(layout, damping, &basis);
  self.output("exponents", basis.exponents);
  self.output("mantissas", basis.mantissas);
  self.advance(2 * n + 1);
}

void run_sketch_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                         const example_set& examples, const factored_basis& basis, const fold_terms& terms) {
  self.plan(examples.count());
  const auto host = host_backend(self.owner());
  const factored_layout layout = factored_layout_of(base->config, lora.rank, lora.targets, terms.axes);
  const factored_projection projection(layout, basis);
  const folder fold(layout.coordinates, terms);
  const size_t k = terms.dimension;
  std::vector<float> coordinates(examples.count() * k), projected;
  each_gradient(self, base, lora, examples, nullptr, [&](int first, int size, const float* rows) {
    projected.resize(size * layout.coordinates);
    projection.run(*host, rows, size, projected.data());
    for (int e = 0; e < size; e++) fold.run(&projected[e * layout.coordinates], &coordinates[(first + e) * k]);
  });
  self.output("coordinates", coordinates);
}

}  // namespace ol

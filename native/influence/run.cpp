#include "influence/run.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <numeric>
#include <utility>

#include "core/executor.h"
#include "cpu/backend.h"
#include "influence/directions.h"
#include "influence/whitening.h"

namespace ol {
namespace {

// Kept examples that are given back at a time.
const int at_once = 256;

struct freed {
  void operator()(float* memory) const { std::free(memory); }
};
using large_floats = std::unique_ptr<float[], freed>;

// In large pages where the system has them: a fault for each small one takes as long as what is written.
large_floats large_array(size_t count) {
  const size_t page = size_t{2} << 20;
  const size_t bytes = (std::max<size_t>(count * sizeof(float), 1) + page - 1) / page * page;
  auto* memory = static_cast<float*>(std::aligned_alloc(page, bytes));
  if (!memory) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return large_floats(memory);
}

// Per-example gradients of the adapter on the host, micro-batch by micro-batch. Those of the first examples are kept as far as `most`
// bytes reach, so that a further pass makes only the rest again; no result depends on how many they are.
class gradient_passes {
 public:
  using taker = std::function<void(int first, int count, const float* rows)>;

  gradient_passes(job& self, std::shared_ptr<const model> base, const adapter& lora, const example_set& examples, size_t most)
      : self_(self), base_(std::move(base)), lora_(lora), examples_(examples), count_(lora.layout.count) {
    most_ = static_cast<int>(std::min<size_t>(most / (count_ * sizeof(float)), examples.count()));
    kept_ = large_array(most_ * count_);
  }

  // A visitor sees the activations of examples that are made, so only the first pass has one.
  void pass(lora_visitor* visitor, const taker& take) {
    for (int from = 0; from < ready_; from += at_once) {
      const int size = std::min(at_once, ready_ - from);
      self_.turn([&] { take(from, size, kept(from)); });
      self_.advance(done_ += size);
    }
    make(visitor, take);
    ready_ = most_;
  }

  // All of them, after a pass for which there was room.
  const float* kept(int first) const { return &kept_[static_cast<size_t>(first) * count_]; }

 private:
  void make(lora_visitor* visitor, const taker& take) {
    if (ready_ == examples_.count()) return;
    backend& device = *self_.owner().device;
    std::vector<int32_t> order(examples_.count() - ready_);
    std::iota(order.begin(), order.end(), ready_);
    const auto groups = group(examples_, order.data(), static_cast<int>(order.size()), self_.owner().microbatch_tokens);
    size_t widest = 0;
    for (const auto& batch : groups) widest = std::max(widest, batch.examples.size());
    std::vector<float> rows(widest * count_);
    std::unique_ptr<executor> run;
    device_array<float> each;
    // The CPU's memory is the host's: gradients are made where they stay.
    const bool is_host = std::string(device.device()) == "cpu";
    self_.turn([&] {
      run = std::make_unique<executor>(device, self_.owner().on_device(base_),
                                       std::make_shared<device_adapter>(device, lora_), examples_.longest());
      if (!is_host) each = device_array<float>(device, widest * count_);
    });
    int first = ready_;
    for (const auto& batch : groups) {
      const int size = static_cast<int>(batch.examples.size());
      float* to = first + size <= most_ ? &kept_[first * count_] : rows.data();
      self_.turn([&] {
        gradient_sinks sinks;
        sinks.adapter_each = is_host ? to : each.get();
        sinks.visitor = visitor;
        run->forward(batch, true);
        run->loss(batch, 1.0f);
        run->backward(batch, sinks);
        if (!is_host) device.download(to, each.get(), size * count_ * sizeof(float));
        device.finish();
      });
      if (to == rows.data() && first < most_) std::copy_n(to, (most_ - first) * count_, &kept_[first * count_]);
      take(first, size, to);
      first += size;
      self_.advance(done_ += size);
    }
  }

  job& self_;
  std::shared_ptr<const model> base_;
  const adapter& lora_;
  const example_set& examples_;
  size_t count_;
  large_floats kept_;  // not set before it is written: it may be most of the memory
  int most_ = 0, ready_ = 0;
  int64_t done_ = 0;
};

// The dense algebra runs on the CPU whatever device the model is on.
std::unique_ptr<backend> host_backend(const session& owner) {
  isa which = best_isa();
  if (owner.device_name == "cpu") parse_isa(owner.isa.c_str(), &which);
  return make_cpu_backend(owner.threads, which);
}

}  // namespace

void run_fit_basis(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                   const example_set& examples, double damping, int dimension, bool sketches) {
  const int n = examples.count();
  self.plan((sketches ? 2 : 1) * static_cast<int64_t>(n) + 1);
  gradient_passes gradients(self, base, lora, examples, SIZE_MAX);
  kronecker_factors factors;
  {
    factor_sums sums(*self.owner().device, base->config, lora.rank, lora.targets);
    gradients.pass(&sums, [](int, int, const float*) {});
    factors = sums.read();
  }
  const auto host = host_backend(self.owner());
  pool threads(self.owner().threads);
  basis_fit fit;
  self.turn([&] {
    fit = fit_basis(*host, threads, base->config, lora.rank, lora.targets, factors, gradients.kept(0), n, dimension, damping);
  });
  if (sketches) {
    const sketcher sketch(threads, lora.layout, fit.basis);
    std::vector<float> coordinates(static_cast<size_t>(n) * dimension);
    gradients.pass(nullptr, [&](int first, int size, const float* rows) {
      sketch.run(*host, rows, size, &coordinates[static_cast<size_t>(first) * dimension]);
    });
    self.output("coordinates", coordinates);
  }
  self.output("exponents", fit.basis.exponents);
  self.output("mantissas", fit.basis.mantissas);
  self.output("spectrum", fit.spectrum);
  self.advance((sketches ? 2 : 1) * static_cast<int64_t>(n) + 1);
}

void run_sketch(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                const sketch_basis& basis) {
  self.plan(examples.count());
  const auto host = host_backend(self.owner());
  pool threads(self.owner().threads);
  const sketcher sketch(threads, lora.layout, basis);
  std::vector<float> coordinates(static_cast<size_t>(examples.count()) * basis.dimension);
  gradient_passes(self, base, lora, examples, 0).pass(nullptr, [&](int first, int size, const float* rows) {
    sketch.run(*host, rows, size, &coordinates[static_cast<size_t>(first) * basis.dimension]);
  });
  self.output("coordinates", coordinates);
}

void run_fit_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                      const factored_terms& terms, bool sketches, size_t most_kept) {
  const int n = examples.count();
  const int64_t steps = (sketches ? 5 : 4) * static_cast<int64_t>(n) + 1;
  self.plan(steps);
  const size_t parameters = lora.layout.count;
  const std::vector<factor_block> blocks = factor_blocks_of(base->config, lora.rank, lora.targets);
  const auto host = host_backend(self.owner());
  pool threads(self.owner().threads);
  gradient_passes gradients(self, base, lora, examples, most_kept);
  factored_basis basis;
  {
    std::unique_ptr<fisher_sums> fisher;
    {
      factor_sums sums(*self.owner().device, base->config, lora.rank, lora.targets);
      gradients.pass(&sums, [](int, int, const float*) {});
      const kronecker_factors factors = sums.read();
      self.turn([&] { fisher = std::make_unique<fisher_sums>(threads, base->config, lora.targets, blocks, terms.axes, factors, parameters); });
    }
    gradients.pass(nullptr, [&](int, int size, const float* rows) { fisher->add(*host, threads, rows, size); });
    const std::vector<factor_whitening> factors = fisher->whitenings(terms.damping);
    direction_finder finder(*host, threads, factors, n, parameters, terms.sketch.dimension);
    gradients.pass(nullptr, [&](int first, int size, const float* rows) { finder.probe(first, size, rows); });
    self.turn([&] { finder.choose(); });
    gradients.pass(nullptr, [&](int first, int size, const float* rows) { finder.collect(first, size, rows); });
    self.turn([&] { basis = finder.finish(); });
  }
  if (sketches) {
    const factored_sketcher sketch(blocks, parameters, basis);
    std::vector<float> coordinates(static_cast<size_t>(n) * terms.sketch.dimension);
    gradients.pass(nullptr, [&](int first, int size, const float* rows) {
      sketch.run(*host, threads, terms.sketch, rows, size, &coordinates[static_cast<size_t>(first) * terms.sketch.dimension]);
    });
    self.output("coordinates", coordinates);
  }
  self.output("counts", basis.counts);
  self.output("exponents", basis.exponents);
  self.output("mantissas", basis.mantissas);
  self.advance(steps);
}

void run_sketch_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                         const example_set& examples, const factored_sketcher& sketch, const sketch_terms& terms) {
  self.plan(examples.count());
  const auto host = host_backend(self.owner());
  pool threads(self.owner().threads);
  std::vector<float> coordinates(static_cast<size_t>(examples.count()) * terms.dimension);
  gradient_passes(self, base, lora, examples, 0).pass(nullptr, [&](int first, int size, const float* rows) {
    sketch.run(*host, threads, terms, rows, size, &coordinates[static_cast<size_t>(first) * terms.dimension]);
  });
  self.output("coordinates", coordinates);
}

}  // namespace ol

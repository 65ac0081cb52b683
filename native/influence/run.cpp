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

// What the dense algebra of sketches runs on: the session's device, in its turns; where that is the CPU a back end of the job's own,
// so that it needs none.
class algebra {
 public:
  explicit algebra(job& self) : self_(self) {
    const session& owner = self.owner();
    if (owner.device_name != "cpu") return;
    isa which = best_isa();
    parse_isa(owner.isa.c_str(), &which);
    own_ = make_cpu_backend(owner.threads, which);
  }
  bool is_host() const { return own_ != nullptr; }
  backend& device() { return own_ ? *own_ : *self_.owner().device; }
  void run(const std::function<void()>& work) { is_host() ? work() : self_.turn(work); }

 private:
  job& self_;
  std::unique_ptr<backend> own_;
};

// Floats where gradients are made: the host's in large pages, or the device's.
class gradient_memory {
 public:
  // Needs the turn where it is the device's.
  void reserve(algebra& on, size_t count) {
    if (on.is_host()) host_ = large_array(count);
    else device_ = device_array<float>(on.device(), count);
  }
  float* at(size_t index) const { return (host_ ? host_.get() : device_.get()) + index; }

 private:
  large_floats host_;  // not set before it is written: it may be most of the memory
  device_array<float> device_;
};

// Per-example gradients of the adapter in the device's memory, micro-batch by micro-batch. Those of the first examples are kept as far as
// `most` bytes reach, so that a further pass makes only the rest again; no result depends on how many they are.
class gradient_passes {
 public:
  using taker = std::function<void(int first, int count, const float* rows)>;

  gradient_passes(job& self, algebra& on, std::shared_ptr<const model> base, const adapter& lora, const example_set& examples, size_t most)
      : self_(self), on_(on), base_(std::move(base)), lora_(lora), examples_(examples), count_(lora.layout.count) {
    most_ = static_cast<int>(std::min<size_t>(most / (count_ * sizeof(float)), examples.count()));
    on.run([&] { kept_.reserve(on, most_ * count_); });
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
  const float* kept(int first) const { return kept_.at(first * count_); }

 private:
  void make(lora_visitor* visitor, const taker& take) {
    if (ready_ == examples_.count()) return;
    backend& device = *self_.owner().device;
    std::vector<int32_t> order(examples_.count() - ready_);
    std::iota(order.begin(), order.end(), ready_);
    const auto groups = group(examples_, order.data(), static_cast<int>(order.size()), self_.owner().microbatch_tokens);
    size_t widest = 0;
    for (const auto& batch : groups) widest = std::max(widest, batch.examples.size());
    gradient_memory rows;
    std::unique_ptr<executor> run;
    self_.turn([&] {
      run = std::make_unique<executor>(device, self_.owner().on_device(base_),
                                       std::make_shared<device_adapter>(device, lora_), examples_.longest());
      rows.reserve(on_, widest * count_);
    });
    int first = ready_;
    for (const auto& batch : groups) {
      const int size = static_cast<int>(batch.examples.size());
      float* to = first + size <= most_ ? kept_.at(first * count_) : rows.at(0);
      self_.turn([&] {
        gradient_sinks sinks;
        sinks.adapter_each = to;
        sinks.visitor = visitor;
        run->forward(batch, true);
        run->loss(batch, 1.0f);
        run->backward(batch, sinks);
        if (to == rows.at(0) && first < most_) device.copy(kept_.at(first * count_), to, (most_ - first) * count_ * sizeof(float));
        device.finish();
      });
      on_.run([&] { take(first, size, to); });
      first += size;
      self_.advance(done_ += size);
    }
  }

  job& self_;
  algebra& on_;
  std::shared_ptr<const model> base_;
  const adapter& lora_;
  const example_set& examples_;
  size_t count_;
  gradient_memory kept_;
  int most_ = 0, ready_ = 0;
  int64_t done_ = 0;
};

// The basis on the job's device; the session keeps what it has there for as long as the basis lives.
std::shared_ptr<const factored_sketcher::resident> resident_of(job& self, algebra& on, const std::shared_ptr<const factored_sketcher>& sketch) {
  std::shared_ptr<const void> found;
  const auto make = [&] { return std::static_pointer_cast<const void>(sketch->on_device(on.device())); };
  on.run([&] { found = on.is_host() ? make() : self.owner().keep(sketch, make); });
  return std::static_pointer_cast<const factored_sketcher::resident>(found);
}

}  // namespace

void run_fit_basis(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                   const example_set& examples, double damping, int dimension, bool sketches) {
  const int n = examples.count();
  self.plan((sketches ? 2 : 1) * static_cast<int64_t>(n) + 1);
  algebra on(self);
  gradient_passes gradients(self, on, base, lora, examples, SIZE_MAX);
  kronecker_factors factors;
  {
    factor_sums sums(*self.owner().device, base->config, lora.rank, lora.targets);
    gradients.pass(&sums, [](int, int, const float*) {});
    factors = sums.read();
  }
  pool threads(self.owner().threads);
  basis_fit fit;
  self.turn([&] {
    fit = fit_basis(on.device(), threads, base->config, lora.rank, lora.targets, factors, gradients.kept(0), n, dimension, damping);
  });
  if (sketches) {
    std::unique_ptr<const sketcher> sketch;
    on.run([&] { sketch = std::make_unique<sketcher>(on.device(), threads, lora.layout, fit.basis); });
    std::vector<float> coordinates(static_cast<size_t>(n) * dimension);
    gradients.pass(nullptr, [&](int first, int size, const float* rows) {
      sketch->run(rows, size, &coordinates[static_cast<size_t>(first) * dimension]);
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
  algebra on(self);
  pool threads(self.owner().threads);
  std::unique_ptr<const sketcher> sketch;
  on.run([&] { sketch = std::make_unique<sketcher>(on.device(), threads, lora.layout, basis); });
  std::vector<float> coordinates(static_cast<size_t>(examples.count()) * basis.dimension);
  gradient_passes(self, on, base, lora, examples, 0).pass(nullptr, [&](int first, int size, const float* rows) {
    sketch->run(rows, size, &coordinates[static_cast<size_t>(first) * basis.dimension]);
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
  algebra on(self);
  pool threads(self.owner().threads);
  gradient_passes gradients(self, on, base, lora, examples, most_kept);
  factored_basis basis;
  {
    std::unique_ptr<fisher_sums> fisher;
    {
      factor_sums sums(*self.owner().device, base->config, lora.rank, lora.targets);
      gradients.pass(&sums, [](int, int, const float*) {});
      const kronecker_factors factors = sums.read();
      self.turn([&] {
        fisher = std::make_unique<fisher_sums>(on.device(), threads, base->config, lora.targets, blocks, terms.axes, factors, parameters);
      });
    }
    gradients.pass(nullptr, [&](int, int size, const float* rows) { fisher->add(rows, size); });
    std::vector<factor_whitening> factors;
    std::unique_ptr<direction_finder> finder;
    on.run([&] {
      factors = fisher->whitenings(terms.damping);
      finder = std::make_unique<direction_finder>(on.device(), threads, factors, n, parameters, terms.sketch.dimension);
    });
    gradients.pass(nullptr, [&](int first, int size, const float* rows) { finder->probe(first, size, rows); });
    self.turn([&] { finder->choose(); });
    gradients.pass(nullptr, [&](int first, int size, const float* rows) { finder->collect(first, size, rows); });
    self.turn([&] { basis = finder->finish(); });
  }
  if (sketches) {
    const auto sketch = std::make_shared<const factored_sketcher>(blocks, parameters, basis);
    const auto resident = resident_of(self, on, sketch);
    std::vector<float> coordinates(static_cast<size_t>(n) * terms.sketch.dimension);
    gradients.pass(nullptr, [&](int first, int size, const float* rows) {
      sketch->run(on.device(), threads, *resident, terms.sketch, rows, size, &coordinates[static_cast<size_t>(first) * terms.sketch.dimension]);
    });
    self.output("coordinates", coordinates);
  }
  self.output("counts", basis.counts);
  self.output("exponents", basis.exponents);
  self.output("mantissas", basis.mantissas);
  self.advance(steps);
}

void run_sketch_factored(job& self, const std::shared_ptr<const model>& base, const adapter& lora, const example_set& examples,
                         const std::shared_ptr<const factored_sketcher>& sketch, const sketch_terms& terms) {
  self.plan(examples.count());
  algebra on(self);
  pool threads(self.owner().threads);
  const auto resident = resident_of(self, on, sketch);
  std::vector<float> coordinates(static_cast<size_t>(examples.count()) * terms.dimension);
  gradient_passes(self, on, base, lora, examples, 0).pass(nullptr, [&](int first, int size, const float* rows) {
    sketch->run(on.device(), threads, *resident, terms, rows, size, &coordinates[static_cast<size_t>(first) * terms.dimension]);
  });
  self.output("coordinates", coordinates);
}

}  // namespace ol

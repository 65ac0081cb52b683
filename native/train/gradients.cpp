#include "train/gradients.h"

#include <numeric>

#include "core/error.h"
#include "core/loss.h"

namespace ol {

static std::vector<micro_batch> all_groups(job& self, const example_set& examples) {
  std::vector<int32_t> order(examples.count());
  std::iota(order.begin(), order.end(), 0);
  return group(examples, order.data(), examples.count(), self.owner().microbatch_tokens);
}

void run_gradients(job& self, const std::shared_ptr<const model>& base, const example_set& examples) {
  backend& device = *self.owner().device;
  const size_t count = base->layout.count, embed = static_cast<size_t>(base->config.vocab) * base->config.hidden;
  std::unique_ptr<executor> run;
  device_array<float> gradient, head;
  gradient_sinks sinks;
  self.turn([&] {
    run = std::make_unique<executor>(device, self.owner().on_device(base), nullptr, examples.longest());
    gradient = device_array<float>(device, count);
    head = device_array<float>(device, embed);
    device.zero(gradient.get(), count * sizeof(float));
    device.zero(head.get(), embed * sizeof(float));
    sinks.model = gradient.get();
    sinks.tied_head = head.get();
  });
  std::vector<double> losses(examples.count());
  self.plan(examples.count());
  int done = 0;
  for (const auto& batch : all_groups(self, examples)) {
    self.turn([&] {
      run->forward(batch, true);
      add_example_losses(batch, run->loss(batch, 1.0f), &losses);
      run->backward(batch, sinks);
    });
    self.advance(done += static_cast<int>(batch.examples.size()));
  }
  std::vector<float> host(count);
  self.turn([&] {
    if (base->config.tied) device.add(gradient.get() + base->layout.embed, head.get(), embed);
    device.download(host.data(), gradient.get(), count * sizeof(float));
    device.finish();
  });
  self.output("losses", losses);
  self.output("gradients", host);
}

void run_lora_gradients(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                        const example_set& examples) {
  backend& device = *self.owner().device;
  const size_t count = lora.layout.count;
  const auto groups = all_groups(self, examples);
  size_t widest = 0;
  for (const auto& batch : groups) widest = std::max(widest, batch.examples.size());
  std::unique_ptr<executor> run;
  device_array<float> each;
  self.turn([&] {
    run = std::make_unique<executor>(device, self.owner().on_device(base),
                                     std::make_shared<device_adapter>(device, lora), examples.longest());
    each = device_array<float>(device, widest * count);
  });
  std::vector<double> losses(examples.count());
  std::vector<float> rows(static_cast<size_t>(examples.count()) * count);
  self.plan(examples.count());
  int done = 0;
  for (const auto& batch : groups) {
    self.turn([&] {
      gradient_sinks sinks;
      sinks.adapter_each = each.get();
      run->forward(batch, true);
      add_example_losses(batch, run->loss(batch, 1.0f), &losses);
      run->backward(batch, sinks);
      device.download(rows.data() + static_cast<size_t>(done) * count, each.get(),
                      batch.examples.size() * count * sizeof(float));
      device.finish();
    });
    self.advance(done += static_cast<int>(batch.examples.size()));
  }
  self.output("losses", losses);
  self.output("gradients", rows);
}

std::vector<double> visit_lora(job& self, const std::shared_ptr<const model>& base, const adapter& lora,
                               const example_set& examples, lora_visitor& visitor,
                               const std::function<void(const micro_batch&)>& after) {
  backend& device = *self.owner().device;
  std::unique_ptr<executor> run;
  self.turn([&] {
    run = std::make_unique<executor>(device, self.owner().on_device(base),
                                     std::make_shared<device_adapter>(device, lora), examples.longest());
  });
  std::vector<double> losses(examples.count());
  for (const auto& batch : all_groups(self, examples)) {
    self.turn([&] {
      gradient_sinks sinks;
      sinks.visitor = &visitor;
      run->forward(batch, true);
      add_example_losses(batch, run->loss(batch, 1.0f), &losses);
      run->backward(batch, sinks);
      if (after) after(batch);
    });
  }
  return losses;
}

}  // namespace ol

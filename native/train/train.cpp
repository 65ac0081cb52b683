#include "train/train.h"

#include "core/error.h"
#include "core/executor.h"
#include "core/loss.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace ol {

train_plan copy_plan(const ol_config& config, const ol_examples& examples, const ol_steps& steps,
                     const ol_optimizer& optimizer) {
  train_plan plan;
  plan.examples = copy_examples(config, examples);
  plan.optimizer = optimizer;
  check_optimizer(optimizer);
  if (steps.count <= 0 || !steps.order || !steps.step_offsets || steps.step_offsets[0] != 0) {
    fail(OL_ERROR_ARGUMENT, "no training steps given");
  }
  plan.step_offsets.assign(steps.step_offsets, steps.step_offsets + steps.count + 1);
  for (int s = 0; s < steps.count; ++s) {
    if (plan.step_offsets[s + 1] <= plan.step_offsets[s]) {
      fail(OL_ERROR_ARGUMENT, "step " + std::to_string(s) + " has no examples");
    }
  }
  plan.order.assign(steps.order, steps.order + plan.step_offsets.back());
  for (int32_t e : plan.order) {
    if (e < 0 || e >= plan.examples.count()) fail(OL_ERROR_ARGUMENT, "there is no example " + std::to_string(e));
  }
  return plan;
}

moments copy_moments(const ol_moments* from, size_t count) {
  moments copied;
  if (!from) return copied;
  if (!from->m || !from->v || from->count != count) fail(OL_ERROR_ARGUMENT, "the moments do not fit the adapter");
  if (from->step < 0) fail(OL_ERROR_ARGUMENT, "the step count must not be negative");
  // One that has overflowed goes on as it would have without a break.
  for (size_t i = 0; i < count; ++i) {
    if (from->v[i] < 0.0f) fail(OL_ERROR_ARGUMENT, "a second moment is negative");
  }
  copied.m.assign(from->m, from->m + count);
  copied.v.assign(from->v, from->v + count);
  copied.step = from->step;
  return copied;
}

// Gradient of one step's mean loss into the sinks; returns that loss.
static double step_gradient(job& self, executor& run, const train_plan& plan, int step, const gradient_sinks& sinks) {
  const int first = plan.step_offsets[step], count = plan.step_offsets[step + 1] - first;
  const auto groups = group(plan.examples, plan.order.data() + first, count, self.owner().microbatch_tokens);
  size_t targets = 0;
  for (const auto& batch : groups) targets += batch.targets.size();
  if (targets == 0) fail(OL_ERROR_ARGUMENT, "step " + std::to_string(step) + " has no targets");
  const float weight = static_cast<float>(1.0 / static_cast<double>(targets));
  double sum = 0.0;
  for (const auto& batch : groups) {
    self.turn([&] {
      run.forward(batch, true);
      for (float nll : run.loss(batch, weight)) sum += nll;
      run.backward(batch, sinks);
    });
  }
  return sum / static_cast<double>(targets);
}

void run_pretrain(job& self, trainer& state, const train_plan& plan) {
  backend& device = *self.owner().device;
  const size_t count = state.layout.count, embed = static_cast<size_t>(state.config.vocab) * state.config.hidden;
  std::shared_ptr<device_model> weights;
  std::unique_ptr<adamw> optimizer;
  std::unique_ptr<executor> run;
  device_array<float> gradient, head;
  self.turn([&] {
    weights = std::make_shared<device_model>(device, state.config, state.layout, state.weights.data());
    optimizer = std::make_unique<adamw>(device, state.layout.tensors, count, false);
    optimizer->load(state.m.data(), state.v.data());
    run = std::make_unique<executor>(device, weights, nullptr, plan.examples.longest());
    gradient = device_array<float>(device, count);
    if (state.config.tied) head = device_array<float>(device, embed);
  });
  std::vector<double> losses, norms;
  int64_t step = state.step;
  // On cancel or failure too, the trainer stands after the last whole step.
  const auto keep = [&] {
    std::lock_guard<fair_mutex> lock(self.owner().turn);
    device.download(state.weights.data(), weights->flat.get(), count * sizeof(float));
    optimizer->store(state.m.data(), state.v.data());
    device.finish();
    state.step = step;
  };
  self.plan(plan.steps());
  try {
    for (int s = 0; s < plan.steps(); ++s) {
      gradient_sinks sinks;
      sinks.model = gradient.get();
      sinks.tied_head = head.get();
      self.turn([&] {
        device.zero(gradient.get(), count * sizeof(float));
        if (head.get()) device.zero(head.get(), embed * sizeof(float));
      });
      losses.push_back(step_gradient(self, *run, plan, s, sinks));
      self.turn([&] {
        if (head.get()) device.add(gradient.get() + state.layout.embed, head.get(), embed);
        norms.push_back(optimizer->update(weights->flat.get(), gradient.get(), plan.optimizer, step));
        weights->repack(device);
        ++step;
      });
      self.report_loss(losses.back());
      self.advance(s + 1);
    }
  } catch (...) {
    keep();
    throw;
  }
  keep();
  self.output("losses", losses);
  self.output("norms", norms);
}

void run_lora_train(job& self, const std::shared_ptr<const model>& base, const adapter& initial, const moments& from,
                    const train_plan& plan) {
  backend& device = *self.owner().device;
  const size_t count = initial.layout.count;
  std::shared_ptr<device_adapter> lora;
  std::unique_ptr<adamw> optimizer;
  std::unique_ptr<executor> run;
  device_array<float> gradient;
  self.turn([&] {
    lora = std::make_shared<device_adapter>(device, initial);
    optimizer = std::make_unique<adamw>(device, initial.layout.tensors, count, true);
    optimizer->load(from.m.empty() ? nullptr : from.m.data(), from.v.empty() ? nullptr : from.v.data());
    run = std::make_unique<executor>(device, self.owner().on_device(base), lora, plan.examples.longest());
    gradient = device_array<float>(device, count);
  });
  std::vector<double> losses, norms;
  self.plan(plan.steps());
  for (int s = 0; s < plan.steps(); ++s) {
    gradient_sinks sinks;
    sinks.adapter = gradient.get();
    self.turn([&] { device.zero(gradient.get(), count * sizeof(float)); });
    losses.push_back(step_gradient(self, *run, plan, s, sinks));
    self.turn([&] {
      norms.push_back(optimizer->update(lora->flat.get(), gradient.get(), plan.optimizer, from.step + s));
      lora->repack(device);
    });
    self.report_loss(losses.back());
    self.advance(s + 1);
  }
  std::vector<float> trained(count), m(count), v(count);
  self.turn([&] {
    device.download(trained.data(), lora->flat.get(), count * sizeof(float));
    optimizer->store(m.data(), v.data());
    device.finish();
  });
  check_finite(initial.layout.tensors, trained.data());
  self.output("losses", losses);
  self.output("norms", norms);
  self.output("adapter", trained);
  self.output("m", m);
  self.output("v", v);
}

}  // namespace ol

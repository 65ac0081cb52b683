#include <numeric>

#include "core/loss.h"
#include "serve/serve.h"

namespace ol {

namespace {

struct evaluation {
  std::vector<double> losses;
  std::vector<float> logprobs, logits, hidden;
};

// Logits of all rows, before the loss overwrites anything.
void take_logits(executor& run, const micro_batch& batch, std::vector<float>* out) {
  std::vector<int32_t> rows(batch.tokens);
  std::iota(rows.begin(), rows.end(), 0);
  const size_t count = rows.size() * run.config().vocab, at = out->size();
  const float* values = run.logits(rows);
  out->resize(at + count);
  run.device().download(out->data() + at, values, count * sizeof(float));
  run.device().finish();
}

}  // namespace

void run_evaluate(job& self, const std::shared_ptr<const model>& base, const adapter* lora, const example_set& examples,
                  bool logits, bool hidden, int32_t arithmetic) {
  backend& device = *self.owner().device;
  std::unique_ptr<executor> run;
  self.turn([&] {
    auto on_device = lora ? std::make_shared<device_adapter>(device, *lora) : nullptr;
    run = std::make_unique<executor>(device, self.owner().on_device(base, arithmetic), on_device,
                                     examples.longest());
  });
  evaluation result;
  result.losses.resize(examples.count());
  std::vector<int32_t> order(examples.count());
  std::iota(order.begin(), order.end(), 0);
  // Hidden states are laid out per example, so those come one example at a time.
  const int limit = hidden ? 1 : self.owner().microbatch_tokens;
  self.plan(examples.count());
  int done = 0;
  for (const auto& batch : group(examples, order.data(), examples.count(), limit)) {
    self.turn([&] {
      const size_t state = static_cast<size_t>(batch.tokens) * base->config.hidden;
      const auto keep_state = [&](int, const float* values) {
        const size_t at = result.hidden.size();
        result.hidden.resize(at + state);
        device.download(result.hidden.data() + at, values, state * sizeof(float));
        device.finish();
      };
      if (hidden) {
        run->forward(batch, false, nullptr, keep_state);
      } else {
        run->forward(batch, false);
      }
      if (logits) take_logits(*run, batch, &result.logits);
      const auto nll = run->loss(batch, 0.0f);
      add_example_losses(batch, nll, &result.losses);
      for (float value : nll) result.logprobs.push_back(-value);
    });
    self.advance(done += static_cast<int>(batch.examples.size()));
  }
  self.output("losses", result.losses);
  self.output("logprobs", result.logprobs);
  if (logits) self.output("logits", result.logits);
  if (hidden) self.output("hidden", result.hidden);
}

}  // namespace ol

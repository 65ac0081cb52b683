#include <algorithm>
#include <string>

#include "core/error.h"
#include "serve/serve.h"

namespace ol {

prompt_set copy_prompts(const ol_config& config, const int32_t* ids, const int32_t* offsets, int32_t prompts,
                        int32_t max_tokens, const int32_t* stop_ids, int32_t stop_count, int32_t vocabulary) {
  if (prompts <= 0 || !ids || !offsets || offsets[0] != 0) fail(OL_ERROR_ARGUMENT, "no prompts given");
  if (max_tokens < 1 || max_tokens > config.max_positions) {
    fail(OL_ERROR_ARGUMENT, "maxTokens must be in 1.." + std::to_string(config.max_positions));
  }
  for (int p = 0; p < prompts; ++p) {
    const int64_t length = static_cast<int64_t>(offsets[p + 1]) - offsets[p];
    if (length < 1 || length > config.max_positions) {
      fail(OL_ERROR_ARGUMENT, "prompt " + std::to_string(p) + " has " + std::to_string(length) +
                                  " tokens; it must be 1.." + std::to_string(config.max_positions));
    }
  }
  for (int32_t t = 0; t < offsets[prompts]; ++t) {
    if (ids[t] < 0 || ids[t] >= config.vocab) {
      fail(OL_ERROR_ARGUMENT, "token id " + std::to_string(ids[t]) + " is outside the vocabulary of " +
                                  std::to_string(config.vocab));
    }
  }
  prompt_set set;
  set.ids.assign(ids, ids + offsets[prompts]);
  set.offsets.assign(offsets, offsets + prompts + 1);
  if (stop_count > 0) set.stop_ids.assign(stop_ids, stop_ids + stop_count);
  set.max_tokens = max_tokens;
  set.vocabulary = vocabulary ? vocabulary : config.vocab;
  return set;
}

namespace {

struct answers {
  std::vector<int32_t> counts, tokens;
  std::vector<float> logits, gaps, logprobs;
};

struct choice {
  int32_t id;
  float logit, gap, logprob;
};

// Best and second best of the newest row, and the log-probability of the best.
choice choose(executor& run, int row, int vocabulary) {
  float* device_logits = run.logits({row});
  const auto made = run.greedy(vocabulary);
  if (!made.empty()) {
    const greedy_choice& best = made[0];
    if (!(best.logit - best.logit == 0.0f) || !(best.nll - best.nll == 0.0f)) {
      fail(OL_ERROR_NUMERIC, "the logits are not finite");
    }
    return {best.id, best.logit, best.logit - best.second, -best.nll};
  }
  std::vector<float> logits(vocabulary);
  run.device().download(logits.data(), device_logits, logits.size() * sizeof(float));
  run.device().finish();
  int best = 0;
  for (int i = 1; i < vocabulary; ++i)
    if (logits[i] > logits[best]) best = i;
  float second = -__builtin_inff();
  for (int i = 0; i < vocabulary; ++i)
    if (i != best && logits[i] > second) second = logits[i];
  if (!(logits[best] - logits[best] == 0.0f)) fail(OL_ERROR_NUMERIC, "the logits are not finite");
  return {best, logits[best], logits[best] - second, -run.last_nll(best)};
}

void answer(job& self, executor& run, const prompt_set& prompts, int p, answers* out, int64_t* done) {
  const ol_config& config = run.config();
  const int first = prompts.offsets[p], length = prompts.offsets[p + 1] - first;
  const int capacity = std::min(config.max_positions, length + prompts.max_tokens);
  std::unique_ptr<kv_cache> cache;
  micro_batch batch;
  batch.ids.assign(prompts.ids.begin() + first, prompts.ids.begin() + first + length);
  int produced = 0;
  for (;;) {
    batch.tokens = static_cast<int>(batch.ids.size());
    batch.offsets = {0, batch.tokens};
    choice picked{};
    self.turn([&] {
      if (!cache) cache = std::make_unique<kv_cache>(run.device(), config, capacity);
      batch.positions.clear();
      for (int t = 0; t < batch.tokens; ++t) batch.positions.push_back(cache->used + t);
      run.forward(batch, false, cache.get());
      picked = choose(run, batch.tokens - 1, prompts.vocabulary);
    });
    out->tokens.push_back(picked.id);
    out->logits.push_back(picked.logit);
    out->gaps.push_back(picked.gap);
    out->logprobs.push_back(picked.logprob);
    ++produced;
    self.advance(++*done);
    const auto& stops = prompts.stop_ids;
    if (std::find(stops.begin(), stops.end(), picked.id) != stops.end()) break;
    if (produced == prompts.max_tokens || cache->used >= cache->capacity) break;
    batch.ids = {picked.id};
  }
  out->counts.push_back(produced);
}

}  // namespace

void run_generate(job& self, const std::shared_ptr<const model>& base, const adapter* lora, const prompt_set& prompts,
                  int32_t arithmetic) {
  backend& device = *self.owner().device;
  const int count = static_cast<int>(prompts.offsets.size()) - 1;
  int longest = 0;
  for (int p = 0; p < count; ++p) longest = std::max(longest, prompts.offsets[p + 1] - prompts.offsets[p]);
  std::unique_ptr<executor> run;
  self.turn([&] {
    auto on_device = lora ? std::make_shared<device_adapter>(device, *lora) : nullptr;
    run = std::make_unique<executor>(device, self.owner().on_device(base, arithmetic), on_device,
                                     std::min(base->config.max_positions, longest + prompts.max_tokens));
  });
  answers out;
  int64_t done = 0;
  self.plan(static_cast<int64_t>(count) * prompts.max_tokens);
  for (int p = 0; p < count; ++p) answer(self, *run, prompts, p, &out, &done);
  self.output("counts", out.counts);
  self.output("tokens", out.tokens);
  self.output("logits", out.logits);
  self.output("gaps", out.gaps);
  self.output("logprobs", out.logprobs);
}

}  // namespace ol

// The engine's choice of tokens: on the device where it offers that, else from logits on the host.
#include <algorithm>

#include "core/error.h"
#include "serve/engine.h"

namespace ol {

struct engine::pick {
  int32_t id = 0;
  float nll = 0.0f;
  bool broken = false;  // the logits are not finite
  std::vector<scored> tops;
};

// Nothing but the largest logit is asked for.
static bool is_plain(const serving_request* r) {
  return r->sampling.temperature == 0 && r->sampling.repetition == 1000 && r->sampling.presence == 0 && !r->top_logprobs;
}

// False where the device leaves it to the host.
bool engine::choose_on_device(const std::vector<serving_request*>& requests, std::vector<pick>& picks) {
  std::vector<choice_rule> rules;
  std::vector<int32_t> seen;
  for (serving_request* r : requests) {
    choice_rule rule = rule_of(r->sampling, r->ids.size() - r->prompt);
    rule.likely = r->top_logprobs;
    if (r->sampling.repetition != 1000 || r->sampling.presence != 0) {
      r->seen.look_at(r->ids, r->prompt, options_.vocabulary);
      rule.first_seen = static_cast<int32_t>(seen.size());
      rule.seen = static_cast<int32_t>(r->seen.list().size());
      seen.insert(seen.end(), r->seen.list().begin(), r->seen.list().end());
    }
    rules.push_back(rule);
  }
  std::vector<token_choice> choices;
  std::vector<likely_token> likely;
  device_chooses_ = forward_->choose(rules, seen, options_.vocabulary, &choices, &likely);
  if (!device_chooses_) return false;
  const size_t most = likely.size() / choices.size();
  for (size_t i = 0; i < choices.size(); ++i) {
    picks[i] = {choices[i].id, choices[i].nll, !choices[i].finite, {}};
    const int told = std::min(requests[i]->top_logprobs, config().vocab);
    for (int t = 0; t < told; ++t) picks[i].tops.push_back({likely[i * most + t].id, likely[i * most + t].logprob});
  }
  return true;
}

// Of requests whose logits are in the device's memory, a row each.
void engine::choose(const std::vector<serving_request*>& requests, const float* logits) {
  std::vector<pick> picks(requests.size());
  const bool all_plain = std::all_of(requests.begin(), requests.end(), is_plain);
  if (!all_plain && device_chooses_ && choose_on_device(requests, picks)) return report(requests, picks);
  std::vector<greedy_choice> best;
  if (all_plain) best = forward_->greedy(options_.vocabulary);
  for (size_t i = 0; i < best.size(); ++i) picks[i] = {best[i].id, best[i].nll, !best[i].finite, {}};
  if (best.empty()) {
    fetch_logits(logits, requests.size());
    choose_here(requests, picks);
  }
  report(requests, picks);
}

// The logits of all rows.
void engine::fetch_logits(const float* on_device, size_t rows) {
  const size_t values = rows * static_cast<size_t>(config().vocab);
  if (logits_.size() < values) logits_.resize(values);
  owner_->device->download(logits_.data(), on_device, values * sizeof(float));
  owner_->device->finish();
}

// From the host's logits.
void engine::choose_here(const std::vector<serving_request*>& requests, std::vector<pick>& picks) {
  const size_t vocab = static_cast<size_t>(config().vocab);
  std::vector<int32_t> ids(picks.size());
  for (size_t i = 0; i < picks.size(); ++i) {
    const serving_request& r = *requests[i];
    pick& p = picks[i];
    float* row = logits_.data() + i * vocab;
    const int status = guarded([&] {
      if (r.top_logprobs) p.tops = top_logprobs(row, config().vocab, r.top_logprobs);
      p.id = sampler_.choose(row, options_.vocabulary, r.ids.data(), r.prompt, r.ids.data() + r.prompt,
                             r.ids.size() - r.prompt, r.sampling);
    });
    p.broken = status != OL_OK;
    ids[i] = p.id;
  }
  const std::vector<float> nll = forward_->nll(ids);
  for (size_t i = 0; i < picks.size(); ++i) picks[i].nll = nll[i];
}

// Events of the step's tokens; requests that are through end.
void engine::report(const std::vector<serving_request*>& requests, const std::vector<pick>& picks) {
  std::lock_guard<std::mutex> guard(lock_);
  for (size_t i = 0; i < requests.size(); ++i) {
    serving_request& r = *requests[i];
    const pick& p = picks[i];
    if (p.broken || !(p.nll - p.nll == 0.0f)) {
      end(r, OL_ENDED_NUMERIC);
      continue;
    }
    ol_event event{};
    event.request = r.id;
    event.kind = OL_TOKEN;
    event.token = p.id;
    event.logprob = -p.nll;
    event.top_count = static_cast<int32_t>(p.tops.size());
    for (size_t t = 0; t < p.tops.size(); ++t) {
      event.top_ids[t] = p.tops[t].id;
      event.top_logprobs[t] = p.tops[t].value;
    }
    events_.push_back(event);
    r.ids.push_back(p.id);
    const bool stops = std::find(r.stops.begin(), r.stops.end(), p.id) != r.stops.end();
    if (stops) {
      end(r, OL_ENDED_STOP);
    } else if (static_cast<int>(r.ids.size() - r.prompt) >= r.max_tokens) {
      end(r, OL_ENDED_LENGTH);
    }
  }
}

}  // namespace ol

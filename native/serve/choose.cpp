// The engine's choice of tokens: greedy ones on the device where it offers that, all others from logits on the host.
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
static bool is_plain(const serving_request& r) {
  return r.sampling.temperature == 0 && r.sampling.repetition == 1000 && r.sampling.presence == 0 && !r.top_logprobs;
}

void engine::choose(const std::vector<serving_request*>& requests, const std::vector<int32_t>& rows) {
  const float* on_device = forward_->logits(rows);
  std::vector<pick> picks(rows.size());
  std::vector<bool> plain(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) plain[i] = is_plain(*requests[i]);
  std::vector<greedy_choice> best;
  if (std::count(plain.begin(), plain.end(), true)) best = forward_->greedy(options_.vocabulary);
  if (best.empty()) plain.assign(rows.size(), false);
  for (size_t i = 0; i < best.size(); ++i) {
    if (!plain[i]) continue;
    picks[i].id = best[i].id;
    picks[i].nll = best[i].nll;
    picks[i].broken = !best[i].finite;
  }
  if (std::count(plain.begin(), plain.end(), false)) {
    fetch_logits(on_device, plain);
    choose_here(requests, plain, picks);
  }
  report(requests, picks);
}

// The logits of rows that are not plain, each in its place: neighbours in one piece.
void engine::fetch_logits(const float* on_device, const std::vector<bool>& plain) {
  backend& device = *owner_->device;
  const size_t vocab = static_cast<size_t>(config().vocab), rows = plain.size();
  if (logits_.size() < rows * vocab) logits_.resize(rows * vocab);
  for (size_t first = 0; first < rows; ++first) {
    size_t end = first;
    while (end < rows && !plain[end]) ++end;
    if (end == first) continue;
    device.download(logits_.data() + first * vocab, on_device + first * vocab, (end - first) * vocab * sizeof(float));
    first = end;
  }
  device.finish();
}

// From the host's logits, for rows that are not plain.
void engine::choose_here(const std::vector<serving_request*>& requests, const std::vector<bool>& plain,
                         std::vector<pick>& picks) {
  const size_t vocab = static_cast<size_t>(config().vocab);
  std::vector<int32_t> ids(picks.size());
  for (size_t i = 0; i < picks.size(); ++i) {
    const serving_request& r = *requests[i];
    pick& p = picks[i];
    float* row = logits_.data() + i * vocab;
    const int status = plain[i] ? OL_OK : guarded([&] {
      if (r.top_logprobs) p.tops = top_logprobs(row, config().vocab, r.top_logprobs);
      p.id = sampler_.choose(row, options_.vocabulary, r.ids.data(), r.prompt, r.ids.data() + r.prompt,
                             r.ids.size() - r.prompt, r.sampling);
    });
    p.broken = p.broken || status != OL_OK;
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

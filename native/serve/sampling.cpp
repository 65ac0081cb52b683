#include "serve/sampling.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "core/math.h"
#include "core/sampling_rule.h"

namespace ol {
namespace {

// Philox 4x32 with ten rounds (Salmon et al. 2011): the first 64 of its 128 bits.
uint64_t philox(uint64_t seed, uint32_t choice, uint32_t position) {
  uint32_t c[4] = {position, choice, 0, 0};
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * c[0], b = uint64_t{0xCD9E8D57u} * c[2];
    const uint32_t next[4] = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b),
                              static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(a)};
    std::copy(next, next + 4, c);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c[0] | static_cast<uint64_t>(c[1]) << 32;
}

// Milli-units to fp32: the whole number is exact, the division rounded once.
float thousandths(int32_t value) { return ol_div(static_cast<float>(value), 1000.0f); }

void require_finite(const float* logits, int n) {
  int bad = 0;
  for (int i = 0; i < n; ++i) bad |= !(logits[i] - logits[i] == 0.0f);
  if (bad) fail(OL_ERROR_NUMERIC, "the logits are not finite");
}

// The lowest id of the largest logit: sixteen lanes side by side, each with its own first one.
int largest(const float* logits, int n) {
  const int lanes = 16;
  float most[lanes];
  int at[lanes];
  for (int l = 0; l < lanes; ++l) {
    most[l] = logits[0];
    at[l] = 0;
  }
  int i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (int l = 0; l < lanes; ++l) {
      const bool more = logits[i + l] > most[l];
      most[l] = more ? logits[i + l] : most[l];
      at[l] = more ? i + l : at[l];
    }
  }
  int best = at[0];
  for (int l = 1; l < lanes; ++l) {
    if (most[l] > logits[best] || (most[l] == logits[best] && at[l] < best)) best = at[l];
  }
  for (; i < n; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

}  // namespace

void check_sampling(const ol_sampling& s) {
  const auto within = [](int32_t value, int32_t low, int32_t high, const char* what) {
    if (value < low || value > high) {
      fail(OL_ERROR_ARGUMENT,
           std::string(what) + " must be " + std::to_string(low) + ".." + std::to_string(high));
    }
  };
  within(s.temperature, 0, 100000, "the temperature in thousandths");
  within(s.top_k, 0, 1 << 30, "top_k");
  within(s.top_p, 1, 1000000, "top_p in millionths");
  within(s.repetition, 1, 100000, "the repetition penalty in thousandths");
  within(s.presence, -100000, 100000, "the presence penalty in thousandths");
  within(s.choice, 0, 1 << 30, "the choice");
}

choice_rule rule_of(const ol_sampling& s, size_t position) {
  choice_rule rule;
  rule.random = philox(s.seed, static_cast<uint32_t>(s.choice), static_cast<uint32_t>(position));
  // By 1 and less 0: nothing changes, as without a penalty.
  rule.repetition = thousandths(s.repetition);
  rule.presence = thousandths(s.presence);
  rule.temperature = thousandths(s.temperature);
  rule.top_k = s.top_k;
  rule.top_p = s.top_p;
  return rule;
}

void seen_ids::look_at(const std::vector<int32_t>& ids, size_t prompt, int limit) {
  for (; looked_at_ < ids.size(); ++looked_at_) {
    const int32_t id = ids[looked_at_], in_answer = looked_at_ >= prompt;
    if (id >= limit) continue;
    const auto [at, is_new] = places_.try_emplace(id, list_.size());
    if (is_new) list_.push_back(2 * id);
    list_[at->second] |= in_answer;
  }
}

int32_t sampler::choose(float* logits, int n, const int32_t* prompt, size_t prompt_count, const int32_t* answer,
                        size_t answer_count, const ol_sampling& s) {
  require_finite(logits, n);
  if (s.repetition != 1000 || s.presence != 0) {
    // 1: in the prompt; 2: in the answer. Each id is penalised once.
    seen_.assign(static_cast<size_t>(n), 0);
    for (size_t i = 0; i < prompt_count; ++i)
      if (prompt[i] < n) seen_[prompt[i]] |= 1;
    for (size_t i = 0; i < answer_count; ++i)
      if (answer[i] < n) seen_[answer[i]] |= 2;
    const float repetition = thousandths(s.repetition), presence = thousandths(s.presence);
    for (int i = 0; i < n; ++i) {
      if (!seen_[i]) continue;
      if (s.repetition != 1000) {
        logits[i] = logits[i] > 0.0f ? ol_div(logits[i], repetition) : ol_mul(logits[i], repetition);
      }
      if (s.presence != 0 && (seen_[i] & 2)) logits[i] = ol_sub(logits[i], presence);
    }
  }
  if (s.temperature == 0) return largest(logits, n);
  const float temperature = thousandths(s.temperature);
  for (int i = 0; i < n; ++i) logits[i] = ol_div(logits[i], temperature);
  require_finite(logits, n);
  const float max = logits[largest(logits, n)];
  weights_.clear();
  for (int i = 0; i < n; ++i) {
    const uint32_t weight = ol_sampling_weight(ol_sub(logits[i], max));
    if (weight) weights_.push_back({weight, i});
  }
  std::sort(weights_.begin(), weights_.end(), [](const weighted& a, const weighted& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  });
  if (s.top_k && static_cast<size_t>(s.top_k) < weights_.size()) weights_.resize(s.top_k);
  uint64_t sum = 0;
  for (const auto& entry : weights_) sum += entry.weight;
  if (s.top_p < 1000000) {
    // The shortest beginning that holds top_p of the sum.
    uint64_t held = 0;
    size_t kept = 0;
    while (kept < weights_.size() && static_cast<unsigned __int128>(held) * 1000000 <
                                         static_cast<unsigned __int128>(sum) * static_cast<uint32_t>(s.top_p)) {
      held += weights_[kept++].weight;
    }
    weights_.resize(kept);
    sum = held;
  }
  const uint64_t random = philox(s.seed, static_cast<uint32_t>(s.choice), static_cast<uint32_t>(answer_count));
  const uint64_t mark = ol_high_product(random, sum);
  uint64_t passed = 0;
  for (const auto& entry : weights_) {
    passed += entry.weight;
    if (mark < passed) return entry.id;
  }
  fail(OL_ERROR_INTERNAL, "no token has weight");
}

std::vector<scored> top_logprobs(const float* logits, int n, int count) {
  std::vector<int32_t> ids(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) ids[i] = i;
  const size_t wanted = static_cast<size_t>(std::min(count, n));
  std::partial_sort(ids.begin(), ids.begin() + wanted, ids.end(), [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  // As the loss of a row: its maximum, the 16-lane sum of e^(l - max), then the logarithm.
  const float max = logits[ids[0]];
  float lane[16] = {};
  for (int i = 0; i < n; ++i) lane[i & 15] = ol_add(lane[i & 15], ol_exp(ol_sub(logits[i], max)));
  for (int half = 8; half >= 1; half >>= 1)
    for (int l = 0; l < half; ++l) lane[l] = ol_add(lane[l], lane[l + half]);
  const float log_sum = ol_log(lane[0]);
  std::vector<scored> top;
  for (size_t i = 0; i < wanted; ++i) {
    top.push_back({ids[i], -ol_sub(log_sum, ol_sub(logits[ids[i]], max))});
  }
  return top;
}

}  // namespace ol

extern "C" int ol_sample(const float* logits, int32_t n, const int32_t* prompt, int32_t prompt_count,
                         const int32_t* answer, int32_t answer_count, const ol_sampling* sampling, int32_t* token) {
  return ol::guarded([&] {
    if (n < 1) ol::fail(OL_ERROR_ARGUMENT, "no logits given");
    for (int i = 0; i < prompt_count; ++i)
      if (prompt[i] < 0) ol::fail(OL_ERROR_ARGUMENT, "a token id is negative");
    for (int i = 0; i < answer_count; ++i)
      if (answer[i] < 0) ol::fail(OL_ERROR_ARGUMENT, "a token id is negative");
    ol::check_sampling(*sampling);
    std::vector<float> copy(logits, logits + n);
    *token = ol::sampler().choose(copy.data(), n, prompt, static_cast<size_t>(prompt_count), answer,
                                  static_cast<size_t>(answer_count), *sampling);
  });
}

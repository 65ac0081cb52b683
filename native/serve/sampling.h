// The exact choice of a token from logits; see spec.md, "Sampling".
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/backend.h"
#include "openledger_engine.h"

namespace ol {

void check_sampling(const ol_sampling& sampling);

struct scored {
  int32_t id;
  float value;
};

// A device's rule for the next token of an answer that has `position` tokens; without the penalties' ids.
choice_rule rule_of(const ol_sampling& sampling, size_t position);

// The ids of a prompt and its answer, each once: twice the id, plus 1 if the answer has it.
class seen_ids {
 public:
  // Goes on where it stopped; only ids below `limit`.
  void look_at(const std::vector<int32_t>& ids, size_t prompt, int limit);
  const std::vector<int32_t>& list() const { return list_; }

 private:
  size_t looked_at_ = 0;
  std::vector<int32_t> list_;
  std::unordered_map<int32_t, size_t> places_;
};

// Holds the memory that a choice takes, for the next one.
class sampler {
 public:
  // `logits` is changed. `prompt` and `answer`: what repetition looks at; presence looks at the answer.
  // Fails with OL_ERROR_NUMERIC where a logit is not finite.
  int32_t choose(float* logits, int n, const int32_t* prompt, size_t prompt_count, const int32_t* answer,
                 size_t answer_count, const ol_sampling& sampling);

 private:
  struct weighted {
    uint32_t weight;
    int32_t id;
  };
  std::vector<weighted> weights_;
  std::vector<uint8_t> seen_;
};

// The `count` largest logits (the lower id first in a tie) with their log-probabilities.
std::vector<scored> top_logprobs(const float* logits, int n, int count);

}  // namespace ol

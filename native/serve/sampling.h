// The exact choice of a token from logits; see spec.md, "Sampling".
#pragma once
#include <cstdint>
#include <vector>

#include "openledger_engine.h"

namespace ol {

void check_sampling(const ol_sampling& sampling);

struct scored {
  int32_t id;
  float value;
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

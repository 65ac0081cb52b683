// The end of a forward pass: logits of chosen rows and losses by them, for training, evaluation and serving alike.
#pragma once
#include <memory>
#include <vector>

#include "core/model.h"

namespace ol {

class output_head {
 public:
  output_head(backend& device, std::shared_ptr<device_model> weights) : device_(device), weights_(std::move(weights)) {}

  // Logits [rows, vocab] of the given rows of the final norm's states, in device memory, until the next call.
  float* logits(const float* states, const std::vector<int32_t>& rows) {
    ask(rows);
    multiply(states);
    return logits();
  }
  // In two steps: which rows, and, without a word from the host, their logits.
  void ask(const std::vector<int32_t>& rows);
  void multiply(const float* states);
  // Null where no rows were asked for.
  float* logits() const { return count_ ? logits_.get() : nullptr; }
  // What multiply() depends on.
  void add_to(std::vector<uint64_t>& key) const;

  // Minus the log-probability of one target for each row that logits() gave last (host memory). With `scale` not 0, the
  // logits become the gradient of scale * sum.
  std::vector<float> losses(const std::vector<int32_t>& targets, float scale = 0.0f);

  // Choices among ids below `limit` for each row that logits() gave last (host memory); none where the device leaves that to
  // the host.
  std::vector<greedy_choice> greedy(int limit);

  // Choices by a rule for each row that logits() gave last, and their likeliest tokens, `likely` places a row (host memory); false
  // where the device leaves that to the host. `seen`: as choice_request has it.
  bool choose(const std::vector<choice_rule>& rules, const std::vector<int32_t>& seen, int limit, std::vector<token_choice>* choices,
              std::vector<likely_token>* likely);

  // For the backward pass: the gradient that losses() left, the rows' states and their numbers, in device memory.
  float* gradient() { return logits_.get(); }
  float* states() { return chosen_.get(); }
  const int32_t* rows() { return rows_.get(); }

 private:
  backend& device_;
  std::shared_ptr<device_model> weights_;
  device_array<int32_t> rows_, targets_;
  device_array<float> chosen_, logits_, nll_, row_weights_;
  device_array<greedy_choice> choices_;
  device_array<token_choice> chosen_tokens_;
  device_array<likely_token> likely_;
  size_t count_ = 0;  // rows of the logits
};

// cos and sin of the rotary angles of that many positions, in device memory.
struct rotary_tables {
  rotary_tables(backend& device, const ol_config& config, int positions);
  device_array<float> cosine, sine;
};

}  // namespace ol

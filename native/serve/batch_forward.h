// The forward pass of a batch of rows of many sequences, each with its own adapter, over paged keys and values.
#pragma once
#include <initializer_list>
#include <memory>
#include <vector>

#include "core/executor.h"
#include "serve/pages.h"

namespace ol {

// Rows of one sequence in a batch: positions position .. position+count-1.
struct batch_sequence {
  int row, count, position;
  const std::vector<int>* pages;
};

// Rows that stand together and share an adapter.
struct batch_segment {
  int row, count;
  device_adapter* lora;
};

struct serving_batch {
  std::vector<int32_t> ids, positions;
  std::vector<batch_sequence> sequences;  // in the order of their rows
  std::vector<batch_segment> segments;    // of rows with an adapter
  void clear();
};

class batch_forward {
 public:
  batch_forward(backend& device, std::shared_ptr<device_model> weights, int positions);
  // Appends keys and values to the pages. Gives the logits [rows, vocab] of these rows of the batch in device memory, until the next
  // call; null without rows.
  const float* run(const serving_batch& batch, page_pool& pages, const std::vector<int32_t>& rows);
  // Choices by the rows that run() was given last; none where the host is to look at the logits.
  std::vector<greedy_choice> greedy(int limit) { return head_.greedy(limit); }
  // Choices by rules, for the same rows; see output_head.
  bool choose(const std::vector<choice_rule>& rules, const std::vector<int32_t>& seen, int limit, std::vector<token_choice>* choices,
              std::vector<likely_token>* likely) {
    return head_.choose(rules, seen, limit, choices, likely);
  }
  // Minus the log-probabilities of one target for each of these rows.
  std::vector<float> nll(const std::vector<int32_t>& targets) { return head_.losses(targets); }
  // Sequences whose pages were copied together.
  int64_t gathered() const { return gathered_; }
  const ol_config& config() const { return weights_->config; }

 private:
  void reserve(const serving_batch& batch);
  // Some linears of the same input.
  struct product {
    int proj;
    float* y;
  };
  void linears(std::initializer_list<product> products, const float* x, int layer, const serving_batch& batch);
  // Their adapters' parts; their biases.
  void adapt(std::initializer_list<product> products, const float* x, int layer, const serving_batch& batch);
  void add_biases(std::initializer_list<product> products, int layer, int rows);
  bool is_adapted(int proj, const serving_batch& batch) const;
  void place(const serving_batch& batch, const page_pool& pages);
  norm_args norm_of(const float* x, const float* added, float* sum, const float* gain);
  void heads(const norm_args& norm, const serving_batch& batch, page_pool& pages, int layer);
  void attend(page_pool& pages, int layer);
  void gated(const norm_args& norm, const serving_batch& batch, int layer);
  void layers(const serving_batch& batch, page_pool& pages);
  std::vector<uint64_t> key_of(const serving_batch& batch, const page_pool& pages) const;

  backend& device_;
  std::shared_ptr<device_model> weights_;
  rotary_tables rotary_;
  output_head head_;
  const uint64_t number_;  // no other has it
  std::vector<attention_sequence> sequences_;  // of each layer
  device_array<attention_sequence> sequences_on_device_;
  std::vector<int32_t> slots_, scattered_;  // rows of the pages: of the batch's rows, of scattered sequences
  device_array<int32_t> ids_, positions_, slots_on_device_, scattered_on_device_;
  device_array<float> x_, block_, norm_, rstd_, q_, k_, v_, raw_q_, raw_k_, head_rstd_, attended_, mid_, gate_, up_, h_;
  std::vector<linear_product> outputs_;  // of the linears in hand
  std::vector<lora_rows> adapted_;      // the same
  device_array<float> u_, gathered_k_, gathered_v_;
  int64_t gathered_ = 0;
};

}  // namespace ol

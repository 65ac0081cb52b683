#include "core/output_head.h"

#include <algorithm>

namespace ol {

void output_head::ask(const std::vector<int32_t>& rows) {
  const ol_config& c = weights_->config;
  count_ = rows.size();
  rows_.reserve(device_, rows.size());
  chosen_.reserve(device_, rows.size() * c.hidden);
  logits_.reserve(device_, rows.size() * c.vocab);
  device_.upload(rows_.get(), rows.data(), rows.size() * sizeof(int32_t));
}

void output_head::multiply(const float* states) {
  if (count_ == 0) return;
  const int count = static_cast<int>(count_);
  device_.gather_rows(chosen_.get(), states, rows_.get(), count, weights_->config.hidden);
  device_.linear_forward(logits_.get(), chosen_.get(), weights_->head, count, false);
}

void output_head::add_to(std::vector<uint64_t>& key) const {
  for (const void* memory : {static_cast<const void*>(rows_.get()), static_cast<const void*>(chosen_.get()),
                             static_cast<const void*>(logits_.get())})
    key.push_back(reinterpret_cast<uintptr_t>(memory));
  key.push_back(count_);
}

std::vector<float> output_head::losses(const std::vector<int32_t>& targets, float scale) {
  const size_t count = targets.size();
  std::vector<float> nll(count);
  targets_.reserve(device_, count);
  nll_.reserve(device_, count);
  device_.upload(targets_.get(), targets.data(), count * sizeof(int32_t));
  const std::vector<float> row_weights(scale != 0.0f ? count : 0, scale);
  if (scale != 0.0f) {
    row_weights_.reserve(device_, count);
    device_.upload(row_weights_.get(), row_weights.data(), count * sizeof(float));
  }
  device_.loss(logits_.get(), nll_.get(), targets_.get(), scale != 0.0f ? row_weights_.get() : nullptr,
               static_cast<int>(count), weights_->config.vocab, scale != 0.0f);
  device_.download(nll.data(), nll_.get(), count * sizeof(float));
  device_.finish();
  return nll;
}

std::vector<greedy_choice> output_head::greedy(int limit) {
  choices_.reserve(device_, count_);
  std::vector<greedy_choice> choices(count_);
  if (!device_.choose_greedily(choices_.get(), logits_.get(), static_cast<int>(count_), weights_->config.vocab, limit)) {
    return {};
  }
  device_.download(choices.data(), choices_.get(), count_ * sizeof(greedy_choice));
  device_.finish();
  return choices;
}

bool output_head::choose(const std::vector<choice_rule>& rules, const std::vector<int32_t>& seen, int limit,
                         std::vector<token_choice>* choices, std::vector<likely_token>* likely) {
  int most = 0;
  for (const choice_rule& rule : rules) most = std::max(most, rule.likely);
  const size_t places = count_ * static_cast<size_t>(most);
  chosen_tokens_.reserve(device_, count_);
  likely_.reserve(device_, places);
  const choice_request request{logits_.get(), static_cast<int>(count_), weights_->config.vocab, limit, rules.data(), seen.data(),
                               seen.size(), most};
  if (!device_.choose_tokens(chosen_tokens_.get(), likely_.get(), request)) return false;
  choices->resize(count_);
  likely->resize(places);
  if (places) device_.download(likely->data(), likely_.get(), places * sizeof(likely_token));
  device_.download(choices->data(), chosen_tokens_.get(), count_ * sizeof(token_choice));
  device_.finish();
  return true;
}

rotary_tables::rotary_tables(backend& device, const ol_config& config, int positions) {
  std::vector<float> cosines, sines;
  rope_tables(config, positions, &cosines, &sines);
  cosine = device_array<float>(device, cosines.size());
  sine = device_array<float>(device, sines.size());
  device.upload(cosine.get(), cosines.data(), cosines.size() * sizeof(float));
  device.upload(sine.get(), sines.data(), sines.size() * sizeof(float));
  device.finish();
}

}  // namespace ol

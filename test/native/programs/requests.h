// Requests to the serving engine, and what comes back.
#pragma once
#include <map>

#include "common.h"

struct request_case {
  std::vector<int32_t> prompt;
  int32_t max_tokens, top;
  const ol_adapter* adapter;
  ol_sampling sampling;
};

struct answer {
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  int32_t ended = OL_TOKEN;
};

inline request_case make_request(random_numbers& random, const ol_config& config, const std::vector<adapter_ptr>& adapters) {
  request_case made;
  made.prompt.resize(1 + random.below(30));
  for (int32_t& id : made.prompt) id = static_cast<int32_t>(random.below(config.vocab));
  made.max_tokens = 1 + static_cast<int32_t>(random.below(12));
  made.top = random.below(4) == 0 ? 3 : 0;
  const uint32_t which = random.below(static_cast<uint32_t>(adapters.size()) + 1);
  made.adapter = which < adapters.size() ? adapters[which].get() : nullptr;
  made.sampling = {random.next(), 0, random.below(2) ? 900 : 0, 20, 950000, 1100, 100};
  return made;
}

inline uint64_t submit(ol_engine* engine, const request_case& r, uint64_t account, int32_t deadline_ms) {
  const ol_request request{r.prompt.data(), static_cast<int32_t>(r.prompt.size()), r.max_tokens, nullptr, 0, r.top, account,
                           deadline_ms, r.sampling};
  uint64_t id = 0;
  const int status = ol_engine_submit(engine, r.adapter, &request, &id);
  if (status == OL_ERROR_BUSY) return 0;
  must(status);
  return id;
}

// Takes what has come; gives how many requests ended.
inline size_t take(ol_engine* engine, std::map<uint64_t, answer>& answers) {
  ol_event events[64];
  size_t count = 0, ended = 0;
  must(ol_engine_events(engine, events, 64, &count));
  for (size_t i = 0; i < count; ++i) {
    answer& of = answers[events[i].request];
    CHECK(of.ended == OL_TOKEN);
    if (events[i].kind == OL_TOKEN) {
      of.tokens.push_back(events[i].token);
      of.logprobs.push_back(events[i].logprob);
    } else {
      of.ended = events[i].kind;
      ++ended;
    }
  }
  if (count == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  return ended;
}

// Of all answers with what they were told.
inline hash64 hash_of(const std::map<uint64_t, answer>& answers) {
  hash64 hash;
  for (const auto& [id, got] : answers) {
    hash.add(&id, sizeof id);
    hash.add(got.tokens);
    hash.add(got.logprobs);
    hash.add(&got.ended, sizeof got.ended);
  }
  return hash;
}

inline engine_ptr open_engine(ol_session* session, const ol_model* model, int32_t batch, int32_t pages, int32_t arithmetic) {
  const ol_engine_options options{batch, 40, 16, 4, pages, 0, arithmetic};
  ol_engine* made = nullptr;
  must(ol_engine_create(session, model, &options, &made));
  return engine_ptr(made);
}

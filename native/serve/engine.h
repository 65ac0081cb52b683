// The scheduler: one thread that runs all requests to one base model, step by step.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "core/session.h"
#include "openledger_engine.h"
#include "serve/batch_forward.h"
#include "serve/sampling.h"

namespace ol {

// One request from its submission to its end. After it is admitted only the engine's thread looks at it.
struct serving_request {
  uint64_t id, account, arrival;
  std::shared_ptr<const adapter> lora;
  std::vector<int32_t> ids;  // the prompt, then the answer
  size_t prompt;             // tokens of the prompt
  size_t fed = 0;            // tokens whose keys and values are in the pages
  int max_tokens, top_logprobs;
  std::vector<int32_t> stops;
  ol_sampling sampling;
  seen_ids seen;  // for penalties on the device
  int64_t deadline;  // monotonic ms; 0: none
  std::vector<int> pages;
  std::shared_ptr<device_adapter> on_device;
};

class engine {
 public:
  engine(std::shared_ptr<session> owner, std::shared_ptr<const model> base, const ol_engine_options& options);
  ~engine();
  uint64_t submit(std::shared_ptr<const adapter> lora, const ol_request& request);
  void cancel(uint64_t id);
  size_t take_events(ol_event* events, size_t capacity);
  ol_engine_state state();
  const ol_config& config() const { return base_->config; }

 private:
  using request_ptr = std::unique_ptr<serving_request>;
  struct pick;  // a token for a row: choose.cpp

  void loop();
  // Ends what was cancelled or is too late; lets requests in. With the lock.
  void sort_out();
  void admit();
  std::list<request_ptr>::iterator next_to_admit();
  void plan();
  void step();
  void choose(const std::vector<serving_request*>& requests, const float* logits);
  bool choose_on_device(const std::vector<serving_request*>& requests, std::vector<pick>& picks);
  void fetch_logits(const float* on_device, size_t rows);
  void choose_here(const std::vector<serving_request*>& requests, std::vector<pick>& picks);
  void report(const std::vector<serving_request*>& requests, const std::vector<pick>& picks);
  void end(serving_request& request, int32_t kind);
  void end_all(int32_t kind);
  std::shared_ptr<device_adapter> on_device(const std::shared_ptr<const adapter>& lora);
  int64_t needed_pages(const serving_request& request) const;

  std::shared_ptr<session> owner_;
  std::shared_ptr<const model> base_;
  ol_engine_options options_;
  std::unique_ptr<batch_forward> forward_;
  std::unique_ptr<page_pool> pages_;

  std::mutex lock_;  // of what follows, up to the thread's own
  std::condition_variable work_;
  std::list<request_ptr> waiting_;
  std::map<uint64_t, bool> cancelled_;  // of requests that are not ended; true: asked to end
  std::deque<ol_event> events_;
  uint64_t next_id_ = 1;
  bool closing_ = false;
  ol_engine_state state_{};

  // The engine's thread's own.
  std::vector<request_ptr> running_;
  std::map<uint64_t, uint64_t> served_;  // by account: when it was let in last, in admissions
  uint64_t admissions_ = 0;
  std::map<std::weak_ptr<const adapter>, std::shared_ptr<device_adapter>, std::owner_less<>> adapters_;
  serving_batch batch_;
  std::vector<serving_request*> planned_, sampled_;
  std::vector<int32_t> planned_counts_, sampled_rows_;
  std::vector<float> logits_;  // of the step in hand
  sampler sampler_;
  bool device_chooses_ = true;  // until it says no
  std::thread thread_;
};

}  // namespace ol

struct ol_engine {
  std::unique_ptr<ol::engine> held;
};
